"""MMR without looking at every item each time.

An item's similarity to the nearest chosen one only rises, so its worth only falls: what it was worth earlier is an
upper bound, and items whose bound is behind are not looked at. Products are taken in float32 first. Their error is
bounded for certain (``rounding``), so an item that is behind by more than that is behind; whatever is not told apart is
computed in float64. The list is what float64 alone would give, ties included.
"""

from __future__ import annotations

import numpy as np

from recdiv.reranking.fast._dots import SAME, Numbers, Rows, Singles, four, one, rounding
from recdiv.reranking.fast._numba import compiled

_BLOCK = 64


@compiled()
def closest(vectors: Singles, r: int, block: Numbers | Singles, start: int, stop: int) -> float:
    """The largest product of an item's vector with some rows of a block; −∞ where there is none."""
    j, most = start, np.float64(-np.inf)
    while j + 4 <= stop:
        a, b, c, d = four(vectors, r, block, j)
        most = max(most, np.float64(max(max(a, b), max(c, d))))
        j += 4
    for j in range(j, stop):  # noqa: B020
        most = max(most, np.float64(one(vectors, r, block, j)))
    return float(most)


@compiled()
def sweep(
    vectors: Singles, scale: Numbers, items: Rows, fixed: Numbers, bound: Numbers, near: Numbers, seen: Rows,
    screen: Singles, rows: int, delta: float,
) -> None:  # fmt: skip
    """Compare the candidates with the first rows, as far down as one could come first; nothing to wait for between."""
    off, least, start = rounding(vectors.shape[1]), -np.inf, 0
    while start < len(items) and fixed[start] + delta * (1 + off) >= least - SAME:
        stop = min(start + _BLOCK, len(items))
        for i in range(start, stop):
            near[i] = closest(vectors, items[i], screen, 0, rows) * scale[items[i]]
        for i in range(start, stop):
            seen[i] = rows
            if bound[i] > -np.inf:
                bound[i] = fixed[i] - delta * (near[i] - off)
                least = max(least, bound[i] - 2 * delta * off)
        start = stop


@compiled()
def look(
    vectors: Singles, scale: Numbers, items: Rows, fixed: Numbers, bound: Numbers, near: Numbers, seen: Rows,
    screen: Singles, rows: int, delta: float, start: int,
) -> tuple[int, int, int, float]:  # fmt: skip
    """Bring bounds up to date where it matters: how far down, the two that lead, and what the first is surely worth."""
    off, least, second, leader, runner = rounding(vectors.shape[1]), -np.inf, -np.inf, 0, 0
    for turn in range(-1, len(items)):
        i = start if turn < 0 else turn
        if turn >= 0 and fixed[i] + delta * (1 + off) < least - SAME:
            return max(i, start + 1), leader, runner, least
        if bound[i] < least - SAME or bound[i] == -np.inf or (turn == start and turn >= 0):
            continue
        if seen[i] < rows:
            r = items[i]
            near[i] = max(near[i], closest(vectors, r, screen, seen[i], rows) * scale[r])
            seen[i], bound[i] = rows, fixed[i] - delta * (near[i] - off)
        low = bound[i] - 2 * delta * off
        if low > least:
            least, second, leader, runner = low, least, i, leader
        elif low > second:
            second, runner = low, i
    return len(items), leader, runner, least


@compiled()
def decide(
    vectors: Singles, scale: Numbers, items: Rows, fixed: Numbers, bound: Numbers, sure: Numbers, sure_rows: Rows,
    basis: Numbers, rows: int, delta: float, stop: int, least: float,
) -> int:  # fmt: skip
    """The first of those worth most: in float64 where several may be it."""
    first, last, top = -1, -1, -np.inf
    for i in range(stop):
        if bound[i] >= least:
            first, last = i if first < 0 else first, i
    if first == last:
        return first
    for i in range(first, last + 1):
        if bound[i] >= least:
            if sure_rows[i] < rows:
                r = items[i]
                sure[i] = max(sure[i], closest(vectors, r, basis, sure_rows[i], rows) * scale[r])
                sure_rows[i] = rows
            bound[i] = fixed[i] - delta * sure[i]
            top = max(top, bound[i])
    while bound[first] < top - SAME:
        first += 1
    return first


@compiled()
def compare_with(vectors: Singles, r: int, scale: float, basis: Numbers, screen: Singles, row: int) -> None:
    """Put an item's unit vector into a row."""
    for i in range(vectors.shape[1]):
        basis[row, i] = vectors[r, i] * scale
        screen[row, i] = basis[row, i]


@compiled()
def choose(
    vectors: Singles, scale: Numbers, items: Rows, relevance: Numbers, history: Rows, delta: float, out: Rows
) -> None:
    """Fill ``out`` ``[u, k]`` with places of candidates; those of a user come by relevance."""
    (n_users, n), k, d = items.shape, out.shape[1], vectors.shape[1]
    basis, screen = np.empty((history.shape[1] + k, d)), np.empty((history.shape[1] + k, d), np.float32)
    fixed, bound, near, sure = np.empty(n), np.empty(n), np.empty(n), np.empty(n)
    seen, sure_rows = np.empty(n, np.int64), np.empty(n, np.int64)
    for u in range(n_users):
        mine, rows, start, least = items[u, : np.sum(items[u] >= 0)], 0, 0, 0.0
        for r in history[u]:
            if r >= 0:
                compare_with(vectors, r, scale[r], basis, screen, rows)
                rows += 1
        fixed[:] = (1 - delta) * relevance[u]
        bound[:], near[:], sure[:], seen[:], sure_rows[:] = np.inf, -np.inf, -np.inf, 0, 0
        for slot in range(min(k, len(mine))):
            if rows == 0:  # nothing to be like: the most relevant
                place, leader, runner = 0, 0, 1 % len(mine)
            else:
                if slot == 0 or seen[place] == 0:
                    sweep(vectors, scale, mine, fixed, bound, near, seen, screen, rows, delta)
                stop, leader, runner, least = look(
                    vectors, scale, mine, fixed, bound, near, seen, screen, rows, delta, start
                )
                place = decide(
                    vectors, scale, mine, fixed, bound, sure, sure_rows, basis, rows, delta, stop, least - SAME
                )
            out[u, slot], bound[place] = place, -np.inf
            start = runner if leader == place else leader
            compare_with(vectors, mine[place], scale[mine[place]], basis, screen, rows)
            rows += 1
