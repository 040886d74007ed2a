"""Attributes of items, by column: what a list shows of one, beside what there is to be shown."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pandas as pd
import torch
from torch import Tensor

from recdiv._columns import plain
from recdiv._inputs import BLOCK, Weights, as_weights, slot_masses, sorted_rows
from recdiv.metrics._categories import Labels, label_table, topic_table
from recdiv.metrics._chance import random_lists
from recdiv.metrics._discount import slot_weights
from recdiv.metrics._registry import Result, per_list_result
from recdiv.tables import Catalog, Recommendations

UNDEFINED = "no item of the list, or none of the pool, is known to have the attribute: NaN"


@dataclass(frozen=True)
class Attribute:
    """What each item is of: ``labels`` int64 ``[I, L]`` padded with -1, and their ``shares`` float64 ``[I, L]``.

    The shares of an item sum to 1, or to 0 where nothing is known of it; there are ``n`` labels in all.
    """

    labels: Tensor
    shares: Tensor
    n: int


def values_of(catalog: Catalog, by: str) -> pd.Series:
    """A column of the catalogue.

    Raises:
        ValueError: if there is no such column.
    """
    if by not in catalog.frame or by == "item_id":
        columns = ", ".join(str(name) for name in catalog.frame.columns if name != "item_id") or "none"
        raise ValueError(f"by must be a column of the catalog ({columns}), got {by!r}")
    return catalog.frame[by]


def numbers_of(catalog: Catalog, by: str) -> npt.NDArray[np.float64]:
    """A column of numbers, NaN where there is none.

    Raises:
        ValueError: if there is no such column, or it holds something else, or a number that is not finite.
    """
    column = values_of(catalog, by)
    numbers = pd.to_numeric(column, errors="coerce").to_numpy(dtype=np.float64, na_value=np.nan)
    wrong = np.isinf(numbers) | (np.isnan(numbers) & column.notna().to_numpy())
    if wrong.any():
        raise ValueError(f"by must be a column of finite numbers, got {plain(column[int(wrong.argmax())])!r} in {by!r}")
    return numbers


def column_labels(catalog: Catalog, by: str, missing: str) -> Labels:
    """Labels in a column; an item without one has none (``"out"``), or a label of its ``"own"``, or the ``"same"``.

    Raises:
        ValueError: if there is no such column, or ``missing`` is none of the three.
    """
    if missing not in ("out", "own", "same"):
        raise ValueError(f"missing must be 'own', 'same' or 'out', got {missing!r}")
    named = Catalog(catalog.frame[["item_id"]].assign(category=values_of(catalog, by)))
    return topic_table(named) if missing == "out" else label_table(named, missing)


def by_label(labels: Labels) -> Attribute:
    """An item spreads evenly over its labels."""
    held = (labels.table >= 0).double()
    return Attribute(labels.table, held / held.sum(1, keepdim=True).clamp(min=1), labels.n)


def pool_shares(attribute: Attribute, demand: Weights | None) -> Tensor:
    """Shares of the labels in what there is to be shown, float64 ``[n]``: items weigh ``demand``, or all the same."""
    size = len(attribute.labels)
    weights = torch.ones(size, dtype=torch.float64) if demand is None else as_weights(demand, size, "demand").cpu()
    mass = (weights[:, None] * attribute.shares).flatten()
    total = torch.zeros(max(attribute.n, 1), dtype=torch.float64)
    total.index_add_(0, attribute.labels.clamp(min=0).flatten(), mass)
    return total / total.sum()  # NaN where nothing is known, and so is all that is compared with it


def from_pool(
    recs: Recommendations,
    attribute: Attribute,
    target: Tensor,
    *,
    discount: str,
    demand: Weights | None = None,
    null: int = 0,
    rng: int | np.random.Generator = 0,
) -> Result:
    """Mean over lists of the divergence of what they show from ``target``, and of lists drawn from the pool."""
    result = per_list_result(divergences(recs, attribute, target, discount))
    if not null or not result.n:
        return result
    generator = np.random.default_rng(rng)
    chances = None if demand is None else as_weights(demand, len(attribute.labels), "demand").cpu().numpy()
    chance = []
    for _ in range(null):
        drawn = random_lists(recs.lengths.cpu(), len(attribute.labels), generator, chances=chances)
        chance.append(float(divergences(Recommendations(drawn), attribute, target, discount).nanmean()))
    return replace(result, null=float(np.mean(chance)))


def divergences(recs: Recommendations, attribute: Attribute, target: Tensor, discount: str) -> Tensor:
    """Jensen–Shannon divergence of each list's shares from ``target``, nats ``[U]``, in parts of bounded memory."""
    recs.check(len(attribute.labels))
    weights = slot_weights(discount, recs.k, device=recs.device)
    step = max(1, BLOCK // max(recs.k * attribute.labels.shape[1], 1))
    parts = [_divergences(some, weights, attribute, target) for some in torch.split(recs.items, step)]
    return torch.cat(parts) if len(attribute.labels) else torch.full((recs.n_lists,), math.nan, dtype=torch.float64)


def _divergences(items: Tensor, weights: Tensor, attribute: Attribute, target: Tensor) -> Tensor:
    if not len(attribute.labels) or not items.shape[1]:
        return torch.full((len(items),), math.nan, dtype=torch.float64, device=items.device)
    labels, shares, target = (each.to(items.device) for each in (attribute.labels, attribute.shares, target))
    mass = slot_masses(items, weights, "items")[:, :, None] * shares[items.clamp(min=0)]
    label, q = shares_by_label(labels[items.clamp(min=0)].flatten(1), mass.flatten(1))
    p = target[label]
    # only what both hold lowers it from ln 2: labels that the list lacks need not be looked at
    both = torch.xlogy(p, p) + torch.xlogy(q, q) - torch.xlogy(p + q, p + q)
    return (math.log(2) + both.sum(1) / 2).clamp(0, math.log(2))


def shares_by_label(labels: Tensor, mass: Tensor) -> tuple[Tensor, Tensor]:
    """The labels of each list, each once, and their shares, both ``[U, M]``; NaN where a list holds no mass."""
    labels = torch.where(mass > 0, labels, -1)
    ordered, order = sorted_rows(labels)
    place = torch.zeros_like(ordered)
    place[:, 1:] = (ordered[:, 1:] != ordered[:, :-1]).cumsum(1)
    total = torch.zeros_like(mass).scatter_add_(1, place, mass.gather(1, order))
    return torch.zeros_like(ordered).scatter_(1, place, ordered.clamp(min=0)), total / total.sum(1, keepdim=True)
