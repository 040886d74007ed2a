"""Informfully, cornac/metrics/diversity.py."""

from __future__ import annotations

from collections.abc import Callable
from itertools import combinations
from typing import Any

from benchmarks.conformance.formulas.mfd import cosine_distance


def numbers(one: dict[str, Any]) -> dict[str, Callable[[], float]]:
    def ild() -> float:
        scores = []
        for items in one["lists"]:
            apart = [cosine_distance(one["vectors"][i], one["vectors"][j]) for i, j in combinations(items, 2)]
            scores.append(sum(apart) / len(apart) if apart else 0.0)
        return sum(scores) / len(scores)

    return {"ILD": ild}
