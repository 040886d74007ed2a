"""Exact greedy that looks again only at items that may have come first: MMR, DPP and SSD.

What an item is worth only falls while a list grows: its similarity to the nearest chosen item only rises, and less and
less of it is left. So a worth computed earlier is an upper bound, and most items are never looked at again. Products
are taken in float32 first. The error of such a product is bounded for certain (:func:`rounding`), so an item that is
behind by more than that is behind; whatever is not told apart is computed in float64. The list is the same as if
everything had been computed in float64, ties included.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from recdiv.reranking.fast._dots import Numbers, Rows, Singles, dots, leave, rounding
from recdiv.reranking.fast._numba import compiled

NEAREST, LOGARITHM, ROOT = 0, 1, 2  # minus the nearest similarity; ln, or √, of what is left of an item
SAME = 1e-10  # as in recdiv.reranking._greedy
EXHAUSTED = 1e-8  # as in recdiv.reranking.dpp


class Work(NamedTuple):
    """What is known of one user's candidates, and the vectors to compare them with."""

    fixed: Numbers  # (1 − δ) relevance
    bound: Numbers  # at most what the item is worth; −∞ once it is chosen
    sure: Numbers  # similarity to the nearest, or the squared length taken out, by the first sure_rows rows of basis
    sure_rows: Rows
    rough: Numbers  # the same by the rows after that, in float32
    rows: Rows  # how many rows the item was compared with
    basis: Numbers
    screen: Singles  # the basis in float32
    along: Numbers
    glance: Singles


@compiled()
def workspace(n: int, d: int, rows: int) -> Work:
    """Room for n candidates and so many rows."""
    return Work(
        np.empty(n), np.empty(n), np.empty(n), np.empty(n, np.int64), np.empty(n), np.empty(n, np.int64),
        np.empty((rows, d)), np.empty((rows, d), np.float32), np.empty(rows), np.empty(rows, np.float32),
    )  # fmt: skip


@compiled()
def worth(mode: int, fixed: float, delta: float, state: float) -> float:
    """What an item is worth whose nearest similarity, or squared length taken out, is ``state``."""
    if mode == NEAREST:
        return fixed - delta * state
    left = max(1.0 - state, EXHAUSTED)
    return fixed + delta * (math.log(left) if mode == LOGARITHM else math.sqrt(left))


@compiled()
def most(mode: int, delta: float) -> float:
    """At most what diversity adds to an item."""
    return 0.0 if mode == LOGARITHM else delta * (1 + 1e-12)


@compiled()
def summed(mode: int, state: float, along: Numbers | Singles, start: int, stop: int, scale: float) -> float:
    """The state after comparing with more rows."""
    for j in range(start, stop):
        value = np.float64(along[j]) * scale
        if mode == NEAREST:
            state = max(state, value)
        else:
            state += value * value
    return state


@compiled()
def glance(work: Work, x: Singles, scale: float, i: int, rows: int, delta: float, mode: int) -> float:
    """Bring a bound up to date in float32; returns at least what the item is worth."""
    dots(x, work.screen, work.rows[i], rows, work.glance)
    work.rough[i] = summed(mode, work.rough[i], work.glance, work.rows[i], rows, scale)
    work.rows[i] = rows
    each, loose = rounding(len(x)), rows - work.sure_rows[i]
    if mode == NEAREST:
        state, off = max(work.sure[i], work.rough[i]), each
    else:  # Σ |2 c e + e²| with Σ c² ≤ 1, by Cauchy and Schwarz
        state, off = work.sure[i] + work.rough[i], 2 * each * math.sqrt(loose) + loose * each * each
    work.bound[i] = worth(mode, work.fixed[i], delta, state - off)
    return worth(mode, work.fixed[i], delta, state + off)


@compiled()
def settle(work: Work, x: Singles, scale: float, i: int, rows: int, delta: float, mode: int) -> float:
    """What an item is worth, in float64."""
    if work.sure_rows[i] < rows:
        dots(x, work.basis, work.sure_rows[i], rows, work.along)
        work.sure[i] = summed(mode, work.sure[i], work.along, work.sure_rows[i], rows, scale)
        work.sure_rows[i], work.rows[i] = rows, rows
        work.rough[i] = -np.inf if mode == NEAREST else 0.0
    value = worth(mode, work.fixed[i], delta, work.sure[i]) if rows else float(work.bound[i])
    work.bound[i] = value
    return value


@compiled()
def forget(work: Work, n: int, delta: float, mode: int, rows: int) -> None:
    """Bounds that hold whatever the rows are; exact ones where there are none."""
    nothing = rows == 0 and mode == NEAREST
    for i in range(n):
        if work.bound[i] > -np.inf:
            work.bound[i] = work.fixed[i] + (0.0 if nothing else most(mode, delta))
        work.sure[i] = work.rough[i] = -np.inf if mode == NEAREST else 0.0
        work.sure_rows[i] = work.rows[i] = 0


