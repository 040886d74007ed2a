"""Max-sum dispersion: relevant, and far from all that is chosen."""

from __future__ import annotations

import torch
from torch import Tensor

from recdiv.reranking import fast
from recdiv.reranking._greedy import greedy
from recdiv.reranking._pool import Pool
from recdiv.reranking._registry import register


@register(
    formula="max (1−δ)/k Σ_{i ∈ S} rᵢ + δ · ILD(S)",
    maps="the weight of intra-list distance against mean relevance",
    bound="at least half of the best distance at 1, where 1 − k is a metric",
    needs=("kernel",),
    uses=("history",),
    prefix=False,
    citation="borodin2012maxsum",
)
def msd(pool: Pool) -> Tensor:
    r"""Greedily the list of k items with much relevance and a large intra-list distance.

    .. math:: \frac{1 - \delta}{k} \sum_{i \in S} r_i + \delta\, \frac{2}{k (k - 1)} \sum_{\{i, j\} \subseteq S} d_{ij},
        \qquad d_{ij} = 1 - k_{ij},

    by taking the candidate with the largest :math:`(1 - \delta) r_i + \frac{2 \delta}{k - 1} \sum_{j \in S} d_{ij}`,
    k times what it adds. Where d is a metric and ``diversity`` is 1, greedy reaches at least half of the best ILD;
    cosine distance need not be one, so the bound is not promised for every kernel. A history adds δ times the mean
    distance to it. ``diversity`` weighs mean relevance against ILD. What ILD likes, this likes: two far-apart clumps of
    near-copies do well. With one slot there is no distance, and relevance decides. O(k n d) a user.

    Source: Borodin, Lee and Ye 2012.
    """
    return fast.spread(pool) if fast.usable(pool) else greedy(pool, _Spread(pool))


class _Spread:
    """Relevance and the distances to all that is on the list."""

    def __init__(self, pool: Pool) -> None:
        self.pool = pool
        self.distance = torch.zeros_like(pool.relevance)
        self.weight = 2 * pool.diversity / max(pool.k - 1, 1)
        self.fixed = (1 - pool.diversity) * pool.relevance
        if pool.history is not None:
            known = (pool.history >= 0).sum(1, keepdim=True)
            distant = known - sum(pool.similar_to_history(), torch.zeros_like(pool.relevance))
            self.fixed = self.fixed + pool.diversity * distant / known.clamp(min=1)

    def gain(self) -> Tensor:
        return self.fixed + self.weight * self.distance

    def add(self, place: Tensor) -> None:
        self.distance = self.distance + 1 - self.pool.similar_to(place)
