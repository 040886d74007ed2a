"""Which share of all category labels a list touches."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from recdiv._inputs import sorted_rows
from recdiv.metrics._categories import labels_in_parts
from recdiv.metrics._registry import Result, per_list_result, register
from recdiv.metrics._shared import Shared, topics_for
from recdiv.tables import Catalog, Recommendations


@register(
    symbol="S-recall",
    formula="S-recall(u) = |∪_{i ∈ u} Lᵢ| / C",
    range="[0, 1]",
    direction="higher is more diverse",
    level="list",
    undefined_on="a list holds no item of the catalogue, or no item of the catalogue has a label: NaN",
    citation="zhai2003subtopic",
    bounds=(0.0, 1.0),
)
def subtopic_recall(recs: Recommendations, *, catalog: Catalog, shared: Shared | None = None) -> Result:
    r"""Mean over lists of the share of the catalogue's C category labels that some item of the list has.

    .. math:: \text{S-recall}(u) = \Big|\bigcup_{i \in u} L_i\Big| \Big/ C

    An item without a label covers none, a repeat nothing new. A short list cannot reach 1 where there are more labels
    than its items have: compare lists of one length.

    Source: Zhai, Cohen & Lafferty 2003.

    >>> import pandas as pd
    >>> catalog = Catalog(pd.DataFrame({"item_id": [1, 2, 3], "category": ["tea", "tea|gift", "mug"]}))
    >>> subtopic_recall(Recommendations([[0, 1], [1, 2]]), catalog=catalog).per_list.round(decimals=4).tolist()
    [0.6667, 1.0]
    """
    topics = topics_for(catalog, shared)
    values = labels_in_parts(recs, topics, _different) / topics.n
    return per_list_result(torch.where(recs.lengths > 0, values, math.nan))


def _different(held: Tensor, _: slice) -> Tensor:
    ordered = sorted_rows(held.flatten(1))[0]
    first = torch.ones_like(ordered, dtype=torch.bool)
    first[:, 1:] = ordered[:, 1:] != ordered[:, :-1]
    return (first & (ordered >= 0)).sum(1).double()
