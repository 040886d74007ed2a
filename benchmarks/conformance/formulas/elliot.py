"""Elliot 0.3.1."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any


def _average(values: dict[int, float]) -> float:
    return sum(values.values()) / len(values)


def _bits(p: float) -> float:
    return -math.log(p) / math.log(2)


class Elliot:
    """What its evaluator holds."""

    def __init__(self, one: dict[str, Any]) -> None:
        self.cutoff, self.labels = one["k"], one["labels"]
        self.recommended: dict[int, list[int]] = dict(zip(one["users"], one["lists"], strict=True))
        self.relevant: dict[int, list[int]] = {}
        for user, item in one["test"]:
            self.relevant.setdefault(user, []).append(item)
        train: dict[int, set[int]] = {}
        for user, item in one["train"]:
            train.setdefault(user, set()).add(item)
        self.n_users = len(train)
        self.popularity = _times(train)
        self.times = _times(self.recommended)
        self.shown = sum(self.times.values())

    def entropy(self) -> float:
        per_user = {}
        for user, items in self.recommended.items():
            bits = [_bits(self.times[item] / self.shown) for item in items[: self.cutoff]]
            per_user[user] = sum(bits) / len(bits)
        return _average(per_user)

    def gini(self) -> float:
        ordered, n_items = sorted(self.times.values()), len(self.popularity)
        value = 0.0
        for j, n in enumerate(ordered, start=n_items - len(ordered) + 1):
            value += (2 * j - n_items - 1) * (n / self.shown)
        return 1 - value / (n_items - 1)

    def arp(self) -> float:
        count = self.popularity
        return _average({user: sum(count[i] for i in items) / len(items) for user, items in self.recommended.items()})

    def aplt(self) -> float:
        by_popularity = sorted(sorted(self.popularity), key=self.popularity.__getitem__, reverse=True)
        short_head: list[int] = []
        limit = sum(self.popularity.values()) * 0.8
        for item in by_popularity:
            short_head.append(item)
            limit -= self.popularity[item]
            if limit <= 0:
                break
        tail = {item for item in by_popularity if item not in short_head}
        return _average({user: len(set(items) & tail) / len(items) for user, items in self.recommended.items()})

    def _discounted(self, novelty: dict[int, float], unseen: float) -> float:
        per_user = {}
        for user, wanted in self.relevant.items():
            if user not in self.recommended:
                continue
            total = norm = 0.0
            for rank, item in enumerate(self.recommended[user][: self.cutoff]):
                weight = math.log(2) / math.log(rank + 2)
                total += (1 if item in wanted else 0) * weight * novelty.get(item, unseen)
                norm += weight
            per_user[user] = total / norm
        return _average(per_user)

    def epc(self) -> float:
        return self._discounted({item: 1 - n / self.n_users for item, n in self.popularity.items()}, 1)

    def efd(self) -> float:
        norm = sum(self.popularity.values())
        most = _bits(min(self.popularity.values()) / norm)
        return self._discounted({item: _bits(n / norm) for item, n in self.popularity.items()}, most)

    def srecall(self) -> float:
        total = len({label for labels in self.labels for label in labels})
        per_user = {}
        for user, items in self.recommended.items():
            if user in self.relevant:
                found = {label for item in items if item in self.relevant[user] for label in self.labels[item]}
                per_user[user] = len(found) / total
        return _average(per_user)

    def mean_average_precision(self) -> float:
        per_user = {}
        for user, items in self.recommended.items():
            if user in self.relevant:
                ranks = range(1, self.cutoff + 1)
                precisions = [sum(1 for item in items[:n] if item in self.relevant[user]) / n for n in ranks]
                per_user[user] = sum(precisions) / self.cutoff
        return _average(per_user)


def _times(items_of: Mapping[int, list[int] | set[int]]) -> dict[int, int]:
    times: dict[int, int] = {}
    for items in items_of.values():
        for item in items:
            times[item] = times.get(item, 0) + 1
    return times


def numbers(one: dict[str, Any]) -> dict[str, Callable[[], float]]:
    elliot = Elliot(one)
    return {
        "ItemCoverage": lambda: float(len(elliot.times)),
        "SEntropy": elliot.entropy,
        "Gini": elliot.gini,
        "ARP": elliot.arp,
        "APLT": elliot.aplt,
        "EPC": elliot.epc,
        "EFD": elliot.efd,
        "SRecall": elliot.srecall,
        "MAP": elliot.mean_average_precision,
    }
