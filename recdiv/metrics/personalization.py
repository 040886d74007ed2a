"""How different the lists of two users are."""

from __future__ import annotations

import math

import numpy as np
import torch
from torch import Tensor

from recdiv.metrics._registry import Result, State, corpus_result, register
from recdiv.metrics._relevance import distinct_masses, repeats
from recdiv.metrics._shared import Shared, deals
from recdiv.tables import Recommendations


def overlap_state(recs: Recommendations, *, n_items: int) -> State:
    r"""Sum over lists of their item vectors of length one, :math:`\sum_u x_u / \|x_u\|` ``[I]``, and how many."""
    return _state(recs.check(n_items).items, n_items)


def _state(items: Tensor, n_items: int) -> State:
    of_length = torch.arange(items.shape[1] + 1).double().rsqrt().nan_to_num(posinf=0.0)
    total, lists = distinct_masses(items, n_items, of_length)
    return {"total": total, "lists": torch.tensor(lists, device=items.device)}


def personalization_value(state: State) -> float:
    """One minus the mean cosine of two different lists."""
    n = int(state["lists"])
    if n < 2:
        return math.nan
    overlap = float(state["total"].square().sum())
    return min(1.0, max(0.0, 1 - (overlap - n) / (n * (n - 1))))


@register(
    symbol="P",
    formula="P = 1 − (‖Σᵤ xᵤ/‖xᵤ‖‖² − U) / (U (U − 1)) = 1 − mean_{u≠v} |Lᵤ ∩ Lᵥ| / √(|Lᵤ| |Lᵥ|)",
    range="[0, 1]",
    direction="higher: lists share fewer items; read its excess over the null",
    level="corpus",
    undefined_on="fewer than two lists hold an item of the catalogue: NaN",
    citation="zhou2010solving",
    bounds=(0.0, 1.0),
    state=overlap_state,
    value=personalization_value,
)
def personalization(
    recs: Recommendations,
    *,
    n_items: int,
    null: int = 0,
    rng: int | np.random.Generator = 0,
    shared: Shared | None = None,
) -> Result:
    r"""One minus the mean cosine of the item sets of two lists, over all pairs: exact, from one sum over lists.

    .. math:: P = 1 - \frac{\|\sum_u x_u / \|x_u\|\|^2 - U}{U (U - 1)}, \qquad
        \cos(u, v) = \frac{|L_u \cap L_v|}{\sqrt{|L_u| |L_v|}}

    :math:`x_u` is 1 for the items that list u holds, be they repeated or not. For full lists of k it is
    :math:`1 - (\sum_i c_i^2 - U k) / (k U (U - 1))`: it follows from how often each item is shown, **whoever gets it**,
    so with equally long lists its excess over ``null`` is exactly 0. Read ``chi`` for what is personal.

    Source: Zhou et al. 2010, who call it personalization and divide the overlap by k.

    >>> round(personalization(Recommendations([[0, 1], [0, 2], [0, 3]]), n_items=4).value, 6)  # each pair shares half
    0.5
    """
    value = personalization_value(overlap_state(recs, n_items=n_items))
    if not null or math.isnan(value):
        return corpus_result(recs, value)
    lengths = recs.lengths[recs.lengths > 0]
    if bool((lengths == lengths[:1]).all()) and not bool(repeats(recs.items).any()):
        return corpus_result(recs, value, null=value)  # every deal gives the same: no need to deal
    chance = [personalization_value(_state(items, n_items)) for items, _ in deals(recs, null, rng, shared)]
    return corpus_result(recs, value, null=float(np.mean(chance)))
