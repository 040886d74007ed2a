"""How many different things there are over all lists."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

from recdiv._spectra import checked_order, number, state_moment
from recdiv.kernels import Kernel
from recdiv.metrics._counts import item_masses
from recdiv.metrics._registry import Result, corpus_result, register
from recdiv.metrics._shared import Shared, split
from recdiv.metrics._spectral import UNDEFINED, gamma_value, spectral_state
from recdiv.tables import Recommendations


@register(
    symbol="γ",
    formula="γ_q = D_q(ρ̄),  ρ̄ = Σᵤ wᵤ ρᵤ",
    range="[1, min(I, d)]",
    direction="higher is more diverse",
    level="corpus",
    undefined_on=UNDEFINED,
    citation="reeve2014partition",
    bounds=(1.0, math.inf),
    state=spectral_state,
    value=gamma_value,
)
def gamma(
    recs: Recommendations,
    *,
    kernel: Kernel,
    q: float = 1.0,
    discount: str = "none",
    groups: str | Iterable[Any] | None = None,
    shared: Shared | None = None,
) -> Result:
    r"""Effective number of different items over all lists, which weigh the same.

    .. math:: \gamma_q = D_q(\bar\rho), \qquad \bar\rho = \sum_u w_u \rho_u

    Under :class:`~recdiv.IdentityKernel` and equally long lists it is ``effective_catalog_size``. ``discount`` weighs
    slots as in ``alpha``.

    >>> from recdiv.kernels import EmbeddingKernel
    >>> kernel = EmbeddingKernel([[1.0, 0.0], [1.0, 0.0], [0.0, 1.0]])
    >>> round(gamma(Recommendations([[0], [1], [2], [2]]), kernel=kernel).value, 6)
    2.0
    """
    if shared is not None or groups is not None:  # a report needs the lists one by one too
        return corpus_result(recs, split(recs, kernel, q=q, discount=discount, groups=groups, shared=shared).gamma)
    q = checked_order(q, kernel)
    mass = item_masses(recs, kernel.n_items, discount=discount)
    return corpus_result(recs, float(number(state_moment(kernel, mass, q), q)) if bool(mass.any()) else math.nan)
