"""Which share of what the user went for next is in the list."""

from __future__ import annotations

from recdiv.metrics._registry import Result, per_list_result, register
from recdiv.metrics._relevance import hits, where_relevant
from recdiv.tables import Interactions, Recommendations


@register(
    symbol="recall",
    formula="recall(u) = |R ∩ T| / |T|",
    range="[0, 1]",
    direction="higher is more accurate",
    level="list",
    undefined_on="a user has no test item: NaN (an empty list of a user with test items scores 0)",
    citation="herlocker2004evaluating",
    bounds=(0.0, 1.0),
)
def recall(recs: Recommendations, *, test: Interactions) -> Result:
    r"""Mean over lists of the share of the user's different test items that the list holds.

    .. math:: \mathrm{recall}(u) = |R_u \cap T_u| / |T_u|

    With one test item a user (leave-one-out) it is the hit rate. ``recall@10`` looks at the first ten slots.

    >>> import pandas as pd
    >>> from recdiv.tables import Catalog
    >>> catalog = Catalog(pd.DataFrame({"item_id": [1, 2, 3]}))
    >>> test = Interactions(pd.DataFrame({"user_id": [7, 7], "item_id": [2, 3]}), catalog)
    >>> recall(Recommendations([[0, 1]], users=[7]), test=test).value
    0.5
    """
    hit, n_relevant = hits(recs, test)
    return per_list_result(where_relevant(hit.sum(1).double() / n_relevant, n_relevant))
