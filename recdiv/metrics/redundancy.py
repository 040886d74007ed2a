"""How much the items of a list say about one another, to a language model."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import torch
from torch import Tensor

from recdiv.lm.scorer import Scorer
from recdiv.metrics._histories import spread
from recdiv.metrics._likelihood import NOTHING, Likelihoods, Rows
from recdiv.metrics._registry import Result, per_list_result, register
from recdiv.metrics._shared import Shared, deals
from recdiv.tables import EMPTY, Catalog, Recommendations

_LISTS = 256  # lists asked about together


@register(
    symbol="R",
    formula="R(u) = mean_{r ≥ 2} [ln p(i_r | i_1 … i_{r−1}) − ln p(i_r)]",
    range="(−∞, ∞) nats",
    direction="lower is more diverse; read its excess over the null",
    level="list",
    undefined_on="a list holds fewer than two items of the catalogue: NaN",
    citation="church1990word",
)
def redundancy(
    recs: Recommendations,
    *,
    scorer: Scorer,
    catalog: Catalog,
    read: str = "title",
    per: str = "item",
    over: str = "texts",
    null: int = 0,
    rng: int | np.random.Generator = 0,
    shared: Shared | None = None,
) -> Result:
    r"""Mean over lists of how much likelier each item is after the ones before it in the list than on its own.

    .. math:: R(u) = \frac{1}{n - 1} \sum_{r=2}^{n} \bigl(\ln p(i_r \mid i_1, \dots, i_{r-1}) - \ln p(i_r)\bigr)

    A list that goes on as it began is cheap to write down: R is what is saved an item. It is 0 where items know
    nothing of one another, and high where the list repeats itself, in words or in sense, as far as the model sees it.
    Empty and unknown slots are passed over, and the order matters. ``null`` deals the lists' exposures at random: that
    is what lists of these items share anyway. Options as for ``surprisal``, except that nobody's history is read.

    >>> import math
    >>> import pandas as pd
    >>> class Faithful:  # any text has probability 1/2, and 9/10 after itself
    ...     def log_likelihood(self, texts, *, contexts=None):
    ...         pairs = zip(texts, contexts or [()] * len(texts))
    ...         return [math.log((0.9 if text == c[-1] else 0.1) if c else 0.5) for text, c in pairs]
    >>> catalog = Catalog(pd.DataFrame({"item_id": range(2), "title": ["tea", "mug"]}))
    >>> found = redundancy(Recommendations([[0, 0], [0, 1]]), scorer=Faithful(), catalog=catalog)
    >>> found.per_list.round(decimals=4).tolist()  # ln 1.8, ln 0.2
    [0.5878, -1.6094]
    """
    asked = Likelihoods.of(scorer, catalog, read=read, per=per, over=over, shared=shared)
    found = per_list_result(_values(asked, recs.check(len(catalog)).items))
    if not null or not found.n:
        return found
    lists = (recs.lengths > 1).nonzero().squeeze(1)
    chance = [
        float(_values(asked, items[some]).nanmean())
        for (items, _), some in zip(deals(recs, null, rng, shared), spread(lists, null, rng), strict=True)
    ]
    return replace(found, null=float(np.mean(chance)))


def _values(asked: Likelihoods, items: Tensor) -> Tensor:
    """R of each list ``[U]``, NaN where there is none."""
    if not items.numel():
        return torch.full((len(items),), math.nan, dtype=torch.float64, device=items.device)
    return torch.cat([_some(asked, part) for part in torch.split(items, _LISTS)])


def _some(asked: Likelihoods, items: Tensor) -> Tensor:
    order = torch.argsort((items < 0).long(), dim=1, stable=True)  # what is held first, in its order
    items = items.gather(1, order).clamp(min=EMPTY)
    later, rows = items[:, 1:], items.tolist()
    before: list[Rows] = [tuple(row[:r]) for row in rows for r in range(1, len(row)) if row[r] >= 0]
    held = later >= 0
    gain = torch.full(later.shape, math.nan, dtype=torch.float64, device=items.device)
    these = later[held][:, None]
    found = asked.log_p(these, before) - asked.log_p(these, [NOTHING] * len(before))
    gain[held] = (found / asked.scale(these)).squeeze(1)
    return gain.nanmean(1)
