"""How far apart what two users are shown is, news-style."""

from __future__ import annotations

import math

import numpy as np
import torch
from torch import Tensor

from recdiv._inputs import slot_masses
from recdiv._redeal import redeal
from recdiv.metrics._all_pairs import mean_divergence, pair_state
from recdiv.metrics._categories import Labels, label_table
from recdiv.metrics._registry import Result, State, corpus_result, register
from recdiv.tables import Catalog, Recommendations


def fragmentation_state(
    recs: Recommendations, *, n_items: int, catalog: Catalog | None = None, by: str = "item", missing: str = "own"
) -> State:
    """What adds up over lists, ``[things, T]``, and how many lists hold something."""
    return _state(recs.check(n_items).items, _labels(n_items, catalog, by, missing))


def _labels(n_items: int, catalog: Catalog | None, by: str, missing: str) -> Labels:
    """The things that count as the same: items, or the labels of a column of the catalogue."""
    if by == "item":
        return Labels(torch.arange(n_items)[:, None], n_items, 0)
    if catalog is None or by not in catalog.frame:
        columns = "none" if catalog is None else ", ".join(map(str, catalog.frame.columns))
        raise ValueError(f"by must be 'item' or a column of the catalog ({columns}), got {by!r}")
    return label_table(Catalog(catalog.frame[["item_id"]].assign(category=catalog.frame[by])), missing)


def _state(items: Tensor, labels: Labels) -> State:
    mass = slot_masses(items, 1 / torch.arange(1, items.shape[1] + 1, dtype=torch.float64), "items")
    if not len(labels.table):
        return {"pairs": pair_state(items[:0], mass[:0], labels.n), "lists": (mass > 0).any(1).sum()}
    found = labels.table.to(items.device)[items.clamp(min=0)]
    held = (found >= 0) & (items >= 0)[:, :, None]
    share = mass[:, :, None] * held / held.sum(2, keepdim=True).clamp(min=1)
    things = torch.where(held, found, -1).flatten(1)
    return {"pairs": pair_state(things, share.flatten(1), labels.n), "lists": (mass > 0).any(1).sum()}


def fragmentation_value(state: State) -> float:
    """Mean over pairs of lists."""
    return mean_divergence(state["pairs"], int(state["lists"]))


@register(
    symbol="F",
    formula="F = 2 / U(U−1) · Σ_{u<v} JSD(Qᵤ, Q_v) / ln 2,  Qᵤ(x) ∝ Σ_{i of x} 1/rᵢ",
    range="[0, 1]",
    direction="higher: users are shown different stories; read its excess over the null",
    level="corpus",
    undefined_on="fewer than two lists hold an item of the catalogue: NaN",
    citation="vrijenhoek2022radio",
    bounds=(0.0, 1.0),
    state=fragmentation_state,
    value=fragmentation_value,
)
def fragmentation(
    recs: Recommendations,
    *,
    n_items: int,
    catalog: Catalog | None = None,
    by: str = "item",
    missing: str = "own",
    null: int = 0,
    rng: int | np.random.Generator = 0,
) -> Result:
    r"""Mean over all pairs of lists of the Jensen–Shannon divergence of what they show, rank by rank, in bits.

    .. math:: F = \frac{2}{U(U-1)} \sum_{u < v} \frac{JSD(Q_u, Q_v)}{\ln 2}, \qquad Q_u(x) \propto \sum_{i \in x} 1/r_i

    x are items, or with ``by`` the labels in a column of the catalogue (``fragmentation@by=category``, a ``story``
    column); an item spreads evenly over its labels, and one without is a label of its ``"own"`` or the ``"same"``
    (``missing``). r is the slot, counted from 1. Every pair counts, at a cost linear in lists: see
    ``recdiv/metrics/_all_pairs.py`` (off by less than 1e-8 unless shares fall below 1e-5). ``null`` deals the exposures
    across lists, each at its rank; by item and with equally long lists who gets what does not move F at all.

    Source: Vrijenhoek et al. 2022, whose code prints the root of the divergence, against five users drawn at random.

    >>> round(fragmentation(Recommendations([[0], [0], [1]]), n_items=2).value, 6)  # one pair of three is alike
    0.666667
    """
    labels = _labels(n_items, catalog, by, missing)
    items = recs.check(n_items).items
    value = fragmentation_value(_state(items, labels))
    if not null or math.isnan(value):
        return corpus_result(recs, value)
    generator = np.random.default_rng(rng)
    rank = torch.arange(recs.k, device=recs.device).expand(items.shape).contiguous()
    mass = recs.valid.double()
    draws = (redeal(items, mass, rank, generator)[0] for _ in range(null))
    return corpus_result(
        recs, value, null=float(np.mean([fragmentation_value(_state(each, labels)) for each in draws]))
    )
