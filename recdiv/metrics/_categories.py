"""Category labels as masses: what the metrics that count labels share."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

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


def share_entropies(things: Tensor, shares: Tensor) -> Tensor:
    """Entropy of each list's shares, nats, equal things taken together, ``[U, M] -> [U]``."""
    if not things.shape[1]:
        return torch.zeros(len(things), dtype=torch.float64, device=things.device)
    ordered, order = things.sort(1)
    new = torch.ones_like(ordered)
    new[:, 1:] = ordered[:, 1:] != ordered[:, :-1]
    merged = torch.zeros_like(shares).scatter_add_(1, new.cumsum(1) - 1, shares.gather(1, order))
    entropies: Tensor = -torch.special.xlogy(merged, merged).sum(1)
    return entropies.clamp(min=0) + 0.0  # a share may be 1 + rounding, and -0.0 reads badly
