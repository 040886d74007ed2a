"""Which share of the list the user went for next."""

from __future__ import annotations

from recdiv.metrics._registry import Result, per_list_result, register
from recdiv.metrics._relevance import hits, where_relevant
from recdiv.tables import Interactions, Recommendations


@register(
    symbol="P",
    formula="P(u) = |R ∩ T| / k",
    range="[0, 1]",
    direction="higher is more accurate",
    level="list",
    undefined_on="a user has no test item: NaN (an empty list of a user with test items scores 0)",
    citation="herlocker2004evaluating",
    bounds=(0.0, 1.0),
)
def precision(recs: Recommendations, *, test: Interactions, k: int | None = None) -> Result:
    r"""Mean over lists of the share of their slots that hold a test item of the user.

    .. math:: \mathrm{P}(u) = |R_u \cap T_u| / k

    Divided by k, the cut-off of ``precision@10`` (by default the number of slots), however short the list: an empty
    slot is a miss. A repeat hits once. Only ranks matter, so scores may be log-probabilities.

    >>> import pandas as pd
    >>> from recdiv.tables import Catalog
    >>> catalog = Catalog(pd.DataFrame({"item_id": [1, 2, 3]}))
    >>> test = Interactions(pd.DataFrame({"user_id": [7, 7], "item_id": [2, 3]}), catalog)
    >>> precision(Recommendations([[0, 1, -1, -1]], users=[7]), test=test).value  # one of four slots
    0.25
    """
    hit, n_relevant = hits(recs, test)
    return per_list_result(where_relevant(hit.sum(1).double() / max(recs.k if k is None else k, 1), n_relevant))
