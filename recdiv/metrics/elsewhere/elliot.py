"""Elliot 0.3, from its source (it is on no package index): evenness for inequality, counts for shares."""

from __future__ import annotations

import math

from torch import Tensor

from recdiv.metrics._counts import positive_counts
from recdiv.metrics._registry import prints
from recdiv.metrics.elsewhere import _lists as walk
from recdiv.metrics.gini import gini_of
from recdiv.tables import Catalog, Interactions, Recommendations

HEAD = 0.8  # of the interactions belong to the head


def discounted_novelty(recs: Recommendations, test: Interactions, novelty: dict[int, float], unseen: float) -> Tensor:
    """Mean over slots of discount × relevance × novelty, divided by the sum of the discounts."""

    def score(shown: list[int], relevant: list[int]) -> float:
        if not shown:
            return math.nan
        discount = [1 / math.log2(slot + 2) for slot in range(len(shown))]
        gain = [(item in relevant) * novelty.get(item, unseen) for item in shown]
        return sum(d * g for d, g in zip(discount, gain, strict=True)) / sum(discount)

    return walk.accuracy(recs, test, score)


def popularity_complement(train: Interactions) -> dict[int, float]:
    """1 − share of users who had an item."""
    return {item: 1 - n / train.n_users for item, n in walk.users_of(train).items()}


def free_discovery(train: Interactions) -> dict[int, float]:
    """−log₂ of each item's share of users × items."""
    users = walk.users_of(train)
    return {item: -math.log2(n / sum(users.values())) for item, n in users.items()}


@prints("elliot", "item_coverage", "ItemCoverage", "a count")
def _coverage(recs: Recommendations) -> float:
    return float(len(positive_counts(recs)))


@prints("elliot", "entropy", "SEntropy", "bits, averaged list by list: no entropy unless lists are equally long")
def _entropy(recs: Recommendations) -> Tensor:
    count = walk.shown_counts(recs)
    total = sum(count.values())
    known = [[item for item in shown if item >= 0] for shown in walk.lists(recs)]
    return walk.per_list([walk.mean([-math.log2(count[item] / total) for item in shown]) for shown in known])


@prints("elliot", "gini", "Gini", "evenness: 1 − G·I/(I − 1); above 1 where more is shown than was trained on")
def _gini(recs: Recommendations, *, n_items: int, train: Interactions | None = None) -> float:
    size = walk.catalogue_size(n_items, train)
    return 1 - gini_of(positive_counts(recs), size) * size / (size - 1) if size > 1 else math.nan


@prints("elliot", "average_popularity", "ARP", "counts users, not interactions; an unseen item raises")
def _popularity(recs: Recommendations, *, train: Interactions) -> Tensor:
    count = walk.users_of(train)
    return walk.per_list([walk.mean([count[item] for item in shown]) for shown in walk.lists(recs)])


@prints("elliot", "tail_share", "APLT", "mean over lists; tail: what is not in the head of 80 % of interactions")
def _tail(recs: Recommendations, *, train: Interactions) -> Tensor:
    users = walk.users_of(train)
    left, head = HEAD * sum(users.values()), set[int]()
    for item in sorted(users, key=lambda item: (-users[item], item)):
        if left > 0:
            head.add(item)
        left -= users[item]
    tail = set(users) - head
    return walk.per_list([len(set(shown) & tail) / len(shown) if shown else math.nan for shown in walk.lists(recs)])


@prints("elliot", "epc", "EPC", "only hits count")
def _epc(recs: Recommendations, *, train: Interactions, test: Interactions) -> Tensor:
    return discounted_novelty(recs, test, popularity_complement(train), 1.0)


@prints("elliot", "efd", "EFD", "only hits count; an unseen item is as new as the rarest seen one")
def _efd(recs: Recommendations, *, train: Interactions, test: Interactions) -> Tensor:
    novelty = free_discovery(train)
    return discounted_novelty(recs, test, novelty, max(novelty.values(), default=math.nan))


@prints("elliot", "subtopic_recall", "SRecall", "only hits count; divides by all labels of the catalogue")
def _subtopics(recs: Recommendations, *, catalog: Catalog, test: Interactions) -> Tensor:
    labels = catalog.categories
    total = len({label for held in labels for label in held})

    def score(shown: list[int], relevant: list[int]) -> float:
        return len({label for item in shown if item in relevant for label in labels[item]}) / total if total else 0.0

    return walk.accuracy(recs, test, score)


@prints("elliot", "map", "MAP", "mean over all ranks of the precision up to them, hit or not")
def _map(recs: Recommendations, *, test: Interactions) -> Tensor:
    def score(shown: list[int], relevant: list[int]) -> float:
        hit = walk.hits(shown, relevant)
        return walk.mean([sum(hit[: rank + 1]) / (rank + 1) for rank in range(recs.k)])

    return walk.accuracy(recs, test, score)
