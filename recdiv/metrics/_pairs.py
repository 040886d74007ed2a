"""Distances between the items of a list, list by list: what the metrics that look at pairs share."""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch import Tensor

from recdiv._spectra import chunks
from recdiv.kernels import Kernel
from recdiv.tables import Recommendations


def over_pairs(
    recs: Recommendations, kernel: Kernel, measure: Callable[[Tensor, Tensor, slice], Tensor], *, fewest: int = 2
) -> Tensor:
    """``measure(distance, filled, lists)`` of each list, float64 ``[U]``; NaN below ``fewest`` items.

    ``distance`` holds the cosine distances ``[u, K, K]`` of some ``lists``, chunk by chunk: exactly 0 between slots of
    the same item, and 0 where one of the two holds nothing known; ``filled`` ``[u, K]`` says which slots hold an item.
    """
    rows = recs.check(kernel.n_items).items
    parts = [
        measure(_distances(kernel, rows[lists]), (rows[lists] >= 0).to(_device(kernel, rows)), lists)
        for lists in (chunks(len(rows), recs.k, kernel) if recs.k else ())
    ]
    values = torch.cat(parts).to(rows.device) if parts else torch.full((len(rows),), math.nan, device=rows.device)
    return torch.where(recs.lengths >= fewest, values.double(), math.nan)


def mean_of_pairs(distance: Tensor, filled: Tensor) -> Tensor:
    """Mean over pairs of different slots, ``[u, K, K] -> [u]``."""
    n = filled.sum(1).double()
    return distance.sum((1, 2)) / (n * (n - 1))


def _distances(kernel: Kernel, rows: Tensor) -> Tensor:
    rows = rows.to(_device(kernel, rows))
    apart = (rows >= 0)[:, :, None] & (rows >= 0)[:, None, :] & (rows[:, :, None] != rows[:, None, :])
    return (1 - kernel.gram(rows)).clamp_(min=0) * apart  # an item's cosine with itself may miss 1 by rounding


def _device(kernel: Kernel, rows: Tensor) -> torch.device:
    device: torch.device = getattr(kernel, "device", rows.device)
    return device
