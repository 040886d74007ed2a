"""Diversity beyond what is already known."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from recdiv._inputs import Items, as_items, slot_masses
from recdiv._spectra import checked_order, chunks, matrix_moments, number
from recdiv.kernels import Kernel
from recdiv.tables import Recommendations

_LEAST_RESIDUAL = 0.1  # below this share of novelty an item is not blown up to full size


@dataclass(frozen=True)
class Conditional:
    """Diversity of lists given a context, to be reported together; each float64 ``[...]``, NaN for an empty list.

    Attributes:
        value: effective number of different items given the context, D(L|C).
        unconditioned: effective number of the same list by itself, D(L).
        residual: mean share of an item that the context does not explain, in [0, 1].
    """

    value: Tensor
    unconditioned: Tensor
    residual: Tensor


def conditional_effective_number(
    items: Items | Recommendations, context: Items, kernel: Kernel, *, q: float = 1.0, ridge: float = 1e-3
) -> Conditional:
    r"""How many different new things a list amounts to, given what is known (a history, a query).

    .. math::

        K_{L|C} = K_{LL} - K_{LC} (K_{CC} + \lambda I)^{-1} K_{CL}, \quad r_i = (K_{L|C})_{ii}, \quad
        s_i = \max(r_i, 0.1), \quad t_i = \sqrt{1 - r_i / s_i}, \quad
        \tilde K_{ij} = (K_{L|C})_{ij} / \sqrt{s_i s_j} + t_i t_j

    and the value is the effective number of :math:`\tilde K / n`. It is positive semi-definite with unit diagonal;
    all that is already known counts once, where plain rescaling would reward near-copies of what was seen.

    Args:
        items: catalogue rows, ``[..., K]``; -1 and -2 weigh nothing.
        context: catalogue rows known beforehand, ``[..., C]`` (one context a list, padded with -1) or ``[C]`` for all.
        kernel: when two items are the same.
        q: order, above 0.
        ridge: λ, above 0; how much of an item stays new although the context holds a copy.

    Returns:
        A :class:`Conditional`. With an empty or unrelated context, value equals unconditioned.

    Raises:
        ValueError: for a wrong order or ridge, or shapes that do not fit.

    Source: Gaussian conditioning (Schur complement); the term t tᵀ is this library's.

    >>> from recdiv.kernels import IdentityKernel
    >>> both = conditional_effective_number([0, 1, 2], [1, 2], IdentityKernel(3), ridge=1e-9)
    >>> round(float(both.value), 3), round(float(both.unconditioned), 3), round(float(both.residual), 3)
    (1.89, 3.0, 0.333)
    """
    q = checked_order(q, kernel)
    if q == 0:
        raise ValueError("q must be above 0 given a context (q=0 would be a matrix rank), got 0")
    if not (ridge > 0 and math.isfinite(ridge)):
        raise ValueError(f"ridge must be a positive number, got {ridge}")
    rows = as_items(items, kernel.n_items)
    known = as_items(context, kernel.n_items).to(rows.device)
    if known.ndim == 0 or rows.ndim == 0 or (known.ndim > 1 and known.shape[:-1] != rows.shape[:-1]):
        raise ValueError(
            f"context must be [C] or shaped like items up to the last axis {list(rows.shape)}, got {list(known.shape)}"
        )
    shape, k = rows.shape[:-1], rows.shape[-1]
    n = shape.numel()
    both = torch.cat([rows.reshape(n, k), known.expand(*shape, known.shape[-1]).reshape(n, known.shape[-1])], 1)
    parts = [_of_chunk(both[some], k, kernel, q, ridge) for some in chunks(n, max(1, both.shape[1]), kernel)]
    columns = torch.cat(parts) if parts else torch.empty(0, 3, dtype=torch.float64, device=rows.device)
    value, unconditioned, residual = (column.reshape(shape) for column in columns.unbind(1))
    return Conditional(value, unconditioned, residual)


def _of_chunk(both: Tensor, k: int, kernel: Kernel, q: float, ridge: float) -> Tensor:
    """The three numbers of each list, ``[U, K + C] -> [U, 3]``."""
    if k == 0:
        return torch.full((len(both), 3), math.nan, dtype=torch.float64, device=both.device)
    gram = kernel.gram(both)
    mass = slot_masses(both[:, :k], None, "items").to(gram.device)
    left = given_context(gram, k, ridge)
    residual = left.diagonal(dim1=-2, dim2=-1).clamp(0, 1)
    numbers = [number(matrix_moments(_weighted(each, mass), q), q) for each in (_unit_diagonal(left), gram[:, :k, :k])]
    table = torch.stack([*numbers, (residual * mass).sum(1)], 1)
    return torch.where(mass.sum(1, keepdim=True) > 0, table, math.nan)


def given_context(gram: Tensor, k: int, ridge: float) -> Tensor:
    """K_{L|C} of Gram matrices whose first ``k`` rows are the list and the rest its context."""
    inside, across, known = gram[..., :k, :k], gram[..., k:, :k], gram[..., k:, k:]
    if not across.numel():
        return inside
    known = known + ridge * torch.eye(known.shape[-1], dtype=gram.dtype, device=gram.device)
    return inside - across.mT @ torch.cholesky_solve(across, torch.linalg.cholesky(known))


def _unit_diagonal(left: Tensor) -> Tensor:
    """K̃: what is new at full size, what is known as one shared thing."""
    new = left.diagonal(dim1=-2, dim2=-1).clamp(0, 1)
    size = new.clamp(min=_LEAST_RESIDUAL)
    shared = (1 - new / size).clamp(min=0).sqrt()
    root = size.sqrt()
    return left / (root[..., :, None] * root[..., None, :]) + shared[..., :, None] * shared[..., None, :]


def _weighted(matrix: Tensor, mass: Tensor) -> Tensor:
    root = mass.sqrt()
    return matrix * root[..., :, None] * root[..., None, :]
