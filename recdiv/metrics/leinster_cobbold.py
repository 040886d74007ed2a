"""How many different things a list amounts to, by how ordinary its items are to one another."""

from __future__ import annotations

import math

from recdiv import diversity
from recdiv.kernels import Kernel
from recdiv.metrics._registry import Result, per_list_result, register
from recdiv.tables import Recommendations


@register(
    symbol="LC",
    formula="LC_q = (Σᵢ pᵢ (Zp)ᵢ^{q−1})^{1/(1−q)},  Z = max(0, K)",
    range="[1, K]",
    direction="higher is more diverse",
    level="list",
    undefined_on="a list holds no item of the catalogue: NaN",
    citation="leinster2012measuring",
    bounds=(1.0, math.inf),
)
def leinster_cobbold(recs: Recommendations, *, kernel: Kernel, q: float = 1.0) -> Result:
    r"""Mean over lists of their Leinster–Cobbold diversity.

    .. math:: LC_q = \Big(\sum_i p_i (Zp)_i^{q-1}\Big)^{1/(1-q)}, \qquad Z = \max(0, K)

    See :func:`recdiv.leinster_cobbold`.

    >>> from recdiv.kernels import IdentityKernel
    >>> round(leinster_cobbold(Recommendations([[0, 1, 1, 0]]), kernel=IdentityKernel(2), q=2.0).value, 6)
    2.0
    """
    return per_list_result(diversity.leinster_cobbold(recs.items, kernel, q=q))
