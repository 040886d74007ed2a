"""Expected novelty of what a person browsing a list comes to see: what epc and efd share."""

from __future__ import annotations

import torch
from torch import Tensor

from recdiv.metrics._discount import slot_weights
from recdiv.metrics._popularity import attention_given, list_means
from recdiv.metrics._relevance import hits, where_relevant
from recdiv.tables import UNKNOWN, Interactions, Recommendations


def expected_novelty(
    recs: Recommendations, novelty: Tensor, *, test: Interactions | None, discount: str, relevance: str
) -> Tensor:
    """Attention-weighted mean over filled slots of the novelty of an item, or 0 where it must be relevant and is not.

    Raises:
        ValueError: if ``relevance`` is neither ``"any"`` nor ``"test"``, or is ``"test"`` without a ``test``.
    """
    if relevance not in ("any", "test"):
        raise ValueError(f"relevance must be 'any' or 'test', got {relevance!r}")
    if relevance == "any":
        return list_means(recs, novelty, discount=discount)
    if test is None:
        raise ValueError("relevance='test' needs test, got none")
    hit, n_relevant = hits(recs, test)
    weights = slot_weights(discount, recs.k, device=recs.device)
    padded = torch.cat([novelty.new_zeros(-UNKNOWN), novelty])  # what slots that hold nothing read
    gained = (padded[recs.items - UNKNOWN] * hit) @ weights
    return where_relevant(gained / (attention_given(recs, weights)), n_relevant)
