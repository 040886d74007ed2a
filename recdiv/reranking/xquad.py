"""xQuAD: each interest of the user is to be met by something on the list."""

from __future__ import annotations

import torch
from torch import Tensor

from recdiv.reranking._greedy import greedy
from recdiv.reranking._pool import Pool
from recdiv.reranking._registry import register


@register(
    formula="argmax (1−δ) rᵢ + δ Σ_f p(f|u) p(f|i) Π_{j ∈ S} (1 − p(f|j))",
    maps="λ of Santos et al.",
    bound="at least 1 − 1/e of the best",
    needs=("kernel", "history|interests"),
    prefix=True,
    citation="santos2010xquad",
)
def xquad(pool: Pool) -> Tensor:
    r"""Each time the candidate that is relevant and meets interests which the list has not met.

    .. math:: (1 - \delta)\, r_i + \delta \sum_f p(f|u)\, p(f|i) \prod_{j \in S} \big(1 - p(f|j)\big),

    p(f|u) being how much the user cares for label f (``interests``, or the label shares of the ``history``), and
    p(f|i) how an item spreads evenly over its labels: the product is how likely f is still unmet. ``diversity`` is
    the λ of the paper. Both terms add up to :math:`(1 - \delta) \sum r_i + \delta \sum_f p(f|u) (1 - \prod_j (1 -
    p(f|j)))`, which is monotone and submodular, so greedy reaches at least 1 − 1/e of the best. An item of one label
    meets it for good: where every item has one, a label is served once and relevance fills the rest. Labels come from
    a :class:`~recdiv.CategoryKernel`. O(k n C) a user.

    RankSys takes p(i|f) proportional to the scores among the candidates with f where this has p(f|i), so there λ = 1
    still looks at relevance; and in p(f|u) an item counts in full for each of its labels.

    Source: Santos, Macdonald and Ounis 2010.
    """
    return greedy(pool, _Unmet(pool))


class _Unmet:
    """Relevance and the interests that nothing on the list meets."""

    def __init__(self, pool: Pool) -> None:
        self.pool = pool
        self.unmet = pool.wanted  # p(f|u) Π (1 − p(f|j)), [u, C]

    def gain(self) -> Tensor:
        delta = self.pool.diversity
        met = (self.pool.shares @ self.unmet[:, :, None]).squeeze(2)
        return (1 - delta) * self.pool.relevance + delta * met.to(self.pool.relevance.device)

    def add(self, place: Tensor) -> None:
        self.unmet = self.unmet * (1 - share_at(self.pool, place))


def share_at(pool: Pool, place: Tensor) -> Tensor:
    """How the candidate in ``place`` ``[u]`` spreads over the labels, ``[u, C]``."""
    shares = pool.shares
    users = torch.arange(len(shares), device=shares.device)
    return shares[users, place.to(shares.device)]
