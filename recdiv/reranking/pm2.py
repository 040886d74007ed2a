"""PM-2: slots are shared out among a user's interests as seats are among parties."""

from __future__ import annotations

import torch
from torch import Tensor

from recdiv.reranking._greedy import greedy
from recdiv.reranking._pool import Pool
from recdiv.reranking._registry import register
from recdiv.reranking.xquad import share_at

_EQUAL = 1e-12  # quotients no further apart are equal: the first label takes the slot


@register(
    formula="argmax (1−δ) rᵢ + δ [λ p(f*|i) + (1−λ) Σ_{f ≠ f*} (q_f / q_f*) p(f|i)],  q_f = p(f|u) / (2 s_f + 1)",
    maps="the weight of the seats against relevance; the paper's list is 1, its λ the option focus",
    needs=("kernel", "history|interests"),
    prefix=True,
    citation="dang2012proportionality",
)
def pm2(pool: Pool, *, focus: float = 0.5) -> Tensor:
    r"""Slot by slot, the label that is owed most gets a candidate that is relevant and serves it.

    With the user's interests p(f|u) as votes and :math:`s_f` the slots that label f holds, the Sainte-Laguë quotients
    :math:`q_f = p(f|u) / (2 s_f + 1)` say which label f* is next, and the list takes the largest

    .. math:: (1 - \delta)\, r_i + \delta \Big[ \lambda\, p(f^*|i)
        + (1 - \lambda) \sum_{f \ne f^*} \frac{q_f}{q_{f^*}}\, p(f|i) \Big].

    An item spreads its slot evenly over its labels, in p(f|i) and in :math:`s_f`. Labels of which no candidate is left
    take no slot. Of equal quotients the label first in the alphabet goes first. λ (``pm2@focus=0.5``) is the paper's:
    1 looks at f* alone. The paper has no term of relevance of its own: that is ``diversity`` 1, with p(f|i) in place
    of its p(i|f); quotients stand relative to the largest so that they weigh the same at every slot. A heuristic: it
    maximises no function of the list. O(k n C) a user.

    Source: Dang and Croft 2012.

    Raises:
        ValueError: if ``focus`` does not lie in [0, 1].
    """
    if not 0 <= focus <= 1:
        raise ValueError(f"option focus of pm2 must lie in [0, 1], got {focus}")
    return greedy(pool, _Seats(pool, focus))


class _Seats:
    """Relevance and what the labels are owed."""

    def __init__(self, pool: Pool, focus: float) -> None:
        self.pool, self.focus = pool, focus
        self.held = torch.zeros_like(pool.wanted)  # s_f, [u, C]
        self.left = (pool.shares > 0).sum(1)  # candidates of each label, [u, C]

    def gain(self) -> Tensor:
        delta, shares = self.pool.diversity, self.pool.shares
        owed = torch.where(self.left > 0, self.pool.wanted / (2 * self.held + 1), 0.0)
        most = owed.amax(1, keepdim=True)
        first = (owed >= most * (1 - _EQUAL)).int().argmax(1, keepdim=True)
        weight = (1 - self.focus) * owed / torch.where(most > 0, most, 1.0)
        weight = weight.scatter(1, first, torch.where(most > 0, self.focus, 0.0).double())
        served = (shares @ weight[:, :, None]).squeeze(2)
        return (1 - delta) * self.pool.relevance + delta * served.to(self.pool.relevance.device)

    def add(self, place: Tensor) -> None:
        taken = share_at(self.pool, place)
        self.held = self.held + taken
        self.left = self.left - (taken > 0).int()
