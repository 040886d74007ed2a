"""RankSys 0.4 (Java), from its source: rank and relevance in diversity, and an ideal list one item too long."""

from __future__ import annotations

import math
from collections import Counter

from torch import Tensor

from recdiv.kernels import Kernel
from recdiv.metrics._counts import positive_counts
from recdiv.metrics._registry import prints
from recdiv.metrics.elsewhere import _lists as walk
from recdiv.metrics.elsewhere.elliot import discounted_novelty, free_discovery, popularity_complement
from recdiv.metrics.gini import gini_of
from recdiv.tables import Catalog, Interactions, Recommendations

Labels = list[tuple[str, ...]]


@prints("ranksys", "item_coverage", "AggregateDiversityMetric", "a count")
def _coverage(recs: Recommendations) -> float:
    return float(len(positive_counts(recs)))


@prints("ranksys", "gini", "GiniIndex", "evenness: 1 − G·I/(I − 1)")
def _gini(recs: Recommendations, *, n_items: int) -> float:
    return 1 - gini_of(positive_counts(recs), n_items) * n_items / (n_items - 1) if n_items > 1 else math.nan


@prints("ranksys", "epc", "EPC", "only hits count")
def _epc(recs: Recommendations, *, train: Interactions, test: Interactions) -> Tensor:
    return discounted_novelty(recs, test, popularity_complement(train), 1.0)


@prints("ranksys", "efd", "EFD", "only hits count; an unseen item is as new as the rarest seen one")
def _efd(recs: Recommendations, *, train: Interactions, test: Interactions) -> Tensor:
    novelty = free_discovery(train)
    return discounted_novelty(recs, test, novelty, max(novelty.values(), default=math.nan))


@prints("ranksys", "subtopic_recall", "SRecall", "every item counts; divides by all labels of the catalogue")
def _subtopics(recs: Recommendations, *, catalog: Catalog) -> Tensor:
    labels = catalog.categories
    total = len({label for held in labels for label in held})
    found = [{label for item in shown if item >= 0 for label in labels[item]} for shown in walk.lists(recs)]
    return walk.per_list([len(one) / total if total else math.nan for one in found])


def gains(shown: list[int], labels: Labels, alpha: float) -> list[float]:
    """Σ over an item's labels of (1 − α)^(times seen above)."""
    seen: Counter[str] = Counter()
    found = []
    for item in shown:
        found.append(sum((1 - alpha) ** seen[label] for label in labels[item]))
        seen.update(labels[item])
    return found


def ideal(relevant: list[int], labels: Labels, alpha: float, length: int) -> float:
    """Discounted gain of the greedy best list of ``length`` relevant items."""
    left, chosen = list(relevant), list[int]()
    while left and len(chosen) < length:
        chosen.append(max(left, key=lambda item: gains([*chosen, item], labels, alpha)[-1]))
        left.remove(chosen[-1])
    return sum(gain / math.log2(slot + 2) for slot, gain in enumerate(gains(chosen, labels, alpha)))


@prints("ranksys", "alpha_ndcg", "AlphaNDCG", "the ideal list is one item longer than the list")
def _alpha_ndcg(recs: Recommendations, *, catalog: Catalog, test: Interactions, alpha: float = 0.5) -> Tensor:
    labels = catalog.categories

    def score(shown: list[int], relevant: list[int]) -> float:
        slots = [(slot, item) for slot, item in enumerate(shown) if item in relevant]
        found = gains([item for _, item in slots], labels, alpha)
        value = sum(gain / math.log2(slot + 2) for (slot, _), gain in zip(slots, found, strict=True))
        return value / ideal(relevant, labels, alpha, recs.k + 1) if value else 0.0

    return walk.accuracy(recs, test, score)


@prints("ranksys", "err_ia", "ERRIA", "as here; whoever has no labelled item in training wants every label alike")
def _err_ia(recs: Recommendations, *, catalog: Catalog, train: Interactions, test: Interactions) -> Tensor:
    labels = catalog.categories
    every = Counter({label for held in labels for label in held})
    interests = [
        Counter(label for item in past for label in labels[item]) or every for past in walk.wanted(recs, train)
    ]
    values = []
    for shown, relevant, interest in zip(walk.lists(recs), walk.wanted(recs, test), interests, strict=True):
        above: Counter[str] = Counter()
        value = 0.0
        for rank, item in enumerate(shown, start=1):
            for label in labels[item] if item in relevant else ():
                value += interest[label] / interest.total() * 0.5 * 0.5 ** above[label] / rank
                above[label] += 1
        values.append(value if relevant else math.nan)
    return walk.per_list(values)


@prints("ranksys", "eild", "EILD", "ranks below an item are discounted by their distance, those above not at all")
def _eild(recs: Recommendations, *, kernel: Kernel) -> Tensor:
    def score(shown: list[int]) -> float:
        near = walk.gram(kernel, shown)
        value = norm = 0.0
        for i in range(len(shown)):
            weight = {j: 1 / math.log2(max(0, j - i - 1) + 2) for j in range(len(shown)) if j != i}
            if weight:
                far = sum(w * (1 - near[i][j]) for j, w in weight.items()) / sum(weight.values())
                value += far / math.log2(i + 2)
            norm += 1 / math.log2(i + 2)
        return value / norm if norm else math.nan

    return walk.per_list([score(shown) for shown in walk.lists(recs)])


def label_shares(train: Interactions, labels: Labels) -> dict[str, float]:
    """Share of the training interactions whose item bears each label."""
    count = Counter(label for item in train.item.tolist() for label in labels[item])
    return {label: count[label] / len(train) for label in dict.fromkeys(each for held in labels for each in held)}


@prints("ranksys", "proportionality", "CPR", "labels by their share of interactions; shares may sum to more than 1")
def _proportionality(recs: Recommendations, *, catalog: Catalog, train: Interactions) -> Tensor:
    labels = catalog.categories
    share = label_shares(train, labels)

    def score(shown: list[int]) -> float:
        value = 0.0
        for rank in range(1, len(shown) + 1):
            count = Counter(label for item in shown[:rank] if item >= 0 for label in labels[item])
            short = sum(max(p * rank - count[label], 0.0) ** 2 for label, p in share.items())
            value += 1 - short / sum((p * rank) ** 2 for p in share.values())
        return value / len(shown) if shown else math.nan

    return walk.per_list([score(shown) for shown in walk.lists(recs)])


@prints("ranksys", "binomial_diversity", "BinomialDiversity", "as here; a list without a label: 0")
def _binomial(recs: Recommendations, *, catalog: Catalog, train: Interactions) -> Tensor:
    labels = catalog.categories
    share = label_shares(train, labels)
    values = []
    for shown in walk.lists(recs):
        n, count = len(shown), Counter(label for item in shown if item >= 0 for label in labels[item])
        coverage = math.prod((1 - p) ** n for label, p in share.items() if label not in count) ** (1 / len(share))
        patience = math.prod(_patience(count[label], share[label], n) for label in count)
        values.append(coverage * patience ** (1 / len(count)) if count else 0.0)
    return walk.per_list(values)


def _patience(times: int, p: float, n: int) -> float:
    """1 − P(0 < X < times) / P(X > 0), X binomial."""
    none = (1 - p) ** n
    fewer = sum(math.comb(n, s) * p**s * (1 - p) ** (n - s) for s in range(times))
    return 1 - (fewer - none) / (1 - none)
