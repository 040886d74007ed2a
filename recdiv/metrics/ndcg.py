"""Whether what the user went for next stands near the top."""

from __future__ import annotations

import torch

from recdiv.metrics._registry import Result, per_list_result, register
from recdiv.metrics._relevance import hits, where_relevant
from recdiv.tables import Interactions, Recommendations


@register(
    symbol="nDCG",
    formula="nDCG(u) = Σᵣ [hit at r] / log₂(r + 1)  ÷  Σ_{r ≤ min(k, |T|)} 1 / log₂(r + 1)",
    range="[0, 1]",
    direction="higher is more accurate",
    level="list",
    undefined_on="a user has no test item: NaN (an empty list of a user with test items scores 0)",
    citation="jarvelin2002cumulated",
    bounds=(0.0, 1.0),
)
def ndcg(recs: Recommendations, *, test: Interactions, k: int | None = None) -> Result:
    r"""Mean over lists of the normalised discounted cumulative gain of binary relevance.

    .. math:: \mathrm{nDCG}(u) = \frac{\sum_{r=1}^{k} [\text{hit at } r] / \log_2(r+1)}
        {\sum_{r=1}^{\min(k, |T_u|)} 1 / \log_2(r+1)}

    Relevant are the different test items T of the list's user; a repeat hits once. Only ranks matter, so scores may be
    log-probabilities. ``k`` is the cut-off of ``ndcg@10``, by default the number of slots.

    >>> import pandas as pd
    >>> from recdiv.tables import Catalog
    >>> catalog = Catalog(pd.DataFrame({"item_id": [1, 2, 3]}))
    >>> test = Interactions(pd.DataFrame({"user_id": [7], "item_id": [2]}), catalog)
    >>> round(ndcg(Recommendations([[0, 1, 2]], users=[7]), test=test).value, 4)  # 1 / log₂ 3
    0.6309
    """
    k = recs.k if k is None else k
    hit, n_relevant = hits(recs.head(max(k, 1)), test)
    discount = 1 / torch.log2(torch.arange(max(k, hit.shape[1], 1), dtype=torch.float64, device=hit.device) + 2)
    ideal = discount.cumsum(0)[n_relevant.clamp(min=1, max=max(k, 1)) - 1]
    return per_list_result(where_relevant((hit * discount[: hit.shape[1]]).sum(1) / ideal, n_relevant))
