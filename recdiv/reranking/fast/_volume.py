"""DPP and SSD without looking at every item each time.

What is left of an item when the directions of the chosen ones are taken out of it only falls, and with it what the item
is worth: what it was worth earlier is an upper bound, and items whose bound is behind are not looked at. The directions
are kept as an orthonormal basis in float64. Products are taken in float32 first, whose error is bounded for certain
(``rounding``); what is not told apart by that is computed in float64. So the list is what float64 alone would give.
"""

from __future__ import annotations

import math

import numpy as np

from recdiv.reranking.fast._dots import SAME, Numbers, Rows, Singles, four, leave, one, products, rounding
from recdiv.reranking.fast._numba import compiled

EXHAUSTED = 1e-8  # as in recdiv.reranking._volume


@compiled()
def along(vectors: Singles, r: int, block: Numbers | Singles, start: int, stop: int) -> float:
    """Sum of the squared products of an item's vector with some rows of a block."""
    j, total = start, 0.0
    while j + 4 <= stop:
        a, b, c, d = four(vectors, r, block, j)
        total += np.float64(a) * a + np.float64(b) * b + np.float64(c) * c + np.float64(d) * d
        j += 4
    for j in range(j, stop):  # noqa: B020
        a = one(vectors, r, block, j)
        total += np.float64(a) * a
    return total


@compiled()
def value(left: float, logarithm: bool) -> float:
    """What the part of an item that is left counts for."""
    return math.log(max(left, EXHAUSTED)) if logarithm else math.sqrt(max(left, EXHAUSTED))


@compiled()
def look(
    vectors: Singles, scale: Numbers, items: Rows, fixed: Numbers, bound: Numbers, gone: Numbers, rough: Numbers,
    seen: Rows, sure_rows: Rows, screen: Singles, rows: int, delta: float, logarithm: bool, start: int,
) -> tuple[int, int, int, float]:  # fmt: skip
    """Bring bounds up to date where it matters: how far down, the two that lead, and what the first is surely worth."""
    each, least, second, leader, runner = rounding(vectors.shape[1]), -np.inf, -np.inf, 0, 0
    ceiling = 0.0 if logarithm else delta
    for turn in range(-1, len(items)):
        i = start if turn < 0 else turn
        if turn >= 0 and fixed[i] + ceiling < least - SAME:
            return max(i, start + 1), leader, runner, least
        if bound[i] < least - SAME or bound[i] == -np.inf or (turn == start and turn >= 0):
            continue
        r, loose, low = items[i], rows - sure_rows[i], bound[i]
        if seen[i] < rows:
            rough[i] += along(vectors, r, screen, seen[i], rows) * scale[r] * scale[r]
            seen[i] = rows
        if loose:  # Σ |2 c e + e²| where Σ c² ≤ 1, by Cauchy and Schwarz
            off, left = 2 * each * math.sqrt(loose) + loose * each * each, 1 - gone[i] - rough[i]
            bound[i] = fixed[i] + delta * value(left + off, logarithm)
            low = fixed[i] + delta * value(left - off, logarithm)
        if low > least:
            least, second, leader, runner = low, least, i, leader
        elif low > second:
            second, runner = low, i
    return len(items), leader, runner, least


