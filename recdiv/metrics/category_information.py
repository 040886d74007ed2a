"""What knowing whose list it is tells about the category of an item in it."""

from __future__ import annotations

import math

import numpy as np
import torch

from recdiv._inputs import BLOCK
from recdiv.metrics._categories import Labels, label_entropies, label_masses, label_shares, share_entropies
from recdiv.metrics._registry import Result, State, corpus_result, register
from recdiv.metrics._shared import Shared, deals, labels_for
from recdiv.metrics.entropy import entropy_of
from recdiv.metrics.mutual_information import information_value
from recdiv.tables import Catalog, Recommendations


def category_state(
    recs: Recommendations, *, catalog: Catalog, missing: str = "own", shared: Shared | None = None
) -> State:
    """Sum over lists of their label shares ``[C]``, sum of their entropies, number of lists that hold something."""
    return _state(recs, labels_for(catalog, missing, shared))


def _state(recs: Recommendations, labels: Labels) -> State:
    lists = (recs.lengths > 0).sum()
    return {"mass": label_masses(recs, labels), "entropy": label_entropies(recs, labels).sum(), "lists": lists}


@register(
    symbol="I_c",
    formula="I(list; category) = H(category) − Σᵤ wᵤ H(category | u)",
    range="[0, ln U] nats",
    direction="higher: lists differ more; read its excess over the null",
    level="corpus",
    undefined_on="every list is empty: NaN",
    citation="cover2006elements",
    bounds=(0.0, math.inf),
    state=category_state,
    value=information_value,
)
def category_information(
    recs: Recommendations,
    *,
    catalog: Catalog,
    missing: str = "own",
    null: int = 0,
    rng: int | np.random.Generator = 0,
    shared: Shared | None = None,
) -> Result:
    r"""Mutual information of list and category label, lists weighing the same, in nats.

    .. math:: I(\text{list}; c) = H(c) - \sum_u w_u H(c \mid u)

    Unlike identity mutual information it knows who gets what: ``null`` re-deals the same exposures over the same list
    lengths, and the excess is what is personal. Labels as in ``category_entropy``.

    >>> import pandas as pd
    >>> catalog = Catalog(pd.DataFrame({"item_id": [1, 2, 3, 4], "category": ["tea", "tea", "mug", "mug"]}))
    >>> round(category_information(Recommendations([[0, 1], [2, 3]]), catalog=catalog).value, 6)  # ln 2
    0.693147
    """
    labels = labels_for(catalog, missing, shared)
    value = information_value(_state(recs, labels))
    return corpus_result(recs, value, null=_null(recs, labels, null, rng, shared) if null else math.nan)


def _null(
    recs: Recommendations, labels: Labels, draws: int, rng: int | np.random.Generator, shared: Shared | None
) -> float:
    """Mean information of re-dealt lists, each exposure keeping the weight it had in its list."""
    if not bool(recs.valid.any()):
        return math.nan
    overall = entropy_of(label_masses(recs, labels))
    values = []
    for items, dealt in deals(recs, draws, rng, shared):
        weight = dealt.sum(1) / dealt.sum()
        entropies = _dealt_entropies(items, dealt, labels)
        values.append(overall - float((weight * entropies).sum()))
    return float(np.mean(values))


def _dealt_entropies(items: torch.Tensor, mass: torch.Tensor, labels: Labels) -> torch.Tensor:
    """Entropy of the label masses of each list, nats ``[U]``, part by part: memory does not grow with U·K·L."""
    step = max(1, BLOCK // max(items.shape[1] * labels.table.shape[1], 1))
    parts = zip(torch.split(items, step), torch.split(mass, step), strict=True)
    return torch.cat([_entropies_of_part(some, weight, labels) for some, weight in parts])


def _entropies_of_part(items: torch.Tensor, mass: torch.Tensor, labels: Labels) -> torch.Tensor:
    found, share = label_shares(Recommendations(items), labels)
    width = share.shape[1] // max(items.shape[1], 1)
    share = share * (mass * (items >= 0).sum(1, keepdim=True)).repeat_interleave(width, 1)
    return share_entropies(found, share / share.sum(1, keepdim=True).clamp(min=1e-300))
