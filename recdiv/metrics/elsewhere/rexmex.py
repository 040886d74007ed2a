"""rexmex 0.1.3: much of recmetrics, with other roundings."""

from __future__ import annotations

import math

import torch

from recdiv.kernels import Kernel
from recdiv.metrics._registry import Result, prints
from recdiv.metrics.elsewhere import _lists as walk
from recdiv.metrics.elsewhere.recmetrics import log_rarity, personalization
from recdiv.metrics.ild import similarities
from recdiv.tables import Interactions, Recommendations

TINY = 1e-10  # added to every popularity


@prints("rexmex", "item_coverage", "item_coverage", "rounded to three decimals: little coverage prints 0")
def _coverage(recs: Recommendations, *, n_items: int, train: Interactions | None = None) -> float:
    possible = set(range(n_items)) if train is None else set(walk.interactions(train))
    missed = possible - set(walk.shown_counts(recs))
    return round(1 - len(missed) / len(possible), 3) if possible else math.nan


@prints("rexmex", "ild", "intra_list_similarity", "a similarity; one list of one item makes the whole system's NaN")
def _similarity(recs: Recommendations, *, kernel: Kernel) -> Result:
    return walk.poisoned(similarities(recs, kernel))


@prints("rexmex", "novelty", "novelty", "bits, of the share of users; a list shorter than the cut-off raises")
def _novelty(recs: Recommendations, *, train: Interactions) -> Result:
    return walk.poisoned(torch.where(recs.lengths == recs.k, log_rarity(recs, train, TINY), math.nan))


@prints("rexmex", "personalization", "personalization", "as here, one pair of lists at a time")
def _personalization(recs: Recommendations) -> float:
    return personalization(recs)


@prints(
    "rexmex", "precision", "hits_at_k", "called a number of hits; divides by the length of the list; nothing to hit: 0"
)
def _precision(recs: Recommendations, *, test: Interactions) -> Result:
    return walk.poisoned(
        walk.accuracy_of_all(recs, test, lambda shown, relevant: walk.mean(walk.first_hits(shown, relevant)))
    )


@prints(
    "rexmex",
    "map",
    "mean_average_precision_at_k",
    "divides by the smaller of cut-off and test items; nothing to hit raises",
)
def _map(recs: Recommendations, *, test: Interactions) -> Result:
    def score(shown: list[int], relevant: list[int]) -> float:
        return walk.average_precision(walk.first_hits(shown, relevant)) / min(len(relevant), recs.k)

    return walk.poisoned(walk.accuracy(recs, test, score))
