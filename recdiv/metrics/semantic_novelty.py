"""How unlike what people did before the recommended items are."""

from __future__ import annotations

import math

import torch

from recdiv import diversity
from recdiv.kernels import Kernel
from recdiv.metrics._registry import Result, per_list_result, register
from recdiv.tables import Interactions, Recommendations


@register(
    symbol="nov_φ",
    formula="nov_φ(u) = 1/n Σ_{i ∈ u} −ln max(φᵢᵀ ρ_pop φᵢ, 1/Σx)",
    range="[0, ln Σx] nats",
    direction="higher is more novel",
    level="list",
    undefined_on="a list holds no item of the catalogue, or there is no training interaction: NaN",
    citation="zhou2010solving",
    bounds=(0.0, math.inf),
)
def semantic_novelty(recs: Recommendations, *, kernel: Kernel, train: Interactions) -> Result:
    r"""Mean over lists of how rare what their items mean is in the training interactions, in nats.

    .. math:: \mathrm{nov}_\varphi(u) = \frac1n \sum_{i \in u} -\ln \varphi_i^\top \rho_{pop} \varphi_i, \qquad
        \rho_{pop} = \sum_i x_i \varphi_i \varphi_i^\top \Big/ \sum_j x_j

    A new item that is a copy of a hit is not novel. Presence counts at least as much as one interaction would, so that
    under :class:`~recdiv.IdentityKernel` it is ``novelty`` exactly. A repeat counts again. Dealing the exposures of
    equally long lists across users moves no mean of items: there is no null.

    Source: Zhou et al. 2010 for self-information; the state in place of the share is this library's.

    >>> import pandas as pd
    >>> from recdiv.tables import Catalog
    >>> from recdiv.kernels import EmbeddingKernel
    >>> kernel = EmbeddingKernel([[1.0, 0.0], [1.0, 0.0], [0.0, 1.0]])
    >>> catalog = Catalog(pd.DataFrame({"item_id": [1, 2, 3]}))
    >>> train = Interactions(pd.DataFrame({"user_id": [7, 8, 9, 9], "item_id": [1, 1, 1, 3]}), catalog)
    >>> recs = Recommendations([[1], [2]])  # never seen, but a copy of what three of four went for
    >>> semantic_novelty(recs, kernel=kernel, train=train).per_list.round(decimals=4).tolist()  # ln 4/3, ln 4
    [0.2877, 1.3863]
    """
    counts = train.item_counts().to(recs.device)
    recs.check(len(counts))
    if not bool(counts.any()):
        return per_list_result(torch.full((recs.n_lists,), math.nan))
    every = torch.arange(kernel.n_items, device=recs.device)
    rare = diversity.semantic_novelty(every, kernel, counts.double()).clamp(max=math.log(int(counts.sum())))
    found = rare.to(recs.device)[recs.items.clamp(min=0)] * recs.valid
    return per_list_result(found.sum(1) / recs.lengths)  # 0 / 0 is NaN
