"""Category labels as masses: what the metrics that count labels share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from recdiv._inputs import BLOCK, slot_masses, sorted_rows
from recdiv._spectra import merged, moment
from recdiv.metrics._counts import item_masses
from recdiv.metrics._registry import zeros
from recdiv.tables import Catalog, Recommendations


@dataclass(frozen=True)
class Labels:
    """Label numbers of each item, int64 ``[I, L]`` padded with -1.

    ``n`` labels in all, ``named`` of them the catalogue's and the others made for items without one.
    """

    table: Tensor
    n: int
    named: int


def label_table(catalog: Catalog, missing: str) -> Labels:
    """Labels of the catalogue; an item without one gets a label of its ``"own"``, or all such the ``"same"``.

    Raises:
        ValueError: if ``missing`` is neither.
    """
    if missing not in ("own", "same"):
        raise ValueError(f"missing must be 'own' or 'same', got {missing!r}")
    number: dict[object, int] = {}
    rows = []
    for row, labels in enumerate(catalog.categories):
        keys = labels or ((row if missing == "own" else -1,),)  # a tuple: no label has that form
        rows.append([number.setdefault(key, len(number)) for key in keys])
    return Labels(_padded(rows), len(number), sum(isinstance(key, str) for key in number))


def topic_table(catalog: Catalog) -> Labels:
    """Labels of the catalogue in the order of their names; an item without one has none."""
    items = catalog.categories
    number = {name: j for j, name in enumerate(sorted({name for labels in items for name in labels}))}
    return Labels(_padded([sorted(number[name] for name in labels) for labels in items]), len(number), len(number))


def _padded(rows: list[list[int]]) -> Tensor:
    width = max(1, max(map(len, rows), default=1))
    return torch.tensor([row + [-1] * (width - len(row)) for row in rows], dtype=torch.int64).reshape(len(rows), width)


def labels_in_parts(
    recs: Recommendations, labels: Labels, measure: Callable[[Tensor, slice], Tensor], *, width: int = 0
) -> Tensor:
    """``measure(held, lists)`` of each list, float64 ``[U]``, part by part: memory does not grow with U.

    ``held`` are the labels of each slot of some ``lists``, int64 ``[u, K, L]``, -1 where there is none; ``width`` says
    how many numbers a label needs a list, if more than the K slots.
    """
    table = labels.table.to(recs.check(len(labels.table)).device)
    step = max(1, BLOCK // max(max(recs.k, width) * table.shape[1], 1))
    parts = []
    for start in range(0, recs.n_lists if recs.k and len(table) else 0, step):
        lists = slice(start, start + step)
        items = recs.items[lists]
        held = torch.where((items >= 0)[:, :, None], table[items.clamp(min=0)], -1)
        parts.append(measure(held, lists).double())
    return torch.cat(parts) if parts else zeros(recs, recs.n_lists)


def local_labels(held: Tensor) -> Tensor:
    """Which of the labels of its list each slot holds, float32 0/1 ``[u, K, K·L]``; a list numbers its own labels."""
    u, k, width = held.shape
    ordered, order = sorted_rows(held.flatten(1))
    place = torch.zeros_like(ordered)
    place[:, 1:] = (ordered[:, 1:] != ordered[:, :-1]).cumsum(1)
    local = torch.empty_like(place).scatter_(1, order, place).reshape(u, k, width)
    has = torch.zeros(u, k, k * width, dtype=torch.float32, device=held.device)
    return has.scatter_add_(2, local, (held >= 0).float())


def label_shares(recs: Recommendations, labels: Labels, weights: Tensor | None = None) -> tuple[Tensor, Tensor]:
    """Labels in each list and their shares, both ``[U, K·L]``: an item spreads its slot evenly over its labels.

    Slots that hold a label weigh the same, or as ``weights`` ``[K]`` say; the shares of a list without any are 0.
    """
    recs.check(len(labels.table))
    items = recs.items
    if not len(labels.table):
        return items, torch.zeros(items.shape, dtype=torch.float64, device=items.device)
    found = labels.table.to(items.device)[items.clamp(min=0)]
    held = (found >= 0) & (items >= 0)[:, :, None]
    mass = slot_masses(torch.where(held.any(2), items, -1), weights, "items")
    share = mass[:, :, None] * held / held.sum(2, keepdim=True).clamp(min=1)
    return torch.where(held, found, -1).flatten(1), share.flatten(1)


def label_entropies(recs: Recommendations, labels: Labels) -> Tensor:
    """Entropy of the label shares of each list, nats ``[U]``, part by part: memory does not grow with U·K·L."""
    step = max(1, BLOCK // max(recs.k * labels.table.shape[1], 1))
    parts = [share_entropies(*label_shares(Recommendations(some), labels)) for some in torch.split(recs.items, step)]
    return torch.cat(parts)


def label_masses(recs: Recommendations, labels: Labels) -> Tensor:
    """Sum over lists of their label shares, float64 ``[C]``: by way of the items, each spread over its labels."""
    table = labels.table.to(recs.device)
    held = table >= 0
    spread = item_masses(recs, len(table))[:, None] * held / held.sum(1, keepdim=True).clamp(min=1)
    masses: Tensor = zeros(recs, labels.n).index_add_(0, table[held], spread[held])
    return masses


def share_entropies(things: Tensor, shares: Tensor) -> Tensor:
    """Entropy of each list's shares, nats, equal things taken together, ``[U, M] -> [U]``."""
    return moment(merged(things, shares), 1).clamp(min=0) + 0.0  # a share may be 1 + rounding, and -0.0 reads badly
