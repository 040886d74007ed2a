"""How often each item is recommended: the state of the metrics that count identities."""

from __future__ import annotations

import torch
from torch import Tensor

from recdiv.metrics._registry import State
from recdiv.tables import Interactions, Recommendations


def counts_state(recs: Recommendations, *, n_items: int) -> State:
    """Times each item fills a slot, int64 ``[I]``; a repeat counts again, empty and unknown slots do not."""
    return {"counts": recs.counts(n_items)}


def positive_counts(recs: Recommendations) -> Tensor:
    """Counts of the items that are recommended at all, float64, in row order."""
    counts: Tensor = torch.unique(recs.items[recs.valid], return_counts=True)[1]
    return counts.double()


def known_items(n_items: int, train: Interactions | None) -> int:
    """What other libraries take for the catalogue: items with a training interaction where there is training data."""
    return n_items if train is None else int((train.item_counts() > 0).sum())
