"""How much of a list is both unexpected and wanted."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from recdiv.kernels import Kernel
from recdiv.metrics._histories import Measure, against_history
from recdiv.metrics._registry import Result, register
from recdiv.metrics._relevance import hits
from recdiv.metrics._shared import Shared
from recdiv.metrics._similarity import similarity_to_history
from recdiv.tables import Interactions, Recommendations


@register(
    symbol="ser",
    formula="ser(u) = 1/n Σ_{i ∈ u} (1 − mean_{h ∈ H(u)} φᵢ·φ_h) · [i ∈ T(u)]",
    range="[0, 2]",
    direction="higher: more of the list is both unlike the history and wanted",
    level="list",
    undefined_on="a list holds no item of the catalogue, or its user has no training or no test interaction: NaN",
    citation="zhang2012auralist",
    bounds=(0.0, 2.0),
)
def serendipity(
    recs: Recommendations,
    *,
    kernel: Kernel,
    train: Interactions,
    test: Interactions,
    longest: int = 0,
    null: int = 0,
    rng: int | np.random.Generator = 0,
    shared: Shared | None = None,
) -> Result:
    r"""Mean over lists of the mean unexpectedness of their items, those that the user did not go for counting 0.

    .. math:: \mathrm{ser}(u) = \frac1n \sum_{i \in u} \Big(1 - \frac1{|H_u|} \sum_{h \in H_u} \varphi_i \cdot
        \varphi_h\Big) \, [i \in T_u]

    The history H are the latest ``longest`` training interactions (0: all), T the user's test items; an item that
    stands twice in the list is wanted once. ``null`` deals the lists' exposures across users.

    Source: Zhang et al. 2012 for unserendipity as mean cosine to the history; relevance as a factor as in Ge et al.
    2010.

    >>> import pandas as pd
    >>> from recdiv.tables import Catalog
    >>> from recdiv.kernels import EmbeddingKernel
    >>> kernel = EmbeddingKernel([[1.0, 0.0], [0.0, 1.0], [-1.0, 0.0]])
    >>> catalog = Catalog(pd.DataFrame({"item_id": [1, 2, 3]}))
    >>> train, test = (Interactions(pd.DataFrame({"user_id": [7], "item_id": [i]}), catalog) for i in (1, 2))
    >>> serendipity(Recommendations([[1, 2]], users=[7]), kernel=kernel, train=train, test=test).value  # (1 + 0) / 2
    0.5
    """

    def measure_of(lists_of: Recommendations) -> Measure:
        wanted, _ = hits(lists_of, test)

        def measure(lists: Tensor, history: Tensor) -> Tensor:
            items = lists_of.items[lists]
            new = (1 - similarity_to_history(kernel, items, history)).clamp(0, 2) * wanted[lists]
            return new.sum(1) / (items >= 0).sum(1)

        return measure

    among = torch.from_numpy(test.positions(recs.users) >= 0).to(recs.device)  # np.isin compares names pair by pair
    return against_history(recs, train, measure_of, longest=longest, null=null, rng=rng, shared=shared, among=among)
