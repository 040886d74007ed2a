"""Which share of what is shown goes to the long tail."""

from __future__ import annotations

import math

import numpy as np
from torch import Tensor

from recdiv.metrics._counts import counts_state
from recdiv.metrics._registry import Result, State, corpus_result, register
from recdiv.tables import Interactions, Recommendations


def tail_items(counts: Tensor, share: float) -> Tensor:
    """Which items are the tail, bool ``[I]``: all items at most as popular hold at most ``share`` of ``counts``.

    >>> tail_items(Tensor([0, 1, 1, 8]), 0.2).tolist()
    [True, True, True, False]
    >>> tail_items(Tensor([0, 1, 1, 1]), 0.4).tolist()  # one of three would fit: items alike stay together
    [True, False, False, False]
    """
    if not 0 < share < 1:
        raise ValueError(f"share must lie between 0 and 1, got {share}")
    ordered = np.sort(counts.cpu().numpy())
    held = np.cumsum(ordered)
    fit = int(np.searchsorted(held, share * (1 + 1e-12) * held[-1], side="right"))  # 0.29 · 100 is below 29
    return counts < int(ordered[fit])  # the first that does not fit, and all like it, are not tail


def tail_value(state: State, *, train: Interactions, share: float = 0.2) -> float:
    """From item exposures."""
    exposed: Tensor = state["counts"]
    if not len(train) or not bool(exposed.any()):
        return math.nan
    tail = tail_items(train.item_counts(), share).to(exposed.device)
    return float(exposed[tail].double().sum() / exposed.double().sum())


@register(
    symbol="T",
    formula="T = Σ_{i ∈ tail} cᵢ / Σc,  tail: items that with all as popular or less hold at most 20 % of x",
    range="[0, 1]",
    direction="higher is more of the long tail",
    level="corpus",
    undefined_on="no slot holds an item of the catalogue, or there is no training interaction: NaN",
    citation="abdollahpouri2019managing",
    bounds=(0.0, 1.0),
    state=counts_state,
    value=tail_value,
)
def tail_share(recs: Recommendations, *, train: Interactions, share: float = 0.2, discount: str = "none") -> Result:
    r"""Share of exposure that goes to the least popular items that together hold 20 % of training interactions.

    .. math:: T = \sum_{i \in \text{tail}} c_i \Big/ \sum_i c_i, \qquad
        i \in \text{tail} \iff \sum_{j:\, x_j \le x_i} x_j \le \text{share} \cdot \sum_j x_j

    ``c_i`` counts how often item i is shown, ``x_i`` its training interactions. Items nobody interacted with are tail.
    Items alike in popularity are all tail or all not: the item at the boundary is not, and where every item is equally
    popular only untouched ones are. ``tail_share@share=0.1`` takes another share; ``discount`` counts slot r by its
    attention, 1 / log₂(r + 1) for ``log`` or 0.9^(r − 1) for ``rbp``.

    Raises:
        ValueError: if ``share`` does not lie between 0 and 1.

    >>> import pandas as pd
    >>> from recdiv.tables import Catalog
    >>> catalog = Catalog(pd.DataFrame({"item_id": [1, 2, 3]}))
    >>> train = Interactions(pd.DataFrame({"user_id": range(5), "item_id": [1, 1, 1, 1, 2]}), catalog)
    >>> tail_share(Recommendations([[0, 1], [0, 2]]), train=train).value  # the second holds 1/5, the third 0
    0.5
    """
    state = counts_state(recs, n_items=train.n_items, discount=discount)
    return corpus_result(recs, tail_value(state, train=train, share=share))
