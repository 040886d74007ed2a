"""How often each item is recommended: the state of the metrics that count identities."""

from __future__ import annotations

import torch
from torch import Tensor

from recdiv.metrics._registry import State, zeros
from recdiv.tables import Interactions, Recommendations

_SPARSE = 8  # times more items than slots


def counts_state(recs: Recommendations, *, n_items: int) -> State:
    """Times each item fills a slot, int64 ``[I]``; a repeat counts again, empty and unknown slots do not."""
    return {"counts": recs.counts(n_items)}


def item_masses(recs: Recommendations, n_items: int) -> Tensor:
    """Sum over lists of their item shares, float64 ``[I]``: a list spreads 1 evenly over its filled slots."""
    share = recs.valid.double() / recs.lengths.clamp(min=1)[:, None]
    rows = recs.check(n_items).items.clamp(min=0).flatten()
    masses: Tensor = zeros(recs, n_items).index_add_(0, rows, share.flatten())
    return masses


def positive_counts(recs: Recommendations) -> Tensor:
    """Counts of the items that are recommended at all, float64, in row order."""
    size = int(recs.items.max()) + 1 if recs.items.numel() else 0
    if size > _SPARSE * recs.items.numel():  # rows of a catalogue so large that counting all of it costs more
        found: Tensor = torch.unique(recs.items[recs.valid], return_counts=True)[1]
        return found.double()
    counts = recs.counts(max(size, 0)).double()
    return counts[counts > 0]


def known_items(n_items: int, train: Interactions | None) -> int:
    """What other libraries take for the catalogue: items with a training interaction where there is training data."""
    return n_items if train is None else int((train.item_counts() > 0).sum())
