"""By what part recommendations are more popular than what their users like."""

from __future__ import annotations

import math

from recdiv.metrics._popularity import NO_HISTORY, list_means, popularity, profile_means
from recdiv.metrics._registry import Result, State, register
from recdiv.tables import Interactions, Recommendations


def lift_state(recs: Recommendations, *, train: Interactions) -> State:
    """Sums over lists of the mean popularity of their items and of their users' profiles, and number of such lists."""
    table = popularity(train, recs)
    shown, liked = list_means(recs, table), profile_means(recs, train, table)
    both = ~(shown.isnan() | liked.isnan())
    return {"recommended": shown[both].sum(), "profile": liked[both].sum(), "lists": both.sum()}


def lift_value(state: State) -> float:
    """From the sums."""
    if not int(state["lists"]):
        return math.nan
    return float(state["recommended"] / state["profile"]) - 1


@register(
    symbol="PL",
    formula="PL = (GAP_r − GAP_p) / GAP_p,  GAP_r = mean over u of 1/n Σ_{i ∈ u} xᵢ,  GAP_p the same of profiles",
    range="[−1, ∞)",
    direction="0: as popular as what users like; above: more popular",
    level="corpus",
    undefined_on=NO_HISTORY,
    citation="abdollahpouri2019unfairness",
    bounds=(-1.0, math.inf),
    state=lift_state,
    value=lift_value,
)
def popularity_lift(recs: Recommendations, *, train: Interactions) -> Result:
    r"""By what part the lists are more popular than the training profiles of their users.

    .. math:: \mathrm{PL} = \frac{\mathrm{GAP}_r - \mathrm{GAP}_p}{\mathrm{GAP}_p}, \qquad
        \mathrm{GAP}_r = \operatorname{mean}_u \frac1n \sum_{i \in u} x_i

    ``GAP_p`` is the same mean over the training interactions of each list's user (an item used twice counts twice),
    over the lists that have both; ``x_i`` counts the training interactions of item i. It is a ratio of means, so
    one number for all lists, and not antisymmetric: half as popular is −1/2, twice as popular +1.

    >>> import pandas as pd
    >>> from recdiv.tables import Catalog
    >>> catalog = Catalog(pd.DataFrame({"item_id": [1, 2, 3]}))
    >>> train = Interactions(pd.DataFrame({"user_id": [1, 2, 3, 4], "item_id": [1, 1, 2, 3]}), catalog)
    >>> popularity_lift(Recommendations([[1, 2]], users=[1]), train=train).value  # 1 shown, 2 liked
    -0.5
    """
    state = lift_state(recs, train=train)
    n = int(state["lists"])
    return Result(lift_value(state), None, n, recs.n_lists - n)