@compiled()
def first_best(
    work: Work, vectors: Singles, scale: Numbers, items: Rows, n: int, rows: int, delta: float, mode: int, start: int
) -> tuple[int, int]:
    """The first of the candidates worth most, and the one to look at first next time."""
    least, second, leader, runner, stop = -np.inf, -np.inf, -1, -1, n
    for turn in range(-1, n):
        i = start if turn < 0 else turn
        if turn >= 0 and work.fixed[i] + most(mode, delta) < least - SAME:
            stop = max(turn, start + 1)  # nothing from here on can come first, but for where this began
            break
        if work.bound[i] == -np.inf or work.bound[i] < least - SAME or i == leader:
            continue
        low = work.bound[i]
        if work.rows[i] < rows:
            low = glance(work, vectors[items[i]], scale[items[i]], i, rows, delta, mode)
        if low > least:
            least, leader, second, runner = low, i, least, leader
        elif low > second:
            second, runner = low, i
    chosen = decide(work, vectors, scale, items, stop, rows, delta, mode, least - SAME)
    return chosen, leader if leader != chosen else max(runner, 0)


@compiled()
def decide(
    work: Work, vectors: Singles, scale: Numbers, items: Rows, n: int, rows: int, delta: float, mode: int, least: float
) -> int:
    """Of those whose bound is at least so much, the first that is worth most; no float64 where it is the only one."""
    first, others, top = -1, False, -np.inf
    for i in range(n):
        if work.bound[i] >= least:
            others = first >= 0
            if others:
                break
            first = i
    if not others:
        return first
    for i in range(first, n):
        if work.bound[i] >= least:
            top = max(top, settle(work, vectors[items[i]], scale[items[i]], i, rows, delta, mode))
    while work.bound[first] < top - SAME:
        first += 1
    return first


@compiled()
def put_on(work: Work, x: Singles, scale: float, rows: int, mode: int) -> bool:
    """Put an item, or the direction of what of it no row spans, behind the rows; whether there was anything to put."""
    left = 1.0
    if mode != NEAREST:
        dots(x, work.basis, 0, rows, work.along)
        for j in range(rows):
            work.along[j] *= scale
            left -= work.along[j] ** 2
        if left <= EXHAUSTED:
            return False
    row = work.basis[rows]
    leave(x, scale, work.basis, work.along, 0 if mode == NEAREST else rows, row)
    if left < 0.25:  # rounding in a short remainder would show: take out once more what it still has of the rows
        dots(row, work.basis, 0, rows, work.along)
        leave(row, 1.0, work.basis, work.along, rows, row)
    length = math.sqrt(np.sum(row * row))
    for i in range(len(row)):
        row[i] /= length
        work.screen[rows, i] = row[i]
    return True


@compiled()
def slide(work: Work, vectors: Singles, scale: Numbers, chosen: Rows, held: int, window: int, mode: int) -> int:
    """Let the rows be what the last w − 1 chosen items leave behind; returns how many there are.

    For ln the rows span the items themselves; for √ an item keeps the row it was given when it was chosen (the
    circular queue of SSD), so only the newest is made and the oldest leaves.
    """
    if mode == LOGARITHM:
        rows = held
        for r in chosen[max(0, len(chosen) - window + 1) :]:
            rows += put_on(work, vectors[r], scale[r], rows, mode)
        return rows
    before = min(len(chosen) - 1, window - 1)
    r, place = chosen[-1], held + (len(chosen) - 1) % (window - 1)
    there = put_on(work, vectors[r], scale[r], held + before, mode)
    for i in range(vectors.shape[1]):
        work.basis[place, i] = work.basis[held + before, i] if there else 0.0
        work.screen[place, i] = work.basis[place, i]
    return held + min(len(chosen), window - 1)


@compiled()
def choose(
    vectors: Singles, scale: Numbers, items: Rows, relevance: Numbers, history: Rows, delta: float, window: int,
    mode: int, out: Rows,
) -> None:  # fmt: skip
    """Fill ``out`` ``[u, k]`` with places of candidates; those of a user come by relevance."""
    (n_users, n), (known, d), k = items.shape, (history.shape[1], vectors.shape[1]), out.shape[1]
    spanned = known if mode == NEAREST else min(known, d)
    work = workspace(n, d, spanned + window if window else spanned + k if mode == NEAREST else min(known + k, d) + 1)
    picked = np.empty(k, np.int64)
    for u in range(n_users):
        held = start = 0
        for r in history[u]:
            if r >= 0:
                held += put_on(work, vectors[r], scale[r], held, mode)
        count = np.sum(items[u] >= 0)
        for i in range(count):
            work.fixed[i], work.bound[i] = (1 - delta) * relevance[u, i], 0.0
        rows = held
        forget(work, count, delta, mode, rows)
        for slot in range(min(k, count)):
            place, start = first_best(work, vectors, scale, items[u], count, rows, delta, mode, start)
            out[u, slot], picked[slot], work.bound[place] = place, items[u, place], -np.inf
            if window:
                rows = slide(work, vectors, scale, picked[: slot + 1], held, window, mode)
            else:
                rows += put_on(work, vectors[picked[slot]], scale[picked[slot]], rows, mode)
            if window or (mode == NEAREST and rows == 1):  # bounds that rows had tightened hold no more; or never did
                forget(work, count, delta, mode, rows)
