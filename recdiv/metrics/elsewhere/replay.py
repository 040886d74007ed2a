"""RePlay 0.22: every user of the test data counts, and short lists are divided by the full cut-off."""

from __future__ import annotations

import math

from torch import Tensor

from recdiv.metrics._registry import Result, prints
from recdiv.metrics.elsewhere import _lists as walk
from recdiv.tables import Catalog, Interactions, Recommendations


@prints("replay", "item_coverage", "Coverage", "only items of the training data count, above and below the line")
def _coverage(recs: Recommendations, *, n_items: int, train: Interactions | None = None) -> float:
    known = set(range(n_items)) if train is None else set(walk.interactions(train))
    return len(known & set(walk.shown_counts(recs))) / len(known) if known else math.nan


@prints("replay", "novelty", "Novelty", "share of the list that its user has not had in training; nothing shown: 1")
def _novelty(recs: Recommendations, *, train: Interactions) -> Result:
    def score(shown: list[int], past: list[int]) -> float:
        return 1 - len(set(shown) & set(past)) / len(shown) if shown else 1.0

    values = walk.accuracy(recs, train, score)
    missing = train.n_users - int((~values.isnan()).sum())  # users of the training data without a list
    result = walk.mean_over(values, train.n_users)
    return Result(result.value + missing / train.n_users, result.per_list, result.n, result.n_undefined)


@prints("replay-surprisal", "novelty", "Surprisal", "log₂(U / users) / log₂ U, unseen items 1; divides by the cut-off")
def _surprisal(recs: Recommendations, *, train: Interactions) -> Tensor:
    users = walk.users_of(train)
    most = math.log2(train.n_users)

    def score(shown: list[int]) -> float:
        return sum(math.log2(train.n_users / users[i]) / most if i in users else 1.0 for i in shown) / recs.k

    return walk.per_list([score(shown) for shown in walk.lists(recs)])


@prints("replay", "unexpectedness", "Unexpectedness", "share of the cut-off outside a base list; without either list 0")
def _unexpectedness(recs: Recommendations, *, previous: Recommendations) -> Tensor:
    base = dict(zip(previous.users.tolist(), walk.lists(previous), strict=True))

    def score(shown: list[int], expected: list[int]) -> float:
        return 1 - len(set(shown) & set(expected)) / recs.k if shown and expected else 0.0

    pairs = zip(walk.lists(recs), recs.users.tolist(), strict=True)
    return walk.per_list([score(shown, base.get(user, [])[: recs.k]) for shown, user in pairs])


@prints("replay", "subtopic_recall", "CategoricalDiversity", "different categories ÷ cut-off, one category an item")
def _categories(recs: Recommendations, *, catalog: Catalog) -> Tensor:
    labels = [held[0] if held else None for held in catalog.categories]
    return walk.per_list([len({labels[i] for i in shown if i >= 0}) / recs.k for shown in walk.lists(recs)])


@prints("replay", "ndcg", "NDCG", "a repeated item hits again; a test user without a list scores 0")
def _ndcg(recs: Recommendations, *, test: Interactions) -> Result:
    def score(shown: list[int], relevant: list[int]) -> float:
        best = walk.discounted([True] * min(len(relevant), recs.k))
        return walk.discounted(walk.hits(shown, relevant)) / best

    return walk.over_test_users(recs, test, score)


@prints("replay", "recall", "Recall", "a test user without a list scores 0")
def _recall(recs: Recommendations, *, test: Interactions) -> Result:
    return walk.over_test_users(recs, test, lambda shown, relevant: len(set(shown) & set(relevant)) / len(relevant))


@prints("replay", "precision", "Precision", "divides by the cut-off; a test user without a list scores 0")
def _precision(recs: Recommendations, *, test: Interactions) -> Result:
    return walk.over_test_users(recs, test, lambda shown, relevant: len(set(shown) & set(relevant)) / recs.k)


@prints("replay", "mrr", "MRR", "a test user without a list scores 0")
def _mrr(recs: Recommendations, *, test: Interactions) -> Result:
    return walk.over_test_users(recs, test, lambda shown, relevant: walk.reciprocal_rank(walk.hits(shown, relevant)))


@prints("replay", "map", "MAP", "divides by the smaller of cut-off and test items; a repeat hits again: can exceed 1")
def _map(recs: Recommendations, *, test: Interactions) -> Result:
    def score(shown: list[int], relevant: list[int]) -> float:
        return walk.average_precision(walk.hits(shown, relevant)) / min(len(relevant), recs.k)

    return walk.over_test_users(recs, test, score)


@prints("replay", "hit_rate", "HitRate", "a test user without a list scores 0")
def _hit(recs: Recommendations, *, test: Interactions) -> Result:
    return walk.over_test_users(recs, test, lambda shown, relevant: float(any(walk.hits(shown, relevant))))
