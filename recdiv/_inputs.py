"""What lists, weights and labels look like once they have been checked; shared by kernels and diversity."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from recdiv._cores import on_one_core
from recdiv.tables import UNKNOWN, Recommendations, integers

Items = Tensor | npt.ArrayLike
Weights = Tensor | npt.ArrayLike
_SMALL = 1024  # a matrix whose eigenvalues one core finds as fast as two, and faster where the other is busy
BLOCK = 1 << 21  # float64 numbers held at once while a matrix is built (16 MB: stays near the cache)


def blocks(rows: Tensor, width: int) -> Iterator[Tensor]:
    """Consecutive parts of ``rows`` whose vectors of ``width`` numbers fit a block."""
    step = max(1, BLOCK // width)
    return (rows[start : start + step] for start in range(0, len(rows), step))


def as_items(items: Items | Recommendations, n_items: int) -> Tensor:
    """Catalogue rows as int64; -1 and -2 stand for slots that hold nothing known."""
    rows = items.items if isinstance(items, Recommendations) else integers(items, "items")
    if rows.numel() and not (UNKNOWN <= int(rows.min()) and int(rows.max()) < n_items):
        wrong = int(rows.max()) if int(rows.max()) >= n_items else int(rows.min())
        raise ValueError(f"items must be rows of the catalogue, 0..{n_items - 1}, or -1 or -2, got {wrong}")
    return rows


def as_weights(weights: Weights, n_items: int, name: str) -> Tensor:
    """Weights ``[I]`` over the catalogue, float64, scaled to sum 1."""
    p = non_negative(weights, name)
    if p.shape != (n_items,):
        raise ValueError(f"{name} must have one weight an item [{n_items}], got shape {list(p.shape)}")
    total = p.sum()
    if not total > 0:
        raise ValueError(f"{name} must have a positive sum, got {float(total)}")
    return p / total


def non_negative(weights: Weights, name: str) -> Tensor:
    """Weights of any shape as float64; plain numbers never pass through torch's default float32."""
    p = weights.double() if isinstance(weights, Tensor) else torch.from_numpy(np.array(weights, dtype=np.float64))
    if p.numel() and not (torch.isfinite(p).all() and bool((p >= 0).all())):
        wrong = p[~(torch.isfinite(p) & (p >= 0))].flatten()[0]
        raise ValueError(f"{name} must be finite and not negative, got {float(wrong)}")
    return p


def slot_masses(items: Tensor, weights: Weights | None, name: str) -> Tensor:
    """Weight of each slot, float64 ``[..., K]``, summing to 1 in each list; all zero where a list weighs nothing."""
    mass = (items >= 0).double()
    if weights is not None:
        given = non_negative(weights, name).to(items.device)
        if given.shape not in (items.shape, items.shape[-1:]):
            allowed = f"{list(items.shape[-1:])} or {list(items.shape)}"
            raise ValueError(f"{name} must have one weight a slot, shape {allowed}, got {list(given.shape)}")
        mass = mass * given
    total = mass.sum(-1, keepdim=True)
    return torch.where(total > 0, mass / total, torch.zeros_like(mass))


def sorted_rows(rows: Tensor) -> tuple[Tensor, Tensor]:
    """Each row of whole numbers ``[U, K]`` in order, and where each stood; equal numbers keep their order."""
    bits = max(rows.shape[1] - 1, 0).bit_length()
    packed = (rows << bits) + torch.arange(rows.shape[1], device=rows.device)  # its place travels with each number
    # NumPy sorts short rows of integers several times faster than torch does
    packed = packed.sort(1).values if packed.is_cuda else torch.from_numpy(np.sort(packed.numpy(), axis=1))
    return packed >> bits, packed & ((1 << bits) - 1)


def products(x: Tensor) -> Tensor:
    """Products of all rows with all rows, ``[..., n, d] -> [..., n, n]``."""
    if x.device.type != "cpu":
        return x @ x.mT
    rows = x.numpy()  # NumPy sees that both factors are the same and computes half of each matrix; torch computes all
    return torch.from_numpy(np.matmul(rows, rows.swapaxes(-1, -2)))


def positive_eigenvalues(matrix: Tensor) -> Tensor:
    """Eigenvalues of a PSD matrix that are not zero, largest first; below d·eps·λ_max is round-off and counts as 0."""
    small = not matrix.is_cuda and len(matrix) <= _SMALL
    values: Tensor = on_one_core(lambda: torch.linalg.eigvalsh(matrix)) if small else torch.linalg.eigvalsh(matrix)
    values = values.flip(-1)
    return values[values > len(values) * torch.finfo(values.dtype).eps * values[0]]
