"""How evenly each item of a list keeps its distance from the others."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from recdiv.kernels import Kernel
from recdiv.metrics._pairs import over_pairs
from recdiv.metrics._registry import Result, per_list_result, register
from recdiv.tables import Recommendations


@register(
    symbol="GE",
    formula="GE(u) = −Σᵢ Σⱼ fᵢⱼ ln fᵢⱼ,  fᵢⱼ = dᵢⱼ / Σₖ dᵢₖ,  dᵢⱼ = 1 − φᵢ·φⱼ",
    range="[0, n ln(n − 1)] nats",
    direction="higher is more diverse",
    level="list",
    undefined_on="a list holds fewer than three items of the catalogue: NaN",
    citation="yu2022diversity",
    bounds=(0.0, math.inf),
)
def graph_entropy(recs: Recommendations, *, kernel: Kernel) -> Result:
    r"""Mean over lists of the summed entropies of their items' distances to the others, in nats.

    .. math:: \mathrm{GE}(u) = -\sum_i \sum_j f_{ij} \ln f_{ij}, \qquad
        f_{ij} = \frac{1 - \varphi_i \cdot \varphi_j}{\sum_k (1 - \varphi_i \cdot \varphi_k)}

    It looks at the shape of the cloud and not at its size: items equally far from one another reach n ln(n − 1),
    however near. Two items would always have 0, hence three at least. An item that has all the others at distance 0
    adds 0. Copies lower it: they are at distance 0 from each other. It grows with the length of the list.

    Source: Yu, Khadivi & Xu 2022.

    >>> from recdiv.kernels import IdentityKernel
    >>> value = graph_entropy(Recommendations([[0, 1, 2], [0, 0, 1]]), kernel=IdentityKernel(3))
    >>> value.per_list.round(decimals=4).tolist()  # 3 ln 2; only the odd one out has two neighbours: ln 2
    [2.0794, 0.6931]
    """
    return per_list_result(over_pairs(recs, kernel, _entropies, fewest=3))


def _entropies(distance: Tensor, _filled: Tensor, _lists: slice) -> Tensor:
    total = distance.sum(2, keepdim=True)
    share = torch.where(total > 0, distance / total, torch.zeros_like(distance))
    value: Tensor = -torch.special.xlogy(share, share).sum((1, 2)) + 0.0  # -0.0 reads badly
    return value
