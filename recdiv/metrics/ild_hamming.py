"""In how many category labels two items of a list differ, on average."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from recdiv._spectra import merged
from recdiv.metrics._categories import labels_in_parts
from recdiv.metrics._registry import Result, per_list_result, register
from recdiv.metrics._shared import Shared, labels_for
from recdiv.tables import Catalog, Recommendations


@register(
    symbol="ILD_H",
    formula="ILD_H(u) = 2 / n(n−1) · Σ_f s_f (n − s_f) / C,  s_f = number of items with label f",
    range="[0, 1]",
    direction="higher is more diverse",
    level="list",
    undefined_on="a list holds fewer than two items of the catalogue: NaN",
    citation="castells2015novelty",
    bounds=(0.0, 1.0),
)
def ild_hamming(
    recs: Recommendations, *, catalog: Catalog, missing: str = "own", shared: Shared | None = None
) -> Result:
    r"""Mean over lists of the mean share of category labels in which two of their items differ (Hamming distance).

    .. math:: \mathrm{ILD}_H(u) = \frac{2}{n(n-1)} \sum_{i<j} \frac{|L_i \,\triangle\, L_j|}{C}
        = \frac{2}{n(n-1)} \sum_f \frac{s_f (n - s_f)}{C}

    C is the number of labels in the catalogue ("no label" being one more, if some item has none), 2 at least. An item
    without a label has one of its own, or with ``ild_hamming@missing=same`` all such items share one. A repeated item
    is at distance 0 from itself. The closed form on the right takes the labels of a list once, not its pairs.

    Raises:
        ValueError: if ``missing`` is neither ``"own"`` nor ``"same"``.

    >>> import pandas as pd
    >>> catalog = Catalog(pd.DataFrame({"item_id": [1, 2, 3], "category": ["tea", "tea|gift", "mug"]}))
    >>> ild_hamming(Recommendations([[0, 1], [0, 2]]), catalog=catalog).per_list.round(decimals=4).tolist()  # of three
    [0.3333, 0.6667]
    """
    labels = labels_for(catalog, missing, shared)
    n = recs.lengths.double()

    def differing(held: Tensor, lists: slice) -> Tensor:
        count = merged(held.flatten(1), (held >= 0).flatten(1).double())
        return (count * (n[lists, None] - count)).sum(1)

    columns = max(labels.named + (labels.n > labels.named), 2)
    values = 2 * labels_in_parts(recs, labels, differing) / (n * (n - 1)) / columns
    return per_list_result(torch.where(n >= 2, values, math.nan))
