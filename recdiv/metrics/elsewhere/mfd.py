"""The evaluation code of Ferrari Dacrema, Cremonesi and Jannach (2019), from its source."""

from __future__ import annotations

import math

from torch import Tensor

from recdiv.kernels import Kernel
from recdiv.metrics._counts import positive_counts
from recdiv.metrics._registry import prints
from recdiv.metrics.elsewhere import _lists as walk
from recdiv.metrics.entropy import entropy_of
from recdiv.metrics.gini import gini_of
from recdiv.metrics.ild import similarities
from recdiv.tables import Interactions, Recommendations


@prints("mfd", "item_coverage", "Coverage", "as here")
def _coverage(recs: Recommendations, *, n_items: int) -> float:
    return len(positive_counts(recs)) / n_items if n_items else math.nan


@prints("mfd", "entropy", "Shannon_Entropy", "bits")
def _entropy(recs: Recommendations) -> float:
    return entropy_of(positive_counts(recs)) / math.log(2)


@prints("mfd", "gini", "Gini_Diversity", "evenness: 1 − G·I/(I + 1), so even lists score I-dependent numbers")
def _gini(recs: Recommendations, *, n_items: int, train: Interactions | None = None) -> float:
    size = walk.catalogue_size(n_items, train)
    return 1 - gini_of(positive_counts(recs), size) * size / (size + 1)


@prints("mfd", "concentration", "Diversity_Herfindahl", "1 − Σp²: higher is more diverse")
def _herfindahl(recs: Recommendations) -> float:
    count = walk.shown_counts(recs)
    total = sum(count.values())
    return 1 - sum((n / total) ** 2 for n in count.values()) if total else math.nan


@prints("mfd", "novelty", "Novelty", "bits, divided by the size of the catalogue instead of the length of the list")
def _novelty(recs: Recommendations, *, n_items: int, train: Interactions) -> Tensor:
    count = walk.interactions(train)
    rows = walk.lists(recs)
    return walk.per_list(
        [sum(-math.log2(count[item] / len(train)) for item in shown if item in count) / n_items for shown in rows]
    )


@prints("mfd", "ild", "Diversity_Similarity", "the last row of pairs is lost: (n − 1) / n of the distance")
def _diversity(recs: Recommendations, *, kernel: Kernel) -> Tensor:
    n = recs.lengths.double()
    return (1 - similarities(recs, kernel)) * (n - 1) / n


@prints(
    "mfd",
    "personalization",
    "Diversity_MeanInterList",
    "counts squared over users and slots: as here if lists are equal",
)
def _inter_list(recs: Recommendations) -> float:
    squares = sum(n * n for n in walk.shown_counts(recs).values())
    u, k = recs.n_lists, recs.k
    return 1 - (squares - u * k) / (k * u * (u - 1)) if u > 1 and k else math.nan
