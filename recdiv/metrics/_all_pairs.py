r"""Mean Jensen–Shannon divergence over all pairs of lists, without looking at pairs.

Of two distributions, only what both hold lowers the divergence from its largest, in bits

.. math:: JSD(p, q) = 1 - \sum_x g(p_x, q_x), \qquad
    g(a, b) = \tfrac12 \big[(a + b) \log_2 (a + b) - a \log_2 a - b \log_2 b\big], \qquad g(a, a) = a

so the mean needs, for each thing x, the sum of g over the pairs of lists that hold it. In logarithms of shares g is
smooth, hence :math:`g(a, b) \approx \sum_{mn} A_{mn} T_m(a) T_n(b)` with Chebyshev polynomials, and the sum over pairs
is a quadratic form of :math:`\sum_u T_m(p_{ux})`: a state that adds up. With ``TERMS`` terms on shares from ``LEAST``
to 1 the error of g is below 1e-9; smaller shares are read as ``LEAST``.
"""

from __future__ import annotations

import math
from functools import cache

import numpy as np
import torch
from torch import Tensor

from recdiv._inputs import BLOCK, sorted_rows

TERMS = 48
LEAST = 1e-5


@cache
def _coefficients() -> Tensor:
    """A ``[T, T]``, from the values of g at Chebyshev nodes."""
    angle = (np.arange(TERMS) + 0.5) * math.pi / TERMS
    share = np.exp((np.cos(angle) - 1) / 2 * -math.log(LEAST))
    a, b = share[:, None], share[None, :]
    g = ((a + b) * np.log2(a + b) - a * np.log2(a) - b * np.log2(b)) / 2
    fit = 2 / TERMS * np.cos(np.outer(np.arange(TERMS), angle))
    fit[0] /= 2
    return torch.from_numpy(fit @ g @ fit.T)


def polynomials(shares: Tensor) -> Tensor:
    """T_0 to T_{T−1} at the logarithms of shares, ``[m] -> [m, T]``."""
    place = 1 + 2 * shares.clamp(LEAST, 1).log() / -math.log(LEAST)
    angle = place.clamp(-1, 1).arccos()
    return torch.cos(angle[:, None] * torch.arange(TERMS, dtype=shares.dtype, device=shares.device))


def pair_state(things: Tensor, shares: Tensor, n_things: int) -> Tensor:
    """Sum over lists of the polynomials of the share of each thing, float64 ``[n_things, T]``.

    Args:
        things, shares: ``[U, M]``; a thing that stands in several places of a list has the sum of their shares, and
            what has no share takes no part.
        n_things: how many things there are.
    """
    total = torch.zeros(n_things, TERMS, dtype=torch.float64, device=shares.device)
    step = max(1, BLOCK // (TERMS * max(things.shape[1], 1)))
    for some, mass in zip(torch.split(things, step), torch.split(shares, step), strict=True):
        ordered, order = sorted_rows(some)
        place = torch.zeros_like(ordered)
        place[:, 1:] = (ordered[:, 1:] != ordered[:, :-1]).cumsum(1)
        p = torch.zeros_like(mass).scatter_add_(1, place, mass.gather(1, order))
        thing = torch.zeros_like(ordered).scatter_(1, place, ordered)
        held = p > 0
        total.index_add_(0, thing[held], polynomials(p[held]))
    return total


def mean_divergence(state: Tensor, n: int) -> float:
    """Mean divergence of two of ``n`` lists, bits, from their state; NaN below two."""
    if n < 2:
        return math.nan
    shared = float(((state @ _coefficients().to(state)) * state).sum()) - n  # each list with itself shares 1
    return min(1.0, max(0.0, 1 - shared / (n * (n - 1))))