@compiled()
def decide(
    vectors: Singles, scale: Numbers, items: Rows, fixed: Numbers, bound: Numbers, gone: Numbers, rough: Numbers,
    sure_rows: Rows, basis: Numbers, rows: int, delta: float, logarithm: bool, stop: int, least: float,
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
                gone[i] += along(vectors, r, basis, sure_rows[i], rows) * scale[r] * scale[r]
                rough[i], sure_rows[i] = 0.0, rows
                bound[i] = fixed[i] + delta * value(1 - gone[i], logarithm)
            top = max(top, bound[i])
    while bound[first] < top - SAME:
        first += 1
    return first


@compiled()
def put_on(vectors: Singles, r: int, scale: float, basis: Numbers, screen: Singles, parts: Numbers, rows: int) -> int:
    """Put the direction of what no row spans of an item behind the rows; how many rows were added, 1 or 0."""
    products(vectors, r, basis, 0, rows, parts)
    left = 1.0
    for j in range(rows):
        parts[j] *= scale
        left -= parts[j] * parts[j]
    if left <= EXHAUSTED:
        return 0
    length = leave(vectors, r, scale, basis, parts, rows)
    if left < 0.25:  # rounding would show in a short remainder: take out once more what it still has of the rows
        products(basis, rows, basis, 0, rows, parts)
        again = basis[rows : rows + 1].copy()
        length = leave(again, 0, 1.0, basis, parts, rows)
    for i in range(vectors.shape[1]):
        basis[rows, i] /= length
        screen[rows, i] = basis[rows, i]
    return 1


@compiled()
def slide(
    vectors: Singles, scale: Numbers, chosen: Rows, basis: Numbers, screen: Singles, parts: Numbers, held: int,
    window: int, logarithm: bool,
) -> int:  # fmt: skip
    """Let the rows be what the last w − 1 chosen items leave behind; how many there are.

    For ln the rows span the items themselves; for √ an item keeps the row it was given when it was chosen (the
    circular queue of SSD), so only the newest is made, and the oldest leaves.
    """
    if logarithm:
        rows = held
        for r in chosen[max(0, len(chosen) - window + 1) :]:
            rows += put_on(vectors, r, scale[r], basis, screen, parts, rows)
        return rows
    behind = held + min(len(chosen) - 1, window - 1)
    r, place = chosen[-1], held + (len(chosen) - 1) % (window - 1)
    there = put_on(vectors, r, scale[r], basis, screen, parts, behind)
    for i in range(vectors.shape[1]):
        basis[place, i] = basis[behind, i] if there else 0.0
        screen[place, i] = basis[place, i]
    return held + min(len(chosen), window - 1)


@compiled()
def choose(
    vectors: Singles, scale: Numbers, items: Rows, relevance: Numbers, history: Rows, delta: float, window: int,
    logarithm: bool, out: Rows,
) -> None:  # fmt: skip
    """Fill ``out`` ``[u, k]`` with places of candidates; those of a user come by relevance."""
    (n_users, n), (known, d), k = items.shape, (history.shape[1], vectors.shape[1]), out.shape[1]
    room = min(known, d) + window if window else min(known + k, d) + 1
    basis, screen, parts = np.empty((room, d)), np.empty((room, d), np.float32), np.empty(room)
    fixed, bound, gone, rough = np.empty(n), np.empty(n), np.empty(n), np.empty(n)
    seen, sure_rows, picked = np.empty(n, np.int64), np.empty(n, np.int64), np.empty(k, np.int64)
    for u in range(n_users):
        mine, held, start = items[u, : np.sum(items[u] >= 0)], 0, 0
        for r in history[u]:
            if r >= 0:
                held += put_on(vectors, r, scale[r], basis, screen, parts, held)
        fixed[:] = (1 - delta) * relevance[u]
        bound[:] = fixed + (0.0 if logarithm else delta)
        gone[:], rough[:], seen[:], sure_rows[:] = 0.0, 0.0, 0, 0
        rows = held
        for slot in range(min(k, len(mine))):
            stop, leader, runner, least = look(
                vectors, scale, mine, fixed, bound, gone, rough, seen, sure_rows, screen, rows, delta, logarithm, start
            )
            place = decide(
                vectors, scale, mine, fixed, bound, gone, rough, sure_rows, basis, rows, delta, logarithm, stop,
                least - SAME,
            )  # fmt: skip
            out[u, slot], picked[slot], bound[place] = place, mine[place], -np.inf
            start = runner if leader == place else leader
            if window:
                rows = slide(vectors, scale, picked[: slot + 1], basis, screen, parts, held, window, logarithm)
                gone[:], rough[:], seen[:], sure_rows[:] = 0.0, 0.0, 0, 0
                for i in range(len(mine)):
                    bound[i] = fixed[i] + (0.0 if logarithm else delta) if bound[i] > -np.inf else -np.inf
            elif slot + 1 < k:
                rows += put_on(vectors, mine[place], scale[mine[place]], basis, screen, parts, rows)
