"""How far apart the two most similar items of a list are."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from recdiv.kernels import Kernel
from recdiv.metrics._pairs import over_pairs
from recdiv.metrics._registry import Result, per_list_result, register
from recdiv.tables import Recommendations


@register(
    symbol="ILMD",
    formula="ILMD(u) = min_{i≠j} (1 − φᵢ·φⱼ)",
    range="[0, 2]",
    direction="higher is more diverse",
    level="list",
    undefined_on="a list holds fewer than two items of the catalogue: NaN",
    citation="ohsaka2023critical",
    bounds=(0.0, 2.0),
)
def min_distance(recs: Recommendations, *, kernel: Kernel) -> Result:
    r"""Mean over lists of the smallest cosine distance between two of their items (*dispersion*).

    .. math:: \mathrm{ILMD}(u) = \min_{i \ne j} (1 - \varphi_i \cdot \varphi_j)

    It sees near-copies, to which ``ild`` is blind, and nothing else: one pair decides. A repeated item makes it 0.
    Longer lists have more pairs and so smaller minima: compare lists of one length.

    >>> from recdiv.kernels import EmbeddingKernel
    >>> kernel = EmbeddingKernel([[1.0, 0.0], [0.0, 1.0], [-1.0, 0.0]])
    >>> min_distance(Recommendations([[0, 1, 2], [0, 2, -1], [1, 0, 1]]), kernel=kernel).per_list.tolist()
    [1.0, 2.0, 0.0]
    """
    return per_list_result(over_pairs(recs, kernel, _smallest))


def _smallest(distance: Tensor, filled: Tensor, _: slice) -> Tensor:
    pair = (filled[:, :, None] & filled[:, None, :]).triu(1)
    return torch.where(pair, distance, math.inf).amin((1, 2))
