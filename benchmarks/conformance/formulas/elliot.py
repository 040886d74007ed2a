"""Elliot 0.3.1."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any


def _average(values: dict[int, float]) -> float:
    return sum(values.values()) / len(values)


def numbers(one: dict[str, Any]) -> dict[str, Callable[[], float]]:
    recommended = dict(zip(one["users"], one["lists"], strict=True))
    relevant: dict[int, list[int]] = {}
    for user, item in one["test"]:
        relevant.setdefault(user, []).append(item)
    train: dict[int, set[int]] = {}
    for user, item in one["train"]:
        train.setdefault(user, set()).add(item)
    popularity: dict[int, int] = {}
    for items in train.values():
        for item in items:
            popularity[item] = popularity.get(item, 0) + 1
    cutoff, n_items = one["k"], len(popularity)
    times: dict[int, int] = {}
    for items in recommended.values():
        for item in items[:cutoff]:
            times[item] = times.get(item, 0) + 1
    shown = sum(times.values())

    def entropy() -> float:
        per_user = {}
        for user, items in recommended.items():
            bits = [-math.log(times[item] / shown) / math.log(2) for item in items[:cutoff]]
            per_user[user] = sum(bits) / len(bits)
        return _average(per_user)

    def gini() -> float:
        ordered = sorted(times.values())
        value = 0.0
        for j, n in enumerate(ordered, start=n_items - len(ordered) + 1):
            value += (2 * j - n_items - 1) * (n / shown)
        return 1 - value / (n_items - 1)

    def arp() -> float:
        return _average(
            {user: sum(popularity[item] for item in items[:cutoff]) / len(items) for user, items in recommended.items()}
        )

    def discounted(novelty: dict[int, float], unseen: float) -> float:
        per_user = {}
        for user, items in recommended.items():
            if user not in relevant:
                continue
            total = norm = 0.0
            for rank, item in enumerate(items[:cutoff]):
                weight = math.log(2) / math.log(rank + 2)
                total += (1 if item in relevant[user] else 0) * weight * novelty.get(item, unseen)
                norm += weight
            per_user[user] = total / norm
        return _average(per_user)

    def epc() -> float:
        return discounted({item: 1 - n / len(train) for item, n in popularity.items()}, 1)

    def efd() -> float:
        norm = sum(popularity.values())
        most = -math.log(min(popularity.values()) / norm) / math.log(2)
        return discounted({item: -math.log(n / norm) / math.log(2) for item, n in popularity.items()}, most)

    def srecall() -> float:
        total = len({label for labels in one["labels"] for label in labels})
        per_user = {}
        for user, items in recommended.items():
            if user in relevant:
                found = {label for item in items if item in relevant[user] for label in one["labels"][item]}
                per_user[user] = len(found) / total
        return _average(per_user)

    def mean_average_precision() -> float:
        per_user = {}
        for user, items in recommended.items():
            if user in relevant:
                ranks = range(1, cutoff + 1)
                precisions = [sum(1 for item in items[:n] if item in relevant[user]) / n for n in ranks]
                per_user[user] = sum(precisions) / cutoff
        return _average(per_user)

    return {
        "ItemCoverage": lambda: float(len(times)),
        "SEntropy": entropy,
        "Gini": gini,
        "ARP": arp,
        "EPC": epc,
        "EFD": efd,
        "SRecall": srecall,
        "MAP": mean_average_precision,
    }
