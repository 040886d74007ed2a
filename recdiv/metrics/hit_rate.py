"""Whether the list holds anything the user went for next."""

from __future__ import annotations

from recdiv.metrics._registry import Result, per_list_result, register
from recdiv.metrics._relevance import hits, where_relevant
from recdiv.tables import Interactions, Recommendations


@register(
    symbol="HR",
    formula="HR(u) = [R ∩ T ≠ ∅]",
    range="[0, 1]",
    direction="higher is more accurate",
    level="list",
    undefined_on="a user has no test item: NaN (an empty list of a user with test items scores 0)",
    citation="deshpande2004itembased",
    bounds=(0.0, 1.0),
)
def hit_rate(recs: Recommendations, *, test: Interactions) -> Result:
    r"""Share of lists that hold at least one test item of their user.

    .. math:: \mathrm{HR}(u) = [R_u \cap T_u \ne \emptyset]

    With one test item a user (leave-one-out) it is the recall. ``hit_rate@10`` looks at the first ten slots. Only ranks
    matter, so scores may be log-probabilities.

    >>> import pandas as pd
    >>> from recdiv.tables import Catalog
    >>> catalog = Catalog(pd.DataFrame({"item_id": [1, 2, 3]}))
    >>> test = Interactions(pd.DataFrame({"user_id": [7, 7], "item_id": [2, 3]}), catalog)
    >>> hit_rate(Recommendations([[0, 1], [0, 0]], users=[7, 7]), test=test).value
    0.5
    """
    hit, n_relevant = hits(recs, test)
    return per_list_result(where_relevant(hit.any(1).double(), n_relevant))
