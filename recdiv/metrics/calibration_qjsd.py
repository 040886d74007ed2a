"""How far the meaning of a list is from that of its user's history."""

from __future__ import annotations

import math

import numpy as np
from torch import Tensor

from recdiv.diversity import list_qjsd
from recdiv.kernels import Kernel
from recdiv.metrics._histories import UNDEFINED, Measure, against_history
from recdiv.metrics._registry import Result, register
from recdiv.metrics._shared import Shared
from recdiv.tables import Interactions, Recommendations


@register(
    symbol="C_φ",
    formula="QJSD(ρ_h, ρᵤ) = S((ρ_h + ρᵤ)/2) − ½S(ρ_h) − ½S(ρᵤ)",
    range="[0, ln 2] nats",
    direction="lower: the list means what the history meant; read its excess over the null",
    level="list",
    undefined_on=UNDEFINED,
    citation="briet2009properties",
    bounds=(0.0, math.log(2)),
)
def calibration_qjsd(
    recs: Recommendations,
    *,
    kernel: Kernel,
    train: Interactions,
    longest: int = 50,
    sample: int = 20_000,
    null: int = 0,
    rng: int | np.random.Generator = 0,
    shared: Shared | None = None,
) -> Result:
    r"""Mean over lists of the quantum Jensen–Shannon divergence of the list and its user's history, in nats.

    .. math:: QJSD(\rho_h, \rho_u) = S((\rho_h + \rho_u)/2) - \tfrac12 S(\rho_h) - \tfrac12 S(\rho_u)

    Calibration by what items mean: near-copies of what was liked are no departure. Two finite samples of one taste lie
    apart by chance, so read it beside ``null``, which deals the lists' exposures across users. The history are the
    latest ``longest`` training interactions (0: all). Each list takes an eigenvalue problem, so of more than ``sample``
    lists so many are drawn (0: all), and others have NaN in ``per_list``.

    >>> import pandas as pd
    >>> from recdiv.tables import Catalog
    >>> from recdiv.kernels import EmbeddingKernel
    >>> kernel = EmbeddingKernel([[1.0, 0.0], [1.0, 0.0], [0.0, 1.0]])
    >>> catalog = Catalog(pd.DataFrame({"item_id": [1, 2, 3]}))
    >>> train = Interactions(pd.DataFrame({"user_id": [7], "item_id": [1]}), catalog)
    >>> recs = Recommendations([[1], [2]], users=[7, 7])  # a copy of what was liked; something else
    >>> calibration_qjsd(recs, kernel=kernel, train=train).per_list.round(decimals=4).tolist()
    [0.0, 0.6931]
    """

    def measure_of(lists_of: Recommendations) -> Measure:
        def measure(lists: Tensor, history: Tensor) -> Tensor:
            return list_qjsd(lists_of.items[lists], history, kernel)

        return measure

    return against_history(recs, train, measure_of, longest=longest, sample=sample, null=null, rng=rng, shared=shared)
