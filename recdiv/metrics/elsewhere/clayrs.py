"""ClayRS 0.5, from its source."""

from __future__ import annotations

import math

from recdiv.metrics._counts import positive_counts
from recdiv.metrics._registry import prints
from recdiv.metrics.elsewhere import _lists as walk
from recdiv.metrics.gini import gini_of
from recdiv.tables import Interactions, Recommendations


@prints("clayrs", "item_coverage", "CatalogCoverage", "per cent")
def _coverage(recs: Recommendations, *, n_items: int, train: Interactions | None = None) -> float:
    known = set(range(n_items)) if train is None else set(walk.interactions(train))
    return 100 * len(known & set(walk.shown_counts(recs))) / len(known) if known else math.nan


@prints("clayrs", "gini", "GiniIndex", "only over the items that are shown")
def _gini(recs: Recommendations) -> float:
    shown = positive_counts(recs)
    return gini_of(shown, len(shown))
