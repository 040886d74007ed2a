"""How likely two things shown are the same item."""

from __future__ import annotations

import math

from torch import Tensor

from recdiv.metrics._counts import counts_state, positive_counts
from recdiv.metrics._registry import Result, State, corpus_result, register
from recdiv.tables import Recommendations


def concentration_of(counts: Tensor) -> float:
    """Sum of squared shares; NaN where all are zero."""
    counts = counts.double()
    total = counts.sum()
    return float((counts * counts).sum() / (total * total)) if total > 0 else math.nan


def concentration_value(state: State) -> float:
    """From item counts."""
    return concentration_of(state["counts"])


@register(
    symbol="HHI",
    formula="HHI = Σᵢ pᵢ²,  pᵢ = cᵢ / Σc",
    range="[1/I, 1]",
    direction="lower is more diverse",
    level="corpus",
    undefined_on="no slot holds an item of the catalogue: NaN",
    citation="simpson1949diversity",
    bounds=(0.0, 1.0),
    state=counts_state,
    value=concentration_value,
)
def concentration(recs: Recommendations, *, discount: str = "none") -> Result:
    r"""Chance that two exposures drawn at random show the same item: the Herfindahl index.

    .. math:: \mathrm{HHI} = \sum_i p_i^2, \qquad p_i = c_i / \sum_j c_j

    One over it is the Hill number of order 2, one minus it the Gini–Simpson index. ``discount`` counts slot r by its
    attention, 1 / log₂(r + 1) for ``log`` or 0.9^(r − 1) for ``rbp``, whatever the length of the list.

    Source: Simpson 1949; in economics Herfindahl 1950.

    >>> concentration(Recommendations([[0, 1], [0, 2]])).value  # 1/4 + 1/16 + 1/16
    0.375
    """
    return corpus_result(recs, concentration_of(positive_counts(recs, discount=discount)))
