"""How far apart the items of a list are, on average, as the crow flies."""

from __future__ import annotations

from recdiv.kernels import Kernel
from recdiv.metrics._pairs import mean_of_pairs, over_pairs
from recdiv.metrics._registry import Result, per_list_result, register
from recdiv.tables import Recommendations


@register(
    symbol="ILD₂",
    formula="ILD₂(u) = 2 / n(n−1) · Σ_{i<j} ‖φᵢ − φⱼ‖",
    range="[0, 2]",
    direction="higher is more diverse",
    level="list",
    undefined_on="a list holds fewer than two items of the catalogue: NaN",
    citation="ziegler2005improving",
    bounds=(0.0, 2.0),
)
def ild_euclidean(recs: Recommendations, *, kernel: Kernel) -> Result:
    r"""Mean over lists of the mean Euclidean distance between the unit vectors of two of their items.

    .. math:: \mathrm{ILD}_2(u) = \frac{1}{n(n-1)} \sum_{i \ne j} \|\varphi_i - \varphi_j\|, \qquad
        \|\varphi_i - \varphi_j\| = \sqrt{2 (1 - \varphi_i \cdot \varphi_j)}

    The vectors have length one, as everywhere in the kernel: only their directions count. A repeated item is at
    distance 0 from itself; empty and unknown slots take no part. The square root has no closed form over the list, so
    it costs K² a list where ``ild`` costs K.

    >>> from recdiv.kernels import EmbeddingKernel
    >>> kernel = EmbeddingKernel([[1.0, 0.0], [0.0, 1.0], [-1.0, 0.0]])
    >>> value = ild_euclidean(Recommendations([[0, 1], [0, 2], [0, 0]]), kernel=kernel)
    >>> value.per_list.round(decimals=4).tolist()  # √2, 2, 0
    [1.4142, 2.0, 0.0]
    """
    return per_list_result(over_pairs(recs, kernel, lambda d, filled, _: mean_of_pairs((2 * d).sqrt(), filled)))
