"""Sliding spectrum decomposition: new against what was just shown, over and over."""

from __future__ import annotations

from torch import Tensor

from recdiv.reranking import fast
from recdiv.reranking._greedy import greedy
from recdiv.reranking._pool import Pool
from recdiv.reranking._registry import register
from recdiv.reranking._volume import EXHAUSTED, Volume


@register(
    formula="argmax (1−δ) rᵢ + δ √ρᵢ, ρᵢ left of i after the last w − 1 rows of Gram–Schmidt",
    maps="γ = δ / (1 − δ) of Huang et al., on relevance from 0 to 1",
    needs=("kernel",),
    uses=("history",),
    prefix=True,
    citation="huang2021ssd",
)
def ssd(pool: Pool, *, window: int = 0) -> Tensor:
    r"""Each time the candidate that is relevant and adds most length to the volume of what was shown last.

    .. math:: (1 - \delta)\, r_i + \delta \sqrt{\rho_i}, \qquad
        \rho_i = 1 - \sum_{b} (\varphi_i \cdot b)^2,

    b being the last w − 1 directions of a Gram–Schmidt process: each chosen item leaves the direction of what of it
    the directions before did not span, and the oldest one is forgotten. √ρ is the factor by which item i multiplies the
    volume that the directions span. ``diversity`` δ is the paper's trade-off γ = δ / (1 − δ) on relevance from 0 to 1;
    it weighs a length from 0 to 1 where ``dpp`` weighs its logarithm, so near-copies are punished less.
    ``ssd@window=w`` looks back w − 1 items, for feeds longer than anyone remembers (0: all of the list). Unlike
    ``dpp@window``, a direction stays as it was when its item was chosen, so one step costs O(n d) whatever w is.

    Below ρ = 1e-8 an item is a copy of what is spanned: it counts as 1e-8 and leaves no direction, so when only such
    items are left they are taken by relevance. A history is taken out first and never forgotten. O(k n (d + w)) a user.

    Source: Huang, Wang, Zhang and Xu 2021.

    Raises:
        ValueError: if ``window`` is neither 0 nor at least 2.
    """
    if window < 0 or window == 1:
        raise ValueError(f"option window of ssd must be 0 (all) or at least 2, got {window}")
    if fast.usable(pool):
        return fast.volume(pool, window, logarithm=False)
    return greedy(pool, _Length(pool, window))


class _Length(Volume):
    """Relevance and the length of what is left of each item."""

    def __init__(self, pool: Pool, window: int) -> None:
        super().__init__(pool)
        self.window, self.held = window, len(self.factors)

    def gain(self) -> Tensor:
        delta = self.pool.diversity
        return (1 - delta) * self.pool.relevance + delta * self.left.clamp(min=EXHAUSTED).sqrt()

    def add(self, place: Tensor) -> None:
        self.take_out(place, self.pool.similar_to(place))
        if self.window and len(self.factors) - self.held >= self.window:
            del self.factors[self.held]
            self.left = self.known[1]
            for row in self.factors[self.held :]:
                self.left = self.left - row**2
