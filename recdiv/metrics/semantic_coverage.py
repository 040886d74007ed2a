"""Which share of the catalogue is recommended, or something much like it."""

from __future__ import annotations

import math
from typing import Any

from torch import Tensor

from recdiv import diversity
from recdiv._coverage import coverage_without
from recdiv.kernels import Kernel
from recdiv.metrics._registry import Result, corpus_result, register
from recdiv.tables import Recommendations


def coverage_left_out(recs: Recommendations, *, group: Tensor, kernel: Kernel, demand: Any = None) -> Tensor:  # noqa: ANN401
    """Values with one group of lists left out, ``[G]``."""
    return coverage_without(recs.items, group, kernel, demand=demand)


@register(
    symbol="C_φ",
    formula="C_φ = Σⱼ mⱼ max(0, max_{i ∈ R} φᵢ·φⱼ) / Σⱼ mⱼ",
    range="[0, 1]",
    direction="higher is more diverse",
    level="corpus",
    undefined_on="no slot holds an item of the catalogue: NaN",
    citation="leinster2012measuring",
    bounds=(0.0, 1.0),
    left_out=coverage_left_out,
)
def semantic_coverage(recs: Recommendations, *, kernel: Kernel, demand: Any = None) -> Result:  # noqa: ANN401
    r"""Share of the (demanded) catalogue that recommendations reach, an item by as much as its nearest shown item.

    .. math:: C_\varphi = \sum_j m_j \max\big(0, \max_{i \in R} \varphi_i \cdot \varphi_j\big) \Big/ \sum_j m_j

    ``demand`` m is how much each item is wanted, 1 each by default. See :func:`recdiv.semantic_coverage`; compare with
    random lists of the same size.

    >>> from recdiv.kernels import EmbeddingKernel
    >>> kernel = EmbeddingKernel([[1.0, 0.0], [1.0, 0.0], [0.0, 1.0], [0.0, -1.0]])
    >>> semantic_coverage(Recommendations([[0]]), kernel=kernel).value
    0.5
    """
    if not bool(recs.check(kernel.n_items).valid.any()):
        return corpus_result(recs, math.nan)
    return corpus_result(recs, diversity.semantic_coverage(recs, kernel, demand=demand))
