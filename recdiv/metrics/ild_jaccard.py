"""How little the label sets of two items of a list overlap, on average."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from recdiv.metrics._categories import labels_in_parts, local_labels
from recdiv.metrics._pairs import mean_of_pairs
from recdiv.metrics._registry import Result, per_list_result, register
from recdiv.metrics._shared import Shared, labels_for
from recdiv.tables import Catalog, Recommendations


@register(
    symbol="ILD_J",
    formula="ILD_J(u) = 2 / n(n−1) · Σ_{i<j} (1 − |Lᵢ ∩ Lⱼ| / |Lᵢ ∪ Lⱼ|)",
    range="[0, 1]",
    direction="higher is more diverse",
    level="list",
    undefined_on="a list holds fewer than two items of the catalogue: NaN",
    citation="ziegler2005improving",
    bounds=(0.0, 1.0),
)
def ild_jaccard(
    recs: Recommendations, *, catalog: Catalog, missing: str = "own", shared: Shared | None = None
) -> Result:
    r"""Mean over lists of the mean Jaccard distance between the label sets of two of their items.

    .. math:: \mathrm{ILD}_J(u) = \frac{2}{n(n-1)} \sum_{i<j} \Big(1 - \frac{|L_i \cap L_j|}{|L_i \cup L_j|}\Big)

    An item without a label is at distance 1 from all others, or with ``ild_jaccard@missing=same`` at distance 0 from
    others without. A repeated item is at distance 0 from itself.

    Raises:
        ValueError: if ``missing`` is neither ``"own"`` nor ``"same"``.

    >>> import pandas as pd
    >>> catalog = Catalog(pd.DataFrame({"item_id": [1, 2, 3], "category": ["tea", "tea|gift", "mug"]}))
    >>> ild_jaccard(Recommendations([[0, 1], [0, 2]]), catalog=catalog).per_list.tolist()
    [0.5, 1.0]
    """

    def distance(held: Tensor, lists: slice) -> Tensor:
        has = local_labels(held)
        shared_labels = has @ has.mT  # whole numbers, exact in float32
        size = has.sum(2)
        either = size[:, :, None] + size[:, None, :] - shared_labels
        filled = recs.valid[lists]
        apart = (1 - shared_labels.double() / either.clamp(min=1)) * (filled[:, :, None] & filled[:, None, :])
        return mean_of_pairs(apart, filled)

    width = recs.k * recs.k  # a slot's row in the table of local labels is as long as the list has slots, times L
    values = labels_in_parts(recs, labels_for(catalog, missing, shared), distance, width=width)
    return per_list_result(torch.where(recs.lengths >= 2, values, math.nan))
