"""How much a user's history raises the probability of the items of a list, to a language model."""

from __future__ import annotations

import numpy as np
from torch import Tensor

from recdiv.lm.scorer import Scorer
from recdiv.metrics._histories import UNDEFINED, Measure, against_history
from recdiv.metrics._likelihood import NOTHING, Likelihoods, histories
from recdiv.metrics._registry import Result, register
from recdiv.metrics._shared import Shared
from recdiv.tables import Catalog, Interactions, Recommendations


@register(
    symbol="PMI",
    formula="PMI(u) = mean_{i ∈ u} [ln p(i | h_u) − ln p(i)]",
    range="(−∞, ∞) nats",
    direction="higher follows the history more closely; 0: no more than anybody's",
    level="list",
    undefined_on=UNDEFINED,
    citation="church1990word",
)
def pmi(
    recs: Recommendations,
    *,
    scorer: Scorer,
    catalog: Catalog,
    train: Interactions,
    read: str = "title",
    longest: int = 20,
    per: str = "item",
    over: str = "texts",
    null: int = 0,
    rng: int | np.random.Generator = 0,
    shared: Shared | None = None,
) -> Result:
    r"""Mean over lists of the pointwise mutual information of their items and their users' histories.

    .. math:: \mathrm{PMI}(u) = \frac{1}{n} \sum_{i \in u} \bigl(\ln p(i \mid h_u) - \ln p(i)\bigr)

    p(i) is what the same model gives to the text where nothing stands before it, asked once an item. What makes a text
    likely whoever reads it (a common word, a short title) cancels: surprisal mixes popularity and fit, this is fit.
    Were items drawn from the model itself, its mean would be the mutual information of history and item, never
    negative. Options as for ``surprisal``.

    Source: Church & Hanks 1990.

    >>> import math
    >>> import pandas as pd
    >>> class Faithful:  # half of all texts, and three quarters of those after a text, are that text again
    ...     def log_likelihood(self, texts, *, contexts=None):
    ...         pairs = zip(texts, contexts or [()] * len(texts))
    ...         return [math.log((0.75 if text == c[-1] else 0.25) if c else 0.5) for text, c in pairs]
    >>> catalog = Catalog(pd.DataFrame({"item_id": range(2), "title": ["tea", "mug"]}))
    >>> train = Interactions(pd.DataFrame({"user_id": [7], "item_id": [0]}), catalog)
    >>> given = {"scorer": Faithful(), "catalog": catalog, "train": train}
    >>> lists = Recommendations([[0], [1]], users=[7, 7])
    >>> pmi(lists, **given).per_list.round(decimals=4).tolist()  # ln 1.5, ln 0.5
    [0.4055, -0.6931]
    """
    asked = Likelihoods.of(scorer, catalog, read=read, per=per, over=over, shared=shared)

    def measure_of(lists_of: Recommendations) -> Measure:
        def measure(lists: Tensor, history: Tensor) -> Tensor:
            items = lists_of.items[lists]
            gain = asked.log_p(items, histories(history)) - asked.log_p(items, [NOTHING] * len(items))
            return (gain / asked.scale(items)).nanmean(1)

        return measure

    return against_history(recs, train, measure_of, longest=longest, null=null, rng=rng, shared=shared)
