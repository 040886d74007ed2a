"""Facility location without summing for every item each time.

What an item adds only falls while the list grows (submodularity), so what it added earlier is an upper bound, and items
whose bound is behind are not summed again. Similarities come in float32. Each is off by ``rounding`` at most, and only
those that add anything matter; what is not told apart by that is summed in float64, from float64 products. What the
list has reached is always float64.
"""

from __future__ import annotations

import numpy as np

from recdiv.reranking.fast._dots import SAME, Numbers, Rows, Singles, rounding
from recdiv.reranking.fast._gram import alike
from recdiv.reranking.fast._numba import compiled


@compiled(any_order=True)
def added(near: Singles, reach: Numbers, off: float) -> tuple[float, int]:
    """By how much an item's similarities exceed what is reached, in sum; and how many of them may."""
    total, active = 0.0, 0
    for j in range(len(reach)):
        more = np.float64(near[j]) - reach[j]
        total += max(more, 0.0)
        active += more > -off
    return total, active


@compiled(any_order=True)
def product(vectors: Singles, r: int, other: int) -> float:
    """Product of two rows in float64."""
    total = 0.0
    for i in range(vectors.shape[1]):
        total += np.float64(vectors[r, i]) * np.float64(vectors[other, i])
    return total


@compiled(any_order=True)
def like(vectors: Singles, items: Rows, r: int, out: Singles) -> None:
    """Similarity of one row to each of the items, in float32."""
    for j in range(len(items)):
        total = np.float32(0)
        for i in range(vectors.shape[1]):
            total += vectors[r, i] * vectors[items[j], i]
        out[j] = total


@compiled()
def exactly(
    vectors: Singles, scale: Numbers, items: Rows, place: int, near: Singles, reach: Numbers, off: float, update: bool
) -> float:
    """By how much an item's similarities exceed what is reached, in float64; takes them as reached if so told."""
    r, total = items[place], 0.0
    for j in range(len(items)):
        if np.float64(near[j]) - reach[j] > -off:
            similarity = product(vectors, r, items[j]) * scale[r] * scale[items[j]]
            if similarity > reach[j]:
                total += similarity - reach[j]
                if update:
                    reach[j] = similarity
    return total


@compiled()
def begin(vectors: Singles, scale: Numbers, items: Rows, history: Rows, reach: Numbers) -> None:
    """What the history reaches."""
    reach[:] = 0.0
    for h in history:
        if h >= 0:
            for j in range(len(items)):
                reach[j] = max(reach[j], product(vectors, h, items[j]) * scale[h] * scale[items[j]])


@compiled()
def sums(near: Singles, reach: Numbers, fixed: Numbers, share: float, off: float, bound: Numbers, gap: Numbers) -> None:
    """At most what each of some items adds, and by how much less it may be."""
    for i in range(len(near)):
        total, active = added(near[i], reach, off)
        bound[i], gap[i] = fixed[i] + share * (total + active * off), 2 * share * active * off


@compiled()
def line_of(vectors: Singles, items: Rows, place: int, near: Singles, line: Singles) -> Singles:
    """An item's similarities: from the matrix where there is one, or made anew."""
    if len(near):
        return near[place, : len(items)]
    like(vectors, items, items[place], line)
    return line


@compiled()
def look(
    vectors: Singles, items: Rows, fixed: Numbers, near: Singles, line: Singles, reach: Numbers, bound: Numbers,
    gap: Numbers, seen: Rows, slot: int, share: float, off: float, start: int,
) -> tuple[int, int, float]:  # fmt: skip
    """The two that lead, and what the first surely adds; bounds brought up to date where it matters."""
    least, second, leader, runner = -np.inf, -np.inf, 0, 0
    for turn in range(-1, len(items)):
        i = start if turn < 0 else turn
        if bound[i] < least - SAME or bound[i] == -np.inf or (turn == start and turn >= 0):
            continue
        if seen[i] < slot:
            total, active = added(line_of(vectors, items, i, near, line), reach, off)
            seen[i], gap[i] = slot, 2 * share * active * off
            bound[i] = fixed[i] + share * (total + active * off)
        low = bound[i] - gap[i]
        if low > least:
            least, second, leader, runner = low, least, i, leader
        elif low > second:
            second, runner = low, i
    return leader, runner, least


@compiled()
def decide(
    vectors: Singles, scale: Numbers, items: Rows, fixed: Numbers, near: Singles, line: Singles, reach: Numbers,
    bound: Numbers, gap: Numbers, share: float, off: float, least: float,
) -> int:  # fmt: skip
    """The first of those that add most: in float64 where several may be it."""
    first, last, top = -1, -1, -np.inf
    for i in range(len(items)):
        if bound[i] >= least:
            first, last = i if first < 0 else first, i
    if first == last:
        return first
    for i in range(first, last + 1):
        if bound[i] >= least:
            theirs = line_of(vectors, items, i, near, line)
            bound[i] = fixed[i] + share * exactly(vectors, scale, items, i, theirs, reach, off, False)
            gap[i], top = 0.0, max(top, bound[i])
    while bound[first] < top - SAME:
        first += 1
    return first


@compiled()
def choose_one(
    vectors: Singles, scale: Numbers, items: Rows, fixed: Numbers, near: Singles, reach: Numbers, bound: Numbers,
    gap: Numbers, share: float, out: Rows,
) -> None:  # fmt: skip
    """Fill ``out`` ``[k]`` with places, given what each candidate adds to the empty list."""
    off, start, line, seen = rounding(vectors.shape[1]), 0, np.empty(len(items), np.float32), np.zeros_like(items)
    for slot in range(min(len(out), len(items))):
        leader, runner, least = look(
            vectors, items, fixed, near, line, reach, bound, gap, seen, slot, share, off, start
        )
        place = decide(vectors, scale, items, fixed, near, line, reach, bound, gap, share, off, least - SAME)
        out[slot], start = place, runner if leader == place else leader
        bound[place] = -np.inf
        if slot + 1 < len(out):
            exactly(vectors, scale, items, place, line_of(vectors, items, place, near, line), reach, off, True)


@compiled()
def choose(
    vectors: Singles, scale: Numbers, items: Rows, relevance: Numbers, history: Rows, delta: float, out: Rows
) -> None:
    """Fill ``out`` ``[u, k]`` with places of candidates, so few that all their similarities are held."""
    n, d = items.shape[1], vectors.shape[1]
    x, near = np.empty((n + 3, d), np.float32), np.empty((n + 3, n + 3), np.float32)
    reach, bound, gap, off = np.empty(n), np.empty(n), np.empty(n), rounding(d)
    for u in range(len(items)):
        count = np.sum(items[u] >= 0)
        mine, fixed, share = items[u, :count], (1 - delta) / out.shape[1] * relevance[u], delta / max(count, 1)
        alike(vectors, mine, x, near)
        begin(vectors, scale, mine, history[u], reach[:count])
        sums(near[:count], reach[:count], fixed, share, off, bound[:count], gap[:count])
        choose_one(vectors, scale, mine, fixed, near, reach[:count], bound[:count], gap[:count], share, out[u])
