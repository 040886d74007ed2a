"""rsdiv, diversity_metrics.py."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable
from typing import Any


def numbers(one: dict[str, Any]) -> dict[str, Callable[[], float]]:
    count = sorted(Counter(item for items in one["lists"] for item in items).values())
    total, n = sum(count), len(count)

    def gini() -> float:
        area = 0.0  # under the Lorenz curve, by trapezoids
        reached = 0.0
        for x in count:
            area += (reached + reached + x / total) / 2 / n
            reached += x / total
        return 1 - 2 * area

    def effective() -> float:
        share = [x / total for x in reversed(count)]
        return 2 * sum(p * rank for rank, p in enumerate(share, start=1)) - 1

    return {
        "shannon_index": lambda: -sum(x / total * math.log(x / total) for x in count),
        "gini_coefficient": gini,
        "effective_catalog_size": effective,
    }
