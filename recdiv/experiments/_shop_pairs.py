"""What is bought together: pairs of products against chance, and what kinds of pair a list is made of.

Two products are *alike* if they are copies, bear one product's name, or have near texts; and *together* if one basket
holds both more often than chance within the month would have it. Alike and together: a matching set. Unlike and
together: complements. Alike and not together: alternatives. The rest say nothing of each other.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import torch

from recdiv.evaluation._intervals import bootstrap_means, percentile_interval
from recdiv.experiments._measure import plain
from recdiv.experiments._shop import basket_matrix
from recdiv.kernels import Kernel
from recdiv.tables import Recommendations

KINDS = ("matching set", "complements", "alternatives", "unrelated")
EDGES = (-1.0, 0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.01)
LARGEST = 50  # products of a basket: a larger one is a restocking, and holds most pairs there are
OFTEN = 50  # baskets that an item must be in: rarer ones tell nothing
ALIKE = 0.6  # cosine
LIFT = 2.0
FALSE = 0.01  # expected share of false ones among pairs called together
GROUPS = 10  # of customers, left out one at a time
Numbers = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Pairs:
    """Pairs of items that are bought often.

    Attributes:
        rows: catalogue rows of the items ``[n]``.
        observed: baskets that hold both ``[n, n]``.
        expected: how many would by chance ``[n, n]``.
    """

    rows: npt.NDArray[np.int64]
    observed: Numbers
    expected: Numbers


def count_pairs(lines: pd.DataFrame, n_items: int, *, rows: npt.NDArray[np.int64] | None = None) -> Pairs:
    r"""Baskets that hold both of two items, and how many would by chance, month by month.

    .. math:: E_{ij} = \sum_m d_i d_j \frac{\sum_b s_b (s_b - 1)}{(\sum_i d_i)^2 - \sum_i d_i^2}

    with d the baskets of the month that hold an item and s the sizes of its baskets: over all pairs E adds up to what
    was observed. Months are kept apart, for two Christmas products meet in December whatever else they are.

    Args:
        lines: lines of invoices.
        n_items: I.
        rows: which items; by default those in at least OFTEN baskets.
    """
    months = [
        basket_matrix(part, n_items, most=LARGEST) for _, part in lines.groupby(lines["timestamp"].dt.to_period("M"))
    ]
    if rows is None:
        rows = np.flatnonzero(sum(np.asarray(each.sum(0)).ravel() for each in months) >= OFTEN)
    observed, expected = np.zeros((len(rows),) * 2), np.zeros((len(rows),) * 2)
    for month in months:
        some = month[:, rows]
        held, sizes = np.asarray(month.sum(0)).ravel(), np.asarray(month.sum(1)).ravel()
        observed += (some.T @ some).toarray()
        room = held.sum() ** 2 - (held**2).sum()
        if room > 0:
            expected += np.outer(held[rows], held[rows]) * (sizes * (sizes - 1)).sum() / room
    np.fill_diagonal(observed, 0)
    np.fill_diagonal(expected, 0)
    return Pairs(rows, observed, expected)


def lift_by_likeness(lines: pd.DataFrame, kernel: Kernel, pairs: Pairs) -> list[dict[str, Any]]:
    """How much more often than chance two products share a basket, by the cosine of their texts.

    The interval leaves out a tenth of the customers at a time (jackknife).
    """
    cosine = kernel.gram(torch.from_numpy(pairs.rows)).numpy()
    upper = np.triu_indices(len(pairs.rows), 1)
    band = np.digitize(cosine[upper], EDGES) - 1
    whole = _binned(pairs, upper, band)
    users = lines["user_id"].unique()
    group = pd.Series(np.random.default_rng(0).permutation(len(users)) % GROUPS, index=users)
    of = lines["user_id"].map(group)
    left = np.stack(
        [
            _lift(_binned(count_pairs(lines[of != g], kernel.n_items, rows=pairs.rows), upper, band))
            for g in range(GROUPS)
        ]
    )
    lift = _lift(whole)
    error = np.sqrt((GROUPS - 1) / GROUPS * ((left - left.mean(0)) ** 2).sum(0))
    return [
        {
            "from": EDGES[b],
            "to": min(EDGES[b + 1], 1.0),
            "pairs": int((band == b).sum()),
            "baskets": plain(whole[0][b]),
            "lift": plain(lift[b]),
            "low": plain(lift[b] - 2.26 * error[b]),  # Student's t with 9 degrees of freedom
            "high": plain(lift[b] + 2.26 * error[b]),
        }
        for b in range(len(EDGES) - 1)
    ]


def _binned(pairs: Pairs, upper: Any, band: npt.NDArray[np.int64]) -> tuple[Numbers, Numbers]:  # noqa: ANN401
    n = len(EDGES) - 1
    seen, mean = (np.bincount(band, each[upper], minlength=n) for each in (pairs.observed, pairs.expected))
    return seen.astype(np.float64), mean.astype(np.float64)


def _lift(sums: tuple[Numbers, Numbers]) -> Numbers:
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(sums[0] / sums[1])


def together(pairs: Pairs) -> npt.NDArray[np.bool_]:
    """Which pairs share a basket at least LIFT times as often as chance, with FALSE of them false (Benjamini–Hochberg).

    The chance of so many is Poisson's, with the expected number as mean.
    """
    from scipy.stats import poisson

    upper = np.triu_indices(len(pairs.rows), 1)
    seen, mean = pairs.observed[upper], pairs.expected[upper]
    p = np.asarray(poisson.sf(seen - 1, mean))
    order = np.argsort(p)
    passed = np.flatnonzero(p[order] <= FALSE * np.arange(1, len(p) + 1) / len(p))
    found = np.zeros(len(p), dtype=bool)
    found[order[: passed[-1] + 1 if len(passed) else 0]] = True
    found &= seen >= LIFT * mean
    matrix = np.zeros(pairs.observed.shape, dtype=bool)
    matrix[upper] = found
    return matrix | matrix.T


def kinds_of_pair(pairs: Pairs, alike: npt.NDArray[np.bool_]) -> npt.NDArray[np.int64]:
    """The kind of each pair as a position in KINDS, ``[n, n]``."""
    met = together(pairs)
    return np.where(alike, np.where(met, 0, 2), np.where(met, 1, 3))


def shares_of_kinds(lists: Recommendations, pairs: Pairs, kinds: npt.NDArray[np.int64], n_items: int) -> dict[str, Any]:
    """Of the pairs inside lists, the share of each kind, with a bootstrap interval over users.

    Pairs with an item outside ``pairs.rows`` are not judged; ``judged`` is the share that is.
    """
    place = np.full(n_items + 1, -1)
    place[pairs.rows] = np.arange(len(pairs.rows))
    items = lists.items.numpy()
    at = np.where(items >= 0, place[items], -1)
    left, right = np.triu_indices(items.shape[1], 1)
    known = (at[:, left] >= 0) & (at[:, right] >= 0)
    kind = np.where(known, kinds[at[:, left], at[:, right]], -1)
    counts = np.stack([(kind == each).sum(1) for each in range(len(KINDS))], 1)
    total = counts.sum(1, keepdims=True)
    with np.errstate(invalid="ignore"):
        share = counts / total
    users = list(lists.users)
    resampled = bootstrap_means(share, users, draws=1000, rng=0)
    found: dict[str, Any] = {"judged": plain(float(known.mean())), "lists": len(share)}
    for each, name in enumerate(KINDS):
        low, high = percentile_interval(resampled[:, each], 0.95)
        found[name] = {"value": plain(float(np.nanmean(share[:, each]))), "low": plain(low), "high": plain(high)}
    return found


def examples(pairs: Pairs, kinds: npt.NDArray[np.int64], titles: Sequence[str], *, n: int = 6) -> dict[str, Any]:
    """The pairs of each kind that say most: most above chance, or (alternatives) most below what chance expects."""
    upper = np.triu_indices(len(pairs.rows), 1)
    kind, seen, mean = kinds[upper], pairs.observed[upper], pairs.expected[upper]
    surplus = (seen - mean) / np.sqrt(np.maximum(mean, 1e-9))
    found = {}
    for number, name in enumerate(KINDS[:3]):
        mine = np.flatnonzero(kind == number)
        order = mine[np.argsort(surplus[mine] if name == "alternatives" else -surplus[mine])]
        rows, used = [], set[int]()
        for pair in order:
            i, j = int(upper[0][pair]), int(upper[1][pair])
            if used & {i, j}:  # one popular product would fill the table
                continue
            used |= {i, j}
            rows.append(
                {
                    "one": titles[pairs.rows[i]],
                    "other": titles[pairs.rows[j]],
                    "baskets": int(seen[pair]),
                    "by_chance": plain(float(mean[pair])),
                }
            )
            if len(rows) == n:
                break
        found[name] = rows
    return found


def by_likeness(pairs: Pairs, groups: Mapping[str, npt.NDArray[np.bool_]]) -> dict[str, dict[str, float | int | None]]:
    """Of each group of pairs, and of the rest: how many, and how many of them together, or fewer than half of chance.

    A pair belongs to the first group that holds it. ``apart`` is judged where chance expects 5 baskets or more: fewer
    than half of them is rare by accident.
    """
    upper = np.triu_indices(len(pairs.rows), 1)
    met, seen, mean = (each[upper] for each in (together(pairs), pairs.observed, pairs.expected))
    apart = (mean >= 5) & (seen <= mean / LIFT)
    left, found = np.ones(len(seen), dtype=bool), {}
    for name, mask in {**groups, "unlike": np.ones(pairs.observed.shape, dtype=bool)}.items():
        mine = mask[upper] & left
        left &= ~mine
        enough = int((mean[mine] >= 5).sum())
        found[name] = {
            "pairs": int(mine.sum()),
            "together": plain(float(met[mine].mean())) if mine.any() else None,
            "expected_5": enough,
            "apart": plain(float(apart[mine].sum() / enough)) if enough else None,
            "lift": plain(float(seen[mine].sum() / mean[mine].sum())) if mine.any() else None,
        }
    return found


def same_label(labels: Sequence[Sequence[str]]) -> npt.NDArray[np.bool_]:
    """Which items share a label, ``[n, n]``; an item without one shares none.

    >>> same_label([("mug",), ("tin", "mug"), (), ()]).tolist()[0]
    [True, True, False, False]
    """
    names = sorted({name for own in labels for name in own})
    held = np.zeros((len(labels), len(names)))
    for row, own in enumerate(labels):
        held[row, [names.index(name) for name in own]] = 1
    return np.asarray(held @ held.T > 0)
