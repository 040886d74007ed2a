"""ILS of LensKit 2026, which needs Python 3.12.5; the other numbers of LensKit are run."""

from __future__ import annotations

from collections.abc import Callable
from itertools import combinations
from typing import Any

from benchmarks.conformance.formulas.mfd import cosine_distance


def numbers(one: dict[str, Any]) -> dict[str, Callable[[], float]]:
    def ils() -> float:
        scores = []
        for items in one["lists"]:
            near = [1 - cosine_distance(one["vectors"][i], one["vectors"][j]) for i, j in combinations(items, 2)]
            scores.append(sum(near) / len(near) if near else 1.0)
        return sum(scores) / len(scores)

    return {"ILS": ils}
