"""Which share of the catalogue is recommended to anybody."""

from __future__ import annotations

import math

from torch import Tensor

from recdiv.metrics._counts import counts_state, known_items
from recdiv.metrics._registry import Result, State, corpus_result, register
from recdiv.tables import Interactions, Recommendations

CONVENTIONS = ("recbole", "recommenders", "elliot", "replay", "rectools", "recmetrics", "rexmex", "clayrs")


def coverage_value(state: State) -> float:
    """From item counts."""
    counts: Tensor = state["counts"]
    return float((counts > 0).double().mean()) if bool(counts.any()) else math.nan


@register(
    symbol="C",
    formula="C = |{i : cᵢ > 0}| / I",
    range="[1/I, 1]",
    direction="higher is more diverse",
    level="corpus",
    undefined_on="no slot holds an item of the catalogue: NaN",
    citation="herlocker2004evaluating",
    conventions=CONVENTIONS,
    bounds=(0.0, 1.0),
    state=counts_state,
    value=coverage_value,
)
def item_coverage(
    recs: Recommendations, *, n_items: int, train: Interactions | None = None, convention: str | None = None
) -> Result:
    r"""Share of the catalogue that is recommended to anybody.

    .. math:: C = |\{i : c_i > 0\}| / I

    ``c_i`` counts how often item i fills a slot and ``I`` is the size of the catalogue. Items outside the catalogue
    cover nothing. ``convention`` gives the number another library prints; what it takes for the catalogue are the items
    with a training interaction, where ``train`` is given. Compare systems at the same number of lists and slots only.

    >>> item_coverage(Recommendations([[0, 1], [0, -2]]), n_items=4).value
    0.5
    """
    state = counts_state(recs, n_items=n_items)
    if convention is None:
        return corpus_result(recs, coverage_value(state))
    return corpus_result(recs, _elsewhere(state["counts"] > 0, known_items(n_items, train), train, convention))


def _elsewhere(shown: Tensor, size: int, train: Interactions | None, convention: str) -> float:
    n = float(shown.sum())
    both = n if train is None else float((shown & (train.item_counts() > 0).to(shown.device)).sum())
    numbers = {
        "recbole": n / (size + 1),  # the padding item counts as one of the catalogue
        "recommenders": n / size if size else math.nan,  # unseen items in the numerator only: can exceed 1
        "elliot": n,
        "rectools": n,
        "replay": both / size if size else math.nan,
        "recmetrics": 100 * n / size if size else math.nan,
        "rexmex": round(both / size, 3) if size else math.nan,
        "clayrs": 100 * both / size if size else math.nan,
    }
    return numbers[convention]
