"""RADio, from its source: divergences in bits of smoothed shares, one category an item, slots weighed by 1 / rank."""

from __future__ import annotations

import math

from torch import Tensor

from recdiv.metrics._registry import prints
from recdiv.metrics.elsewhere import _lists as walk
from recdiv.tables import Catalog, Interactions, Recommendations

ALPHA = 0.001  # of the other side's shares is mixed into each
Shares = dict[str, float]


def _shares(items: list[int], labels: list[str]) -> Shares:
    """Category shares, the first item weighing most: for a history that is the oldest."""
    whole = sum(1 / rank for rank in range(1, len(items) + 1))
    found: Shares = {}
    for rank, item in enumerate(items, start=1):
        found[labels[item]] = found.get(labels[item], 0.0) + 1 / rank / whole
    return found


def _smoothed(recs: Recommendations, catalog: Catalog, train: Interactions) -> list[list[tuple[float, float]]]:
    """Pairs of shares (history, list) of each list, category by category; none without a history or a list."""
    labels = [held[0] if held else "" for held in catalog.categories]
    pairs = []
    for shown, rows in zip(walk.lists(recs), train.histories(recs.users), strict=True):
        past, now = _shares(rows.tolist(), labels), _shares([item for item in shown if item >= 0], labels)
        both = [(past.get(each, 0.0), now.get(each, 0.0)) for each in past | now] if past and now else []
        pairs.append([((1 - ALPHA) * p + ALPHA * q, (1 - ALPHA) * q + ALPHA * p) for p, q in both])
    return pairs


def _divergence(pairs: list[tuple[float, float]]) -> float:
    return sum(p * math.log2(p / q) for p, q in pairs if p)


@prints("radio", "calibration_kl", "calibration KL", "bits; slots weigh 1 / rank, the oldest of the history most")
def _kl(recs: Recommendations, *, catalog: Catalog, train: Interactions) -> Tensor:
    return walk.per_list([_divergence(pairs) if pairs else math.nan for pairs in _smoothed(recs, catalog, train)])


@prints("radio", "calibration_js", "calibration JSD", "the square root of it, in bits; slots weigh 1 / rank; smoothed")
def _js(recs: Recommendations, *, catalog: Catalog, train: Interactions) -> Tensor:
    def score(pairs: list[tuple[float, float]]) -> float:
        one = _divergence([(p, (p + q) / 2) for p, q in pairs])
        other = _divergence([(q, (p + q) / 2) for p, q in pairs])
        return math.sqrt(abs(one + other) / 2) if pairs else math.nan

    return walk.per_list([score(pairs) for pairs in _smoothed(recs, catalog, train)])
