"""Lists in the order in which they were shown: what the metrics over time share."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
import torch
from torch import Tensor
from torch.nn.functional import pad

from recdiv.tables import EMPTY, Recommendations


@dataclass(frozen=True)
class Timeline:
    """Earlier lists and those that are measured, end to end.

    Attributes:
        recs: all lists; the first ``n_previous`` are the earlier ones. ``time`` is the number of each list's window.
        n_previous: how many come before those that are measured.
        before: for each list the row of its user's list just before, -1 where there is none, int64 ``[n]``.
        windows: how many windows there are.
    """

    recs: Recommendations
    n_previous: int
    before: Tensor
    windows: int

    @property
    def measured(self) -> Tensor:
        """Rows of the lists that are measured."""
        return torch.arange(self.n_previous, self.recs.n_lists, device=self.recs.device)


def timeline(recs: Recommendations, previous: Recommendations | None, *, ordered: bool = True) -> Timeline:
    """Put lists in order: those of ``previous`` first, each part by its ``time`` where it has one.

    ``previous`` without times is one window, and so are ``recs``. Where lists of one user need not be told apart in
    time (``ordered=False``), ``before`` is -1 throughout.

    Raises:
        ValueError: if a user has several lists in one window of ``recs`` (which comes before which?).
    """
    parts = [recs] if previous is None else [previous, recs]
    codes, windows = [], 0
    for part in parts:
        code, distinct = (
            (np.zeros(part.n_lists, dtype=np.int64), [0]) if part.time is None else pd.factorize(part.time, sort=True)
        )
        codes.append(code.astype(np.int64) + windows)
        windows += len(distinct)
    k = max(part.k for part in parts)
    items = torch.cat([pad(part.items.to(recs.device), (0, k - part.k), value=EMPTY) for part in parts])
    users = np.concatenate([np.asarray(part.users, dtype=object) for part in parts])
    window, n_previous = np.concatenate(codes), len(items) - recs.n_lists
    user = pd.factorize(pd.Series(users, dtype=object), sort=False)[0].astype(np.int64)
    rows = _before(user, window, n_previous) if ordered else np.full(len(user), -1, dtype=np.int64)
    before = torch.from_numpy(rows).to(recs.device)
    return Timeline(Recommendations(items, users=user, time=window), n_previous, before, windows)


def _before(user: npt.NDArray[np.int64], window: npt.NDArray[np.int64], n_previous: int) -> npt.NDArray[np.int64]:
    order = np.lexsort((np.arange(len(user)), window, user))
    same = user[order][1:] == user[order][:-1]
    tied = same & (window[order][1:] == window[order][:-1]) & (order[1:] >= n_previous)
    if tied.any():
        raise ValueError(
            f"recs must have one list a user and time to be put in order, got {int(tied.sum())} more; pass time"
        )
    before = np.full(len(user), -1, dtype=np.int64)
    before[order[1:][same]] = order[:-1][same]
    return before
