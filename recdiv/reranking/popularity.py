"""Less of what everybody gets anyway."""

from __future__ import annotations

import torch
from torch import Tensor

from recdiv.reranking._greedy import greedy
from recdiv.reranking._pool import Pool
from recdiv.reranking._registry import register


@register(
    formula="(1−δ) rᵢ − δ πᵢ,  πᵢ = ln(1 + xᵢ) scaled to [0, 1]",
    maps="the weight of log-popularity against relevance",
    bound="the best itself",
    needs=("popularity",),
    prefix=True,
)
def popularity(pool: Pool) -> Tensor:
    r"""The k largest of :math:`(1 - \delta) r_i - \delta \pi_i`.

    :math:`\pi_i` is the logarithm of 1 + the item's popularity, scaled to [0, 1] over the user's candidates as is
    relevance; where all are equally popular, nothing changes. At 1 the least popular come first. It asks no
    kernel: unpopular items may be all alike. O(k n) a user.
    """
    return greedy(pool, _Penalty(pool))


class _Penalty:
    """Relevance less popularity."""

    def __init__(self, pool: Pool) -> None:
        counts = pool.popularity if pool.popularity is not None else pool.scores.new_zeros(1)
        logs = torch.log1p(counts)[pool.items.clamp(min=0)]
        top = torch.where(pool.open, logs, -torch.inf).amax(1, keepdim=True)
        low = torch.where(pool.open, logs, torch.inf).amin(1, keepdim=True)
        penalty = torch.where(top > low, (logs - low) / torch.where(top > low, top - low, 1.0), 0.0)
        self.worth = (1 - pool.diversity) * pool.relevance - pool.diversity * penalty

    def gain(self) -> Tensor:
        return self.worth

    def add(self, place: Tensor) -> None:
        """Popularity does not depend on what is chosen."""
