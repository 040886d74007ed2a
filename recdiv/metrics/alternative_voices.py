"""Whether those who are few are shown as much as they are there."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
import torch

from recdiv._inputs import Weights
from recdiv.metrics._attributes import UNDEFINED, Attribute, from_pool, numbers_of, pool_shares
from recdiv.metrics._registry import Result, register
from recdiv.tables import Catalog, Recommendations


@register(
    symbol="V",
    formula="V(u) = JSD(P, Qᵤ),  Qᵤ(minority) = Σ mᵢ/rᵢ / Σ 1/rᵢ,  P(minority) the mean of mᵢ in the pool",
    range="[0, ln 2] nats",
    direction="lower: the minority is shown as much as it is there; read it beside random lists",
    level="list",
    undefined_on=UNDEFINED,
    citation="vrijenhoek2022radio",
    bounds=(0.0, math.log(2)),
    null_kind="random lists",
)
def alternative_voices(
    recs: Recommendations,
    *,
    catalog: Catalog,
    demand: Weights | None = None,
    by: str = "minority",
    discount: str = "reciprocal",
    null: int = 0,
    rng: int | np.random.Generator = 0,
) -> Result:
    r"""Mean over lists of the Jensen–Shannon divergence of minority and majority in them from the pool's, in nats.

    .. math:: V(u) = JSD\big((P, 1 - P), (Q_u, 1 - Q_u)\big), \qquad
        Q_u = \frac{\sum_i m_i / r_i}{\sum_i 1 / r_i}, \quad P = \frac{\sum_j w_j m_j}{\sum_j w_j}

    m, the column ``by``, is which part of the voices in an item belong to the minority: a number from 0 to 1, or yes
    and no. An item in which nobody is known to belong to either has none and takes no part, in the list as in the pool.
    w is ``demand``, or 1; the rest as in ``representation``. The divergence does not tell too few from too many.

    Raises:
        ValueError: for a column there is not, or one that holds something else than 0 to 1.

    Source: Vrijenhoek et al. 2022, whose code drops every item in which only one of the two is present.

    >>> import pandas as pd
    >>> catalog = Catalog(pd.DataFrame({"item_id": [1, 2, 3], "minority": [True, False, None]}))
    >>> recs = Recommendations([[0, 1], [1, 2]])  # Q = 2/3 and 0, beside P = 1/2
    >>> alternative_voices(recs, catalog=catalog).per_list.round(decimals=4).tolist()
    [0.0144, 0.2158]
    """
    attribute = of_two(numbers_of(catalog, by), by)
    target = pool_shares(attribute, demand)
    return from_pool(recs, attribute, target, discount=discount, demand=demand, null=null, rng=rng)


def of_two(share: npt.NDArray[np.float64], by: str) -> Attribute:
    """Minority and majority of each item."""
    wrong = (share < 0) | (share > 1)  # not a number, unknown, is neither
    if wrong.any():
        raise ValueError(f"by must be a column of shares from 0 to 1, got {share[wrong][0]} in {by!r}")
    both = torch.from_numpy(np.stack([share, 1 - share], axis=1))
    labels = torch.arange(2).expand(len(share), 2).contiguous()
    return Attribute(labels, both.nan_to_num(0.0), 2)
