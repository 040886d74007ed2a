"""How likely an item that a person comes to see in a list is new to people."""

from __future__ import annotations

import torch

from recdiv.metrics._expected import expected_novelty
from recdiv.metrics._popularity import NO_TRAINING
from recdiv.metrics._registry import Result, per_list_result, register
from recdiv.tables import Interactions, Recommendations


@register(
    symbol="EPC",
    formula="EPC(u) = Σᵣ wᵣ gᵣ (1 − sᵣ) / Σᵣ wᵣ,  s = share of training users who know the item",
    range="[0, 1]",
    direction="higher is more novel",
    level="list",
    undefined_on=f"{NO_TRAINING}; with relevance=test also a user without a test item",
    citation="vargas2011rank",
    bounds=(0.0, 1.0),
)
def epc(
    recs: Recommendations,
    *,
    train: Interactions,
    test: Interactions | None = None,
    discount: str = "log",
    relevance: str = "any",
) -> Result:
    r"""Expected popularity complement: mean over lists of how unknown the items are that a person comes to see.

    .. math:: \mathrm{EPC}(u) = \frac{\sum_r w_r\, g_r\, (1 - s_{i_r})}{\sum_r w_r}

    ``s_i`` is the share of training users who have interacted with item i, so an item nobody knows adds 1.
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
    >>> round(epc(Recommendations([[0, 1]]), train=train).value, 4)  # (1 · 1/2 + 0.6309 · 3/4) / 1.6309
    0.5967
    """
    counts = train.item_users().to(recs.device).double()
    recs.check(len(counts))
    unknown = 1 - counts / train.n_users if train.n_users else torch.full_like(counts, torch.nan)
    return per_list_result(expected_novelty(recs, unknown, test=test, discount=discount, relevance=relevance))
