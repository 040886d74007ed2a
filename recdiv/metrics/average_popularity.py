"""How popular the recommended items are in what people did before."""

from __future__ import annotations

import math

from recdiv.metrics._popularity import NO_TRAINING, list_means, popularity
from recdiv.metrics._registry import Result, per_list_result, register
from recdiv.tables import Interactions, Recommendations


@register(
    symbol="ARP",
    formula="ARP(u) = 1/n Σ_{i ∈ u} xᵢ",
    range="[0, max x] interactions",
    direction="lower is less popular",
    level="list",
    undefined_on=NO_TRAINING,
    citation="abdollahpouri2019managing",
    bounds=(0.0, math.inf),
)
def average_popularity(recs: Recommendations, *, train: Interactions, discount: str = "none") -> Result:
    r"""Mean over lists of the mean number of training interactions of their items.

    .. math:: \mathrm{ARP}(u) = \frac1n \sum_{i \in u} x_i

    ``x_i`` counts the training interactions of item i; an item without any adds 0. A repeat counts again. ``discount``
    (``log`` or ``rbp``) weighs the filled slots of a list by their attention, scaled to sum 1. A mean of long-tailed
    numbers follows the largest of them; ``log_popularity_difference`` and ``novelty`` do so less.

    >>> import pandas as pd
    >>> from recdiv.tables import Catalog
    >>> catalog = Catalog(pd.DataFrame({"item_id": [1, 2, 3]}))
    >>> train = Interactions(pd.DataFrame({"user_id": [1, 2, 3, 4], "item_id": [1, 1, 2, 3]}), catalog)
    >>> average_popularity(Recommendations([[0, 1]]), train=train).value  # (2 + 1) / 2
    1.5
    """
    return per_list_result(list_means(recs, popularity(train, recs), discount=discount))
