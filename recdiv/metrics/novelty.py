"""How rare the recommended items are in what people did before."""

from __future__ import annotations

import math

import torch

from recdiv.metrics._registry import Result, per_list_result, register
from recdiv.tables import Interactions, Recommendations


@register(
    symbol="nov",
    formula="nov(u) = 1/n Σ_{i ∈ u} −ln p(i),  p(i) = max(xᵢ, 1) / Σx",
    range="[0, ln Σx] nats",
    direction="higher is more novel",
    level="list",
    undefined_on="a list holds no item of the catalogue, or there is no training interaction: NaN",
    citation="zhou2010solving",
    bounds=(0.0, math.inf),
)
def novelty(recs: Recommendations, *, train: Interactions) -> Result:
    r"""Mean over lists of the mean self-information of their items in the training interactions, in nats.

    .. math:: \mathrm{nov}(u) = \frac1n \sum_{i \in u} -\ln p(i), \qquad p(i) = \max(x_i, 1) / \sum_j x_j

    ``x_i`` counts the training interactions of item i. An item without any counts as if seen once, which is a lower
    bound of how new it is. A repeat counts again.

    >>> import pandas as pd
    >>> from recdiv.tables import Catalog
    >>> catalog = Catalog(pd.DataFrame({"item_id": [1, 2, 3]}))
    >>> train = Interactions(pd.DataFrame({"user_id": [1, 2, 3, 4], "item_id": [1, 1, 2, 3]}), catalog)
    >>> round(novelty(Recommendations([[0, 1]]), train=train).value, 4)  # (ln 2 + ln 4) / 2
    1.0397
    """
    counts = train.item_counts().to(recs.device).double()
    recs.check(len(counts))
    surprise = counts.sum().log() - counts.clamp(min=1).log()
    if not len(counts) or not bool(counts.any()):
        return per_list_result(torch.full((recs.n_lists,), torch.nan))
    found = surprise[recs.items.clamp(min=0)] * recs.valid
    return per_list_result(found.sum(1) / recs.lengths)  # 0 / 0 is NaN
