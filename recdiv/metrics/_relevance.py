"""Which slots hold what the user went for next: what the accuracy metrics share."""

from __future__ import annotations

import math

import numpy as np
import torch
from torch import Tensor

from recdiv._inputs import sorted_rows
from recdiv.tables import Interactions, Recommendations


def hits(recs: Recommendations, test: Interactions) -> tuple[Tensor, Tensor]:
    """Slots that hold a test item of the list's user, bool ``[U, K]``, and the number of different test items ``[U]``.

    A repeated item hits once, at its first slot.
    """
    recs.check(test.n_items)
    pairs = np.unique(test.user * test.n_items + test.item)
    per_user = np.bincount(pairs // max(test.n_items, 1), minlength=test.n_users)
    user = test.positions(recs.users)
    relevant = np.append(per_user, 0)[user]  # -1, somebody without test items, reads the last
    start = np.append(np.cumsum(per_user) - per_user, 0)[user]
    wanted = pairs % max(test.n_items, 1)
    hit = torch.zeros_like(recs.valid)
    for turn in range(int(relevant.max(initial=0))):  # each list looks for one of its test items a turn
        lists = np.flatnonzero(relevant > turn)
        item = torch.from_numpy(wanted[start[lists] + turn]).to(recs.device)
        rows = torch.from_numpy(lists).to(recs.device)
        hit[rows] |= recs.items[rows] == item[:, None]
    return hit & ~repeats(recs.items), torch.from_numpy(relevant).to(recs.device)


def repeats(items: Tensor) -> Tensor:
    """Slots whose item stands in an earlier slot of the list already, bool ``[U, K]``; empty and unknown never."""
    ordered, order = sorted_rows(items)
    again = torch.zeros_like(ordered, dtype=torch.bool)
    again[:, 1:] = (ordered[:, 1:] == ordered[:, :-1]) & (ordered[:, 1:] >= 0)
    return torch.zeros_like(again).scatter_(1, order, again)


def where_relevant(values: Tensor, n_relevant: Tensor) -> Tensor:
    """NaN for lists of users without test items."""
    return torch.where(n_relevant > 0, values, math.nan)
