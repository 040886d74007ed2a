"""What chance alone gives: lists drawn from the catalogue (the same exposures dealt again are in ``_shared``)."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from recdiv.tables import EMPTY

NULL_LISTS = 2000  # lists of one draw whose chance value is measured at least, where each costs much
_TRIES = 64  # draws of a list before its repeats are taken out one by one


def random_lists(
    lengths: Tensor, n_items: int, rng: np.random.Generator, *, chances: npt.NDArray[np.float64] | None = None
) -> Tensor:
    """Lists of the given lengths whose items are drawn from the catalogue, none twice in a list, int64 ``[U, K]``.

    A list longer than the catalogue holds all of it. ``chances`` ``[I]`` of sum 1 say how likely each item is; what has
    none is not there.
    """
    lengths = lengths.clamp(max=n_items if chances is None else int((chances > 0).sum()))
    upto = None if chances is None else np.cumsum(chances)
    k = int(lengths.max()) if len(lengths) else 0
    items = np.full((len(lengths), k), EMPTY, dtype=np.int64)
    filled = np.arange(k) < lengths.cpu().numpy()[:, None]
    left = np.arange(len(lengths))
    for _ in range(_TRIES if k * k <= 8 * n_items else 0):  # else most tries would hold a repeat
        picked = (
            rng.integers(0, n_items, (len(left), k))
            if upto is None
            else np.searchsorted(upto, rng.random((len(left), k)) * upto[-1], side="right")
        )
        drawn = np.where(filled[left], picked, -1 - np.arange(k))
        items[left] = np.where(filled[left], drawn, EMPTY)
        drawn.sort(axis=1)
        left = left[(drawn[:, 1:] == drawn[:, :-1]).any(1)]
        if not len(left):
            break
    for row in left:
        items[row, filled[row]] = rng.choice(n_items, int(filled[row].sum()), replace=False, p=chances)
    return torch.from_numpy(items).to(lengths.device)
