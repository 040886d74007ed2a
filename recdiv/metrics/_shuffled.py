"""The same lists, with what items mean dealt among them: what identities alone make of a number."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator

import numpy as np
import torch
from torch import Tensor

AGAINST = ("re-dealt", "shuffled")


def shuffled(items: Tensor, draws: int, rng: int | np.random.Generator) -> Iterator[Tensor]:
    """Lists ``[U, K]`` in which each item that is shown stands for another that is, one to one, anew for each draw.

    Who is shown the same item as before still is, however often: turnover, popularity and overlap stay. What an item
    means is now another's meaning. So a number that rests on identities alone does not move.

    >>> (again,) = shuffled(torch.tensor([[0, 5], [5, -1]]), 1, 0)
    >>> bool(again[0, 1] == again[1, 0]), sorted(again.unique().tolist())
    (True, [-1, 0, 5])
    """
    generator = np.random.default_rng(rng)
    shown = torch.unique(items[items >= 0])
    place = torch.searchsorted(shown, items.clamp(min=0)).clamp(max=max(len(shown) - 1, 0))
    for _ in range(draws):
        order = torch.from_numpy(generator.permutation(len(shown))).to(items.device)
        yield torch.where(items >= 0, shown[order][place], items) if len(shown) else items


def mean_of(values: Iterable[float]) -> float:
    """Their mean; NaN where there are none."""
    found = list(values)
    return float(np.mean(found)) if found else math.nan


def checked_against(against: str) -> str:
    """``against``, if it is a kind of chance.

    Raises:
        ValueError: if it is none.
    """
    if against not in AGAINST:
        raise ValueError(f"against must be one of {', '.join(AGAINST)}, got {against!r}")
    return against
