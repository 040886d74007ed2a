"""How rare the recommended items are in what people did before."""

from __future__ import annotations

import math

from recdiv.metrics._popularity import NO_TRAINING, list_means, popularity
from recdiv.metrics._registry import Result, per_list_result, register
from recdiv.tables import Interactions, Recommendations


@register(
    symbol="nov",
    formula="nov(u) = 1/n Σ_{i ∈ u} −ln p(i),  p(i) = max(xᵢ, 1) / Σx",
    range="[0, ln Σx] nats",
    direction="higher is more novel",
    level="list",
    undefined_on=NO_TRAINING,
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
    counts = popularity(train, recs)
    return per_list_result(list_means(recs, counts.sum().log() - counts.clamp(min=1).log()))
