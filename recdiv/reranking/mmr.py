"""Maximal marginal relevance: relevant, and not like anything chosen."""

from __future__ import annotations

import torch
from torch import Tensor

from recdiv.reranking import fast
from recdiv.reranking._greedy import greedy
from recdiv.reranking._pool import Pool
from recdiv.reranking._registry import register


@register(
    formula="argmax (1−δ) rᵢ − δ max_{j ∈ S} kᵢⱼ",
    maps="1 − λ of Carbonell and Goldstein",
    needs=("kernel",),
    uses=("history",),
    prefix=True,
    citation="carbonell1998mmr",
)
def mmr(pool: Pool) -> Tensor:
    r"""Each time the candidate that is most relevant and least like what is chosen.

    .. math:: (1 - \delta)\, r_i - \delta \max_{j \in S} k_{ij},

    S being what is on the list already, and the history where there is one; nothing is lost while S is empty.
    ``diversity`` is Carbonell and Goldstein's 1 − λ. An item unlike what is chosen may be at less than no similarity
    (a negative cosine), and gains by it. O(k n d) a user. A heuristic: it maximises no function of the list.

    Source: Carbonell and Goldstein 1998.
    """
    return fast.nearest(pool) if fast.usable(pool) else greedy(pool, _Nearest(pool))


class _Nearest:
    """Relevance less the similarity to what is nearest on the list."""

    def __init__(self, pool: Pool) -> None:
        self.pool = pool
        self.nearest = torch.full_like(pool.relevance, -torch.inf)
        for slot, similarity in enumerate(pool.similar_to_history()):
            known = pool.history[:, slot, None] >= 0 if pool.history is not None else pool.open
            self.nearest = torch.where(known, torch.maximum(self.nearest, similarity), self.nearest)

    def gain(self) -> Tensor:
        delta = self.pool.diversity
        lost = torch.where(self.nearest == -torch.inf, 0.0, self.nearest)
        return (1 - delta) * self.pool.relevance - delta * lost

    def add(self, place: Tensor) -> None:
        self.nearest = torch.maximum(self.nearest, self.pool.similar_to(place))
