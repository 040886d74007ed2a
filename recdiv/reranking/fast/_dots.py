"""Products of one item's vector with several others: where all the time goes."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from recdiv.reranking.fast._numba import compiled

Numbers = npt.NDArray[np.float64]
Singles = npt.NDArray[np.float32]
Rows = npt.NDArray[np.int64]


@compiled(any_order=True)
def dots(x: Singles, block: Numbers | Singles, start: int, stop: int, out: Numbers | Singles) -> None:
    """``out[j] = x · block[j]`` for j from start to stop, in the precision of ``block``; four at a time."""
    j = start
    while j + 4 <= stop:
        a, b, c, d = block[j], block[j + 1], block[j + 2], block[j + 3]
        along_a = along_b = along_c = along_d = block.dtype.type(0)
        for i in range(len(x)):
            value = block.dtype.type(x[i])
            along_a += value * a[i]
            along_b += value * b[i]
            along_c += value * c[i]
            along_d += value * d[i]
        out[j], out[j + 1], out[j + 2], out[j + 3] = along_a, along_b, along_c, along_d
        j += 4
    while j < stop:
        a = block[j]
        along_a = block.dtype.type(0)
        for i in range(len(x)):
            along_a += block.dtype.type(x[i]) * a[i]
        out[j] = along_a
        j += 1


@compiled()
def rounding(dimension: int) -> float:
    """How far a product of two unit vectors in float32 can be off, in whatever order it is summed.

    At most d − 1 additions and one multiplication round, each by 2⁻²⁴ of a sum of |xᵢ yᵢ| ≤ 1; a few more for vectors
    that were rounded before, and for their length.
    """
    return 1.01 * (dimension + 6) * 2.0**-24


@compiled(any_order=True)
def leave(x: Singles, scale: float, basis: Numbers, along: Numbers, rows: int, out: Numbers) -> None:
    """What of an item is left when its parts ``along`` the rows of an orthonormal basis are taken out."""
    for i in range(len(x)):
        out[i] = x[i] * scale
    for j in range(rows):
        part, direction = along[j], basis[j]
        for i in range(len(x)):
            out[i] -= part * direction[i]
