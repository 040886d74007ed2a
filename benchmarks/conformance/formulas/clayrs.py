"""ClayRS 0.5.1, fairness_metrics.py."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any


def numbers(one: dict[str, Any]) -> dict[str, Callable[[], float]]:
    catalog = {item for _, item in one["train"]}
    count = Counter(item for items in one["lists"] for item in items)

    def gini() -> float:
        ordered = sorted(count.values())
        n = len(ordered)
        return sum((2 * i - n - 1) * x for i, x in enumerate(ordered, start=1)) / (n * sum(ordered))

    return {"CatalogCoverage": lambda: 100 * len(catalog & set(count)) / len(catalog), "GiniIndex": gini}
