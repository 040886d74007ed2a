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
        From 0 to 1, higher is better; NaN where no slot holds an item of the catalogue. Under
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
    shown = torch.unique(rows[rows >= 0])
    if not len(shown):
        return math.nan
    reached = torch.zeros_like(mass)
    reached[shown] = 1.0
    rest = ((reached == 0) & (mass > 0)).nonzero().squeeze(1)
    if len(rest):
        reached[rest] = nearest(kernel, rest, shown).to(reached)
    return float((mass * reached).sum())


def coverage_without(items: Tensor, group: Tensor, kernel: Kernel, *, demand: Weights | None = None) -> Tensor:
    """Semantic coverage with one group of lists left out at a time, float64 ``[G]``; NaN where nothing is left.

    Exact, in about one pass: only what one group alone shows can be missed when that group is left out, so each item
    needs its nearest among what several groups show, and its nearest among what each group shows alone.

    Args:
        items: the lists ``[U, K]``.
        group: group 0..G−1 of each list ``[U]``.
        kernel, demand: as in :func:`semantic_coverage`.
    """
    n_groups = int(group.max()) + 1
    wanted = torch.ones(kernel.n_items) if demand is None else demand
    mass = as_weights(wanted, kernel.n_items, "demand").to(items.device)
    pairs = torch.unique((items * n_groups + group[:, None])[items >= 0])  # which group shows which item
    owners = torch.bincount(pairs // n_groups, minlength=kernel.n_items)
    alone = owners[pairs // n_groups] == 1
    item, owner = pairs[alone] // n_groups, pairs[alone] % n_groups
    shared = (owners > 1).nonzero().squeeze(1)
    rest = ((owners < 2) & (mass > 0)).nonzero().squeeze(1)
    sets = [*(item[owner == g] for g in range(n_groups)), shared]
    reach = torch.stack([_reach(kernel, rest, some) for some in sets], 1)
    itself = torch.searchsorted(rest, item).clamp(max=max(len(rest) - 1, 0))
    mine = rest[itself] == item if len(rest) else item < 0  # an item nobody wants is not among the rest
    reach[itself[mine], owner[mine]] = 1.0
    best, which = reach.topk(2, dim=1)
    lost = torch.zeros(n_groups + 1, dtype=mass.dtype, device=mass.device)
    lost.index_add_(0, which[:, 0], mass[rest] * (best[:, 0] - best[:, 1]))
    whole = mass[shared].sum() + (mass[rest] * best[:, 0]).sum()
    only = torch.stack([(pairs % n_groups != g).any() for g in range(n_groups)])
    return torch.where(only, whole - lost[:n_groups], math.nan)


def _reach(kernel: Kernel, rest: Tensor, some: Tensor) -> Tensor:
    """Largest similarity of each of ``rest`` to one of ``some``; 0 where there are none."""
    if not len(some) or not len(rest):
        return torch.zeros(len(rest), dtype=torch.float64, device=rest.device)
    return nearest(kernel, rest, some).double().to(rest.device)


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
