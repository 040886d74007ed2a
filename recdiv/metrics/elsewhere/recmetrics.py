"""recmetrics 0.1.5: percentages, similarities, and a single list without a value makes the whole system's NaN."""

from __future__ import annotations

import math

from torch import Tensor

from recdiv.kernels import Kernel
from recdiv.metrics._counts import positive_counts
from recdiv.metrics._registry import Result, prints
from recdiv.metrics.elsewhere import _lists as walk
from recdiv.metrics.ild import similarities
from recdiv.tables import Interactions, Recommendations


def log_rarity(recs: Recommendations, train: Interactions, tiny: float = 0.0) -> Tensor:
    """Mean −log₂ of interactions over users, divided by the cut-off; an unseen item raises there and is NaN here."""
    count = walk.interactions(train)

    def score(shown: list[int]) -> float:
        if any(item not in count for item in shown):
            return math.nan
        return sum(-math.log2((count[item] + tiny) / train.n_users) for item in shown) / recs.k

    return walk.per_list([score(shown) for shown in walk.lists(recs)])


def personalization(recs: Recommendations) -> float:
    """1 − mean cosine of two lists, each a set of items."""
    sets = [set(shown) for shown in walk.lists(recs)]
    near = [
        len(one & other) / math.sqrt(len(one) * len(other)) if one and other else 0.0
        for n, one in enumerate(sets)
        for other in sets[:n]
    ]
    return 1 - walk.mean(near)


@prints("recmetrics", "item_coverage", "prediction_coverage", "per cent, rounded to two decimals; can exceed 100")
def _coverage(recs: Recommendations, *, n_items: int, train: Interactions | None = None) -> float:
    size = walk.catalogue_size(n_items, train)
    return round(len(positive_counts(recs)) / size * 100, 2) if size else math.nan


@prints(
    "recmetrics", "novelty", "novelty", "bits, of the share of users; divides by the cut-off; an unseen item raises"
)
def _novelty(recs: Recommendations, *, train: Interactions) -> Result:
    return walk.poisoned(log_rarity(recs, train))


@prints("recmetrics", "ild", "intra_list_similarity", "a similarity; one list of one item makes the whole system's NaN")
def _similarity(recs: Recommendations, *, kernel: Kernel) -> Result:
    return walk.poisoned(similarities(recs, kernel))


@prints("recmetrics", "personalization", "personalization", "as here, one pair of lists at a time")
def _personalization(recs: Recommendations) -> float:
    return personalization(recs)


@prints(
    "recmetrics",
    "precision",
    "recommender_precision",
    "each list's rounded to four decimals; a repeat hits again; nothing to hit: 0",
)
def _precision(recs: Recommendations, *, test: Interactions) -> Result:
    def score(shown: list[int], relevant: list[int]) -> float:
        return round(sum(walk.hits(shown, relevant)) / len(shown), 4) if shown else math.nan

    return walk.poisoned(walk.accuracy_of_all(recs, test, score))


@prints(
    "recmetrics",
    "recall",
    "recommender_recall",
    "each list's rounded to four decimals; a repeat hits again; nothing to hit raises",
)
def _recall(recs: Recommendations, *, test: Interactions) -> Result:
    def score(shown: list[int], relevant: list[int]) -> float:
        return round(sum(walk.hits(shown, relevant)) / len(relevant), 4) if relevant else math.nan

    return walk.poisoned(walk.accuracy_of_all(recs, test, score))


@prints("recmetrics", "map", "mark", "called a recall; divides by the number of test items; nothing to hit: 0")
def _mark(recs: Recommendations, *, test: Interactions) -> Result:
    def score(shown: list[int], relevant: list[int]) -> float:
        return walk.average_precision(walk.first_hits(shown, relevant)) / max(len(relevant), 1)

    return walk.poisoned(walk.accuracy_of_all(recs, test, score))
