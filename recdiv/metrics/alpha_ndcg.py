"""Whether a list brings many topics early, and few again and again."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from recdiv.metrics._categories import labels_in_parts
from recdiv.metrics._discount import slot_weights
from recdiv.metrics._ideal import catalogue_ideal, user_ideals
from recdiv.metrics._registry import Result, per_list_result, register
from recdiv.metrics._shared import Shared, topics_for
from recdiv.metrics._topics import counted_slots, faded_gains
from recdiv.tables import Catalog, Interactions, Recommendations

_MOST = math.e / (math.e - 1)  # greedy prefixes reach 1 − 1/e of the best ones


@register(
    symbol="α-nDCG",
    formula="α-nDCG(u) = G(u) / G(ideal),  G(u) = Σᵣ 1/log₂(r+1) Σ_{f ∈ L(iᵣ)} (1 − α)^(times f stood above r)",
    range="[0, 1], in rare cases up to 1.582",
    direction="higher is more diverse (and, given test items, more accurate)",
    level="list",
    undefined_on="the ideal is 0 (no test item of the user, or no item at all, has a label): NaN; without test items "
    "also a list that holds no item of the catalogue (an empty list of a user with test items scores 0)",
    citation="clarke2008novelty",
    bounds=(0.0, _MOST),
)
def alpha_ndcg(
    recs: Recommendations,
    *,
    catalog: Catalog,
    test: Interactions | None = None,
    alpha: float = 0.5,
    k: int | None = None,
    shared: Shared | None = None,
) -> Result:
    r"""Mean over lists of their discounted gain in category labels, each worth 1 − α less each time, over the ideal.

    .. math:: G(u) = \sum_{r=1}^{k} \frac{1}{\log_2(r+1)} \sum_{f \in L(i_r)} (1-\alpha)^{c_f(r-1)}, \qquad
        \text{α-nDCG}(u) = G(u) / G(\text{ideal})

    :math:`c_f(r-1)` counts the items above rank r with label f. With ``test`` only the user's test items gain; without,
    every item does. The ideal orders the candidates (the user's different test items; without ``test``, all of the
    catalogue) greedily, to rank k. The best order is hard to find; greedy comes within 1 − 1/e of it, so a list may
    exceed 1, by 1.582 at most, and hardly ever does. A repeat gains nothing; an item without a label neither; an empty
    or unknown slot keeps its rank. ``alpha_ndcg@alpha=0`` counts labels, ``alpha=1`` only new ones.

    Raises:
        ValueError: if ``alpha`` is outside [0, 1].

    Source: Clarke et al. 2008.

    >>> import pandas as pd
    >>> catalog = Catalog(pd.DataFrame({"item_id": [1, 2, 3], "category": ["tea", "tea", "mug"]}))
    >>> value = alpha_ndcg(Recommendations([[0, 1], [0, 2]]), catalog=catalog)
    >>> value.per_list.round(decimals=4).tolist()  # (1 + ½ / log₂ 3) / (1 + 1 / log₂ 3), and the ideal itself
    [0.8066, 1.0]
    """
    if not 0 <= alpha <= 1:
        raise ValueError(f"alpha must lie between 0 and 1, got {alpha}")
    topics = topics_for(catalog, shared)
    discount = slot_weights("log", max(recs.k, k or 0), device=recs.device)
    counted, n_relevant = counted_slots(recs, test)
    ideal = (
        catalogue_ideal(topics, discount, alpha).to(recs.device)
        if test is None
        else user_ideals(recs, test, topics, discount, alpha)
    )

    def gain(held: Tensor, lists: slice) -> Tensor:
        return faded_gains(torch.where(counted[lists][:, :, None], held, -1), discount, 1 - alpha)

    values = labels_in_parts(recs, topics, gain) / ideal
    defined = (ideal > 0) & ((recs.lengths > 0) if n_relevant is None else (n_relevant > 0))
    return per_list_result(torch.where(defined, values, math.nan))
