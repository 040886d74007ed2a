"""Whether lists show the voices there are in the proportions in which there are."""

from __future__ import annotations

import math

import numpy as np
import torch

from recdiv._inputs import Weights
from recdiv.metrics._attributes import UNDEFINED, by_label, column_labels, from_pool, pool_shares
from recdiv.metrics._registry import Result, register
from recdiv.tables import Catalog, Recommendations

TARGETS = ("pool", "even")


@register(
    symbol="R",
    formula="R(u) = JSD(P, Qᵤ),  Qᵤ(x) ∝ Σ_{i of x} 1/rᵢ,  P(x) the share of x in the pool",
    range="[0, ln 2] nats",
    direction="lower: the list shows what there is as it is; read it beside random lists",
    level="list",
    undefined_on=UNDEFINED,
    citation="vrijenhoek2022radio",
    bounds=(0.0, math.log(2)),
    null_kind="random lists",
)
def representation(
    recs: Recommendations,
    *,
    catalog: Catalog,
    demand: Weights | None = None,
    by: str = "category",
    target: str = "pool",
    missing: str = "out",
    discount: str = "reciprocal",
    null: int = 0,
    rng: int | np.random.Generator = 0,
) -> Result:
    r"""Mean over lists of the Jensen–Shannon divergence of what they show, rank by rank, from what there is, in nats.

    .. math:: R(u) = \tfrac12 KL(P \| M) + \tfrac12 KL(Q_u \| M), \quad M = (P + Q_u) / 2, \quad
        Q_u(x) \propto \sum_{i \in x} 1 / r_i

    x are the labels in a column of the catalogue (``representation@by=orientation``); an item spreads evenly over its
    labels. r is the slot, counted from 1; ``discount`` may be any other of the exposure metrics, ``"none"`` for equal
    slots. P are the shares in the pool, the catalogue or with ``demand`` what of it can be shown (1 for today's
    articles, 0 for the rest, say); with ``target="even"`` every label in the pool has the same share. An item without
    a label takes no part (``missing="out"``), or all such items are one label (``"same"``). ``null`` draws lists of the
    same lengths from the pool: a short list cannot show all proportions.

    Divide by ln 2 for bits. Source: Vrijenhoek et al. 2022, whose code prints the square root, in bits; Informfully's
    sorts the items before it discounts, so that a list and its reverse are one.

    Raises:
        ValueError: for a column there is not, or another ``target``, ``missing`` or ``discount``.

    >>> import pandas as pd
    >>> catalog = Catalog(pd.DataFrame({"item_id": [1, 2, 3], "wing": ["left", "right", None]}))
    >>> recs = Recommendations([[0, 1], [1, 2]])  # left twice as high as right; right alone, for item 3 takes no part
    >>> representation(recs, catalog=catalog, by="wing").per_list.round(decimals=4).tolist()
    [0.0144, 0.2158]
    """
    if target not in TARGETS:
        raise ValueError(f"target must be 'pool' or 'even', got {target!r}")
    if missing == "own":
        raise ValueError("missing must be 'out' or 'same', got 'own': what nobody else has cannot be represented")
    attribute = by_label(column_labels(catalog, by, missing))
    there_is = pool_shares(attribute, demand)
    if target == "even":
        there_is = torch.where(there_is > 0, 1 / (there_is > 0).sum(), there_is)
    return from_pool(recs, attribute, there_is, discount=discount, demand=demand, null=null, rng=rng)
