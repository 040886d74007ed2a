"""How much more popular a list is than what its user likes, on a scale where half and double weigh the same."""

from __future__ import annotations

from recdiv.metrics._popularity import NO_HISTORY, list_means, popularity, profile_means
from recdiv.metrics._registry import Result, per_list_result, register
from recdiv.tables import Interactions, Recommendations


@register(
    symbol="LPD",
    formula="LPD(u) = 1/n Σ_{i ∈ u} ln xᵢ − 1/|H| Σ_{i ∈ H} ln xᵢ,  x at least 1",
    range="[−ln max x, ln max x] nats",
    direction="0: as popular as what the user likes; above: more popular",
    level="list",
    undefined_on=NO_HISTORY,
    citation="lichtenberg2024popularity",
)
def log_popularity_difference(recs: Recommendations, *, train: Interactions) -> Result:
    r"""Mean over lists of how much larger the mean log popularity of the list is than that of its user's history.

    .. math:: \mathrm{LPD}(u) = \frac1n \sum_{i \in u} \ln x_i - \frac1{|H_u|} \sum_{i \in H_u} \ln x_i

    ``x_i`` counts the training interactions of item i; an item without any counts as if seen once. H are the training
    interactions of the list's user; an item used twice counts twice. Antisymmetric: a list and a history that change
    places change the sign; e to it is a ratio of geometric means.

    >>> import pandas as pd
    >>> from recdiv.tables import Catalog
    >>> catalog = Catalog(pd.DataFrame({"item_id": [1, 2, 3]}))
    >>> train = Interactions(pd.DataFrame({"user_id": [1, 2, 3, 4], "item_id": [1, 1, 2, 3]}), catalog)
    >>> found = log_popularity_difference(Recommendations([[1, 2], [0, 0]], users=[1, 3]), train=train)
    >>> found.per_list.round(decimals=4).tolist()  # ln 1 − ln 2, ln 2 − ln 1
    [-0.6931, 0.6931]
    """
    table = popularity(train, recs).clamp(min=1).log()
    return per_list_result(list_means(recs, table) - profile_means(recs, train, table))
