"""How many different lists there are."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import numpy as np

from recdiv.kernels import Kernel
from recdiv.metrics._registry import Result, corpus_result, register
from recdiv.metrics._shared import Shared, split
from recdiv.metrics._spectral import UNDEFINED, beta_value, spectral_state
from recdiv.tables import Recommendations


@register(
    symbol="β",
    formula="β_q = γ_q / α_q",
    range="[1, U]",
    direction="higher: lists differ more; read it beside its null",
    level="corpus",
    undefined_on=UNDEFINED,
    citation="reeve2014partition",
    bounds=(1.0, math.inf),
    state=spectral_state,
    value=beta_value,
)
def beta(
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
    r"""Effective number of different lists (or labels of ``groups``): variety between lists.

    .. math:: \beta_q = \gamma_q / \alpha_q

    ``null`` re-deals the same exposures over the same list lengths; chance alone makes finite lists differ.
    ``discount`` weighs slots as in ``alpha``; re-dealt exposures then stay at their rank.

    >>> from recdiv.kernels import IdentityKernel
    >>> round(beta(Recommendations([[0, 1], [2, 3]]), kernel=IdentityKernel(4)).value, 6)
    2.0
    """
    parts = split(recs, kernel, q=q, discount=discount, groups=groups, null=null, rng=rng, shared=shared)
    return corpus_result(recs, parts.beta, null=parts.beta_null)
