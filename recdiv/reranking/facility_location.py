"""Facility location: a list that comes near to everything on offer."""

from __future__ import annotations

import torch
from torch import Tensor

from recdiv.reranking._greedy import greedy
from recdiv.reranking._pool import Pool
from recdiv.reranking._registry import register

_WIDEST = 1 << 13  # candidates whose similarities to one another still fit 512 MB
_NUMBERS = 1 << 22  # compared at once


@register(
    formula="max (1−δ)/k Σ_{i ∈ S} rᵢ + δ/n Σⱼ max(0, max_{i ∈ S} kᵢⱼ)",
    maps="the weight of coverage of the candidates against mean relevance",
    bound="at least 1 − 1/e of the best",
    needs=("kernel",),
    uses=("history",),
    prefix=False,
    citation="nemhauser1978analysis",
)
def facility_location(pool: Pool) -> Tensor:
    r"""Greedily the list that is relevant and comes near to all candidates.

    .. math:: \frac{1 - \delta}{k} \sum_{i \in S} r_i
        + \frac{\delta}{n} \sum_{j} \max\big(0, \max_{i \in S} k_{ij}\big):

    mean relevance, and the semantic coverage of the user's own n candidates j. It is monotone and submodular, so greedy
    reaches at least 1 − 1/e of the best. ``diversity`` weighs the two, both from 0 to 1. What the history comes near
    to is covered before the list begins. O(n² (d + k)) a user, and n² numbers of memory.

    Source: Nemhauser, Wolsey and Fisher 1978.

    Raises:
        ValueError: for more than 8,192 candidates: pass ``candidates=`` to look at fewer.
    """
    if pool.items.shape[1] > _WIDEST:
        raise ValueError(f"candidates must be at most {_WIDEST} for facility_location, got {pool.items.shape[1]}")
    return greedy(pool, _Reach(pool))


class _Reach:
    """Relevance and how much nearer the pool comes."""

    def __init__(self, pool: Pool) -> None:
        self.pool = pool
        self.near = pool.gram().clamp_(min=0)
        self.reach = torch.zeros_like(pool.relevance)
        for similarity in pool.similar_to_history():
            self.reach = torch.maximum(self.reach, similarity)
        self.n = pool.open.sum(1, keepdim=True).clamp(min=1)
        self.fixed = (1 - pool.diversity) / pool.k * pool.relevance

    def gain(self) -> Tensor:
        step = max(1, _NUMBERS // max(self.near.shape[0] * self.near.shape[1], 1))
        nearer = [(some - self.reach[:, None, :]).clamp_(min=0).sum(2) for some in torch.split(self.near, step, dim=1)]
        return self.fixed + self.pool.diversity * torch.cat(nearer, 1) / self.n

    def add(self, place: Tensor) -> None:
        chosen = self.near.gather(1, place[:, None, None].expand(-1, 1, self.near.shape[2])).squeeze(1)
        self.reach = torch.maximum(self.reach, chosen)
