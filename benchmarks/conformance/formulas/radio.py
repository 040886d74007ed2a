"""RADio, dart/metrics/*.py and dart/external/kl_divergence.py, with its rank discount."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from benchmarks.conformance.inputs import minority, sentiment

One = dict[str, Any]
Distribution = dict[Any, float]


def numbers(one: One) -> dict[str, Callable[[], float]]:
    return {
        "calibration KL": lambda: calibration(one, 0),
        "calibration JSD": lambda: calibration(one, 1),
        "representation JSD": lambda: from_pool(one, parties),
        "alternative voices JSD": lambda: from_pool(one, mainstream),
        "activation JSD": lambda: from_pool(one, affect),
    }


def calibration(one: One, which: int) -> float:
    scores = []
    for user, items in zip(one["users"], one["lists"], strict=True):
        past = topics(one, [item for who, item in one["train"] if who == user])
        scores.append(compute_kl_divergence(past, topics(one, items))[which])
    return sum(scores) / len(scores)


def from_pool(one: One, compute_distr: Callable[[One, list[int], bool], Distribution]) -> float:
    pool = compute_distr(one, list(range(one["n_items"])), False)
    lists = [compute_distr(one, items, True) for items in one["lists"]]
    scores = [compute_kl_divergence(pool, recommended)[1] for recommended in lists if any(recommended.values())]
    return sum(scores) / len(scores)


def compute_kl_divergence(s: Distribution, q: Distribution) -> tuple[float, float]:
    keys = sorted({*s, *q})
    ss = [0.999 * s.get(key, 0.0) + 0.001 * q.get(key, 0.0) for key in keys]
    qq = [0.999 * q.get(key, 0.0) + 0.001 * s.get(key, 0.0) for key in keys]
    m = [0.5 * (a + b) for a, b in zip(ss, qq, strict=True)]
    return entropy(ss, qq), math.sqrt(abs(0.5 * (entropy(ss, m) + entropy(qq, m))))


def entropy(p: list[float], q: list[float]) -> float:
    """SciPy's, base 2: both are scaled to sum 1 first."""
    return sum(a / sum(p) * math.log2((a / sum(p)) / (b / sum(q))) for a, b in zip(p, q, strict=True) if a > 0)


def harmonic_number(n: int) -> float:
    return sum(1 / rank for rank in range(1, n + 1))


def topics(one: One, items: list[int]) -> Distribution:
    distr: Distribution = {}
    for count, item in enumerate(items, start=1):
        category = one["labels"][item][0] if one["labels"][item] else ""
        distr[category] = distr.get(category, 0.0) + 1 * 1 / count / harmonic_number(len(items))
    return distr


def parties(one: One, items: list[int], adjusted: bool) -> Distribution:
    distr: Distribution = {}
    for rank, item in enumerate(items, start=1):
        for party in one["labels"][item]:
            mentions = 1 / len(one["labels"][item])
            discount = 1 / rank / harmonic_number(len(items)) if adjusted else 1
            distr[party] = distr.get(party, 0.0) + mentions * discount
    factor = 1.0 / sum(distr.values())
    return {key: value * factor for key, value in distr.items()}


def mainstream(one: One, items: list[int], adjusted: bool) -> Distribution:
    few, many = 0.0, 0.0
    for rank, item in enumerate(items, start=1):
        share = minority(one)[item]
        if share is not None and share > 0 and 1 - share > 0:
            few += share / rank if adjusted else share
            many += (1 - share) / rank if adjusted else 1 - share
    return {0: few / (few + many), 1: many / (few + many)} if few + many else {0: 0, 1: 0}


def affect(one: One, items: list[int], adjusted: bool) -> Distribution:
    every = [abs(value) for value in sentiment(one)]
    width = (max(every) - min(every)) / 5
    binned = [sum(every[item] >= min(every) + width * n for n in range(1, 5)) for item in items]
    if not adjusted:
        return {b: round(binned.count(b) / len(binned), 3) for b in range(5)}
    discount = [1 / rank / harmonic_number(len(items)) for rank in range(1, len(items) + 1)]
    return {b: sum(weight for weight, each in zip(discount, binned, strict=True) if each == b) for b in range(5)}
