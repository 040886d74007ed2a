"""Facility location: a list that comes near to everything on offer."""

from __future__ import annotations

import torch
from torch import Tensor

from recdiv.reranking import fast
from recdiv.reranking._greedy import greedy
from recdiv.reranking._pool import Pool
from recdiv.reranking._registry import register

_HELD = 1 << 24  # similarities that are kept (128 MB); more are made anew for each slot
_AT_ONCE = 1 << 22


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
    to is covered before the list begins. Compiled, greedy is lazy: O(n² d) a user once, then little. In plain torch it
    is O(n² (d + k)), or O(k n² d) above some 4,000 candidates. Memory is bounded, whatever n.

    Source: Nemhauser, Wolsey and Fisher 1978; lazily after Minoux 1978.
    """
    return fast.reach(pool) if fast.usable(pool) else greedy(pool, _Reach(pool))


class _Reach:
    """Relevance and how much nearer the pool comes."""

    def __init__(self, pool: Pool) -> None:
        self.pool = pool
        self.reach = torch.zeros_like(pool.relevance)
        for similarity in pool.similar_to_history():
            self.reach = torch.maximum(self.reach, similarity)
        self.n = pool.open.sum(1, keepdim=True).clamp(min=1)
        self.fixed = (1 - pool.diversity) / pool.k * pool.relevance
        n = pool.items.shape[1]
        self.near = pool.similar_between(slice(0, n)) if len(self.fixed) * n * n <= _HELD else None

    def gain(self) -> Tensor:
        n = self.pool.items.shape[1]
        step = max(1, _AT_ONCE // max(len(self.fixed) * n, 1))
        nearer = []
        for some in (slice(start, start + step) for start in range(0, n, step)):
            near = self.pool.similar_between(some) if self.near is None else self.near[:, some]
            nearer.append((near - self.reach[:, None, :]).clamp_(min=0).sum(2))
        return self.fixed + self.pool.diversity * torch.cat(nearer, 1) / self.n

    def add(self, place: Tensor) -> None:
        self.reach = torch.maximum(self.reach, self.pool.similar_to(place))
