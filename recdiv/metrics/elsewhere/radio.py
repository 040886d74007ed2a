"""RADio, from its source: divergences in bits of smoothed shares, slots weighed by 1 / rank."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable

import numpy as np
from torch import Tensor

from recdiv.metrics._attributes import numbers_of, values_of
from recdiv.metrics._registry import prints
from recdiv.metrics.elsewhere import _lists as walk
from recdiv.tables import Catalog, Interactions, Recommendations, labels_of

ALPHA = 0.001  # of the other side's shares is mixed into each
Shares = dict[str, float]


def _shares(items: list[int], labels: list[str]) -> Shares:
    """Category shares, the first item weighing most: for a history that is the oldest."""
    whole = sum(1 / rank for rank in range(1, len(items) + 1))
    found: Shares = {}
    for rank, item in enumerate(items, start=1):
        found[labels[item]] = found.get(labels[item], 0.0) + 1 / rank / whole
    return found


def _smoothed(past: Shares, now: Shares) -> list[tuple[float, float]]:
    """Shares of two, label by label, each with a little of the other's mixed in."""
    both = [(past.get(each, 0.0), now.get(each, 0.0)) for each in past | now]
    return [((1 - ALPHA) * p + ALPHA * q, (1 - ALPHA) * q + ALPHA * p) for p, q in both]


def _beside_histories(recs: Recommendations, catalog: Catalog, train: Interactions) -> list[list[tuple[float, float]]]:
    """Pairs of shares (history, list) of each list, category by category; none without a history or a list."""
    labels = [held[0] if held else "" for held in catalog.categories]
    pairs = []
    for shown, rows in zip(walk.lists(recs), train.histories(recs.users), strict=True):
        past, now = _shares(rows.tolist(), labels), _shares([item for item in shown if item >= 0], labels)
        pairs.append(_smoothed(past, now) if past and now else [])
    return pairs


def _divergence(pairs: list[tuple[float, float]]) -> float:
    return sum(p * math.log2(p / q) for p, q in pairs if p)


def _distance(pairs: list[tuple[float, float]]) -> float:
    one = _divergence([(p, (p + q) / 2) for p, q in pairs])
    other = _divergence([(q, (p + q) / 2) for p, q in pairs])
    return math.sqrt(abs(one + other) / 2) if pairs else math.nan


@prints("radio", "calibration_kl", "calibration KL", "bits; slots weigh 1 / rank, the oldest of the history most")
def _kl(recs: Recommendations, *, catalog: Catalog, train: Interactions) -> Tensor:
    return walk.per_list(
        [_divergence(pairs) if pairs else math.nan for pairs in _beside_histories(recs, catalog, train)]
    )


@prints("radio", "calibration_js", "calibration JSD", "the square root of it, in bits; slots weigh 1 / rank; smoothed")
def _js(recs: Recommendations, *, catalog: Catalog, train: Interactions) -> Tensor:
    return walk.per_list([_distance(pairs) for pairs in _beside_histories(recs, catalog, train)])


def _beside_pool(recs: Recommendations, shares_of: Callable[[Iterable[int], bool], Shares], size: int) -> Tensor:
    """The distance of each list from the whole catalogue; none where either is empty."""
    pool = shares_of(range(size), False)
    found = []
    for items in walk.lists(recs):
        shown = shares_of([item for item in items if item >= 0], True)
        pairs = _smoothed(pool, shown) if any(pool.values()) and any(shown.values()) else []
        p, q = (sum(pair[side] for pair in pairs) for side in (0, 1))
        found.append(_distance([(a / p, b / q) for a, b in pairs]))
    return walk.per_list(found)


def _scaled(shares: Shares) -> Shares:
    whole = sum(shares.values())
    return {label: share / whole for label, share in shares.items()} if whole else {}


@prints("radio", "representation", "representation JSD", "the square root of it, in bits; smoothed")
def _representation(recs: Recommendations, *, catalog: Catalog, by: str = "category") -> Tensor:
    held = [labels_of(value) for value in values_of(catalog, by)]

    def shares_of(items: Iterable[int], ranked: bool) -> Shares:
        found: Shares = {}
        for rank, item in enumerate(items, start=1):
            for label in held[item]:
                found[label] = found.get(label, 0.0) + 1 / len(held[item]) / (rank if ranked else 1)
        return _scaled(found)

    return _beside_pool(recs, shares_of, len(catalog))


_VOICES = "the square root of it, in bits; smoothed; drops items with a minority alone or none"


@prints("radio", "alternative_voices", "alternative voices JSD", _VOICES)
def _alternative_voices(recs: Recommendations, *, catalog: Catalog, by: str = "minority") -> Tensor:
    share = numbers_of(catalog, by)

    def shares_of(items: Iterable[int], ranked: bool) -> Shares:
        found = {"minority": 0.0, "majority": 0.0}
        for rank, item in enumerate(items, start=1):
            if 0 < share[item] < 1:  # an item that names nobody of one side counts for neither
                found["minority"] += share[item] / (rank if ranked else 1)
                found["majority"] += (1 - share[item]) / (rank if ranked else 1)
        return _scaled(found)

    return _beside_pool(recs, shares_of, len(catalog))


@prints("radio", "activation", "activation JSD", "the square root of it, in bits; smoothed; pool shares to 3 digits")
def _activation(recs: Recommendations, *, catalog: Catalog, by: str = "sentiment", bins: int = 5) -> Tensor:
    strength = np.abs(numbers_of(catalog, by))
    edges = np.linspace(np.nanmin(strength), np.nanmax(strength), bins + 1)[1:-1]
    label = [str(int(each)) for each in np.searchsorted(edges, strength, side="right")]

    def shares_of(items: Iterable[int], ranked: bool) -> Shares:
        known = [item for item in items if not math.isnan(strength[item])]
        if ranked:
            return _shares(known, label)
        held = [label[item] for item in known]
        return {each: round(held.count(each) / len(held), 3) for each in dict.fromkeys(held)}

    return _beside_pool(recs, shares_of, len(catalog))
