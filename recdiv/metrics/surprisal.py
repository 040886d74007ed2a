"""How little a language model expects the items of a list after what its user did."""

from __future__ import annotations

import math

import numpy as np
from torch import Tensor

from recdiv.lm.scorer import Scorer
from recdiv.metrics._histories import UNDEFINED, Measure, against_history
from recdiv.metrics._likelihood import Likelihoods, histories
from recdiv.metrics._registry import Result, register
from recdiv.metrics._shared import Shared
from recdiv.tables import Catalog, Interactions, Recommendations


@register(
    symbol="s",
    formula="s(u) = mean_{i ∈ u} −ln p(i | h_u)",
    range="[0, ∞) nats",
    direction="higher is less expected; read its excess over the null",
    level="list",
    undefined_on=UNDEFINED,
    citation="shannon1948",
    bounds=(0.0, math.inf),
)
def surprisal(
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
    r"""Mean over lists of the mean surprisal of their items, given their users' histories, to a language model.

    .. math:: s(u) = \frac{1}{n} \sum_{i \in u} -\ln p(i \mid h_u)

    p is the probability that ``scorer`` gives to the text of i and its end after the texts of the history: the latest
    ``longest`` training interactions (0: all). ``read`` is the column of the catalogue that is read (``"all"``: title
    and text). With ``over="catalogue"`` p is scaled to sum 1 over the items, ln p(i|h) − ln Σ_j p(j|h), at the cost of
    all items for each history. With ``per="token"`` an item's surprisal is divided by its number of tokens, the end
    included: long texts are then no more surprising than short ones. ``null`` deals the lists' exposures across users:
    a value below it says that lists follow the user.

    Raises:
        ValueError: if ``per`` or ``over`` is none of the above, or both are changed.

    >>> import pandas as pd
    >>> class Even:  # every text has probability 1/4, whatever was before
    ...     def log_likelihood(self, texts, *, contexts=None):
    ...         return [math.log(1 / 4)] * len(texts)
    >>> catalog = Catalog(pd.DataFrame({"item_id": range(4), "title": ["tea", "mug", "pot", "tray"]}))
    >>> train = Interactions(pd.DataFrame({"user_id": [7], "item_id": [0]}), catalog)
    >>> lists = Recommendations([[1, 2]], users=[7])
    >>> round(surprisal(lists, scorer=Even(), catalog=catalog, train=train).value, 4)  # ln 4
    1.3863
    """
    asked = Likelihoods.of(scorer, catalog, read=read, per=per, over=over, shared=shared)

    def measure_of(lists_of: Recommendations) -> Measure:
        def measure(lists: Tensor, history: Tensor) -> Tensor:
            items = lists_of.items[lists]
            return (-asked.log_p(items, histories(history)) / asked.scale(items)).nanmean(1)

        return measure

    return against_history(recs, train, measure_of, longest=longest, null=null, rng=rng, shared=shared)
