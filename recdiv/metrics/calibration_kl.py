"""How far a list's categories are from those of its user's history, in what would be lost."""

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


@register(
    symbol="C_KL",
    formula="C_KL(u) = Σ_c p(c|u) ln(p(c|u) / q̃(c|u)),  q̃ = (1 − α) q + α p",
    range="[0, ln 1/α] nats, α = 0.01: [0, 4.6]",
    direction="lower: the list keeps the proportions of the history; read its excess over the null",
    level="list",
    undefined_on=UNDEFINED,
    citation="steck2018calibrated",
    bounds=(0.0, math.inf),
)
def calibration_kl(
    recs: Recommendations,
    *,
    catalog: Catalog,
    train: Interactions,
    alpha: float = 0.01,
    by: str = "category",
    missing: str = "own",
    discount: str = "none",
    longest: int = 0,
    null: int = 0,
    rng: int | np.random.Generator = 0,
    shared: Shared | None = None,
) -> Result:
    r"""Mean over lists of the Kullback–Leibler divergence of the list's categories from the history's, in nats.

    .. math:: C_{KL}(u) = \sum_c p(c|u) \ln \frac{p(c|u)}{\tilde q(c|u)}, \qquad \tilde q = (1 - \alpha) q + \alpha p

    p are the category shares of the user's training interactions (the latest ``longest``; 0: all), q those of the list,
    its slots weighing the same or as ``discount`` says; an item spreads evenly over its labels. Labels are those of
    another column with ``by``; ``missing`` is as in ``category_entropy``, or ``"out"``: items without a label take no
    part. A category that the list leaves out costs at most :math:`p \ln 1/\alpha`. ``null`` deals the lists' exposures
    across users.

    Raises:
        ValueError: if ``alpha`` does not lie in (0, 1].

    Source: Steck 2018.

    >>> import pandas as pd
    >>> catalog = Catalog(pd.DataFrame({"item_id": [1, 2, 3], "category": ["tea", "mug", "tea"]}))
    >>> train = Interactions(pd.DataFrame({"user_id": [7, 7], "item_id": [1, 2]}), catalog)
    >>> recs = Recommendations([[2]], users=[7])  # tea only: q̃ = 0.995 and 0.005
    >>> round(calibration_kl(recs, catalog=catalog, train=train).value, 4)  # ½ ln(½ / 0.995) + ½ ln(½ / 0.005)
    1.9585
    """
    if not 0 < alpha <= 1:
        raise ValueError(f"alpha must lie in (0, 1], got {alpha}")

    def divergence(p: Tensor, q: Tensor) -> Tensor:
        smoothed = (1 - alpha) * q + alpha * p
        lost: Tensor = torch.special.xlogy(p, p / torch.where(p > 0, smoothed, 1.0)).sum(1)
        return lost.clamp(min=0)

    measure = compared(labels_by(catalog, by, missing, shared), divergence, discount=discount)
    return against_history(recs, train, measure, longest=longest, null=null, rng=rng, shared=shared)
