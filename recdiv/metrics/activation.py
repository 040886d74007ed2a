"""Whether lists stir people up more, or less, than what there is to be shown."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
import torch

from recdiv._inputs import Weights, as_weights
from recdiv.metrics._attributes import UNDEFINED, Attribute, from_pool, numbers_of, pool_shares
from recdiv.metrics._registry import Result, register
from recdiv.tables import Catalog, Recommendations


@register(
    symbol="A",
    formula="A(u) = JSD(P, Qᵤ),  Qᵤ(b) ∝ Σ_{|sᵢ| in b} 1/rᵢ,  P(b) the share of bin b in the pool",
    range="[0, ln 2] nats",
    direction="lower: as stirring as what there is; read it beside random lists",
    level="list",
    undefined_on=UNDEFINED,
    citation="vrijenhoek2022radio",
    bounds=(0.0, math.log(2)),
    null_kind="random lists",
)
def activation(
    recs: Recommendations,
    *,
    catalog: Catalog,
    demand: Weights | None = None,
    by: str = "sentiment",
    bins: int = 5,
    discount: str = "reciprocal",
    null: int = 0,
    rng: int | np.random.Generator = 0,
) -> Result:
    r"""Mean over lists of the Jensen–Shannon divergence of how strong their tone is from that of the pool, in nats.

    .. math:: A(u) = JSD(P, Q_u), \qquad Q_u(b) \propto \sum_{i : |s_i| \in b} 1 / r_i

    s, the column ``by``, is the polarity of an item, 0 for neutral, and only its size counts. It falls into ``bins``
    equally wide bins between the smallest and the largest in the pool; one outside belongs to the outermost. An item
    without a polarity takes no part; the rest as in ``representation``. Bins have no order here: neither does the
    divergence tell calmer from more stirring, nor near from far.

    Raises:
        ValueError: for a column there is not, or one that holds something else than numbers, or fewer than one bin.

    Source: Vrijenhoek et al. 2022, with their five bins.

    >>> import pandas as pd
    >>> catalog = Catalog(pd.DataFrame({"item_id": [1, 2, 3, 4], "sentiment": [0.0, 0.1, -0.9, None]}))
    >>> recs = Recommendations([[0, 2, 1], [2, 3, -1]])  # a pool two thirds calm; the first list 1 + 1/3 of 11/6 calm
    >>> activation(recs, catalog=catalog).per_list.round(decimals=4).tolist()
    [0.0022, 0.3183]
    """
    if bins < 1:
        raise ValueError(f"bins must be at least 1, got {bins}")
    strength = np.abs(numbers_of(catalog, by))
    inside = ~np.isnan(strength)
    if demand is not None:
        inside &= (as_weights(demand, len(strength), "demand") > 0).cpu().numpy()
    attribute = binned(strength, bins, strength[inside])
    target = pool_shares(attribute, demand)
    return from_pool(recs, attribute, target, discount=discount, demand=demand, null=null, rng=rng)


def binned(strength: npt.NDArray[np.float64], bins: int, pool: npt.NDArray[np.float64]) -> Attribute:
    """The bin of each item between the ends of the pool."""
    edges = np.linspace(pool.min(), pool.max(), bins + 1)[1:-1] if len(pool) else np.empty(0)
    known = ~np.isnan(strength)
    bin_of = np.where(known, np.searchsorted(edges, np.nan_to_num(strength), side="right"), -1)
    return Attribute(torch.from_numpy(bin_of[:, None]), torch.from_numpy(known.astype(np.float64)[:, None]), bins)
