"""How popular items are in training: what the metrics of popularity and novelty share."""

from __future__ import annotations

import math

import numpy as np
import torch
from torch import Tensor

from recdiv._inputs import BLOCK
from recdiv.metrics._discount import attention
from recdiv.tables import UNKNOWN, Interactions, Recommendations

NO_TRAINING = "a list holds no item of the catalogue, or there is no training interaction: NaN"
NO_HISTORY = "a list holds no item of the catalogue, or its user has no training interaction: NaN"


def popularity(train: Interactions, recs: Recommendations) -> Tensor:
    """Training interactions of each item, float64 ``[I]``, where the lists live; NaN where there are none at all."""
    counts = train.item_counts().to(recs.device).double()
    recs.check(len(counts))
    return counts if len(train) else torch.full_like(counts, math.nan)


def list_means(recs: Recommendations, table: Tensor, *, discount: str = "none") -> Tensor:
    """Mean over the filled slots of each list of a number an item has, by attention, float64 ``[U]``.

    NaN where a list holds nothing. Part by part: memory does not grow with U·K.
    """
    weights = attention(recs, discount)
    padded = torch.cat([table.new_zeros(-UNKNOWN), table])  # what slots that hold nothing read
    parts = []
    for items in torch.split(recs.items, max(1, BLOCK // 8 // max(recs.k, 1))):
        found = padded.index_select(0, (items - UNKNOWN).flatten()).view(items.shape)
        parts.append(found.sum(1) if weights is None else found @ weights)
    return torch.cat(parts) / attention_given(recs, weights)  # 0 / 0 is NaN


def attention_given(recs: Recommendations, weights: Tensor | None) -> Tensor:
    """Attention that the filled slots of each list get, ``[U]``; their number where ``weights`` is None."""
    if weights is None:
        return recs.lengths
    full = recs.k > 0 and recs.reach[0] >= 0
    return weights.sum().expand(recs.n_lists) if full else recs.valid.double() @ weights


def profile_means(recs: Recommendations, train: Interactions, table: Tensor) -> Tensor:
    """Mean over the training interactions of each list's user of a number an item has, float64 ``[U]``.

    An item used twice counts twice; NaN for somebody without training interactions.
    """
    sums = np.bincount(train.user, weights=table.cpu().numpy()[train.item], minlength=train.n_users)
    means = sums / np.bincount(train.user, minlength=train.n_users)
    found = np.append(means, math.nan)[train.positions(recs.users)]  # -1, somebody unknown, reads the last
    return torch.from_numpy(found).to(recs.device)
