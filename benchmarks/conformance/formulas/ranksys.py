"""RankSys 0.4.3 (Java): metrics without a relevance model where the paper's have none, else binary relevance."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable
from typing import Any

from benchmarks.conformance.formulas.mfd import cosine_distance

ALPHA = 0.5


def disc(rank: int) -> float:
    """Its logarithmic discount, ranks from 0."""
    return 1 / (math.log(rank + 2) / math.log(2))


def mean(values: list[float]) -> float:
    return sum(values) / len(values)


class RankSys:
    """Preference and feature data."""

    def __init__(self, one: dict[str, Any]) -> None:
        self.one, self.lists, self.labels, self.cutoff = one, one["lists"], one["labels"], one["k"]
        relevant = [[item for user, item in one["test"] if user == each] for each in one["users"]]
        self.tested = [(items, wanted) for items, wanted in zip(self.lists, relevant, strict=True) if wanted]
        self.had = {(user, item) for user, item in one["train"]}
        self.users_of: dict[int, int] = defaultdict(int)
        for _, item in sorted(self.had):
            self.users_of[item] += 1
        self.features = sorted({label for each in self.labels for label in each})

    def coverage(self) -> float:
        return float(len({item for items in self.lists for item in items}))

    def gini(self) -> float:
        count: dict[int, int] = defaultdict(int)
        for item in (item for items in self.lists for item in items):
            count[item] += 1
        values = sorted(count.values())
        n, total, value = self.one["n_items"], sum(count.values()), 0.0
        for position, times in enumerate(values):
            j = position + (n - len(values)) + 1
            value += (2 * j - n - 1) * (times / total)
        return 1 - value / (n - 1)

    def _novelty(self, of: Callable[[int], float]) -> float:
        scores = []
        for items, wanted in self.tested:
            nov = norm = 0.0
            for rank, item in enumerate(items[: self.cutoff]):
                nov += disc(rank) * (1.0 if item in wanted else 0.0) * of(item)
                norm += disc(rank)
            scores.append(nov / norm)
        return mean(scores)

    def epc(self) -> float:
        n_users = len({user for user, _ in self.had})
        return self._novelty(lambda item: 1 - self.users_of.get(item, 0) / n_users)

    def efd(self) -> float:
        norm = sum(self.users_of.values())
        most = -math.log2(min(self.users_of.values()) / norm)
        return self._novelty(lambda item: -math.log2(self.users_of[item] / norm) if item in self.users_of else most)

    def srecall(self) -> float:
        found = [{label for item in items for label in self.labels[item]} for items in self.lists]
        return mean([len(each) / len(self.features) for each in found])

    def alpha_ndcg(self) -> float:
        scores = []
        for items, wanted in self.tested:
            redundancy: dict[str, int] = defaultdict(int)
            ndcg = 0.0
            for rank, item in enumerate(items[: self.cutoff]):
                for label in self.labels[item] if item in wanted else ():
                    ndcg += (1 - ALPHA) ** redundancy[label] * disc(rank)
                    redundancy[label] += 1
            scores.append(ndcg / self._ideal(wanted) if ndcg > 0 else ndcg)
        return mean(scores)

    def _ideal(self, wanted: list[int]) -> float:
        redundancy: dict[str, int] = defaultdict(int)
        candidates, rank, ideal = list(dict.fromkeys(wanted)), 0, 0.0
        while rank <= self.cutoff and candidates:  # "<=": one item more than is scored
            gain = {item: sum((1 - ALPHA) ** redundancy[label] for label in self.labels[item]) for item in candidates}
            item = max(candidates, key=gain.__getitem__)
            candidates.remove(item)
            for label in self.labels[item]:
                redundancy[label] += 1
            ideal += gain[item] * disc(rank)
            rank += 1
        return ideal

    def erria(self) -> float:
        gain = (2**1 - 1) / 2**1  # of a preference of 1, where 1 is the highest
        scores = []
        for user, items in zip(self.one["users"], self.lists, strict=True):
            wanted = {item for who, item in self.one["test"] if who == user}
            intents: dict[str, float] = defaultdict(float)
            for _, item in sorted(pair for pair in self.had if pair[0] == user):
                for label in self.labels[item]:
                    intents[label] += 1
            norm = sum(intents.values())
            unseen = dict.fromkeys(intents, 1.0)
            score = 0.0
            for rank, item in enumerate(items[: self.cutoff]):
                for label in self.labels[item] if item in wanted else ():
                    if label in intents:
                        score += intents[label] / norm * gain * unseen[label] / (1.0 + rank)
                        unseen[label] *= 1 - gain
            if wanted:
                scores.append(score)
        return mean(scores)

    def eild(self) -> float:
        return mean([self._eild([self.one["vectors"][item] for item in items]) for items in self.lists])

    def _eild(self, x: list[list[float]]) -> float:
        value = norm = 0.0
        for i in range(len(x)):
            inner = inner_norm = 0.0
            for j in range(len(x)):
                if i != j:
                    weight = disc(max(0, j - i - 1))
                    inner += weight * cosine_distance(x[i], x[j])
                    inner_norm += weight
            if inner_norm > 0:
                value += disc(i) * inner / inner_norm
            norm += disc(i)
        return value / norm

    def _share(self) -> dict[str, float]:
        share = {}
        for feature in self.features:
            holders = [item for item, held in enumerate(self.labels) if feature in held]
            share[feature] = sum(self.users_of.get(item, 0) for item in holders) / len(self.had)
        return share

    def cpr(self) -> float:
        share = self._share()
        return mean([self._cpr(items, share) for items in self.lists])

    def binomial(self) -> float:
        share = self._share()
        return mean([self._binomial(items, share) for items in self.lists])

    def _binomial(self, items: list[int], share: dict[str, float]) -> float:
        n = len(items)
        held = [label for item in items for label in self.labels[item]]
        coverage = redundancy = 1.0
        for label in self.features:
            p, times = share[label], held.count(label)
            pmf = [math.factorial(n) / math.factorial(s) / math.factorial(n - s) * p**s * (1 - p) ** (n - s)
                   for s in range(n + 1)]  # fmt: skip
            if times:
                redundancy *= 1 - sum(pmf[1:times]) / (1 - pmf[0])
            else:
                coverage *= pmf[0]
        return coverage ** (1 / len(self.features)) * redundancy ** (1 / len(set(held))) if held else 0.0

    def _cpr(self, items: list[int], share: dict[str, float]) -> float:
        count: dict[str, int] = defaultdict(int)
        value = 0.0
        for rank, item in enumerate(items):
            for label in self.labels[item]:
                count[label] += 1
            short = ideal = 0.0
            for label in self.features:
                v = share[label] * (rank + 1)
                if v >= count[label]:
                    short += (v - count[label]) ** 2
                ideal += v * v
            value += 1 - short / ideal
        return value / len(items)


def numbers(one: dict[str, Any]) -> dict[str, Callable[[], float]]:
    ranksys = RankSys(one)
    return {
        "AggregateDiversityMetric": ranksys.coverage,
        "GiniIndex": ranksys.gini,
        "EPC": ranksys.epc,
        "EFD": ranksys.efd,
        "SRecall": ranksys.srecall,
        "AlphaNDCG": ranksys.alpha_ndcg,
        "ERRIA": ranksys.erria,
        "EILD": ranksys.eild,
        "CPR": ranksys.cpr,
        "BinomialDiversity": ranksys.binomial,
    }
