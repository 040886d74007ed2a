"""The most likely list under a determinantal point process, greedily."""

from __future__ import annotations

from torch import Tensor

from recdiv.reranking import fast
from recdiv.reranking._greedy import greedy
from recdiv.reranking._pool import Pool
from recdiv.reranking._registry import register
from recdiv.reranking._volume import EXHAUSTED, Volume


@register(
    formula="max (1−δ) Σ_{i ∈ S} rᵢ + δ ln det K_S",
    maps="1 − θ of Chen et al. before their rescaling: nats of volume against relevance",
    needs=("kernel",),
    uses=("history",),
    prefix=True,
    citation="chen2018fastdpp",
)
def dpp(pool: Pool, *, window: int = 0) -> Tensor:
    r"""Greedily the list whose relevance and log-determinant are largest together.

    .. math:: (1 - \delta) \sum_{i \in S} r_i + \delta \ln \det K_S,

    taking the candidate with the largest :math:`(1 - \delta) r_i + \delta \ln \rho_i`: ρ is what is left of an item,
    of length 1 at first, after all that lies along the chosen ones is taken out (the squared pivot of an incremental
    Cholesky factor, so no determinant is computed). Greedy has no bound here, as ln det is not monotone.

    ``diversity`` δ is a trade-off of nats against relevance from 0 to 1, Chen's 1 − θ before his rescaling.
    **Rank exhaustion**: below ρ = 1e-8 an item is a copy of what the list spans. It counts ln 1e-8 and takes nothing
    out. So when only such items are left (beyond d items, say) they are taken by relevance.

    ``dpp@window=w`` takes out only what lies along the last w − 1 chosen items (0: all): copies may come back further
    down. A history is taken out first, whatever the window. O(k n (d + k)) a user, with a window O(k n (d + w²)).

    Source: Chen, Zhang and Zhou 2018; Kulesza and Taskar 2012.

    Raises:
        ValueError: if ``window`` is neither 0 nor at least 2.
    """
    if window < 0 or window == 1:
        raise ValueError(f"option window of dpp must be 0 (all) or at least 2, got {window}")
    if fast.usable(pool):
        return fast.volume(pool, window, logarithm=True)
    return greedy(pool, _LogVolume(pool, window))


class _LogVolume(Volume):
    """Relevance and the logarithm of what is left of each item."""

    def __init__(self, pool: Pool, window: int) -> None:
        super().__init__(pool)
        self.window = window
        self.recent: list[tuple[Tensor, Tensor]] = []  # place and similarities of the last chosen

    def gain(self) -> Tensor:
        delta = self.pool.diversity
        return (1 - delta) * self.pool.relevance + delta * self.left.clamp(min=EXHAUSTED).log()

    def add(self, place: Tensor) -> None:
        similarity = self.pool.similar_to(place)
        if not self.window:
            self.take_out(place, similarity)
            return
        self.recent = [*self.recent, (place, similarity)][1 - self.window :]
        self.factors, self.left = list(self.known[0]), self.known[1]
        for each in self.recent:
            self.take_out(*each)
