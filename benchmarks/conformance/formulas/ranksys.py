"""RankSys 0.4.3 (Java): metrics without a relevance model where the paper's have none, else binary relevance."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable
from typing import Any

ALPHA = 0.5


def disc(rank: int) -> float:
    return 1 / (math.log(rank + 2) / math.log(2))


def numbers(one: dict[str, Any]) -> dict[str, Callable[[], float]]:
    lists, labels, cutoff = one["lists"], one["labels"], one["k"]
    relevant = [[item for user, item in one["test"] if user == each] for each in one["users"]]
    had = {(user, item) for user, item in one["train"]}
    users_of: dict[int, int] = defaultdict(int)
    for _, item in sorted(had):
        users_of[item] += 1
    features = sorted({label for each in labels for label in each})
    tested = [(items, wanted) for items, wanted in zip(lists, relevant, strict=True) if wanted]

    def mean(values: list[float]) -> float:
        return sum(values) / len(values)

    def coverage() -> float:
        return float(len({item for items in lists for item in items}))

    def gini() -> float:
        count: dict[int, int] = defaultdict(int)
        for items in lists:
            for item in items:
                count[item] += 1
        values = sorted(count.values())
        n, total, value = one["n_items"], sum(count.values()), 0.0
        for position, times in enumerate(values):
            j = position + (n - len(values)) + 1
            value += (2 * j - n - 1) * (times / total)
        return 1 - value / (n - 1)

    def novelty(of: Callable[[int], float]) -> float:
        scores = []
        for items, wanted in tested:
            nov = norm = 0.0
            for rank, item in enumerate(items[:cutoff]):
                nov += disc(rank) * (1.0 if item in wanted else 0.0) * of(item)
                norm += disc(rank)
            scores.append(nov / norm)
        return mean(scores)

    def epc() -> float:
        n_users = len({user for user, _ in had})
        return novelty(lambda item: 1 - users_of.get(item, 0) / n_users)

    def efd() -> float:
        norm = sum(users_of.values())
        most = -math.log2(min(users_of.values()) / norm)
        return novelty(lambda item: -math.log2(users_of[item] / norm) if item in users_of else most)

    def srecall() -> float:
        return mean([len({label for item in items for label in labels[item]}) / len(features) for items in lists])

    def alpha_ndcg() -> float:
        scores = []
        for items, wanted in tested:
            redundancy: dict[str, int] = defaultdict(int)
            ndcg = 0.0
            for rank, item in enumerate(items[:cutoff]):
                if item in wanted:
                    for label in labels[item]:
                        ndcg += (1 - ALPHA) ** redundancy[label] * disc(rank)
                        redundancy[label] += 1
            scores.append(ndcg / best(wanted) if ndcg > 0 else ndcg)
        return mean(scores)

    def best(wanted: list[int]) -> float:
        redundancy: dict[str, int] = defaultdict(int)
        candidates, rank, ideal = list(dict.fromkeys(wanted)), 0, 0.0
        while rank <= cutoff and candidates:  # "<=": one item more than is scored
            gain = {item: sum((1 - ALPHA) ** redundancy[label] for label in labels[item]) for item in candidates}
            item = max(candidates, key=gain.__getitem__)
            candidates.remove(item)
            for label in labels[item]:
                redundancy[label] += 1
            ideal += gain[item] * disc(rank)
            rank += 1
        return ideal

    def eild() -> float:
        def dist(i: int, j: int) -> float:
            a, b = one["vectors"][i], one["vectors"][j]
            dot = sum(x * y for x, y in zip(a, b, strict=True))
            return 1 - dot / math.sqrt(sum(x * x for x in a) * sum(y * y for y in b))

        scores = []
        for items in lists:
            value = norm = 0.0
            for i, first in enumerate(items):
                inner = inner_norm = 0.0
                for j, second in enumerate(items):
                    if i != j:
                        weight = disc(max(0, j - i - 1))
                        inner += weight * dist(first, second)
                        inner_norm += weight
                if inner_norm > 0:
                    value += disc(i) * inner / inner_norm
                norm += disc(i)
            scores.append(value / norm)
        return mean(scores)

    def cpr() -> float:
        share = {f: sum(users_of.get(i, 0) for i, held in enumerate(labels) if f in held) / len(had) for f in features}
        scores = []
        for items in lists:
            count: dict[str, int] = defaultdict(int)
            value = 0.0
            for rank, item in enumerate(items):
                for label in labels[item]:
                    count[label] += 1
                short = ideal = 0.0
                for label in features:
                    v = share[label] * (rank + 1)
                    if v >= count[label]:
                        short += (v - count[label]) ** 2
                    ideal += v * v
                value += 1 - short / ideal
            scores.append(value / len(items))
        return mean(scores)

    return {
        "AggregateDiversityMetric": coverage,
        "GiniIndex": gini,
        "EPC": epc,
        "EFD": efd,
        "SRecall": srecall,
        "AlphaNDCG": alpha_ndcg,
        "EILD": eild,
        "CPR": cpr,
    }
