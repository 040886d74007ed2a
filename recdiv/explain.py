"""What each item does to the number of its list, and each list to the number of all."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from recdiv._inputs import as_items
from recdiv._spectra import checked_order, matrix_moments, number
from recdiv.kernels import Kernel
from recdiv.metrics._compute import apply, context, cut, parse, refuse_unmet
from recdiv.metrics._registry import Metric, with_known
from recdiv.tables import EMPTY, Catalog, Interactions, Recommendations

__all__ = ["EXACT", "Contributions", "contributions"]

EXACT = 12  # lists of at most so many items get Shapley values: 4,096 subsets each
_NUMBERS = 1 << 20  # slots of subsets held at once
_LOGARITHM = ("effective_number", "leinster_cobbold")  # ln of an effective number: one item is worth 0, as none is
Game = Callable[[Tensor, Tensor, Tensor], Tensor]  # lists [B], places [B, n], subsets [M, n] -> values [B, M]


@dataclass(frozen=True)
class Contributions:
    """Who made a number what it is.

    Attributes:
        metric: the metric, as it was asked for.
        values: contribution of each slot, float64 ``[U, K]``, NaN where it holds no item of the catalogue; for a corpus
            metric of each list ``[U]``.
        total: the value that is explained, of each list ``[U]``; of a corpus metric, its value ``[]``.
        base: the value without any item ``[U]`` (0 where that is undefined); of a corpus metric NaN.
        exact: where ``values`` are Shapley values, which add up to ``total − base``; else they are what leaving one out
            would lose, bool ``[U]``.
    """

    metric: str
    values: Tensor
    total: Tensor
    base: Tensor
    exact: Tensor


def contributions(
    name: str,
    recs: Recommendations,
    *,
    catalog: Catalog | None = None,
    kernel: Kernel | None = None,
    train: Interactions | None = None,
    test: Interactions | None = None,
    previous: Recommendations | None = None,
    demand: Any = None,  # noqa: ANN401
    lists: Sequence[int] | None = None,
) -> Contributions:
    r"""Share a metric out: among the items of each list, or (a corpus metric) among the lists.

    Items of a list of n ≤ 12 get their *Shapley value*: what an item adds, over all orders in which the list could
    have been filled,

    .. math:: \varphi_i = \sum_{S \not\ni i} \frac{|S|!\,(n - |S| - 1)!}{n!} \big(v(S \cup i) - v(S)\big), \qquad
        \sum_i \varphi_i = v(L) - v(\emptyset)

    with v the metric of the list in which only the slots S are filled, each item in its place; 0 where it is undefined.
    Of ``effective_number`` and ``leinster_cobbold`` the *logarithm* is shared out: v(S) = ln D_q(ρ_S), nats. Items of
    longer lists get what leaving them out would lose, v(L) − v(L∖i), and so do lists,
    v(all) − v(all but u), from states that add up: exact, but not a division of the total.

    Args:
        name: a registered metric, as in :func:`recdiv.metrics.compute`.
        recs: the lists.
        catalog, kernel, train, test, previous, demand: what the metric needs.
        lists: positions of the lists to explain; default all. 4,096 spectra take about a hundredth of a second.

    Returns:
        :class:`Contributions` with one row for each of ``lists``; positive where the number would be lower without.

    Raises:
        ValueError: for what :func:`recdiv.metrics.compute` refuses, or a corpus metric whose states do not add up.

    Source: Shapley 1953.

    >>> from recdiv.kernels import EmbeddingKernel
    >>> kernel = EmbeddingKernel([[1.0, 0.0], [1.0, 0.0], [0.0, 1.0]])
    >>> found = contributions("effective_number@q=2", Recommendations([[0, 1, 2]]), kernel=kernel)
    >>> found.values.round(decimals=4).tolist()  # D = 9/5; the two that are the same share what is left
    [[0.0804, 0.0804, 0.427]]
    >>> bool(found.values.sum().isclose(torch.tensor(9 / 5).double().log()))
    True
    """
    metric, k, options = parse(name)
    known = context(
        recs, catalog=catalog, kernel=kernel, train=train, test=test, previous=previous, demand=demand, null=0, rng=0
    )
    refuse_unmet(metric, known, recs)
    if metric.level == "list" and "time" in metric.needs:
        raise ValueError(f"contributions need a metric of one list at a time, got {name!r}, which compares with others")
    if "sample" in metric.options:
        options["sample"] = 0  # every subset of every list asked about is measured: one not drawn would count as 0
    known.update(options)
    some = torch.arange(recs.n_lists, device=recs.device) if lists is None else torch.as_tensor(np.asarray(lists))
    if metric.level == "corpus":
        return _of_lists(name, metric, cut(recs, k), known, some)
    recs = cut(recs, k).where(some)
    if metric.name == "effective_number":
        return _of_items(name, recs, _spectral_game(recs, known["kernel"], known.get("q", metric.options["q"])))
    return _of_items(name, recs, _game(metric, recs, known, k, options))


def _of_items(name: str, recs: Recommendations, game: Game) -> Contributions:
    values = torch.full(recs.items.shape, math.nan, dtype=torch.float64, device=recs.device)
    total, base = (torch.zeros(recs.n_lists, dtype=torch.float64, device=recs.device) for _ in range(2))
    for n in torch.unique(recs.lengths).tolist():
        subsets, weights = _shapley(n) if n <= EXACT else _leave_one_out(n)
        subsets, weights = subsets.to(recs.device), weights.to(recs.device)
        rows = (recs.lengths == n).nonzero().squeeze(1)
        places = recs.valid[rows].nonzero()[:, 1].reshape(len(rows), n)
        step = max(1, _NUMBERS // (len(subsets) * max(recs.k, 1)))
        for start in range(0, len(rows), step):
            some = slice(start, start + step)
            worth = game(rows[some], places[some], subsets).nan_to_num(nan=0.0)
            values[rows[some][:, None], places[some]] = worth @ weights
            total[rows[some]], base[rows[some]] = worth[:, -1], worth[:, 0]
    return Contributions(name, values, total, base, recs.lengths <= EXACT)


def _shapley(n: int) -> tuple[Tensor, Tensor]:
    """All subsets of n, bool ``[2^n, n]``, the empty one first, all of them last; and the weight of v(S) in each φ."""
    subsets = (torch.arange(1 << n)[:, None] >> torch.arange(n)) & 1 == 1
    size = subsets.sum(1)
    weight = torch.tensor([1 / (n * math.comb(n - 1, s)) for s in range(n)] + [0.0], dtype=torch.float64)
    joined = weight[(size - 1).clamp(min=0)][:, None]  # v(S) with i in it: i came to the other |S| − 1
    return subsets, torch.where(subsets, joined, -weight[size][:, None])


def _leave_one_out(n: int) -> tuple[Tensor, Tensor]:
    """None, all but one, all."""
    subsets = torch.cat([torch.zeros(1, n), 1 - torch.eye(n), torch.ones(1, n)]) == 1
    weights = torch.cat([torch.zeros(1, n), -torch.eye(n), torch.ones(1, n)]).double()
    return subsets, weights


def _game(metric: Metric, recs: Recommendations, known: dict[str, Any], k: int | None, options: dict[str, Any]) -> Game:
    """Any list-level metric of the lists with only some slots filled."""

    def worth(rows: Tensor, places: Tensor, subsets: Tensor) -> Tensor:
        owner = rows.repeat_interleave(len(subsets))
        items = recs.items[owner]
        kept = items < 0  # what is no item of the catalogue stays as it is
        shape = (len(rows), len(subsets), places.shape[1])
        where = places[:, None].expand(shape).reshape(len(owner), -1)
        kept.scatter_(1, where, subsets.expand(shape).reshape(len(owner), -1))
        mine = recs.where(owner)
        some = Recommendations(
            torch.where(kept, items, EMPTY), scores=mine.scores, users=mine.users, time=mine.time, groups=mine.groups
        )
        found: Tensor = apply(metric, some, known, k, options).per_list  # type: ignore[assignment]  # a list metric's
        values = found.to(rows.device).reshape(len(rows), -1)
        return values.log() if metric.name in _LOGARITHM else values

    return worth


def _spectral_game(recs: Recommendations, kernel: Kernel, q: float) -> Game:
    """Ln D_q of the lists with only some slots filled, from parts of one Gram matrix a list."""
    q = checked_order(q, kernel)

    def worth(rows: Tensor, places: Tensor, subsets: Tensor) -> Tensor:
        gram = kernel.gram(as_items(recs.items[rows[:, None], places], kernel.n_items)).to(rows.device)
        values = torch.zeros(len(rows), len(subsets), dtype=torch.float64, device=rows.device)
        sizes = subsets.sum(1)
        for size in torch.unique(sizes[sizes > 1]).tolist():  # one item alone is one thing: ln 1
            which = (sizes == size).nonzero().squeeze(1)
            members = subsets[which].nonzero()[:, 1].reshape(len(which), size)
            part = gram[:, members[:, :, None], members[:, None, :]] / size
            values[:, which] = number(matrix_moments(part, q), q).log()
        return values

    return worth


def _of_lists(name: str, metric: Metric, recs: Recommendations, known: dict[str, Any], lists: Tensor) -> Contributions:
    if metric.state is None or metric.value is None:
        raise ValueError(f"contributions of lists need a metric whose states add up, got {name!r}")
    everything = with_known(metric.state, recs, known)
    value = with_known(metric.value, everything, known)
    values = torch.full((len(lists),), math.nan, dtype=torch.float64)
    for place, row in enumerate(lists.tolist()):
        own = with_known(metric.state, recs.where([row]), known)
        values[place] = value - with_known(metric.value, {key: everything[key] - own[key] for key in own}, known)
    total = torch.tensor(value, dtype=torch.float64)
    return Contributions(name, values, total, torch.full_like(total, math.nan), torch.zeros(len(lists)).bool())
