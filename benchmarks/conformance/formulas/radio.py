"""RADio, dart/metrics/calibration.py and dart/external/kl_divergence.py, with its rank discount."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any


def numbers(one: dict[str, Any]) -> dict[str, Callable[[], float]]:
    def distribution(items: list[int]) -> dict[str, float]:
        harmonic = sum(1 / n for n in range(1, len(items) + 1))
        distr: dict[str, float] = {}
        for count, item in enumerate(items, start=1):
            category = one["labels"][item][0] if one["labels"][item] else ""
            distr[category] = distr.get(category, 0.0) + 1 * 1 / count / harmonic
        return distr

    def entropy(p: list[float], q: list[float]) -> float:  # scipy's, base 2: both are scaled to sum 1 first
        return sum(a / sum(p) * math.log2((a / sum(p)) / (b / sum(q))) for a, b in zip(p, q, strict=True) if a > 0)

    def divergences(which: int) -> float:
        scores = []
        for user, items in zip(one["users"], one["lists"], strict=True):
            s = distribution([item for who, item in one["train"] if who == user])
            q = distribution(items)
            keys = sorted({*s, *q})
            ss = [0.999 * s.get(key, 0.0) + 0.001 * q.get(key, 0.0) for key in keys]
            qq = [0.999 * q.get(key, 0.0) + 0.001 * s.get(key, 0.0) for key in keys]
            m = [0.5 * (a + b) for a, b in zip(ss, qq, strict=True)]
            scores.append((entropy(ss, qq), math.sqrt(abs(0.5 * (entropy(ss, m) + entropy(qq, m)))))[which])
        return sum(scores) / len(scores)

    return {"calibration KL": lambda: divergences(0), "calibration JSD": lambda: divergences(1)}
