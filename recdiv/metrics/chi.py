"""What knowing whose list it is tells about what the item means."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import numpy as np

from recdiv.kernels import Kernel
from recdiv.metrics._registry import Result, corpus_result, register
from recdiv.metrics._shared import Shared, split
from recdiv.metrics._spectral import UNDEFINED, chi_value, spectral_state
from recdiv.tables import Recommendations


@register(
    symbol="χ",
    formula="χ = ln β;  at q = 1 Σᵤ wᵤ S(ρᵤ‖ρ̄) = S(ρ̄) − Σᵤ wᵤ S(ρᵤ)",
    range="[0, ln U] nats",
    direction="higher: lists differ more; read its excess over the null",
    level="corpus",
    undefined_on=UNDEFINED,
    citation="holevo1973bounds",
    bounds=(0.0, math.inf),
    state=spectral_state,
    value=chi_value,
)
def chi(
    recs: Recommendations,
    *,
    kernel: Kernel,
    q: float = 1.0,
    discount: str = "none",
    groups: str | Iterable[Any] | None = None,
    null: int = 0,
    rng: int | np.random.Generator = 0,
    shared: Shared | None = None,
) -> Result:
    r"""What the list (or the label in ``groups``) tells about its items: the semantic mutual information, in nats.

    .. math:: \chi = \ln \beta = \sum_u w_u S(\rho_u \| \bar\rho) \text{ at } q = 1

    ``null`` re-deals the same exposures over the same list lengths; what is left, ``excess``, is personal.
    ``discount`` weighs slots as in ``alpha``; re-dealt exposures then stay at their rank.

    >>> from recdiv.kernels import IdentityKernel
    >>> round(chi(Recommendations([[0, 1], [2, 3]]), kernel=IdentityKernel(4)).value, 6)  # ln 2
    0.693147
    """
    parts = split(recs, kernel, q=q, discount=discount, groups=groups, null=null, rng=rng, shared=shared)
    return corpus_result(recs, parts.chi, null=float(parts.chi_null.mean()))
