"""Base/Evaluation/metrics.py of RecSys2019_DeepLearning_Evaluation."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any


def numbers(one: dict[str, Any]) -> dict[str, Callable[[], float]]:
    lists, n_items, cutoff = one["lists"], one["n_items"], one["k"]
    counter = [0] * n_items
    for items in lists:
        for item in items:
            counter[item] += 1
    shown = [n for n in counter if n]
    total = sum(shown)
    popularity = [0] * n_items
    for _, item in one["train"]:
        popularity[item] += 1

    def gini() -> float:
        size = len({item for _, item in one["train"]})
        ordered = [0] * (size - len(shown)) + sorted(shown)
        return 2 * sum((size + 1 - i) / (size + 1) * n / total for i, n in enumerate(ordered, start=1))

    def novelty() -> float:
        per_user = []
        for items in lists:
            known = [item for item in items if popularity[item]]
            bits = sum(-math.log2(popularity[item] / len(one["train"])) for item in known)
            per_user.append(bits / n_items)
        return sum(per_user) / len(per_user)

    def mean_inter_list() -> float:
        squares = sum(n * n for n in counter)
        users = len(lists)
        return 1 - (squares - users * cutoff) / (cutoff * users * (users - 1))

    def similarity() -> float:
        def cosine(i: int, j: int) -> float:
            a, b = one["vectors"][i], one["vectors"][j]
            dot = sum(x * y for x, y in zip(a, b, strict=True))
            return dot / math.sqrt(sum(x * x for x in a) * sum(y * y for y in b))

        scores = []
        for items in lists:
            n = len(items)
            rows = [sum(1 - cosine(items[a], items[b]) for b in range(a + 1, n)) for a in range(n)]
            scores.append(sum(rows) / (n * (n - 1) / 2) * (n - 1) / n if n > 1 else math.nan)
        defined = [score for score in scores if not math.isnan(score)]
        return sum(defined) / len(defined)

    return {
        "Coverage": lambda: len(shown) / n_items,
        "Shannon_Entropy": lambda: -sum(n / total * math.log2(n / total) for n in shown),
        "Gini_Diversity": gini,
        "Diversity_Herfindahl": lambda: 1 - sum((n / total) ** 2 for n in shown),
        "Novelty": novelty,
        "Diversity_MeanInterList": mean_inter_list,
        "Diversity_Similarity": similarity,
    }
