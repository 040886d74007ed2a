"""RecTools 0.19: counts where others have shares, and every user of the test data counts."""

from __future__ import annotations

import math

from torch import Tensor

from recdiv.metrics._counts import positive_counts
from recdiv.metrics._registry import Result, prints
from recdiv.metrics.elsewhere import _lists as walk
from recdiv.tables import Catalog, Interactions, Recommendations


@prints("rectools", "item_coverage", "CatalogCoverage", "a count, unless told to normalise")
def _coverage(recs: Recommendations) -> float:
    return float(len(positive_counts(recs)))


@prints("rectools", "ild_hamming", "IntraListDiversity", "number of differing labels, not a share; one item: 0")
def _hamming(recs: Recommendations, *, catalog: Catalog) -> Tensor:
    labels = [set(held) for held in catalog.categories]

    def score(shown: list[int]) -> float:
        pairs = [len(labels[i] ^ labels[j]) for a, i in enumerate(shown) for j in shown[:a]]
        return walk.mean(pairs) if pairs else 0.0 if shown else math.nan

    return walk.per_list([score(shown) for shown in walk.lists(recs)])


@prints("rectools", "novelty", "MeanInvUserFreq", "−log₂ of the share of users; an unseen item as if one user had it")
def _novelty(recs: Recommendations, *, train: Interactions) -> Tensor:
    users = walk.users_of(train)

    def score(shown: list[int]) -> float:
        return walk.mean([-math.log2(users.get(item, 1) / train.n_users) for item in shown])

    return walk.per_list([score(shown) for shown in walk.lists(recs)])


@prints("rectools", "average_popularity", "AvgRecPopularity", "as here")
def _popularity(recs: Recommendations, *, train: Interactions) -> Tensor:
    count = walk.interactions(train)
    return walk.per_list([walk.mean([count[item] for item in shown]) for shown in walk.lists(recs)])


@prints("rectools", "serendipity", "Serendipity", "hits by how far their rank is above that of their popularity")
def _serendipity(recs: Recommendations, *, n_items: int, train: Interactions, test: Interactions) -> Tensor:
    count = walk.interactions(train)
    place = {n: rank for rank, n in enumerate(sorted(set(count.values()), reverse=True), start=1)}

    def gain(slot: int, item: int) -> float:
        anybody = (n_items + 1 - place[count[item]]) / n_items if item in count else 0.0
        return max((n_items - slot) / n_items - anybody, 0.0)

    def score(shown: list[int], relevant: list[int]) -> float:
        return walk.mean([gain(slot, item) * (item in relevant) for slot, item in enumerate(shown)])

    pairs = zip(walk.lists(recs), walk.wanted(recs, test), strict=True)
    return walk.per_list([score(shown, relevant) for shown, relevant in pairs])


def _joined(shown: list[int], relevant: list[int]) -> int:
    """Test items, as a join with the list counts them: one that is hit twice is two."""
    hit = [item for item in shown if item in relevant]
    return len(relevant) + len(hit) - len(set(hit))


@prints("rectools", "precision", "Precision", "divides by the cut-off; a test user without a list scores 0")
def _precision(recs: Recommendations, *, test: Interactions) -> Result:
    return walk.over_test_users(recs, test, lambda shown, relevant: sum(walk.hits(shown, relevant)) / recs.k)


@prints("rectools", "recall", "Recall", "a test user without a list scores 0")
def _recall(recs: Recommendations, *, test: Interactions) -> Result:
    return walk.over_test_users(
        recs, test, lambda shown, relevant: sum(walk.hits(shown, relevant)) / _joined(shown, relevant)
    )


@prints("rectools", "hit_rate", "HitRate", "a test user without a list scores 0")
def _hit(recs: Recommendations, *, test: Interactions) -> Result:
    return walk.over_test_users(recs, test, lambda shown, relevant: float(any(walk.hits(shown, relevant))))


@prints("rectools", "mrr", "MRR", "a test user without a list scores 0")
def _mrr(recs: Recommendations, *, test: Interactions) -> Result:
    return walk.over_test_users(recs, test, lambda shown, relevant: walk.reciprocal_rank(walk.hits(shown, relevant)))


@prints("rectools", "map", "MAP", "divides by the number of test items, beyond the cut-off too")
def _map(recs: Recommendations, *, test: Interactions) -> Result:
    return walk.over_test_users(
        recs,
        test,
        lambda shown, relevant: walk.average_precision(walk.hits(shown, relevant)) / _joined(shown, relevant),
    )


@prints("rectools", "ndcg", "NDCG", "the ideal is a list full of hits, however few test items there are")
def _ndcg(recs: Recommendations, *, test: Interactions) -> Result:
    best = walk.discounted([True] * recs.k)
    return walk.over_test_users(recs, test, lambda shown, relevant: walk.discounted(walk.hits(shown, relevant)) / best)
