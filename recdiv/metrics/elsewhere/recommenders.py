"""Recommenders 1.2 (Microsoft): data frames; what is not in the training data drops out, but not of every denominator.

It refuses lists that hold anything of the user's history, and repeats.
"""

from __future__ import annotations

import math

from torch import Tensor

from recdiv.kernels import Kernel
from recdiv.metrics._counts import positive_counts
from recdiv.metrics._registry import Result, prints
from recdiv.metrics.elsewhere import _lists as walk
from recdiv.metrics.entropy import entropy_of
from recdiv.tables import Interactions, Recommendations


@prints("recommenders", "item_coverage", "catalog_coverage", "unseen items count above the line only: can exceed 1")
def _coverage(recs: Recommendations, *, n_items: int, train: Interactions | None = None) -> float:
    size = walk.catalogue_size(n_items, train)
    return len(positive_counts(recs)) / size if size else math.nan


@prints("recommenders", "entropy", "distributional_coverage", "bits, under the name of a coverage")
def _entropy(recs: Recommendations) -> float:
    return entropy_of(positive_counts(recs)) / math.log(2)


@prints("recommenders", "novelty", "novelty", "bits; an item never seen in training adds 0, as if everybody knew it")
def _novelty(recs: Recommendations, *, train: Interactions) -> float:
    count = walk.interactions(train)
    slots = [item for shown in walk.lists(recs) for item in shown]
    return walk.mean([-math.log2(count[item] / len(train)) if item in count else 0.0 for item in slots])


@prints("recommenders", "ild", "diversity", "a list of one item is left out; pairs of one item with itself too")
def _diversity(recs: Recommendations, *, kernel: Kernel) -> Tensor:
    def score(shown: list[int]) -> float:
        near = walk.gram(kernel, shown)
        pairs = [near[a][b] for a, i in enumerate(shown) for b, j in enumerate(shown) if i < j]
        return 1 - walk.mean(pairs)

    return walk.per_list([score(shown) for shown in walk.lists(recs)])


@prints(
    "recommenders", "serendipity", "serendipity", "relevance × mean distance from the history; no history: left out"
)
def _serendipity(recs: Recommendations, *, kernel: Kernel, train: Interactions, test: Interactions) -> Tensor:
    values = []
    for shown, relevant, past in zip(walk.lists(recs), walk.wanted(recs, test), walk.wanted(recs, train), strict=True):
        near = walk.gram(kernel, shown + past)
        far = [1 - walk.mean(near[slot][len(shown) :]) if past else math.nan for slot in range(len(shown))]
        values.append(walk.mean([far[slot] * (item in relevant) for slot, item in enumerate(shown)]))
    return walk.per_list(values)


@prints("recommenders", "precision", "precision_at_k", "divides by the cut-off")
def _precision(recs: Recommendations, *, test: Interactions) -> Tensor:
    return walk.accuracy(recs, test, lambda shown, relevant: sum(walk.hits(shown, relevant)) / recs.k)


@prints("recommenders", "recall", "recall_at_k", "as here")
def _recall(recs: Recommendations, *, test: Interactions) -> Tensor:
    return walk.accuracy(recs, test, lambda shown, relevant: sum(walk.hits(shown, relevant)) / len(relevant))


@prints("recommenders", "map", "map_at_k", "divides by the smaller of the cut-off and the number of test items")
def _map(recs: Recommendations, *, test: Interactions) -> Tensor:
    def score(shown: list[int], relevant: list[int]) -> float:
        return walk.average_precision(walk.hits(shown, relevant)) / min(len(relevant), recs.k)

    return walk.accuracy(recs, test, score)


@prints(
    "recommenders", "ndcg", "ndcg_at_k", "averages over all users of the test data: one who was shown nothing scores 0"
)
def _ndcg(recs: Recommendations, *, test: Interactions) -> Result:
    def score(shown: list[int], relevant: list[int]) -> float:
        best = walk.discounted([True] * min(len(relevant), recs.k))
        return walk.discounted(walk.hits(shown, relevant)) / best

    return walk.over_test_users(recs, test, score)
