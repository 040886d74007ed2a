"""How far apart two states are, and how new an item is to one."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from recdiv._inputs import Items, Weights, as_items, as_weights, blocks, slot_masses
from recdiv._spectra import cross, list_moments, moment, state_moment
from recdiv.kernels import Kernel
from recdiv.tables import Recommendations

_TILE = 1024


def qjsd(earlier: Weights | Recommendations, later: Weights | Recommendations, kernel: Kernel) -> float:
    r"""Quantum Jensen–Shannon divergence of two states.

    .. math:: QJSD(\rho, \sigma) = S((\rho + \sigma)/2) - \tfrac12 S(\rho) - \tfrac12 S(\sigma)

    Args:
        earlier, later: weights over the catalogue ``[I]``, or :class:`~recdiv.Recommendations` (the mean state of
            their lists).
        kernel: when two items are the same.

    Returns:
        Nats, from 0 (the same state) to ln 2 (nothing in common); NaN where all lists are empty. Under
        :class:`~recdiv.IdentityKernel` it is the Jensen–Shannon divergence of the two histograms.

    Raises:
        ValueError: for weights that are negative, all zero or of the wrong length, or an item outside the catalogue.

    Source: Majtey, Lamberti & Prato 2005; its square root is a metric (Virosztek 2021).

    >>> from recdiv.kernels import IdentityKernel
    >>> round(qjsd([1, 0], [0, 1], IdentityKernel(2)), 6), qjsd([1, 3], [2, 6], IdentityKernel(2))
    (0.693147, 0.0)
    """
    p, r = _item_weights(earlier, kernel, "earlier"), _item_weights(later, kernel, "later")
    if p is None or r is None:
        return math.nan
    r = r.to(p.device)
    middle = kernel.spectrum((p + r) / 2)
    entropy = moment(middle.clamp(min=0), 1)
    ends = (state_moment(kernel, p, 1) + state_moment(kernel, r, 1)) / 2
    return float(_without_round_off(entropy - ends, entropy, len(middle)))


def drift(earlier: Weights | Recommendations, later: Weights | Recommendations, kernel: Kernel) -> float:
    r"""How far a feed has moved, :math:`\sqrt{QJSD(\rho, \sigma)}`: a metric.

    Args:
        earlier, later: weights over the catalogue ``[I]``, or :class:`~recdiv.Recommendations`.
        kernel: when two items are the same.

    Returns:
        From 0 (nothing moved) to √ln 2 ≈ 0.8326 (nothing in common); NaN where all lists are empty. Two finite samples
        of one unchanging feed lie apart by chance: read it beside a re-dealt null.

    Raises:
        ValueError: as :func:`qjsd`.

    >>> from recdiv.kernels import IdentityKernel
    >>> round(drift([1, 0], [0, 1], IdentityKernel(2)), 4)
    0.8326
    """
    return math.sqrt(qjsd(earlier, later, kernel))


def list_qjsd(
    items: Items | Recommendations,
    others: Items | Recommendations,
    kernel: Kernel,
    *,
    weights: Weights | None = None,
    other_weights: Weights | None = None,
) -> Tensor:
    """QJSD of each list and its counterpart (what was served and the history, say).

    Args:
        items, others: catalogue rows ``[U, K]`` and ``[U, H]``, padded with -1.
        kernel: when two items are the same.
        weights, other_weights: of each slot, scaled to sum 1 in each list; default equal.

    Returns:
        Nats, float64 ``[U]``, from 0 to ln 2; NaN where either list weighs nothing.

    Raises:
        ValueError: if the two do not have one row a list, or as :func:`recdiv.effective_number`.

    >>> from recdiv.kernels import IdentityKernel
    >>> list_qjsd([[0, 1], [0, 1]], [[1, 0], [2, -1]], IdentityKernel(3)).round(decimals=4).tolist()
    [0.0, 0.6931]
    """
    left, right = as_items(items, kernel.n_items), as_items(others, kernel.n_items)
    if left.ndim != 2 or right.ndim != 2 or len(left) != len(right):
        raise ValueError(f"items and others must be [U, K] and [U, H], got {list(left.shape)} and {list(right.shape)}")
    right = right.to(left.device)
    p, r = slot_masses(left, weights, "weights"), slot_masses(right, other_weights, "other_weights")
    middle = list_moments(kernel, torch.cat([left, right], 1), torch.cat([p, r], 1) / 2, 1)
    ends = (list_moments(kernel, left, p, 1) + list_moments(kernel, right, r, 1)) / 2
    return _without_round_off(middle - ends, middle, left.shape[1] + right.shape[1])


def semantic_novelty(items: Items | Recommendations, kernel: Kernel, popularity: Weights) -> Tensor:
    r"""How new each item is to what is popular, :math:`-\ln \varphi_i^\top \rho_{pop} \varphi_i`.

    Args:
        items: catalogue rows, ``[..., K]``.
        kernel: when two items are the same.
        popularity: how often each item was consumed ``[I]``, scaled to sum 1.

    Returns:
        Nats, float64 ``[..., K]``, at least 0, higher is newer; infinite where nothing popular is like it; NaN for
        empty and unknown slots. Under :class:`~recdiv.IdentityKernel` it is −ln p_i.

    Raises:
        ValueError: for popularity that is negative, all zero or of the wrong length, or an item outside the catalogue.

    >>> from recdiv.kernels import IdentityKernel
    >>> semantic_novelty([0, 1, -1], IdentityKernel(2), [1, 3]).round(decimals=4).tolist()
    [1.3863, 0.2877, nan]
    """
    rows = as_items(items, kernel.n_items)
    p = as_weights(popularity, kernel.n_items, "popularity")
    own = getattr(kernel, "expectation", None)
    present: Tensor = _expectation(kernel, p) if own is None else own(p)
    rows = rows.to(present.device)
    return torch.where(rows >= 0, -present.clamp(0, 1).log()[rows.clamp(min=0)], math.nan)


def _expectation(kernel: Kernel, p: Tensor) -> Tensor:
    """How strongly each item is present in rho_p, from similarities alone: the p-weighted mean of squares."""
    every = torch.arange(kernel.n_items, device=p.device)
    held = every[p > 0]
    parts = []
    for rows in blocks(every, _TILE):
        tiles = [(cross(kernel, rows, some).double() ** 2) @ p[some] for some in blocks(held, _TILE)]
        parts.append(torch.stack(tiles).sum(0))
    return torch.cat(parts)


def _item_weights(source: Weights | Recommendations, kernel: Kernel, name: str) -> Tensor | None:
    """Weights over the catalogue: as given, or of the mean state of lists (None if all are empty)."""
    if not isinstance(source, Recommendations):
        return as_weights(source, kernel.n_items, name)
    items = as_items(source, kernel.n_items)
    mass = slot_masses(items, None, name)
    if not mass.any():
        return None
    total = torch.zeros(kernel.n_items, dtype=mass.dtype, device=mass.device)
    total.index_add_(0, items.clamp(min=0).flatten(), mass.flatten())
    return total / total.sum()


def _without_round_off(divergence: Tensor, entropy: Tensor, size: int) -> Tensor:
    """A divergence below what rounding does to the entropies is 0, and none exceeds ln 2."""
    floor = size * torch.finfo(divergence.dtype).eps * entropy.clamp(min=1)
    return torch.where(divergence < floor, torch.zeros_like(divergence), divergence.clamp(max=math.log(2)))
