"""How the variety of what is shown compares with that of the catalogue."""

from __future__ import annotations

import math

from recdiv.diversity import catalog_effective_number
from recdiv.kernels import Kernel
from recdiv.metrics._registry import Result, State, corpus_result, register
from recdiv.metrics._shared import Shared, split
from recdiv.metrics._spectral import UNDEFINED, gamma_value, spectral_state
from recdiv.tables import Recommendations


def gamma_ratio_value(state: State, *, kernel: Kernel, q: float = 1.0) -> float:
    """Gamma over that of the catalogue."""
    return gamma_value(state, kernel=kernel, q=q) / catalog_effective_number(kernel, q=q)


@register(
    symbol="γ/γ_I",
    formula="γ_q(ρ̄) / D_q(ρ_I),  ρ_I = 1/I Σᵢ φᵢφᵢᵀ",
    range="(0, ∞); 1 where what is shown is as varied as the catalogue",
    direction="higher: more of the catalogue's variety is shown",
    level="corpus",
    undefined_on=UNDEFINED,
    citation="reeve2014partition",
    bounds=(0.0, math.inf),
    state=spectral_state,
    value=gamma_ratio_value,
)
def gamma_ratio(
    recs: Recommendations,
    *,
    kernel: Kernel,
    q: float = 1.0,
    discount: str = "none",
    shared: Shared | None = None,
) -> Result:
    r"""Effective number of different items over all lists, as a share of that of the catalogue.

    .. math:: \gamma_q(\bar\rho) \big/ D_q(\rho_I), \qquad \rho_I = \frac1I \sum_i \varphi_i \varphi_i^\top

    Under :class:`~recdiv.IdentityKernel` and equally long lists it is ``effective_catalog_size`` / I, at most 1. A
    catalogue in which one kind of thing prevails can be shown more evenly than it is: then it exceeds 1.

    >>> from recdiv.kernels import IdentityKernel
    >>> round(gamma_ratio(Recommendations([[0, 1]]), kernel=IdentityKernel(4)).value, 6)
    0.5
    """
    value = split(recs, kernel, q=q, discount=discount, shared=shared).gamma
    return corpus_result(recs, value / catalog_effective_number(kernel, q=q))
