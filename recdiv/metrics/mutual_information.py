"""What knowing whose list it is tells about which item is in it."""

from __future__ import annotations

import math

import numpy as np
from torch import Tensor

from recdiv._partition import chi_of_deals
from recdiv.diversity import partition
from recdiv.kernels import IdentityKernel
from recdiv.metrics._categories import share_entropies
from recdiv.metrics._counts import item_masses
from recdiv.metrics._registry import Result, State, corpus_result, register
from recdiv.metrics._relevance import repeats
from recdiv.metrics._shared import Shared, deals
from recdiv.metrics.entropy import entropy_of
from recdiv.tables import Recommendations


def information_state(recs: Recommendations, *, n_items: int) -> State:
    """Sum over lists of their item shares ``[I]``, sum of their entropies, number of lists that hold something."""
    return {"mass": item_masses(recs, n_items), "entropy": _entropies(recs).sum(), "lists": (recs.lengths > 0).sum()}


def _entropies(recs: Recommendations) -> Tensor:
    """Entropy of the items of each list, nats: ln n where none is repeated."""
    entropies = recs.lengths.clamp(min=1).double().log()
    again = repeats(recs.items).any(1).nonzero().squeeze(1)
    share = recs.valid[again].double() / recs.lengths[again][:, None]
    entropies[again] = share_entropies(recs.items[again], share)
    return entropies


def information_value(state: State) -> float:
    """H(item) − mean H(item | list)."""
    return entropy_of(state["mass"]) - float(state["entropy"] / state["lists"])


@register(
    symbol="I",
    formula="I(list; item) = H(item) − Σᵤ wᵤ H(item | u)",
    range="[0, ln U] nats",
    direction="higher: lists differ more; read its excess over the null",
    level="corpus",
    undefined_on="every list is empty: NaN",
    citation="cover2006elements",
    bounds=(0.0, math.inf),
    state=information_state,
    value=information_value,
)
def mutual_information(
    recs: Recommendations,
    *,
    n_items: int,
    null: int = 0,
    rng: int | np.random.Generator = 0,
    shared: Shared | None = None,
) -> Result:
    r"""Mutual information of list and item identity, lists weighing the same, in nats.

    .. math:: I(\text{list}; \text{item}) = H(\text{item}) - \sum_u w_u H(\text{item} \mid u)

    ``null`` re-deals the same exposures over the same list lengths. With equally long lists without repeats
    :math:`I = H(\text{item}) - \ln k` whoever gets what, so the excess is exactly 0: it adds nothing to entropy. Its
    successor ``chi`` does.

    >>> result = mutual_information(Recommendations([[0, 1], [2, 3]]), n_items=4, null=3)
    >>> round(result.value, 6), round(abs(result.excess), 6)  # ln 4 − ln 2, and nothing beyond chance
    (0.693147, 0.0)
    """
    state = information_state(recs, n_items=n_items)
    value = information_value(state)
    if not null:
        return corpus_result(recs, value)
    lengths = recs.lengths[recs.lengths > 0]
    if bool((lengths == lengths[:1]).all()) and not bool(repeats(recs.items).any()):
        return corpus_result(recs, value, null=value)  # every deal gives the same: no need to deal
    kernel = IdentityKernel(max(n_items, 1))
    chis = chi_of_deals(partition(recs, kernel), deals(recs, null, rng, shared), kernel, recs, None)
    return corpus_result(recs, value, null=float(chis.mean()))
