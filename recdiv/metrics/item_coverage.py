"""Which share of the catalogue is recommended to anybody."""

from __future__ import annotations

import math

from torch import Tensor

from recdiv.metrics._counts import counts_state
from recdiv.metrics._registry import Result, State, corpus_result, register
from recdiv.tables import Recommendations


def coverage_value(state: State) -> float:
    """From item counts."""
    counts: Tensor = state["counts"]
    return float((counts > 0).double().mean()) if bool(counts.any()) else math.nan


@register(
    symbol="C",
    formula="C = |{i : cᵢ > 0}| / I",
    range="[1/I, 1]",
    direction="higher is more diverse",
    level="corpus",
    undefined_on="no slot holds an item of the catalogue: NaN",
    citation="herlocker2004evaluating",
    bounds=(0.0, 1.0),
    state=counts_state,
    value=coverage_value,
)
def item_coverage(recs: Recommendations, *, n_items: int) -> Result:
    r"""Share of the catalogue that is recommended to anybody.

    .. math:: C = |\{i : c_i > 0\}| / I

    ``c_i`` counts how often item i fills a slot and ``I`` is the size of the catalogue. Items outside the catalogue
    cover nothing. Compare systems at the same number of lists and slots only.

    >>> item_coverage(Recommendations([[0, 1], [0, -2]]), n_items=4).value
    0.5
    """
    return corpus_result(recs, coverage_value(counts_state(recs, n_items=n_items)))
