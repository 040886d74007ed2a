"""Slow answers of what lists show beside what there is to be shown, written from the definitions."""

from __future__ import annotations

import math
from collections import Counter


def reciprocal(rank):
    return 1 / rank


def shares(items, parts, discount):
    """What some items are of, by rank; ``parts`` of an item are (thing, part) pairs, none where nothing is known."""
    found = Counter()
    for rank, item in enumerate(items, start=1):
        for thing, part in parts[item] if item >= 0 else ():
            found[thing] += part * discount(rank)
    whole = sum(found.values())
    return {thing: value / whole for thing, value in found.items()} if whole else None


def divergence(p, q):
    if p is None or q is None:
        return None
    total = 0.0
    for thing in {*p, *q}:
        a, b = p.get(thing, 0.0), q.get(thing, 0.0)
        for one in (a, b):
            if one:
                total += one / 2 * math.log(one / ((a + b) / 2))
    return total


def from_pool(items, parts, discount, even=False):
    pool = shares(range(len(parts)), parts, lambda rank: 1)
    if even:
        pool = dict.fromkeys(pool, 1 / len(pool))
    return divergence(pool, shares(items, parts, discount))


def representation(items, labels, discount=reciprocal, even=False):
    parts = [[(label, 1 / len(held)) for label in held] for held in labels]
    return from_pool(items, parts, discount, even)


def alternative_voices(items, minority, discount=reciprocal):
    return from_pool(items, [[] if m is None else [("few", m), ("many", 1 - m)] for m in minority], discount)


def activation(items, sentiment, bins=5, discount=reciprocal):
    known = [abs(s) for s in sentiment if s is not None]
    low, width = min(known), (max(known) - min(known)) / bins
    parts = [
        [] if s is None else [(min(bins - 1, int((abs(s) - low) / width)) if width else 0, 1.0)] for s in sentiment
    ]
    return from_pool(items, parts, discount)


def calibration(items, history, labels, discount=reciprocal, by_kl=False):
    """What the history is of, every item weighing the same, and what the list shows by rank."""
    parts = [[(label, 1 / len(held)) for label in held] for held in labels]
    p, q = shares(history, parts, lambda rank: 1), shares(items, parts, discount)
    if not by_kl or p is None or q is None:
        return divergence(p, q)
    return sum(a * math.log(a / (0.99 * q.get(label, 0) + 0.01 * a)) for label, a in p.items())
