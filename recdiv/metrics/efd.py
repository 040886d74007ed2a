"""How surprising an item that a person comes to see in a list is, by what people did before."""

from __future__ import annotations

import math

from recdiv.metrics._expected import expected_novelty
from recdiv.metrics._popularity import NO_TRAINING, popularity
from recdiv.metrics._registry import Result, per_list_result, register
from recdiv.tables import Interactions, Recommendations


@register(
    symbol="EFD",
    formula="EFD(u) = Σᵣ wᵣ gᵣ (−ln pᵣ) / Σᵣ wᵣ,  p(i) = max(xᵢ, 1) / Σx",
    range="[0, ln Σx] nats",
    direction="higher is more novel",
    level="list",
    undefined_on=f"{NO_TRAINING}; with relevance=test also a user without a test item",
    citation="vargas2011rank",
    bounds=(0.0, math.inf),
)
def efd(
    recs: Recommendations,
    *,
    train: Interactions,
    test: Interactions | None = None,
    discount: str = "log",
    relevance: str = "any",
) -> Result:
    r"""Expected free discovery: mean over lists of the self-information of the items a person comes to see, nats.

    .. math:: \mathrm{EFD}(u) = \frac{\sum_r w_r\, g_r\, (-\ln p(i_r))}{\sum_r w_r}, \qquad
        p(i) = \max(x_i, 1) / \sum_j x_j

    ``x_i`` counts the training interactions of item i. ``efd@discount=none`` is ``novelty``.
    w is the attention to slot r: 1 / log₂(r + 1), with ``discount=rbp`` 0.9^(r − 1), with ``discount=none`` 1. The sums
    run over the filled slots, so a short list is not taken for a stale one. Every recommended item counts as wanted,
    g = 1. With ``relevance=test`` only the test items of the list's user do, each once, and the rest gain 0: novelty
    that nobody went for is worth nothing.

    Raises:
        ValueError: for another ``discount`` or ``relevance``, or ``relevance=test`` without ``test``.

    >>> import pandas as pd
    >>> from recdiv.tables import Catalog
    >>> catalog = Catalog(pd.DataFrame({"item_id": [1, 2, 3]}))
    >>> train = Interactions(pd.DataFrame({"user_id": [1, 2, 3, 4], "item_id": [1, 1, 2, 3]}), catalog)
    >>> round(efd(Recommendations([[0, 1]]), train=train).value, 4)  # (1 · ln 2 + 0.6309 · ln 4) / 1.6309
    0.9613
    """
    counts = popularity(train, recs)
    surprise = counts.sum().log() - counts.clamp(min=1).log()
    return per_list_result(expected_novelty(recs, surprise, test=test, discount=discount, relevance=relevance))
