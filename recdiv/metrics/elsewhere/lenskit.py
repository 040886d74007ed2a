"""LensKit 2025.8, as its run analysis sums up: a list without a value counts as 0.

Rank discounts leave the first two ranks alone; recall is bounded by the cut-off. Mean list similarity is of 2026.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch import Tensor

from recdiv.kernels import Kernel
from recdiv.metrics._counts import counts_state
from recdiv.metrics._registry import Result, prints
from recdiv.metrics.elsewhere import _lists as walk
from recdiv.metrics.gini import gini_of
from recdiv.metrics.ild import similarities
from recdiv.tables import Catalog, Interactions, Recommendations

PATIENCE = 0.85
SMOOTHING = 1e-6  # added to every category


@prints("lenskit", "gini", "ListGini", "as here")
def _gini(recs: Recommendations, *, n_items: int) -> float:
    return gini_of(counts_state(recs, n_items=n_items)["counts"], n_items)


@prints("lenskit-exposure", "gini", "ExposureGini", "a slot at rank r counts 0.85^(r−1)")
def _exposure_gini(recs: Recommendations, *, n_items: int) -> float:
    weight = PATIENCE ** torch.arange(recs.k, dtype=torch.float64).expand(recs.items.shape)
    valid = recs.valid
    exposure = torch.zeros(n_items, dtype=torch.float64).index_add_(0, recs.items[valid].cpu(), weight[valid.cpu()])
    return gini_of(exposure, n_items)


@prints("lenskit", "category_entropy", "entropy", "bits; 1e-6 is added to every category, so one category is not 0")
def _category_entropy(recs: Recommendations, *, catalog: Catalog) -> Tensor:
    matrix, names = catalog.category_matrix()

    def score(shown: list[int]) -> float:
        if not shown or not names:
            return math.nan
        mass = matrix[[item for item in shown if item >= 0]].double().sum(0) + SMOOTHING
        share = mass / mass.sum()
        return float(-(share * share.log2()).sum())

    return walk.per_list([score(shown) for shown in walk.lists(recs)])


@prints("lenskit", "ild", "ILS", "a similarity; one item is fully similar to itself")
def _similarity(recs: Recommendations, *, kernel: Kernel) -> Tensor:
    return torch.where(recs.lengths == 1, 1.0, similarities(recs, kernel))


@prints(
    "lenskit", "average_popularity", "MeanPopRank", "mean quantile of popularity, 1 the most popular, unseen items 0"
)
def _popularity(recs: Recommendations, *, train: Interactions) -> Result:
    users = walk.users_of(train)
    below = {n: sum(other < n for other in users.values()) for n in set(users.values())}
    ties = {n: sum(other == n for other in users.values()) for n in set(users.values())}
    rank = {
        item: (below[n] + (ties[n] + 1) / 2) / len(users) for item, n in users.items()
    }  # ties share their mean rank
    values = [walk.mean([rank.get(item, 0.0) for item in shown]) for shown in walk.lists(recs)]
    return walk.mean_over(walk.per_list(values), recs.n_lists)


def _over_lists(recs: Recommendations, test: Interactions, score: Callable[[list[int], list[int]], float]) -> Result:
    return walk.mean_over(walk.accuracy(recs, test, score), recs.n_lists)


def _gain(hit: list[bool]) -> float:
    return sum(1 / max(math.log2(slot + 1), 1) for slot, one in enumerate(hit) if one)


@prints("lenskit", "ndcg", "NDCG", "discount 1 / max(1, log₂ r): ranks 1 and 2 weigh the same; nothing to hit: 0")
def _ndcg(recs: Recommendations, *, test: Interactions, k: int | None = None) -> Result:
    cut = k or recs.k

    def score(shown: list[int], relevant: list[int]) -> float:
        return _gain(walk.hits(shown, relevant)) / _gain([True] * min(len(relevant), cut))

    return _over_lists(recs, test, score)


@prints("lenskit", "recall", "Recall", "divides by the smaller of the cut-off and the number of test items; none: 0")
def _recall(recs: Recommendations, *, test: Interactions, k: int | None = None) -> Result:
    cut = k or recs.k
    return _over_lists(recs, test, lambda shown, relevant: sum(walk.hits(shown, relevant)) / min(len(relevant), cut))


@prints("lenskit", "precision", "Precision", "divides by the length of the list; nothing to hit: 0")
def _precision(recs: Recommendations, *, test: Interactions) -> Result:
    return _over_lists(recs, test, lambda shown, relevant: walk.mean(walk.hits(shown, relevant)))


@prints("lenskit", "mrr", "RecipRank", "nothing to hit: 0")
def _mrr(recs: Recommendations, *, test: Interactions) -> Result:
    return _over_lists(recs, test, lambda shown, relevant: walk.reciprocal_rank(walk.hits(shown, relevant)))


@prints(
    "lenskit", "map", "AveragePrecision", "divides by the smaller of list length and test items; nothing to hit raises"
)
def _map(recs: Recommendations, *, test: Interactions) -> Result:
    def score(shown: list[int], relevant: list[int]) -> float:
        best = min(len(relevant), len(shown))
        return walk.average_precision(walk.hits(shown, relevant)) / best if best else math.nan

    return walk.poisoned(walk.accuracy_of_all(recs, test, score))


@prints("lenskit", "hit_rate", "Hit", "nothing to hit: 0")
def _hit(recs: Recommendations, *, test: Interactions) -> Result:
    return _over_lists(recs, test, lambda shown, relevant: float(any(walk.hits(shown, relevant))))
