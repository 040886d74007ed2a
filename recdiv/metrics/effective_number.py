"""How many different things a list amounts to."""

from __future__ import annotations

import math

from recdiv import diversity
from recdiv.kernels import Kernel
from recdiv.metrics._registry import Result, per_list_result, register
from recdiv.metrics._shared import Shared, split
from recdiv.tables import Recommendations


@register(
    symbol="D",
    formula="D_q(ρᵤ) = exp(ln tr ρᵤ^q / (1 − q));  at q = 1 exp(−tr ρᵤ ln ρᵤ)",
    range="[1, min(K, d)]",
    direction="higher is more diverse",
    level="list",
    undefined_on="a list holds no item of the catalogue: NaN",
    citation="friedman2023vendi",
    bounds=(1.0, math.inf),
)
def effective_number(recs: Recommendations, *, kernel: Kernel, q: float = 1.0, shared: Shared | None = None) -> Result:
    r"""Mean over lists of their effective number of different items: near-copies count once.

    .. math:: D_q(\rho_u) = \exp \frac{\ln \operatorname{tr} \rho_u^q}{1 - q}, \qquad
        D_1(\rho_u) = \exp(-\operatorname{tr} \rho_u \ln \rho_u)

    See :func:`recdiv.effective_number`. ``alpha`` averages the same lists so that it fits the partition.

    >>> from recdiv.kernels import EmbeddingKernel
    >>> kernel = EmbeddingKernel([[1.0, 0.0], [1.0, 0.0], [0.0, 1.0]])
    >>> effective_number(Recommendations([[0, 1], [0, 2]]), kernel=kernel).per_list.round(decimals=6).tolist()
    [1.0, 2.0]
    """
    if shared is not None:
        return per_list_result(split(recs, kernel, q=q, shared=shared).alpha_per_user)
    return per_list_result(diversity.effective_number(recs.items, kernel, q=q))
