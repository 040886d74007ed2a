"""How many different items are recommended to anybody."""

from __future__ import annotations

import math

from recdiv.metrics._counts import counts_state, positive_counts
from recdiv.metrics._registry import Result, State, corpus_result, register
from recdiv.tables import Recommendations


def item_count_value(state: State) -> float:
    """From item counts."""
    shown = float((state["counts"] > 0).sum())
    return shown or math.nan


@register(
    symbol="n",
    formula="n = |{i : cᵢ > 0}|",
    range="[1, I]",
    direction="higher is more diverse",
    level="corpus",
    undefined_on="no slot holds an item of the catalogue: NaN",
    citation="adomavicius2012improving",
    bounds=(1.0, math.inf),
    most=float,
    state=counts_state,
    value=item_count_value,
)
def item_count(recs: Recommendations) -> Result:
    r"""Number of different items recommended to anybody (*aggregate diversity*).

    .. math:: n = |\{i : c_i > 0\}|

    Grows with the number of lists: compare systems at the same number of lists and slots only.

    >>> item_count(Recommendations([[0, 1], [0, -2]])).value
    2.0
    """
    return corpus_result(recs, float(len(positive_counts(recs))) or math.nan)
