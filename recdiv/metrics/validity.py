"""Whether lists hold what a list should: items of the catalogue, each once."""

from __future__ import annotations

from recdiv.metrics._registry import Result, per_list_result, register
from recdiv.metrics._relevance import repeats
from recdiv.tables import EMPTY, Recommendations


@register(
    symbol="V",
    formula="V(u) = |{slots that hold an item of the catalogue for the first time}| / |{filled slots}|",
    range="[0, 1]",
    direction="higher is better",
    level="list",
    undefined_on="a list has no filled slot: NaN",
    citation="herlocker2004evaluating",
    bounds=(0.0, 1.0),
)
def validity(recs: Recommendations) -> Result:
    r"""Mean over lists of the share of filled slots that hold an item of the catalogue not shown further up.

    Made for lists that a language model wrote: what is not in the catalogue (-2) or stands there twice never counts as
    diverse, and here it is seen. Empty slots (-1) are not filled.

    >>> validity(Recommendations([[0, 1, -1], [2, 2, -2]])).per_list.round(decimals=4).tolist()
    [1.0, 0.3333]
    """
    good = recs.valid & ~repeats(recs.items)
    return per_list_result(good.sum(1).double() / (recs.items != EMPTY).sum(1))
