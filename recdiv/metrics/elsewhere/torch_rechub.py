"""Torch-RecHub 0.9: everything rounded to four decimals; users without test items count as failures."""

from __future__ import annotations

import math
from collections.abc import Callable

from torch import Tensor

from recdiv.kernels import Kernel
from recdiv.metrics._counts import positive_counts
from recdiv.metrics._registry import Result, per_list_result, prints
from recdiv.metrics.elsewhere import _lists as walk
from recdiv.metrics.ild import similarities
from recdiv.tables import Interactions, Recommendations

DIGITS = 4
UNSEEN = 1e-10  # its popularity: 33.2 bits


def _rounded(values: Tensor, nothing: float = math.nan) -> Result:
    result = per_list_result(values)
    value = round(result.value, DIGITS) if result.n else nothing
    return Result(value, result.per_list, result.n, result.n_undefined)


def _over_lists(recs: Recommendations, test: Interactions, score: Callable[[list[int], list[int]], float]) -> Result:
    result = walk.mean_over(walk.accuracy(recs, test, score), recs.n_lists)
    return Result(round(result.value, DIGITS), result.per_list, result.n, result.n_undefined)


@prints("torch-rechub", "item_coverage", "coverage_score", "rounded to four decimals")
def _coverage(recs: Recommendations, *, n_items: int) -> float:
    return round(len(positive_counts(recs)) / n_items, DIGITS) if n_items else math.nan


@prints("torch-rechub", "ild", "diversity_score", "rounded; where no list has two items it prints 0")
def _diversity(recs: Recommendations, *, kernel: Kernel) -> Result:
    return _rounded(1 - similarities(recs, kernel), nothing=0.0)


@prints("torch-rechub", "novelty", "novelty_score", "bits, rounded; an item unseen in training counts 33.2 bits")
def _novelty(recs: Recommendations, *, train: Interactions) -> Result:
    count = walk.interactions(train)

    def score(shown: list[int]) -> float:
        return walk.mean([-math.log2(max(count[item] / len(train), UNSEEN)) for item in shown])

    return _rounded(walk.per_list([score(shown) for shown in walk.lists(recs)]), nothing=0.0)


@prints("torch-rechub", "ndcg", "NDCG", "rounded; a user without test items scores 0")
def _ndcg(recs: Recommendations, *, test: Interactions) -> Result:
    def score(shown: list[int], relevant: list[int]) -> float:
        best = walk.discounted([True] * min(len(relevant), recs.k))
        return walk.discounted(walk.hits(shown, relevant)) / best

    return _over_lists(recs, test, score)


@prints("torch-rechub", "mrr", "MRR", "rounded; a user without test items scores 0")
def _mrr(recs: Recommendations, *, test: Interactions) -> Result:
    return _over_lists(recs, test, lambda shown, relevant: walk.reciprocal_rank(walk.hits(shown, relevant)))


@prints("torch-rechub", "recall", "Recall", "rounded; a user without test items scores 0")
def _recall(recs: Recommendations, *, test: Interactions) -> Result:
    return _over_lists(recs, test, lambda shown, relevant: sum(walk.hits(shown, relevant)) / len(relevant))


@prints("torch-rechub", "precision", "Precision", "rounded; a user without test items scores 0")
def _precision(recs: Recommendations, *, test: Interactions) -> Result:
    return _over_lists(recs, test, lambda shown, relevant: sum(walk.hits(shown, relevant)) / recs.k)


@prints("torch-rechub", "hit_rate", "Hit", "hits of all users ÷ test items of all users: a recall")
def _hit(recs: Recommendations, *, test: Interactions) -> float:
    pairs = list(zip(walk.lists(recs), walk.wanted(recs, test), strict=True))
    total = sum(len(relevant) for _, relevant in pairs)
    found = sum(sum(walk.hits(shown, relevant)) for shown, relevant in pairs)
    return round(found / total, DIGITS) if total else math.nan
