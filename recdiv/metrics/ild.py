"""How far apart the items of a list are, on average."""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn.functional import embedding_bag

from recdiv.kernels import EmbeddingKernel, Kernel
from recdiv.metrics._registry import Result, per_list_result, register
from recdiv.tables import Recommendations

_NUMBERS = 1 << 19  # numbers held at once (2 MB of float32: stays near the cache)


@register(
    symbol="ILD",
    formula="ILD(u) = 2 / n(n−1) · Σ_{i<j} (1 − φᵢ·φⱼ)",
    range="[0, 2]",
    direction="higher is more diverse",
    level="list",
    undefined_on="a list holds fewer than two items of the catalogue: NaN",
    citation="ziegler2005improving",
    bounds=(0.0, 2.0),
)
def ild(recs: Recommendations, *, kernel: Kernel) -> Result:
    r"""Mean over lists of the mean cosine distance between two of their items (*intra-list distance*).

    .. math:: \mathrm{ILD}(u) = \frac{1}{n(n-1)} \sum_{i \ne j} (1 - \varphi_i \cdot \varphi_j)
        = 1 - \frac{\|\sum_i \varphi_i\|^2 - n}{n(n-1)}

    A repeated item is at distance 0 from itself. Two far-apart clumps of near-copies score high: look at
    ``effective_number`` too.

    >>> from recdiv.kernels import EmbeddingKernel
    >>> kernel = EmbeddingKernel([[1.0, 0.0], [0.0, 1.0], [-1.0, 0.0]])
    >>> ild(Recommendations([[0, 1, -1], [0, 1, 2]]), kernel=kernel).per_list.round(decimals=4).tolist()  # 1; 4/3
    [1.0, 1.3333]
    """
    return per_list_result((1 - similarities(recs, kernel)).clamp(min=0))


def similarities(recs: Recommendations, kernel: Kernel) -> Tensor:
    """Mean similarity of two items of each list, ``[U]``; NaN where it holds fewer than two."""
    n = recs.lengths.double()
    similarity = (_squared_lengths(recs.check(kernel.n_items), kernel).to(n.device) - n) / (n * (n - 1))
    return torch.where(n >= 2, similarity, math.nan)


def _squared_lengths(recs: Recommendations, kernel: Kernel) -> Tensor:
    r"""Sum of all similarities in each list, :math:`\|\sum_i \varphi_i\|^2`, chunk by chunk, float64 ``[U]``."""
    if not recs.items.numel():
        return recs.lengths.double()
    vectors = kernel.vectors if isinstance(kernel, EmbeddingKernel) else None
    width = recs.k**2 if vectors is None else vectors.shape[1]
    parts = []
    for items in torch.split(recs.items, max(1, _NUMBERS // max(width, 1))):
        if vectors is None:
            parts.append(kernel.gram(items).sum((1, 2)))
        else:
            total = _sums(items.to(vectors.device), vectors)
            parts.append((total * total).sum(1, dtype=torch.float64))
    return torch.cat(parts)


def _sums(rows: Tensor, vectors: Tensor) -> Tensor:
    """Sum of the vectors of each list, ``[u, d]``, without ever laying them side by side."""
    filled = rows >= 0
    if bool(filled.all()):
        return embedding_bag(rows, vectors, mode="sum")
    lengths = filled.sum(1)
    return embedding_bag(rows[filled], vectors, lengths.cumsum(0) - lengths, mode="sum")
