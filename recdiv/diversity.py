r"""How many different things: effective numbers of lists, of whole systems, and between them.

Everything here reads one object, the state :math:`\rho_p = \sum_i p_i \varphi_i \varphi_i^\top` of weights p over items
(see :mod:`recdiv.kernels`), through its Rényi entropy :math:`S_q(\rho) = \ln(\operatorname{tr} \rho^q) / (1 - q)`, with
:math:`S_1 = -\operatorname{tr}(\rho \ln \rho)`, and the effective number :math:`D_q = \exp S_q`.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from recdiv._conditional import Conditional, conditional_effective_number
from recdiv._coverage import semantic_coverage
from recdiv._divergence import drift, list_qjsd, qjsd, semantic_novelty
from recdiv._inputs import Items, Weights, as_items, as_weights, slot_masses
from recdiv._partition import Partition, partition
from recdiv._spectra import checked_order, chunks, list_moments, number, state_moment
from recdiv.kernels import Kernel
from recdiv.tables import Recommendations

__all__ = [
    "Conditional",
    "Partition",
    "catalog_effective_number",
    "conditional_effective_number",
    "drift",
    "effective_number",
    "leinster_cobbold",
    "list_qjsd",
    "partition",
    "qjsd",
    "semantic_coverage",
    "semantic_novelty",
]


def effective_number(
    items: Items | Recommendations, kernel: Kernel, *, q: float = 1.0, weights: Weights | None = None
) -> Tensor:
    r"""How many different items each list amounts to, :math:`D_q(\rho_p)`.

    Identical items count once, items at right angles separately; repeats merge.

    Args:
        items: catalogue rows, ``[..., K]``; -1 (empty) and -2 (unknown) weigh nothing.
        kernel: when two items are the same.
        q: order, above 0 (0 too where items are either the same or at right angles); ``math.inf`` gives 1 / λ_max.
        weights: of each slot, ``[K]`` or ``[..., K]``, scaled to sum 1 in each list; default equal.

    Returns:
        float64 ``[...]``, from 1 to the smaller of K and d; higher is more diverse; NaN where a list weighs nothing.

    Raises:
        ValueError: for a wrong order, an item outside the catalogue, or weights that are negative or do not fit.

    Source: Friedman & Dieng 2023 (Vendi score); Pasarkar & Dieng 2024 for q other than 1.

    >>> from recdiv.kernels import EmbeddingKernel
    >>> kernel = EmbeddingKernel([[1.0, 0.0], [1.0, 0.0], [0.0, 1.0]])
    >>> [round(float(value), 6) for value in effective_number([[0, 1], [0, 2]], kernel)]
    [1.0, 2.0]
    """
    q = checked_order(q, kernel)
    rows, mass, shape = _lists(items, weights, kernel)
    return number(list_moments(kernel, rows, mass, q), q).reshape(shape)


def catalog_effective_number(kernel: Kernel, *, q: float = 1.0, weights: Weights | None = None) -> float:
    """How many different items the catalogue amounts to: what gamma could be at most if all of it were shown alike.

    Args:
        kernel: when two items are the same.
        q: order, as in :func:`effective_number`.
        weights: of each item ``[I]`` (exposure, demand); default equal.

    Returns:
        From 1 to the smaller of I and d. A gamma divided by it is the gamma ratio.

    >>> from recdiv.kernels import CategoryKernel
    >>> catalog_effective_number(CategoryKernel(["tea", "tea", "mug", "mug"]))
    2.0
    """
    q = checked_order(q, kernel)
    given = torch.ones(kernel.n_items) if weights is None else weights
    return float(number(state_moment(kernel, as_weights(given, kernel.n_items, "weights"), q), q))


def leinster_cobbold(
    items: Items | Recommendations, kernel: Kernel, *, q: float = 1.0, weights: Weights | None = None
) -> Tensor:
    r"""Leinster–Cobbold diversity of each list, which asks how ordinary its items are to one another.

    .. math:: LC_q = \Big(\sum_i p_i (Zp)_i^{q-1}\Big)^{1/(1-q)}, \quad Z = \max(0, K)

    with :math:`\prod_i (Zp)_i^{-p_i}` at q = 1 and :math:`1 / \max_i (Zp)_i` at q = ∞.

    Args:
        items: catalogue rows, ``[..., K]``; -1 and -2 weigh nothing.
        kernel: when two items are the same.
        q: order, from 0 to infinity.
        weights: of each slot, ``[K]`` or ``[..., K]``, scaled to sum 1 in each list; default equal.

    Returns:
        float64 ``[...]``, from 1 to K; higher is more diverse; NaN where a list weighs nothing. At q = 2 it is a
        monotone transform of intra-list distance for lists of one length; between lists, its q = 1 "information" can
        be negative, which is why :func:`partition` does not use it.

    Raises:
        ValueError: for a wrong order, an item outside the catalogue, or weights that are negative or do not fit.

    Source: Leinster & Cobbold 2012, Ecology 93(3).

    >>> from recdiv.kernels import IdentityKernel
    >>> round(float(leinster_cobbold([0, 1, 2, 2], IdentityKernel(3), q=2)), 6)
    2.666667
    """
    if not q >= 0:
        raise ValueError(f"q must be a number from 0 to infinity, got {q}")
    rows, mass, shape = _lists(items, weights, kernel)
    if rows.numel() == 0:
        return torch.full(shape, math.nan, dtype=torch.float64, device=rows.device)
    values = torch.cat(
        [_lc_of_chunk(kernel, rows[some], mass[some], q) for some in chunks(len(rows), rows.shape[1], kernel)]
    )
    return torch.where(mass.to(values.device).sum(1) > 0, values.clamp(min=1), math.nan).reshape(shape)


def _lc_of_chunk(kernel: Kernel, rows: Tensor, mass: Tensor, q: float) -> Tensor:
    similarity = kernel.gram(rows).clamp(min=0)
    p = mass.to(similarity.device)
    present = p > 0
    ordinary = torch.where(present, (similarity @ p[..., None]).squeeze(-1), 1.0).log()
    if abs(q - 1) < 1e-8:
        return (-(p * ordinary).sum(-1)).exp()
    if math.isinf(q):
        return (-torch.where(present, ordinary, -math.inf)).amin(-1).exp()
    return (torch.logsumexp(p.log() + (q - 1) * ordinary, -1) / (1 - q)).exp()


def _lists(
    items: Items | Recommendations, weights: Weights | None, kernel: Kernel
) -> tuple[Tensor, Tensor, torch.Size]:
    """Lists as ``[U, K]`` with the mass of each slot, and the shape that the answer goes back to."""
    rows = as_items(items, kernel.n_items)
    if rows.ndim == 0:
        raise ValueError("items must have shape [..., K], got a single number")
    shape, k = rows.shape[:-1], rows.shape[-1]
    mass = slot_masses(rows, weights, "weights")
    return rows.reshape(shape.numel(), k), mass.reshape(shape.numel(), k), shape
