"""How evenly a list spreads over category labels."""

from __future__ import annotations

import math

import torch

from recdiv.metrics._categories import label_entropies
from recdiv.metrics._registry import Result, per_list_result, register
from recdiv.metrics._shared import Shared, labels_for
from recdiv.tables import Catalog, Recommendations


@register(
    symbol="H_c",
    formula="H_c(u) = −Σ_c p(c|u) ln p(c|u)",
    range="[0, ln(number of labels)] nats",
    direction="higher is more diverse",
    level="list",
    undefined_on="a list holds no item of the catalogue: NaN",
    citation="shannon1948",
    bounds=(0.0, math.inf),
)
def category_entropy(
    recs: Recommendations, *, catalog: Catalog, missing: str = "own", shared: Shared | None = None
) -> Result:
    r"""Mean over lists of the entropy of their category labels, in nats.

    .. math:: H_c(u) = -\sum_c p(c \mid u) \ln p(c \mid u)

    An item with several labels spreads its slot evenly over them. An item without a label is a category of its own, or
    with ``category_entropy@missing=same`` all such items are one.

    >>> import pandas as pd
    >>> catalog = Catalog(pd.DataFrame({"item_id": [1, 2, 3], "category": ["tea", "tea", "mug"]}))
    >>> category_entropy(Recommendations([[0, 1], [0, 2]]), catalog=catalog).per_list.tolist()  # 0 and ln 2
    [0.0, 0.6931471805599453]
    """
    values = label_entropies(recs, labels_for(catalog, missing, shared))
    return per_list_result(torch.where(recs.lengths > 0, values, math.nan))
