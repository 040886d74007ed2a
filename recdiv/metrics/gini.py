"""How unequally items are shown."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from recdiv.metrics._counts import counts_state
from recdiv.metrics._registry import Result, State, corpus_result, register
from recdiv.tables import Recommendations


def gini_of(counts: Tensor, size: int) -> float:
    """Gini index of the positive counts among ``size`` items, those not listed holding nothing."""
    shown = counts[counts > 0].double().sort().values
    if not len(shown) or size < 1:
        return math.nan
    rank = torch.arange(size - len(shown) + 1, size + 1, dtype=shown.dtype, device=shown.device)
    return float(((2 * rank - size - 1) * shown).sum() / (size * shown.sum()))


def gini_value(state: State) -> float:
    """From item counts."""
    return gini_of(state["counts"], len(state["counts"]))


@register(
    symbol="G",
    formula="G = Σᵢ (2i − I − 1) c₍ᵢ₎ / (I Σc),  c₍₁₎ ≤ … ≤ c₍I₎",
    range="[0, 1 − 1/I]",
    direction="lower is more diverse (0: every item equally often)",
    level="corpus",
    undefined_on="no slot holds an item of the catalogue: NaN",
    citation="gini1912",
    bounds=(0.0, 1.0),
    state=counts_state,
    value=gini_value,
)
def gini(recs: Recommendations, *, n_items: int, discount: str = "none") -> Result:
    r"""Inequality of how often the items of the whole catalogue are shown.

    .. math:: G = \frac{\sum_i (2i - I - 1)\, c_{(i)}}{I \sum_i c_i}, \qquad c_{(1)} \le \dots \le c_{(I)}

    Items that are never shown count as zeros. ``discount`` counts slot r by its attention, 1 / log₂(r + 1) for ``log``
    or 0.9^(r − 1) for ``rbp``, whatever the length of the list.

    >>> gini(Recommendations([[0, 1], [2, 3]]), n_items=4).value
    0.0
    >>> gini(Recommendations([[0], [0]]), n_items=4).value
    0.75
    """
    return corpus_result(recs, gini_value(counts_state(recs, n_items=n_items, discount=discount)))
