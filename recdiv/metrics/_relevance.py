"""Which slots hold what the user went for next: what the accuracy metrics share."""

from __future__ import annotations

import math

import numpy as np
import torch
from torch import Tensor

from recdiv._inputs import sorted_rows
from recdiv.tables import UNKNOWN, Interactions, Recommendations

_SHORT = 32  # slots up to which comparing all pairs of them is the fastest way to find a repeat
_CHUNK = 8192  # lists compared at once: they stay in the cache
_INT32 = 2**31 - 3


def hits(recs: Recommendations, test: Interactions) -> tuple[Tensor, Tensor]:
    """Slots that hold a test item of the list's user, bool ``[U, K]``, and the number of different test items ``[U]``.

    A repeated item hits once, at its first slot.
    """
    recs.check(test.n_items)
    n_items = max(test.n_items, 1)
    pairs = np.unique(test.user * n_items + test.item)
    per_user = np.bincount(pairs // n_items, minlength=test.n_users)
    user = test.positions(recs.users)
    relevant = np.append(per_user, 0)[user]  # -1, somebody without test items, reads the last
    wanted, owner = (torch.from_numpy(each).to(recs.device) for each in (pairs, user))
    hit = torch.zeros_like(recs.valid)
    if len(wanted):
        asked = owner[:, None] * n_items + recs.items  # one search for all slots, however much a single user went for
        place = torch.searchsorted(wanted, asked).clamp_(max=len(wanted) - 1)
        hit = (wanted[place] == asked) & recs.valid & (owner >= 0)[:, None]
    return hit & ~repeats(recs.items), torch.from_numpy(relevant).to(recs.device)


def repeats(items: Tensor) -> Tensor:
    """Slots whose item stands in an earlier slot of the list already, bool ``[U, K]``; empty and unknown never."""
    ordered, order = sorted_rows(items)
    again = torch.zeros_like(ordered, dtype=torch.bool)
    again[:, 1:] = (ordered[:, 1:] == ordered[:, :-1]) & (ordered[:, 1:] >= 0)
    return torch.zeros_like(again).scatter_(1, order, again)


def distinct_masses(items: Tensor, n_items: int, of_length: Tensor) -> tuple[Tensor, int]:
    """What the lists that hold each item weigh together, float64 ``[n_items]``, and how many lists hold anything.

    A list holds an item once however often it stands there. ``of_length`` is the weight of a list that holds 0, 1, ...
    K different items, float64 ``[K + 1]``. Short lists are compared slot by slot: faster than sorting them.
    """
    short = not items.is_cuda and 0 < items.shape[1] <= _SHORT and n_items <= _INT32
    if not short:
        new = (items >= 0) & ~repeats(items)
        lengths = new.sum(1)
        weights = new * of_length.to(items.device)[lengths][:, None]
        return torch.bincount(items.clamp(min=0).flatten(), weights.flatten(), n_items), int((lengths > 0).sum())
    table, n_lists = of_length.numpy(), 0
    total = torch.zeros(n_items - UNKNOWN, dtype=torch.float64)  # what is no item is counted in front of the items
    for some in torch.split(items, max(_CHUNK, n_items // items.shape[1])):
        slots = np.ascontiguousarray(some.numpy().astype(np.int32).T)  # one slot of all lists side by side
        first = slots >= 0
        for apart in range(1, len(slots)):
            first[apart:] &= slots[apart:] != slots[:-apart]
        held = np.add.reduce(first, axis=0, dtype=np.uint8)
        weight = torch.from_numpy((first * table[held]).ravel())
        total += torch.bincount(torch.from_numpy(slots.ravel() - UNKNOWN), weight, len(total))
        n_lists += int(np.count_nonzero(held))
    return total[-UNKNOWN:], n_lists


def where_relevant(values: Tensor, n_relevant: Tensor) -> Tensor:
    """NaN for lists of users without test items."""
    return torch.where(n_relevant > 0, values, math.nan)
