"""Informfully, cornac/metrics/diversity.py."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any


def numbers(one: dict[str, Any]) -> dict[str, Callable[[], float]]:
    def distance(i: int, j: int) -> float:
        a, b = one["vectors"][i], one["vectors"][j]
        dot = sum(x * y for x, y in zip(a, b, strict=True))
        return 1 - dot / math.sqrt(sum(x * x for x in a) * sum(y * y for y in b))

    def ild() -> float:
        scores = []
        for items in one["lists"]:
            apart = [distance(items[a], items[b]) for a in range(len(items)) for b in range(a + 1, len(items))]
            scores.append(sum(apart) / len(apart) if apart else 0.0)
        return sum(scores) / len(scores)

    return {"ILD": ild}
