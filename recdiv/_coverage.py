"""How near the catalogue lies to what was shown."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from recdiv._inputs import Items, Weights, as_items, as_weights
from recdiv._spectra import cross
from recdiv.kernels import Kernel
from recdiv.tables import Recommendations

_TILE = (512, 4096)  # catalogue × shown: the matrix product stays large, its result within the cache


def semantic_coverage(recs: Recommendations | Items, kernel: Kernel, *, demand: Weights | None = None) -> float:
    r"""Share of the catalogue's demand that something shown comes near to.

    .. math:: \sum_j m_j \max\big(0, \max_{i \in R} \varphi_i \cdot \varphi_j\big) \Big/ \sum_j m_j

    Args:
        recs: the lists, :class:`~recdiv.Recommendations` or integers of any shape; R is the set of items in them.
        kernel: when two items are the same.
        demand: how much each item is wanted, m ``[I]``; default 1 each.

    Returns:
        From 0 to 1, higher is better; 0 where the lists are empty, NaN where there are none. Under
        :class:`~recdiv.IdentityKernel` and equal demand it is catalogue coverage. Exact: every pair is looked at, in
        tiles of bounded memory (cosines of vectors in float32).

    Raises:
        ValueError: for an item outside the catalogue, or demand that is negative, all zero or of the wrong length.

    >>> from recdiv.kernels import EmbeddingKernel
    >>> semantic_coverage([[0]], EmbeddingKernel([[1.0, 0.0], [1.0, 0.0], [0.0, 1.0], [-1.0, 0.0]]))
    0.5
    """
    rows = as_items(recs, kernel.n_items)
    wanted = torch.ones(kernel.n_items) if demand is None else demand
    mass = as_weights(wanted, kernel.n_items, "demand").to(rows.device)
    if rows.numel() == 0:
        return math.nan
    shown = torch.unique(rows[rows >= 0])
    reached = torch.zeros_like(mass)
    reached[shown] = 1.0
    rest = ((reached == 0) & (mass > 0)).nonzero().squeeze(1)
    if len(shown) and len(rest):
        reached[rest] = nearest(kernel, rest, shown).to(reached)
    return float((mass * reached).sum())


def nearest(kernel: Kernel, rest: Tensor, shown: Tensor) -> Tensor:
    """Largest similarity of each item of ``rest`` to one of ``shown``, at least 0, ``[n]``."""
    things = getattr(kernel, "things", None)
    if things is None:
        return _nearest_in_tiles(kernel, rest, shown)
    theirs, ours = things(rest), things(shown)
    if getattr(kernel, "orthogonal", False):
        return torch.isin(theirs, ours).double()
    distinct, which = torch.unique(theirs, return_inverse=True)
    one_each = torch.zeros_like(distinct).scatter_(0, which, rest.to(distinct.device))
    kinds, of = torch.unique(ours, return_inverse=True)
    some = torch.zeros_like(kinds).scatter_(0, of, shown.to(kinds.device))
    return _nearest_in_tiles(kernel, one_each, some)[which]


def _nearest_in_tiles(kernel: Kernel, rest: Tensor, shown: Tensor) -> Tensor:
    best = []
    for start in range(0, len(rest), _TILE[0]):
        rows = rest[start : start + _TILE[0]]
        tiles = [
            cross(kernel, rows, shown[first : first + _TILE[1]]).amax(1) for first in range(0, len(shown), _TILE[1])
        ]
        best.append(torch.stack(tiles).amax(0).clamp(0, 1))
    return torch.cat(best)
