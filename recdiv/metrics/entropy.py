"""How evenly recommendations spread over items."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from recdiv.metrics._counts import counts_state, positive_counts
from recdiv.metrics._discount import refuse_discount
from recdiv.metrics._registry import Result, State, corpus_result, register
from recdiv.tables import Recommendations


def entropy_of(counts: Tensor) -> float:
    """Shannon entropy of counts or masses, nats; NaN where all are zero."""
    total = counts.sum()
    if not total > 0:
        return math.nan
    p = counts.double() / total
    return max(0.0, float(-torch.special.xlogy(p, p).sum()))


def entropy_value(state: State, *, correction: str = "none") -> float:
    """From item counts."""
    counts: Tensor = state["counts"]
    return _corrected(entropy_of(counts), counts[counts > 0], correction)


def _corrected(value: float, shown: Tensor, correction: str) -> float:
    """Miller–Madow: with N slots that show n items, entropy is low by about (n − 1) / 2N."""
    if correction == "none" or not len(shown):
        return value
    return value + (len(shown) - 1) / (2 * float(shown.double().sum()))


@register(
    symbol="H",
    formula="H = −Σᵢ pᵢ ln pᵢ,  pᵢ = cᵢ / Σc",
    range="[0, ln I] nats",
    direction="higher is more diverse",
    level="corpus",
    undefined_on="no slot holds an item of the catalogue: NaN",
    citation="shannon1948",
    bounds=(0.0, math.inf),
    most=math.log,
    state=counts_state,
    value=entropy_value,
)
def entropy(recs: Recommendations, *, correction: str = "none", discount: str = "none") -> Result:
    r"""Shannon entropy of what is recommended, over all lists together, in nats.

    .. math:: H = -\sum_i p_i \ln p_i, \qquad p_i = c_i / \sum_j c_j

    Each filled slot counts once, so long lists weigh more. The plain value is low by about (n − 1) / 2N when N slots
    show n different items; ``entropy@correction=miller_madow`` adds that back.
    ``discount`` counts slot r by its attention, 1 / log₂(r + 1) for ``log`` or 0.9^(r − 1) for ``rbp``, whatever the
    length of the list.

    Raises:
        ValueError: if ``correction`` is neither ``"none"`` nor ``"miller_madow"``, or stands beside a discount.

    Source: Shannon 1948; Miller 1955 for the correction.

    >>> round(entropy(Recommendations([[0, 1], [0, 2]])).value, 4)  # 1/2 ln 2 + 2 · 1/4 ln 4
    1.0397
    """
    if correction not in ("none", "miller_madow"):
        raise ValueError(f"correction must be 'none' or 'miller_madow', got {correction!r}")
    if correction != "none":
        refuse_discount(discount, "a correction")
    counts = positive_counts(recs, discount=discount)
    return corpus_result(recs, _corrected(entropy_of(counts), counts, correction))
