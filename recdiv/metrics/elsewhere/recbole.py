"""RecBole 1.2: equally long lists, users with test items only, and a catalogue that counts the padding item."""

from __future__ import annotations

import math

from torch import Tensor

from recdiv.metrics._counts import positive_counts
from recdiv.metrics._registry import prints
from recdiv.metrics.elsewhere import _lists as walk
from recdiv.metrics.entropy import entropy_of
from recdiv.metrics.gini import gini_of
from recdiv.tables import Interactions, Recommendations

TAIL = 0.1  # of the items that were interacted with


@prints("recbole", "item_coverage", "ItemCoverage", "divides by I + 1: the padding item counts")
def _coverage(recs: Recommendations, *, n_items: int, train: Interactions | None = None) -> float:
    return len(positive_counts(recs)) / (walk.catalogue_size(n_items, train) + 1)


@prints("recbole", "entropy", "ShannonEntropy", "divided by the number of different items: falls as variety rises")
def _entropy(recs: Recommendations) -> float:
    counts = positive_counts(recs)
    return entropy_of(counts) / len(counts) if len(counts) else math.nan


@prints("recbole", "gini", "GiniIndex", "the padding item counts: perfectly even lists score 1 / (I + 1)")
def _gini(recs: Recommendations, *, n_items: int, train: Interactions | None = None) -> float:
    return gini_of(positive_counts(recs), walk.catalogue_size(n_items, train) + 1)


@prints("recbole", "average_popularity", "AveragePopularity", "as here")
def _popularity(recs: Recommendations, *, train: Interactions) -> Tensor:
    count = walk.interactions(train)
    return walk.per_list([walk.mean([count[item] for item in shown]) for shown in walk.lists(recs)])


@prints("recbole", "tail_share", "TailPercentage", "the rarest tenth of the items seen in training: others are no tail")
def _tail(recs: Recommendations, *, train: Interactions) -> Tensor:
    count = walk.interactions(train)
    rarest = sorted(count, key=lambda item: (count[item], item))
    tail = set(rarest[: max(int(len(rarest) * TAIL), 1)])
    return walk.per_list([walk.mean([item in tail for item in shown]) for shown in walk.lists(recs)])


@prints("recbole", "ndcg", "NDCG", "as here")
def _ndcg(recs: Recommendations, *, test: Interactions) -> Tensor:
    def score(shown: list[int], relevant: list[int]) -> float:
        best = walk.discounted([True] * min(len(relevant), recs.k))
        return walk.discounted(walk.hits(shown, relevant)) / best

    return walk.accuracy(recs, test, score)


@prints("recbole", "recall", "Recall", "as here")
def _recall(recs: Recommendations, *, test: Interactions) -> Tensor:
    return walk.accuracy(recs, test, lambda shown, relevant: sum(walk.hits(shown, relevant)) / len(relevant))


@prints("recbole", "precision", "Precision", "divides by the cut-off")
def _precision(recs: Recommendations, *, test: Interactions) -> Tensor:
    return walk.accuracy(recs, test, lambda shown, relevant: sum(walk.hits(shown, relevant)) / recs.k)


@prints("recbole", "mrr", "MRR", "as here")
def _mrr(recs: Recommendations, *, test: Interactions) -> Tensor:
    return walk.accuracy(recs, test, lambda shown, relevant: walk.reciprocal_rank(walk.hits(shown, relevant)))


@prints("recbole", "map", "MAP", "divides by the smaller of the cut-off and the number of test items")
def _map(recs: Recommendations, *, test: Interactions) -> Tensor:
    def score(shown: list[int], relevant: list[int]) -> float:
        return walk.average_precision(walk.hits(shown, relevant)) / min(len(relevant), recs.k)

    return walk.accuracy(recs, test, score)


@prints("recbole", "hit_rate", "Hit", "as here")
def _hit(recs: Recommendations, *, test: Interactions) -> Tensor:
    return walk.accuracy(recs, test, lambda shown, relevant: float(any(walk.hits(shown, relevant))))
