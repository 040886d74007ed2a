"""Which slots hold what the user went for next: what the accuracy metrics share."""

from __future__ import annotations

import math

import numpy as np
import torch
from torch import Tensor

from recdiv._inputs import sorted_rows
from recdiv.tables import Interactions, Recommendations

_SHORT = 32  # slots up to which comparing all pairs of them is the fastest way to find a repeat
_CHUNK = 8192  # lists compared at once: they stay in the cache
_INT32 = 2**31 - 1


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


def any_repeat(items: Tensor, reach: tuple[int, int]) -> bool:
    """Whether a list holds an item twice, items reaching from ``reach[0]`` to ``reach[1]``.

    Short lists are compared slot by slot: faster than sorting them.
    """
    if items.is_cuda or items.shape[1] > _SHORT or reach[1] > _INT32:
        return bool(repeats(items).any())
    for some in torch.split(items, _CHUNK):
        slots = np.ascontiguousarray(some.numpy().astype(np.int32).T)  # one slot of all lists side by side
        for apart in range(1, len(slots)):
            same = slots[apart:] == slots[:-apart]
            if same.any() and (reach[0] >= 0 or (same & (slots[apart:] >= 0)).any()):
                return True
    return False


def where_relevant(values: Tensor, n_relevant: Tensor) -> Tensor:
    """NaN for lists of users without test items."""
    return torch.where(n_relevant > 0, values, math.nan)
