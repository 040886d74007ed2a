"""rsdiv, from its source."""

from __future__ import annotations

import math

from recdiv.metrics._counts import positive_counts
from recdiv.metrics._registry import prints
from recdiv.metrics.entropy import entropy_of
from recdiv.metrics.gini import gini_of
from recdiv.tables import Recommendations


@prints("rsdiv", "entropy", "shannon_index", "as here")
def _entropy(recs: Recommendations) -> float:
    return entropy_of(positive_counts(recs))


@prints("rsdiv", "gini", "gini_coefficient", "only over the items that are shown")
def _gini(recs: Recommendations) -> float:
    shown = positive_counts(recs)
    return gini_of(shown, len(shown))


@prints("rsdiv", "effective_catalog_size", "effective_catalog_size", "2 Σ r·p₍ᵣ₎ − 1 by falling p, not an entropy's")
def _effective(recs: Recommendations) -> float:
    share = sorted((positive_counts(recs) / positive_counts(recs).sum()).tolist(), reverse=True)
    return 2 * sum(rank * p for rank, p in enumerate(share, start=1)) - 1 if share else math.nan
