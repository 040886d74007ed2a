"""Which share of the catalogue's category labels is recommended to anybody."""

from __future__ import annotations

import math

import torch

from recdiv.metrics._counts import counts_state
from recdiv.metrics._registry import Result, State, corpus_result, register
from recdiv.metrics._shared import Shared, labels_for
from recdiv.tables import Catalog, Recommendations


def category_coverage_value(
    state: State, *, catalog: Catalog, missing: str = "own", shared: Shared | None = None
) -> float:
    """From item counts."""
    shown = state["counts"] > 0
    if not bool(shown.any()):
        return math.nan
    labels = labels_for(catalog, missing, shared)
    found = labels.table.to(shown.device)[shown]
    return len(torch.unique(found[found >= 0])) / labels.n


@register(
    symbol="C_c",
    formula="C_c = |{labels of items with cᵢ > 0}| / |{labels of the catalogue}|",
    range="[1/labels, 1]",
    direction="higher is more diverse",
    level="corpus",
    undefined_on="no slot holds an item of the catalogue: NaN",
    citation="herlocker2004evaluating",
    bounds=(0.0, 1.0),
    state=counts_state,
    value=category_coverage_value,
)
def category_coverage(
    recs: Recommendations, *, catalog: Catalog, missing: str = "own", shared: Shared | None = None
) -> Result:
    r"""Share of the category labels of the catalogue that is recommended to anybody.

    .. math:: C_c = |\{\text{labels of items with } c_i > 0\}| \big/ |\{\text{labels of the catalogue}\}|

    An item shows all its labels. An item without a label is a category of its own, or with
    ``category_coverage@missing=same`` all such items are one. Compare systems at the same number of lists and slots
    only.

    >>> import pandas as pd
    >>> catalog = Catalog(pd.DataFrame({"item_id": [1, 2, 3], "category": ["tea", "tea|green", "mug"]}))
    >>> round(category_coverage(Recommendations([[0, 1], [1, -2]]), catalog=catalog).value, 4)  # tea, green; not mug
    0.6667
    """
    state = counts_state(recs, n_items=len(catalog))
    return corpus_result(recs, category_coverage_value(state, catalog=catalog, missing=missing, shared=shared))
