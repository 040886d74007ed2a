r"""From eigenvalues to effective numbers, one list or many at once.

For an order q each state has a *moment*: :math:`\ln \operatorname{tr} \rho^q` (a logarithm, so that no q
underflows), or :math:`S_1(\rho)` at q = 1, or :math:`\ln \lambda_{\max}` at q = ∞. ``mean_moment`` averages over lists
what is under the logarithm (that makes alpha), and ``number`` turns a moment into an effective number.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import torch
from torch import Tensor

from recdiv._cores import over_cores
from recdiv._inputs import sorted_rows
from recdiv.kernels import Kernel

_NUMBERS = 1 << 19  # float64 numbers a chunk of lists may hold (4 MB: stays near the cache)
_GPU_NUMBERS = 1 << 26  # and on a GPU, which wants few large launches (512 MB)
_TYPICAL_DIMENSION = 512


def checked_order(q: float, kernel: Kernel) -> float:
    """Refuse an order that has no meaning for this kernel; within 1e-8 of 1, take the limit there."""
    if not q >= 0:
        raise ValueError(f"q must be a number from 0 to infinity, got {q}")
    if q == 0 and not getattr(kernel, "orthogonal", False):
        raise ValueError("q must be above 0 for a kernel of overlapping items (q=0 would be a matrix rank), got 0")
    return 1.0 if abs(q - 1) < 1e-8 else float(q)


def moment(values: Tensor, q: float) -> Tensor:
    """Moment of order q of each set of eigenvalues, ``[..., m] -> [...]``; those that are zero take no part."""
    if q == 1:
        entropy: Tensor = -torch.special.xlogy(values, values).sum(-1)
        return entropy
    logs = values.log()  # of a zero eigenvalue: -inf, which drops out below (and at q = 0 must be kept out)
    if math.isinf(q):
        return logs.amax(-1)
    return torch.logsumexp(torch.where(values > 0, q * logs, -math.inf), -1)


def mean_moment(moments: Tensor, weights: Tensor, q: float) -> Tensor:
    """Moment of lists together, for weights that sum to 1: the scalar from which alpha follows."""
    return (weights * moments).sum() if q == 1 else torch.logsumexp(weights.log() + moments, 0)


def number(moments: Tensor, q: float) -> Tensor:
    """Effective number from a moment; not below 1, which rounding of a spectrum of one would be."""
    if q == 1:
        return moments.exp().clamp(min=1)
    return ((-moments).exp() if math.isinf(q) else (moments / (1.0 - q)).exp()).clamp(min=1)


def state_moment(kernel: Kernel, p: Tensor, q: float) -> Tensor:
    """Moment of the state of weights ``[I]``, a scalar."""
    return moment(kernel.spectrum(p).clamp(min=0), q)


def list_moments(kernel: Kernel, items: Tensor, mass: Tensor, q: float) -> Tensor:
    """Moment of the state of each list, ``[U, K] -> [U]``; NaN where a list weighs nothing."""
    if items.shape[1] == 0:
        return torch.full(items.shape[:1], math.nan, dtype=torch.float64, device=items.device)
    device = getattr(kernel, "device", mass.device)
    moments = torch.empty(len(items), dtype=torch.float64, device=device)

    def fill(rows: slice) -> None:  # into one tensor: thousands of small ones would hold large freed blocks in place
        moments[rows] = _moments_of_chunk(kernel, items[rows], mass[rows], q)

    over_cores(fill, chunks(len(items), items.shape[1], kernel))
    return torch.where(mass.to(moments.device).sum(1) > 0, moments, math.nan)


def weighted_gram(kernel: Kernel, items: Tensor, mass: Tensor) -> Tensor:
    r"""The K×K matrix with the spectrum of rho: :math:`\sqrt{p_i p_j} K_{ij}`."""
    gram = kernel.gram(items)
    root = mass.to(gram.device).sqrt()
    return gram * (root[..., :, None] * root[..., None, :])


def matrix_moments(matrix: Tensor, q: float) -> Tensor:
    """Moment of each PSD matrix of trace 1, ``[..., K, K] -> [...]``; q = 2 needs no eigenvalues."""
    if q == 2:
        return (matrix * matrix).sum((-2, -1)).log()
    values = torch.linalg.eigvalsh(matrix)
    floor = matrix.shape[-1] * torch.finfo(values.dtype).eps * values[..., -1:]
    return moment(torch.where(values > floor, values, torch.zeros_like(values)), q)


def cross(kernel: Kernel, rows: Tensor, columns: Tensor) -> Tensor:
    """Similarities ``[n, m]`` of two sets of items; out of a Gram matrix where the kernel has no ``cross``."""
    own = getattr(kernel, "cross", None)
    values: Tensor = (
        kernel.gram(torch.cat([rows, columns]))[: len(rows), len(rows) :] if own is None else own(rows, columns)
    )
    return values


def chunks(n: int, k: int, kernel: Kernel) -> Iterator[slice]:
    """Slices of ``n`` lists whose rows and Gram matrices fit the chunk size."""
    numbers = _GPU_NUMBERS if getattr(kernel, "device", torch.device("cpu")).type == "cuda" else _NUMBERS
    step = max(1, numbers // (k * max(k, _TYPICAL_DIMENSION)))
    return (slice(start, start + step) for start in range(0, n, step))


def _moments_of_chunk(kernel: Kernel, items: Tensor, mass: Tensor, q: float) -> Tensor:
    things = getattr(kernel, "things", None)
    if things is not None and getattr(kernel, "orthogonal", False):
        return moment(merged(things(items), mass), q)
    return matrix_moments(weighted_gram(kernel, items, mass), q)


def merged(things: Tensor, mass: Tensor) -> Tensor:
    """Mass of each different thing in a list, ``[U, K]``: the spectrum when things are at right angles."""
    ordered, order = sorted_rows(things)
    place = torch.zeros_like(ordered)
    place[:, 1:] = (ordered[:, 1:] != ordered[:, :-1]).cumsum(1)
    mass = mass.to(things.device).gather(1, order)
    return torch.zeros_like(mass).scatter_add_(1, place, mass)
