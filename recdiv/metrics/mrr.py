"""How far down the list the first thing stands that the user went for next."""

from __future__ import annotations

import torch

from recdiv.metrics._registry import Result, per_list_result, register
from recdiv.metrics._relevance import hits, where_relevant
from recdiv.tables import Interactions, Recommendations


@register(
    symbol="MRR",
    formula="MRR(u) = 1 / rank of the first item of T, 0 without one",
    range="[0, 1]",
    direction="higher is more accurate",
    level="list",
    undefined_on="a user has no test item: NaN (an empty list of a user with test items scores 0)",
    citation="voorhees1999trec8",
    bounds=(0.0, 1.0),
)
def mrr(recs: Recommendations, *, test: Interactions) -> Result:
    r"""Mean over lists of the reciprocal rank of the first test item.

    .. math:: \mathrm{MRR}(u) = 1 / \min\{r : i_r \in T_u\}

    A list without a test item scores 0. The rank is that of the slot: an empty slot before the hit counts. ``mrr@10``
    looks at the first ten slots. Only ranks matter, so scores may be log-probabilities.

    >>> import pandas as pd
    >>> from recdiv.tables import Catalog
    >>> catalog = Catalog(pd.DataFrame({"item_id": [1, 2, 3]}))
    >>> test = Interactions(pd.DataFrame({"user_id": [7, 7], "item_id": [2, 3]}), catalog)
    >>> mrr(Recommendations([[0, 1, 2]], users=[7]), test=test).value
    0.5
    """
    hit, n_relevant = hits(recs, test)
    rank = torch.arange(1, recs.k + 1, dtype=torch.float64, device=hit.device)
    first = (hit / rank).amax(1) if recs.k else torch.zeros(recs.n_lists, dtype=torch.float64, device=hit.device)
    return per_list_result(where_relevant(first, n_relevant))
