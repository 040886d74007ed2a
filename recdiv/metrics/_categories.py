"""Category labels as masses: what the metrics that count labels share."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from recdiv._inputs import BLOCK
from recdiv._spectra import merged, moment
from recdiv.metrics._counts import item_masses
from recdiv.metrics._registry import zeros
from recdiv.tables import Catalog, Recommendations


@dataclass(frozen=True)
class Labels:
    """Label numbers of each item, int64 ``[I, L]`` padded with -1, and how many labels there are."""

    table: Tensor
    n: int


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
    width = max((len(row) for row in rows), default=1)
    table = torch.tensor([row + [-1] * (width - len(row)) for row in rows], dtype=torch.int64).reshape(len(rows), width)
    return Labels(table, len(number))


def label_shares(recs: Recommendations, labels: Labels) -> tuple[Tensor, Tensor]:
    """Labels in each list and their shares, both ``[U, K·L]``: an item spreads its slot evenly over its labels."""
    recs.check(len(labels.table))
    items, valid = recs.items, recs.valid
    if not len(labels.table):
        return items, torch.zeros(items.shape, dtype=torch.float64, device=items.device)
    found = labels.table.to(items.device)[items.clamp(min=0)]
    held = (found >= 0) & valid[:, :, None]
    share = held.double() / held.sum(2, keepdim=True).clamp(min=1) / recs.lengths.clamp(min=1)[:, None, None]
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
