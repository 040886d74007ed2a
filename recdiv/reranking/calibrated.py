"""Calibration: the list keeps the proportions of the user's interests."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from recdiv.reranking._greedy import greedy
from recdiv.reranking._pool import Pool
from recdiv.reranking._registry import register
from recdiv.reranking.xquad import share_at


@register(
    formula="max (1−δ)/k Σ_{i ∈ S} rᵢ + δ [1 − C_KL / ln(1/α)],  C_KL = Σ_f p(f|u) ln(p(f|u) / q̃(f|S))",
    maps="λ of Steck, both of his terms brought to [0, 1]",
    bound="at least 1 − 1/e of the best",
    needs=("kernel", "history|interests"),
    prefix=False,
    citation="steck2018calibrated",
)
def calibrated(pool: Pool, *, alpha: float = 0.01) -> Tensor:
    r"""Greedily the list of k items that is relevant and has its labels in the proportions of the user's interests.

    .. math:: \frac{1 - \delta}{k} \sum_{i \in S} r_i + \delta \Big[1 - \frac{C_{KL}}{\ln 1/\alpha}\Big], \qquad
        C_{KL} = \sum_f p(f|u) \ln \frac{p(f|u)}{\tilde q(f|S)}, \qquad
        \tilde q(f|S) = \frac{1 - \alpha}{k} \sum_{i \in S} p(f|i) + \alpha\, p(f|u):

    the metric ``calibration_kl``, from its largest value (0) to none at all (1), against mean relevance. ``diversity``
    is Steck's λ, his two terms brought to [0, 1]. A slot still empty serves no interest, so that a list under way is
    worth less than a whole one: with that, the sum is monotone and submodular, and greedy reaches at least 1 − 1/e of
    the best. Interests are ``interests``, or the label shares of the ``history``. At 1 the list is calibrated and may
    still be narrow: who cares for one thing gets one thing. ``calibrated@alpha=0.01`` sets α. O(k n C) a user.

    Source: Steck 2018.

    Raises:
        ValueError: if ``alpha`` does not lie between 0 and 1.
    """
    if not 0 < alpha < 1:
        raise ValueError(f"option alpha of calibrated must lie between 0 and 1, got {alpha}")
    return greedy(pool, _Proportions(pool, alpha))


class _Proportions:
    """Relevance and how much nearer the labels come to the interests."""

    def __init__(self, pool: Pool, alpha: float) -> None:
        self.pool = pool
        self.fixed = (1 - pool.diversity) / pool.k * pool.relevance
        self.weight = pool.diversity / math.log(1 / alpha)
        self.scale = (1 - alpha) / pool.k
        self.mixed = alpha * pool.wanted  # q̃ of the list so far, [u, C]

    def gain(self) -> Tensor:
        wanted = self.pool.wanted[:, None, :]
        mixed = self.mixed[:, None, :]
        grown = torch.where(wanted > 0, 1 + self.scale * self.pool.shares / torch.where(mixed > 0, mixed, 1.0), 1.0)
        nearer = (wanted * grown.log()).sum(2)
        return self.fixed + self.weight * nearer.to(self.fixed.device)

    def add(self, place: Tensor) -> None:
        self.mixed = self.mixed + self.scale * share_at(self.pool, place)
