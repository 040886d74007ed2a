"""MSD without looking at every item each time.

All of an item's distances come from one product: their sum is t − x · v, v being the sum of what is chosen. Where v was
v₀ when an item was last looked at, x · v differs by |v − v₀| at most (Cauchy and Schwarz), which bounds what the item
can be worth by now; items whose bound is behind are not looked at. All of it is float64.
"""

from __future__ import annotations

import math

import numpy as np

from recdiv.reranking.fast._dots import SAME, Numbers, Rows, Singles
from recdiv.reranking.fast._numba import compiled

_SLACK = 1e-12  # more than rounding moves a bound, much less than SAME


@compiled(any_order=True)
def product(vectors: Singles, r: int, sums: Numbers, t: int) -> float:
    """An item's vector times a row of sums."""
    total = 0.0
    for i in range(vectors.shape[1]):
        total += np.float64(vectors[r, i]) * sums[t, i]
    return total


@compiled(any_order=True)
def moved(sums: Numbers, t: int, away: Numbers) -> None:
    """How far row t of sums lies from each earlier one, and at last from zero."""
    total = 0.0
    for i in range(sums.shape[1]):
        total += sums[t, i] ** 2
    away[-1] = math.sqrt(total) + _SLACK
    for earlier in range(t):
        total = 0.0
        for i in range(sums.shape[1]):
            total += (sums[t, i] - sums[earlier, i]) ** 2
        away[earlier] = math.sqrt(total) + _SLACK
    away[t] = 0.0


@compiled()
def look(
    vectors: Singles, scale: Numbers, items: Rows, fixed: Numbers, worth: Numbers, seen: Rows, sums: Numbers,
    away: Numbers, t: int, start: int,
) -> tuple[float, int, int, int]:  # fmt: skip
    """The largest worth, how far down it can be, and the two that lead; worths brought up to date where it matters."""
    best, second, leader, runner = -np.inf, -np.inf, 0, 0
    for turn in range(-1, len(items)):
        i = start if turn < 0 else turn
        if turn >= 0 and fixed[i] + away[-1] < best - SAME:
            return best, max(i, start + 1), leader, runner
        if worth[i] + away[seen[i]] < best - SAME or worth[i] == -np.inf or (turn == start and turn >= 0):
            continue
        if seen[i] != t:
            seen[i], worth[i] = t, fixed[i] - product(vectors, items[i], sums, t) * scale[items[i]]
        if worth[i] > best:
            best, second, leader, runner = worth[i], best, i, leader
        elif worth[i] > second:
            second, runner = worth[i], i
    return best, len(items), leader, runner


@compiled()
def first_of(worth: Numbers, seen: Rows, t: int, best: float) -> int:
    """The first that is worth as much as the best."""
    i = 0
    while seen[i] != t or worth[i] < best - SAME:
        i += 1
    return i


@compiled()
def add_to(vectors: Singles, r: int, weight: float, sums: Numbers, t: int) -> None:
    """A row of sums with one more item."""
    for i in range(vectors.shape[1]):
        sums[t, i] = sums[t - 1, i] + weight * vectors[r, i]


@compiled()
def begin(vectors: Singles, scale: Numbers, history: Rows, delta: float, sums: Numbers) -> None:
    """The first row of sums: δ times the mean of what is known."""
    sums[0] = 0.0
    known = max(int(np.sum(history >= 0)), 1)
    for r in history:
        if r >= 0:
            for i in range(vectors.shape[1]):
                sums[0, i] += delta / known * scale[r] * vectors[r, i]


@compiled()
def choose(
    vectors: Singles, scale: Numbers, items: Rows, relevance: Numbers, history: Rows, delta: float, out: Rows
) -> None:
    """Fill ``out`` ``[u, k]`` with places of candidates; those of a user come by relevance."""
    (n_users, n), k = items.shape, out.shape[1]
    weight = 2 * delta / max(k - 1, 1)
    sums, away = np.empty((k, vectors.shape[1])), np.empty(k + 1)
    fixed, worth, seen = np.empty(n), np.empty(n), np.empty(n, np.int64)
    for u in range(n_users):
        mine = items[u, : np.sum(items[u] >= 0)]
        begin(vectors, scale, history[u], delta, sums)
        moved(sums, 0, away)
        fixed[:] = (1 - delta) * relevance[u]
        worth[:], seen[:], start = fixed, k, 0  # as if the sums were zero when they were looked at last
        for slot in range(min(k, len(mine))):
            best, stop, leader, runner = look(vectors, scale, mine, fixed, worth, seen, sums, away, slot, start)
            place = first_of(worth[:stop], seen, slot, best)
            out[u, slot], worth[place], r = place, -np.inf, mine[place]
            start = runner if leader == place else leader
            if slot + 1 < k:
                add_to(vectors, r, weight * scale[r], sums, slot + 1)
                moved(sums, slot + 1, away)
