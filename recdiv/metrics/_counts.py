"""How often each item is recommended: the state of the metrics that count identities."""

from __future__ import annotations

import torch
from torch import Tensor

from recdiv._inputs import slot_masses
from recdiv.metrics._discount import attention
from recdiv.metrics._registry import State, zeros
from recdiv.tables import UNKNOWN, Recommendations

UNIT = 1 << 28  # discounted exposure is counted in whole parts of a first slot, so that states add up exactly
_SPARSE = 8  # times more items than slots
_PART = 1 << 19  # slots weighed together: 4 MB
_EXACT = 1 << 25  # as many as their weights, in parts of a first slot, add up in float64 without rounding


def counts_state(recs: Recommendations, *, n_items: int, discount: str = "none") -> State:
    """Exposure of each item, int64 ``[I]``: times it fills a slot; a repeat counts again, empty and unknown do not.

    With a discount each slot counts by its attention, in units of 1 / ``UNIT``. A short list gives out less attention
    than a long one, and what an unknown item takes is lost.
    """
    weights = attention(recs, discount)
    return {"counts": recs.counts(n_items) if weights is None else _exposures(recs, n_items, weights)}


def _exposures(recs: Recommendations, n_items: int, weights: Tensor) -> Tensor:
    rows = recs.check(n_items).items
    shift = 0 if recs.reach[0] >= 0 else -UNKNOWN  # slots that hold nothing are counted in front of the items
    step = max(1, min(max(_PART, n_items), _EXACT) // max(recs.k, 1))
    parts = (weights * UNIT).round().repeat(min(step, recs.n_lists))
    total = torch.zeros(n_items, dtype=torch.int64, device=rows.device)
    for some in torch.split(rows, step):
        flat = some.flatten() + shift if shift else some.flatten()
        total += torch.bincount(flat, parts[: len(flat)], n_items + shift)[shift:].long()
    return total


def item_masses(recs: Recommendations, n_items: int, *, discount: str = "none") -> Tensor:
    """Sum over lists of their item shares, float64 ``[I]``: a list spreads 1 over its filled slots by attention."""
    rows = recs.check(n_items).items.clamp(min=0).flatten()
    masses: Tensor = zeros(recs, n_items).index_add_(0, rows, slot_shares(recs, discount).flatten())
    return masses


def slot_shares(recs: Recommendations, discount: str) -> Tensor:
    """Share of each slot in the attention that the filled slots of its list get, float64 ``[U, K]``."""
    return slot_masses(recs.items, attention(recs, discount), "discount")


def positive_counts(recs: Recommendations, *, discount: str = "none") -> Tensor:
    """Exposure of the items that are recommended at all, float64, in row order."""
    size = max(recs.reach[1] + 1, 0)
    if size > _SPARSE * recs.items.numel():  # rows of a catalogue so large that counting all of it costs more
        recs, size = _renumbered(recs)
    counts = counts_state(recs, n_items=size, discount=discount)["counts"]
    return counts[counts > 0].double()


def _renumbered(recs: Recommendations) -> tuple[Recommendations, int]:
    """The same lists over the items they hold alone, in row order, and how many these are."""
    held, number = torch.unique(recs.items[recs.valid], return_inverse=True)
    items = recs.items.clone()
    items[recs.valid] = number
    return Recommendations(items), len(held)
