"""How far a list's categories are from those of its user's history."""

from __future__ import annotations

import math

import numpy as np
import torch
from torch import Tensor

from recdiv.metrics._calibration import UNDEFINED, compared, labels_by
from recdiv.metrics._histories import against_history
from recdiv.metrics._registry import Result, register
from recdiv.metrics._shared import Shared
from recdiv.tables import Catalog, Interactions, Recommendations


def jensen_shannon(p: Tensor, q: Tensor) -> Tensor:
    """Jensen–Shannon divergence of rows of shares, nats, ``[n, M] -> [n]``."""
    middle = torch.where(p + q > 0, (p + q) / 2, 1.0)
    halves: Tensor = torch.special.xlogy(p, p / middle) + torch.special.xlogy(q, q / middle)
    return (halves.sum(1) / 2).clamp(0, math.log(2))


@register(
    symbol="C_JS",
    formula="C_JS(u) = ½ KL(p ‖ m) + ½ KL(q ‖ m),  m = (p + q) / 2",
    range="[0, ln 2] nats",
    direction="lower: the list keeps the proportions of the history; read its excess over the null",
    level="list",
    undefined_on=UNDEFINED,
    citation="vrijenhoek2022radio",
    bounds=(0.0, math.log(2)),
)
def calibration_js(
    recs: Recommendations,
    *,
    catalog: Catalog,
    train: Interactions,
    by: str = "category",
    missing: str = "own",
    discount: str = "none",
    longest: int = 0,
    null: int = 0,
    rng: int | np.random.Generator = 0,
    shared: Shared | None = None,
) -> Result:
    r"""Mean over lists of the Jensen–Shannon divergence of the list's categories and the history's, in nats.

    .. math:: C_{JS}(u) = \tfrac12 KL(p \| m) + \tfrac12 KL(q \| m), \qquad m = (p + q) / 2

    Symmetric, bounded and without a smoothing constant, unlike ``calibration_kl``; arguments as there. ``null`` deals
    the lists' exposures across users.

    Source: Vrijenhoek et al. 2022, who weigh slots by rank (``discount=reciprocal``) and print its square root in bits.

    >>> import pandas as pd
    >>> catalog = Catalog(pd.DataFrame({"item_id": [1, 2, 3], "category": ["tea", "mug", "tea"]}))
    >>> train = Interactions(pd.DataFrame({"user_id": [7, 7], "item_id": [1, 3]}), catalog)
    >>> recs = Recommendations([[0], [1]], users=[7, 7])  # tea after tea; a mug after tea
    >>> calibration_js(recs, catalog=catalog, train=train).per_list.round(decimals=4).tolist()
    [0.0, 0.6931]
    """
    measure = compared(labels_by(catalog, by, missing, shared), jensen_shannon, discount=discount)
    return against_history(recs, train, measure, longest=longest, null=null, rng=rng, shared=shared)
