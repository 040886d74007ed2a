"""How unlike its user's history a list is."""

from __future__ import annotations

import numpy as np
from torch import Tensor

from recdiv.kernels import Kernel
from recdiv.metrics._histories import UNDEFINED, Measure, against_history
from recdiv.metrics._registry import Result, register
from recdiv.metrics._shared import Shared
from recdiv.metrics._similarity import similarity_to_history
from recdiv.tables import Interactions, Recommendations


@register(
    symbol="unexp",
    formula="unexp(u) = 1 − mean_{i ∈ u, h ∈ H(u)} φᵢ·φ_h",
    range="[0, 2]",
    direction="higher is less expected; read its excess over the null",
    level="list",
    undefined_on=UNDEFINED,
    citation="adamopoulos2014unexpectedness",
    bounds=(0.0, 2.0),
)
def unexpectedness(
    recs: Recommendations,
    *,
    kernel: Kernel,
    train: Interactions,
    longest: int = 0,
    null: int = 0,
    rng: int | np.random.Generator = 0,
    shared: Shared | None = None,
) -> Result:
    r"""Mean over lists of the mean cosine distance of their items to what the user did before.

    .. math:: \mathrm{unexp}(u) = 1 - \frac{1}{n |H_u|} \sum_{i \in u} \sum_{h \in H_u} \varphi_i \cdot \varphi_h

    The history is what is expected (the latest ``longest`` training interactions; 0: all), repeats counting again.
    ``null`` deals the lists' exposures across users: a value below it says that lists follow the user. Adamopoulos and
    Tuzhilin take any set of expected items; where that is the list of a simple system (most popular, say) and items are
    the same or not, it is the share of the list outside that list: ``temporal_diversity`` with those lists as
    ``previous``.

    Source: Adamopoulos & Tuzhilin 2014, with cosine distance.

    >>> import pandas as pd
    >>> from recdiv.tables import Catalog
    >>> from recdiv.kernels import EmbeddingKernel
    >>> kernel = EmbeddingKernel([[1.0, 0.0], [0.0, 1.0], [-1.0, 0.0]])
    >>> catalog = Catalog(pd.DataFrame({"item_id": [1, 2, 3]}))
    >>> train = Interactions(pd.DataFrame({"user_id": [7], "item_id": [1]}), catalog)
    >>> unexpectedness(Recommendations([[1, 2]], users=[7]), kernel=kernel, train=train).value  # (1 + 2) / 2
    1.5
    """

    def measure_of(lists_of: Recommendations) -> Measure:
        def measure(lists: Tensor, history: Tensor) -> Tensor:
            items = lists_of.items[lists]
            mean = similarity_to_history(kernel, items, history).sum(1) / (items >= 0).sum(1)
            return (1 - mean).clamp(0, 2)  # cosines in float32 may pass 1 by 1e-7

        return measure

    return against_history(recs, train, measure_of, longest=longest, null=null, rng=rng, shared=shared)
