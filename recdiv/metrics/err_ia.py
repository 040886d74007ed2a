"""How soon a reader of unknown interest finds something of that interest."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from recdiv.metrics._categories import labels_in_parts
from recdiv.metrics._registry import Result, per_list_result, register
from recdiv.metrics._shared import Shared, topics_for
from recdiv.metrics._topics import counted_slots, faded_gains, tastes
from recdiv.tables import Catalog, Interactions, Recommendations


@register(
    symbol="ERR-IA",
    formula="ERR-IA(u) = Σ_f p(f|u) Σ_{r: f ∈ L(iᵣ)} 1/r · g (1 − g)^(times f stood above r),  g = ½",
    range="[0, 1)",
    direction="higher is more diverse (and, given test items, more accurate)",
    level="list",
    undefined_on="no item of the catalogue has a label; (given training data) the user has no labelled item in it; "
    "(given test items) the user has none; without test items a list that holds no item of the catalogue: NaN",
    citation="agrawal2009diversifying",
    bounds=(0.0, 1.0),
)
def err_ia(
    recs: Recommendations,
    *,
    catalog: Catalog,
    train: Interactions | None = None,
    test: Interactions | None = None,
    gain: float = 0.5,
    shared: Shared | None = None,
) -> Result:
    r"""Mean over lists of the *intent-aware expected reciprocal rank*: 1/r where the reader stops, by interest.

    .. math:: \mathrm{ERR\text{-}IA}(u) = \sum_f p(f \mid u) \sum_{r: f \in L(i_r)} \frac{1}{r}\, g\, (1-g)^{c_f(r-1)}

    Interest p(f | u) is the share of label f among those of the user's training interactions; without ``train``, every
    label is as likely as another. With ``test`` only the user's test items satisfy, else every item with the label;
    g is the chance that one does: (2¹ − 1) / 2¹ for relevance that is yes or no (``err_ia@gain=0.5``).
    :math:`c_f(r-1)` counts those above rank r. Not divided by an ideal: with g = ½ no list exceeds ln 2. A repeat
    satisfies nobody; an item without a label neither; an empty or unknown slot keeps its rank.

    Raises:
        ValueError: if ``gain`` is not between 0 and 1, ends excluded.

    Source: Agrawal et al. 2009; Chapelle et al. 2009 for the reciprocal rank.

    >>> import pandas as pd
    >>> catalog = Catalog(pd.DataFrame({"item_id": [1, 2, 3], "category": ["tea", "tea", "mug"]}))
    >>> err_ia(Recommendations([[0, 1], [0, 2]]), catalog=catalog).per_list.tolist()  # ½ (½ + ⅛) and ½ (½ + ¼)
    [0.3125, 0.375]
    """
    if not 0 < gain < 1:
        raise ValueError(f"gain must lie between 0 and 1, got {gain}")
    topics = topics_for(catalog, shared)
    counted, n_relevant = counted_slots(recs, test)
    known = None if train is None else tastes(recs, train, topics)
    weight = gain / torch.arange(1, recs.k + 1, dtype=torch.float64, device=recs.device)

    def satisfied(held: Tensor, lists: slice) -> Tensor:
        held = torch.where(counted[lists][:, :, None], held, -1)
        if known is None:
            return faded_gains(held, weight, 1 - gain) / max(topics.n, 1)
        chosen = known.of(lists, held.device)
        return faded_gains(held, weight, 1 - gain, chosen / chosen.sum(1, keepdim=True))  # 0 / 0 is NaN

    values = labels_in_parts(recs, topics, satisfied, width=topics.n if known else 0)
    defined = ((recs.lengths > 0) if n_relevant is None else (n_relevant > 0)) & (topics.n > 0)
    return per_list_result(torch.where(defined, values, math.nan))
