"""How many equally shown items would be as even as what is shown."""

from __future__ import annotations

import math

from recdiv.metrics._counts import counts_state, positive_counts
from recdiv.metrics._registry import Result, State, corpus_result, register
from recdiv.metrics.entropy import entropy_of
from recdiv.tables import Recommendations


def effective_catalog_size_value(state: State) -> float:
    """From item counts."""
    return math.exp(entropy_of(state["counts"]))


@register(
    symbol="exp H",
    formula="exp(−Σᵢ pᵢ ln pᵢ),  pᵢ = cᵢ / Σc",
    range="[1, I] items",
    direction="higher is more diverse",
    level="corpus",
    undefined_on="no slot holds an item of the catalogue: NaN",
    citation="hill1973diversity",
    bounds=(1.0, math.inf),
    most=float,
    state=counts_state,
    value=effective_catalog_size_value,
)
def effective_catalog_size(recs: Recommendations, *, discount: str = "none") -> Result:
    r"""Number of equally often shown items that have the same entropy: the Hill number of order 1.

    .. math:: \exp\Big(-\sum_i p_i \ln p_i\Big), \qquad p_i = c_i / \sum_j c_j

    ``discount`` counts slot r by its attention, 1 / log₂(r + 1) for ``log`` or 0.9^(r − 1) for ``rbp``, whatever the
    length of the list.

    >>> round(effective_catalog_size(Recommendations([[0, 1], [1, 0]])).value, 6)
    2.0
    """
    return corpus_result(recs, math.exp(entropy_of(positive_counts(recs, discount=discount))))
