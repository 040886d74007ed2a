"""Base/Evaluation/metrics.py of RecSys2019_DeepLearning_Evaluation."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable
from typing import Any


def cosine_distance(a: list[float], b: list[float]) -> float:
    """1 − cosine."""
    dot = sum(x * y for x, y in zip(a, b, strict=True))
    return 1 - dot / math.sqrt(sum(x * x for x in a) * sum(y * y for y in b))


class Evaluator:
    """Recommendation counts and training counts of a catalogue."""

    def __init__(self, one: dict[str, Any]) -> None:
        self.one, self.lists, self.n_items = one, one["lists"], one["n_items"]
        self.counter = [0] * self.n_items
        for item in (item for items in self.lists for item in items):
            self.counter[item] += 1
        self.shown = [n for n in self.counter if n]
        self.total = sum(self.shown)
        self.popularity = Counter(item for _, item in one["train"])

    def entropy(self) -> float:
        return -sum(n / self.total * math.log2(n / self.total) for n in self.shown)

    def herfindahl(self) -> float:
        return 1 - sum((n / self.total) ** 2 for n in self.shown)

    def gini(self) -> float:
        size = len(self.popularity)
        ordered = [0] * (size - len(self.shown)) + sorted(self.shown)
        return 2 * sum((size + 1 - i) / (size + 1) * n / self.total for i, n in enumerate(ordered, start=1))

    def novelty(self) -> float:
        per_user = []
        for items in self.lists:
            known = [self.popularity[item] for item in items if item in self.popularity]
            per_user.append(sum(-math.log2(n / self.popularity.total()) for n in known) / self.n_items)
        return sum(per_user) / len(per_user)

    def mean_inter_list(self) -> float:
        users, cutoff = len(self.lists), self.one["k"]
        return 1 - (sum(n * n for n in self.counter) - users * cutoff) / (cutoff * users * (users - 1))

    def similarity(self) -> float:
        scores = []
        for items in self.lists:
            x, n = [self.one["vectors"][item] for item in items], len(items)
            if n > 1:
                rows = [sum(cosine_distance(x[a], x[b]) for b in range(a + 1, n)) for a in range(n)]
                scores.append(sum(rows) / (n * (n - 1) / 2) * (n - 1) / n)
        return sum(scores) / len(scores)


def numbers(one: dict[str, Any]) -> dict[str, Callable[[], float]]:
    evaluator = Evaluator(one)
    return {
        "Coverage": lambda: len(evaluator.shown) / evaluator.n_items,
        "Shannon_Entropy": evaluator.entropy,
        "Gini_Diversity": evaluator.gini,
        "Diversity_Herfindahl": evaluator.herfindahl,
        "Novelty": evaluator.novelty,
        "Diversity_MeanInterList": evaluator.mean_inter_list,
        "Diversity_Similarity": evaluator.similarity,
    }
