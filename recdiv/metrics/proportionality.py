"""Whether every stretch of a list, from the top, shares out its slots as the user's interests are shared out."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from recdiv.metrics._categories import labels_in_parts
from recdiv.metrics._registry import Result, per_list_result, register
from recdiv.metrics._relevance import hits
from recdiv.metrics._shared import Shared, topics_for
from recdiv.metrics._topics import tastes
from recdiv.tables import EMPTY, Catalog, Interactions, Recommendations


@register(
    symbol="CPR",
    formula="CPR(u) = mean over r of 1 − DP(r) / worst(r),  DP(r) = Σ_f max(0, p(f|u) r − s_f(r))² + ½ m(r)²",
    range="[0, 1]",
    direction="higher is more proportional (and, given test items, more accurate)",
    level="list",
    undefined_on="a list holds no item of the catalogue, its user has no labelled item in the training data or (given "
    "test items) none in these: NaN",
    citation="dang2012proportionality",
    bounds=(0.0, 1.0),
)
def proportionality(
    recs: Recommendations,
    *,
    catalog: Catalog,
    train: Interactions,
    test: Interactions | None = None,
    shared: Shared | None = None,
) -> Result:
    r"""Mean over lists of their *cumulative proportionality* to what the user chose before.

    .. math:: \mathrm{CPR}(u) = \frac1n \sum_r 1 - \frac{\mathrm{DP}(r)}{\mathrm{worst}(r)}, \qquad
        \mathrm{DP}(r) = \sum_f \max(0, p(f \mid u)\, r - s_f(r))^2 + \tfrac12 m(r)^2

    p(f | u) is the share of the user's training interactions whose item has label f, so :math:`p\, r` is how many of
    the first r items should have it, and :math:`s_f(r)` how many do; too many cost only the place of others. With
    ``test`` only the user's test items (at their first slot) count in s, m(r) counts the slots that hold something
    else, and :math:`\mathrm{worst} = \sum_f (p\, r)^2 + \tfrac12 r^2`; without, m is 0 and
    :math:`\mathrm{worst} = \sum_f (p\, r)^2`. r numbers the filled slots; the mean is over the n slots that hold an
    item of the catalogue. An unknown slot has no label; a repeat counts again unless ``test`` is given.

    Source: Dang & Croft 2012.

    >>> import pandas as pd
    >>> catalog = Catalog(pd.DataFrame({"item_id": [1, 2, 3], "category": ["tea", "tea", "mug"]}))
    >>> train = Interactions(pd.DataFrame({"user_id": [7, 7], "item_id": [1, 3]}), catalog)  # half tea, half mug
    >>> recs = Recommendations([[0, 1], [0, 2]], users=[7, 7])
    >>> proportionality(recs, catalog=catalog, train=train).per_list.tolist()  # both ½ at r = 1; then ½ and 1
    [0.5, 0.75]
    """
    topics = topics_for(catalog, shared)
    known = tastes(recs, train, topics)
    hit, n_relevant = (None, None) if test is None else hits(recs, test)

    def proportional(held: Tensor, lists: slice) -> Tensor:
        share = known.of(lists, held.device) / known.n_events(lists, held.device)[:, None]  # 0 / 0 is NaN
        items = recs.items[lists]
        return _cumulative(held, share, items, None if hit is None else hit[lists]) / recs.lengths[lists]

    values = labels_in_parts(recs, topics, proportional, width=topics.n)
    defined = (recs.lengths > 0) if n_relevant is None else (recs.lengths > 0) & (n_relevant > 0)
    return per_list_result(torch.where(defined, values, math.nan))


def _cumulative(held: Tensor, share: Tensor, items: Tensor, hit: Tensor | None) -> Tensor:
    """Sum over the slots with an item of the proportionality down to there, ``[u]``; NaN where nothing is wanted."""
    counts = torch.zeros_like(share)
    good = items >= 0 if hit is None else hit
    rank = (items != EMPTY).cumsum(1).double()
    wasted = torch.zeros_like(rank) if hit is None else ((items != EMPTY) & ~hit).cumsum(1).double()
    square = share.square().sum(1)
    total = torch.zeros_like(square)
    for r in range(items.shape[1]):
        here = held[:, r].clamp(min=0)
        counts.scatter_add_(1, here, ((held[:, r] >= 0) & good[:, r, None]).double())
        short = (share * rank[:, r, None] - counts).clamp(min=0).square().sum(1) + wasted[:, r].square() / 2
        worst = rank[:, r].square() * (square if hit is None else square + 0.5)
        total += torch.where(items[:, r] >= 0, 1 - short / worst, 0.0)
    return torch.where(square > 0, total, math.nan)
