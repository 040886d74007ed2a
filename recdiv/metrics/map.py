"""How well the list ranks all that the user went for next."""

from __future__ import annotations

import torch

from recdiv.metrics._registry import Result, per_list_result, register
from recdiv.metrics._relevance import hits, where_relevant
from recdiv.tables import Interactions, Recommendations


@register(
    symbol="AP",
    formula="AP(u) = Σᵣ [hit at r] · (hits up to r) / r  ÷  min(k, |T|)",
    range="[0, 1]",
    direction="higher is more accurate",
    level="list",
    undefined_on="a user has no test item: NaN (an empty list of a user with test items scores 0)",
    citation="manning2008introduction",
    bounds=(0.0, 1.0),
)
def map(recs: Recommendations, *, test: Interactions, k: int | None = None) -> Result:
    r"""Mean over lists of the average precision.

    .. math:: \mathrm{AP}(u) = \frac{1}{\min(k, |T_u|)}
        \sum_{r=1}^{k} [\text{hit at } r] \, \frac{\text{hits up to } r}{r}

    Divided by min(k, \|T\|), the most hits there can be, so that the best list of k slots scores 1; libraries that
    divide by \|T\| or by the number of hits print other numbers. ``k`` is the cut-off of ``map@10``, by default the
    number of slots. A repeat hits once. Only ranks matter, so scores may be log-probabilities.

    >>> import pandas as pd
    >>> from recdiv.tables import Catalog
    >>> catalog = Catalog(pd.DataFrame({"item_id": [1, 2, 3]}))
    >>> test = Interactions(pd.DataFrame({"user_id": [7, 7], "item_id": [2, 3]}), catalog)
    >>> round(map(Recommendations([[1, 0, 2]], users=[7]), test=test).value, 4)  # (1/1 + 2/3) / 2
    0.8333
    """
    hit, n_relevant = hits(recs, test)
    rank = torch.arange(1, recs.k + 1, dtype=torch.float64, device=hit.device)
    most = n_relevant.clamp(min=1, max=max(recs.k if k is None else k, 1))
    return per_list_result(where_relevant((hit * hit.cumsum(1) / rank).sum(1) / most, n_relevant))
