"""How many different things there are within a list."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

from recdiv.kernels import Kernel
from recdiv.metrics._registry import Result, corpus_result, register
from recdiv.metrics._shared import Shared, split
from recdiv.metrics._spectral import UNDEFINED, alpha_value, spectral_state
from recdiv.tables import Recommendations


@register(
    symbol="α",
    formula="α_q = (Σᵤ wᵤ tr ρᵤ^q)^{1/(1−q)};  at q = 1 the geometric mean of D₁(ρᵤ)",
    range="[1, min(K, d)]",
    direction="higher is more diverse",
    level="corpus",
    undefined_on=UNDEFINED,
    citation="reeve2014partition",
    bounds=(1.0, math.inf),
    state=spectral_state,
    value=alpha_value,
)
def alpha(
    recs: Recommendations,
    *,
    kernel: Kernel,
    q: float = 1.0,
    discount: str = "none",
    groups: str | Iterable[Any] | None = None,
    shared: Shared | None = None,
) -> Result:
    r"""Effective number of different items within a list (or within a label of ``groups``).

    .. math:: \alpha_q = \Big(\sum_u w_u \operatorname{tr} \rho_u^q\Big)^{1/(1-q)}

    At q = 1 the geometric mean of the lists' effective numbers. ``discount`` (``log`` or ``rbp``) weighs the
    filled slots of a list by their attention; lists still weigh the same. See :func:`recdiv.partition`.

    >>> from recdiv.kernels import IdentityKernel
    >>> round(alpha(Recommendations([[0, 1], [2, 3]]), kernel=IdentityKernel(4)).value, 6)
    2.0
    """
    return corpus_result(recs, split(recs, kernel, q=q, discount=discount, groups=groups, shared=shared).alpha)
