"""The effective number of the list itself, greedily."""

from __future__ import annotations

import torch
from torch import Tensor

from recdiv._spectra import checked_order, matrix_moments, moment, number
from recdiv.reranking._greedy import SAME, greedy
from recdiv.reranking._pool import Pool
from recdiv.reranking._registry import register

_FIRST = 8  # candidates whose spectrum is computed at once; their number doubles while a bound leaves others in
_SLACK = 1e-7  # by which a bound may be wrong, with kernels of single precision


@register(
    formula="max (1−δ) Σ_{i ∈ S} rᵢ + δ D_q(S)",
    maps="one thing entirely new against one item fully relevant",
    needs=("kernel",),
    uses=("history",),
    prefix=True,
    citation="friedman2023vendi",
)
def entropy(pool: Pool, *, q: float = 1.0) -> Tensor:
    r"""Greedily the list whose relevance and effective number of different items are largest together.

    .. math:: (1 - \delta) \sum_{i \in S} r_i + \delta\, D_q(S),

    :math:`D_q` being the metric ``effective_number``: at q = 1 the exponential of the spectral entropy of the list.
    An item adds at most 1 to either sum, so ``diversity`` weighs one item fully relevant against one thing entirely
    new; a copy adds no thing and may take some away, for it makes the list less even. What the history holds counts as
    on the list. ``entropy@q=2`` takes another order, up to ``inf``. Greedy has no bound here: :math:`D_q` is not
    monotone.

    **Exact, without a spectrum for every candidate.** In the eigenbasis of the list under way and the direction that an
    item adds to it, the diagonal of the state with that item is majorised by its spectrum, so its effective number is
    an upper bound, at the price of a product of matrices. Spectra are computed from the largest bound downwards until
    no bound left reaches the best found. O(k n (d + k²)) a user, and a few spectra O(k³) a slot; with a history of H
    items k stands for k + H. q = 2 needs no spectrum.

    Source: Friedman and Dieng 2023 (the number).

    Raises:
        ValueError: if ``q`` is negative, or 0 with a kernel of overlapping items.
    """
    return greedy(pool, _Variety(pool, checked_order(q, pool.known)))


class _Variety:
    """Relevance and how many different things the list would hold with each candidate."""

    def __init__(self, pool: Pool, q: float) -> None:
        self.pool, self.q = pool, q
        self.left = pool.open.clone()
        self.near = torch.zeros(*pool.items.shape, 0, dtype=torch.float64, device=pool.items.device)  # [u, n, m]
        self.gram = torch.zeros(len(pool.items), 0, 0, dtype=torch.float64, device=pool.items.device)
        self.count = torch.zeros(len(pool.items), 1, dtype=torch.float64, device=pool.items.device)
        if pool.history is not None and pool.history.shape[1]:
            self.near = torch.stack(list(pool.similar_to_history()), 2)
            self.gram = pool.known.gram(pool.history).double()
            self.count += (pool.history >= 0).sum(1, keepdim=True)

    def gain(self) -> Tensor:
        """What the list is worth with each candidate, less what is the same for all; −∞ where a bound rules it out."""
        relevant = (1 - self.pool.diversity) * self.pool.relevance
        if not self.near.shape[2] or self.pool.diversity == 0:
            return relevant  # one item is one thing, whatever it is
        if self.q == 2:
            purity = (self.gram**2).sum((1, 2))[:, None] + 2 * (self.near**2).sum(2) + 1
            return relevant + self.pool.diversity * (self.count + 1) ** 2 / purity
        bound = relevant + self.pool.diversity * self._most()
        return self._settled(torch.where(self.left, bound + _SLACK, -torch.inf), relevant)

    def _most(self) -> Tensor:
        """An upper bound of the effective number with each candidate, ``[u, n]``."""
        values, basis = torch.linalg.eigh(self.gram)
        real = values > values.shape[1] * torch.finfo(values.dtype).eps * values[:, -1:]
        along = torch.where(real[:, None], (self.near @ basis) ** 2 / torch.where(real, values, 1.0)[:, None], 0.0)
        beyond = (1 - along.sum(2, keepdim=True)).clamp(min=0)
        values = torch.where(real, values, 0.0)[:, None]
        return number(moment(torch.cat([values + along, beyond], 2) / (self.count + 1)[:, :, None], self.q), self.q)

    def _settled(self, bound: Tensor, relevant: Tensor) -> Tensor:
        """Worth of every candidate that may be the best or as good."""
        bounds, order = bound.sort(1, descending=True)
        worth = torch.full_like(bound, -torch.inf)
        users = torch.arange(len(bound), device=bound.device)
        start, width = 0, _FIRST
        while start < bound.shape[1] and len(users):
            places = order[users, start : start + width]
            found = relevant[users[:, None], places] + self.pool.diversity * self._exact(users, places)
            worth[users[:, None], places] = torch.where(self.left[users[:, None], places], found, -torch.inf)
            start, width = start + width, 2 * width
            if start < bound.shape[1]:
                users = users[bounds[users, start] >= worth[users].amax(1) - SAME]
        return worth

    def _exact(self, users: Tensor, places: Tensor) -> Tensor:
        """Effective number with each of some candidates, ``[v, b]``."""
        size = self.gram.shape[1] + 1
        matrix = torch.ones(*places.shape, size, size, dtype=torch.float64, device=places.device)
        matrix[..., :-1, :-1] = self.gram[users][:, None]
        matrix[..., -1, :-1] = matrix[..., :-1, -1] = self.near[users[:, None], places]
        return number(matrix_moments(matrix / (self.count[users] + 1)[:, :, None, None], self.q), self.q)

    def add(self, place: Tensor) -> None:
        users = torch.arange(len(place), device=place.device)
        border = self.near[users, place]
        top = torch.cat([self.gram, border[:, :, None]], 2)
        low = torch.cat([border, torch.ones_like(self.count)], 1)
        self.gram = torch.cat([top, low[:, None]], 1)
        self.near = torch.cat([self.near, self.pool.similar_to(place)[:, :, None]], 2)
        self.count = self.count + 1
        self.left[users, place] = False
