"""How far each list moves chi beyond chance, without dealing again for each."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor

from recdiv._inputs import slot_masses
from recdiv._spectra import checked_order, list_moments
from recdiv.kernels import Kernel


def excess_pulls(
    items: Tensor, dealt: Sequence[tuple[Tensor, Tensor]], kernel: Kernel, *, q: float
) -> tuple[float, Tensor]:
    r"""Chi_excess, and the first-order influence of each list on it, float64 ``[U]``, of mean 0; NaN where it is empty.

    Gamma is the same before and after dealing, so :math:`\chi^* = \ln \alpha_{\text{re-dealt}} - \ln \alpha`. A list u
    pulls alpha by its own moment m. It pulls the re-dealt alpha by its length, and by each of its exposures: by how
    much lists that were dealt that item have a larger moment than other lists of their length, h(i).

    .. math:: \operatorname{pull}(u) = \frac{n_u}{\bar n} (f(n_u) - \bar f) + \sum_{i \in u} h(i) - (m_u - \bar m)

    ``dealt`` are the items and masses ``[U, K]`` of each draw. f and h are means over all draws, so their noise adds
    about (different items shown) / (lists × draws) to the variance of the pulls. Slots and lists weigh the same. Exact
    to first order where lists are equally long.
    """
    q = checked_order(q, kernel)
    filled = (items >= 0).any(1)
    some = items[filled]
    lengths = (some >= 0).sum(1)
    mass = slot_masses(some, None, "slots")
    own = _averaged(kernel, some, mass, q)
    weight = lengths / lengths.double().mean()  # a longer list is dealt more exposures, and weighs more
    of_length = torch.zeros(items.shape[1] + 1, dtype=torch.float64, device=items.device)
    of_item = torch.zeros(kernel.n_items, dtype=torch.float64, device=items.device)
    for all_items, all_masses in dealt:
        again, moved = all_items[filled], all_masses[filled]
        moments = _averaged(kernel, again, moved / moved.sum(1, keepdim=True), q)
        usual = _means(lengths, moments, len(of_length))
        above = (weight * (moments - usual[lengths]))[:, None].expand(again.shape)
        of_length += usual / len(dealt)
        of_item += _means(again[again >= 0], above[again >= 0], len(of_item)) / len(dealt)
    null = (weight * of_length[lengths]).mean()
    pull = weight * (of_length[lengths] - null) + (of_item[some.clamp(min=0)] * (some >= 0)).sum(1)
    found = _slope(null, q) * pull - _slope(own.mean(), q) * own
    result = torch.full((len(items),), math.nan, dtype=torch.float64, device=items.device)
    result[filled] = found - found.mean()
    return float(_log_number(null, q) - _log_number(own.mean(), q)), result


def _averaged(kernel: Kernel, items: Tensor, mass: Tensor, q: float) -> Tensor:
    """What alpha averages over lists: S_1 of each, or what stands under the logarithm."""
    moments = list_moments(kernel, items, mass, q).to(items.device)
    return moments if q == 1 else moments.exp()


def _log_number(mean: Tensor, q: float) -> Tensor:
    """The logarithm of alpha from that average."""
    return mean if q == 1 else -mean.log() if math.isinf(q) else mean.log() / (1 - q)


def _slope(mean: Tensor, q: float) -> Tensor:
    """How ln alpha moves with that average."""
    return torch.ones_like(mean) if q == 1 else -1 / mean if math.isinf(q) else 1 / ((1 - q) * mean)


def _means(keys: Tensor, values: Tensor, size: int) -> Tensor:
    """Mean of the values of each key 0..; 0 where there are none."""
    counts = torch.bincount(keys, minlength=size)
    sums = torch.zeros(len(counts), dtype=values.dtype, device=values.device).index_add_(0, keys, values)
    return sums / counts.clamp(min=1)
