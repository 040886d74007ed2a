"""A share of the slots for the long tail."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from recdiv.metrics.tail_share import tail_items
from recdiv.reranking._pool import Pool
from recdiv.reranking._registry import register
from recdiv.tables import EMPTY


@register(
    formula="max Σ_{i ∈ S} rᵢ,  of the first j items at least ⌊δ j + ½⌋ from the tail",
    maps="the share of slots for the tail, to the nearest slot, at every length",
    bound="the best itself",
    needs=("popularity",),
    prefix=True,
    citation="zehlike2017fair",
)
def tail_quota(pool: Pool, *, share: float = 0.2) -> Tensor:
    r"""The most relevant list of which a share of the slots goes to unpopular items, at every length.

    Of the first j items at least :math:`\lfloor \delta j + 1/2 \rfloor` are from the tail: ``diversity`` is the share
    of slots, to the nearest whole slot. The tail is that of the metric ``tail_share``: the least popular items that
    together hold ``share`` of the popularity, untouched ones included (``tail_quota@share=0.2``). The next item is the
    most relevant one, from the tail where the quota would else be missed; so no list with that many tail items has
    more relevance. Where the tail runs out, others fill the slots. The rule is that of FA*IR without its
    significance test. O(k n) a user.

    Source: Zehlike et al. 2017.

    Raises:
        ValueError: if ``share`` does not lie between 0 and 1.
    """
    if not 0 < share < 1:
        raise ValueError(f"option share of tail_quota must lie between 0 and 1, got {share}")
    counts = pool.popularity if pool.popularity is not None else pool.scores.new_zeros(1)
    tail = tail_items(counts, share) if bool(counts.any()) else torch.ones_like(counts, dtype=torch.bool)
    unpopular = tail.to(pool.items.device)[pool.items.clamp(min=0)]
    left = pool.open.clone()
    held = torch.zeros(len(left), dtype=torch.int64, device=left.device)
    chosen = torch.full((len(left), pool.k), EMPTY, device=left.device)
    for slot in range(min(pool.k, left.shape[1])):
        due = held < math.floor(pool.diversity * (slot + 1) + 0.5)
        allowed = left & (unpopular | ~due[:, None])
        allowed = torch.where(allowed.any(1, keepdim=True), allowed, left)
        place = allowed.int().argmax(1)  # the first: candidates come by relevance
        chosen[:, slot] = torch.where(left.any(1), place, EMPTY)
        held += unpopular.gather(1, place[:, None]).squeeze(1) & left.any(1)
        left.scatter_(1, place[:, None], False)
    return chosen
