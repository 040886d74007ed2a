"""Products of one item's vector with several others: where all the time goes."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from recdiv.reranking.fast._numba import compiled

Numbers = npt.NDArray[np.float64]
Singles = npt.NDArray[np.float32]
Rows = npt.NDArray[np.int64]
SAME = 1e-10  # as in recdiv.reranking._greedy
_HALF_LAST_BIT = 5.960464477539063e-08  # of float32: 2⁻²⁴


@compiled(any_order=True)
def four(vectors: Numbers | Singles, r: int, block: Numbers | Singles, j: int) -> tuple[float, float, float, float]:
    """Products of an item's vector with rows j to j + 3 of a block, summed in the precision of the block."""
    a = b = c = d = block.dtype.type(0)
    for i in range(vectors.shape[1]):
        x = block.dtype.type(vectors[r, i])
        a += x * block[j, i]
        b += x * block[j + 1, i]
        c += x * block[j + 2, i]
        d += x * block[j + 3, i]
    return float(a), float(b), float(c), float(d)


@compiled(any_order=True)
def one(vectors: Numbers | Singles, r: int, block: Numbers | Singles, j: int) -> float:
    """Product of an item's vector with row j of a block, summed in the precision of the block."""
    a = block.dtype.type(0)
    for i in range(vectors.shape[1]):
        a += block.dtype.type(vectors[r, i]) * block[j, i]
    return float(a)


@compiled()
def products(vectors: Numbers | Singles, r: int, block: Numbers | Singles, start: int, stop: int, out: Numbers) -> None:
    """``out[j] = vectors[r] · block[j]`` for j from start to stop, in the precision of ``block``."""
    j = start
    while j + 4 <= stop:
        out[j], out[j + 1], out[j + 2], out[j + 3] = four(vectors, r, block, j)
        j += 4
    for j in range(j, stop):  # noqa: B020  (goes on from there)
        out[j] = one(vectors, r, block, j)


@compiled(any_order=True)
def leave(vectors: Singles | Numbers, r: int, scale: float, basis: Numbers, along: Numbers, rows: int) -> float:
    """Put what is left of an item, its parts ``along`` the basis taken out, behind the basis; its length."""
    j = 0
    for i in range(vectors.shape[1]):
        basis[rows, i] = vectors[r, i] * scale
    while j + 4 <= rows:
        a, b, c, d = along[j], along[j + 1], along[j + 2], along[j + 3]
        for i in range(vectors.shape[1]):
            basis[rows, i] -= a * basis[j, i] + b * basis[j + 1, i] + c * basis[j + 2, i] + d * basis[j + 3, i]
        j += 4
    for j in range(j, rows):  # noqa: B020
        for i in range(vectors.shape[1]):
            basis[rows, i] -= along[j] * basis[j, i]
    total = 0.0
    for i in range(vectors.shape[1]):
        total += basis[rows, i] * basis[rows, i]
    return math.sqrt(total)


@compiled()
def rounding(dimension: int) -> float:
    """How far a product of two unit vectors in float32 can be off, in whatever order it is summed.

    At most d − 1 additions and one multiplication round, each by 2⁻²⁴ of a sum of |xᵢ yᵢ| ≤ 1; a few more for vectors
    that were rounded before, and for their length.
    """
    return 1.01 * (dimension + 6) * _HALF_LAST_BIT
