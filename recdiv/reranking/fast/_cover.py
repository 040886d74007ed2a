"""Facility location for some users: their similarities in one product where they fit, or made when asked for."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from recdiv.reranking.fast import _reach
from recdiv.reranking.fast._dots import rounding

NUMBERS = 1 << 24  # similarities of a user that are held at once by a thread (64 MB)
_NEAR = 1 << 18  # numbers of the vectors of some users that stay near the processor (1 MB)
Given = tuple[
    npt.NDArray[np.float32],
    npt.NDArray[np.float64],
    npt.NDArray[np.int64],
    npt.NDArray[np.float64],
    npt.NDArray[np.int64],
]


def cover(given: Given, delta: float, places: npt.NDArray[np.int64]) -> None:
    """Fill ``places`` ``[u, k]``."""
    vectors, scale, items, relevance, history = given
    if items.shape[1] ** 2 > NUMBERS:
        for each in zip(items, relevance, history, places, strict=True):
            _in_blocks(vectors, scale, *each, delta)
        return
    n, step = items.shape[1], max(1, _NEAR // max(items.shape[1] * vectors.shape[1], 1))
    found, near = np.empty((step, n, vectors.shape[1]), np.float32), np.empty((step, n, n), np.float32)
    for some in (slice(start, start + step) for start in range(0, len(items), step)):
        mine = items[some]
        x, similar = found[: len(mine)], near[: len(mine)]  # the same memory for all users: new memory costs time
        np.take(vectors, mine, axis=0, mode="clip", out=x)
        np.matmul(x, x.transpose(0, 2, 1), out=similar)  # of one array with itself, BLAS does half the work
        _reach.choose(vectors, scale, mine, relevance[some], history[some], similar, delta, places[some])


def _in_blocks(
    vectors: npt.NDArray[np.float32],
    scale: npt.NDArray[np.float64],
    items: npt.NDArray[np.int64],
    relevance: npt.NDArray[np.float64],
    history: npt.NDArray[np.int64],
    places: npt.NDArray[np.int64],
    delta: float,
) -> None:
    """One user whose similarities do not fit: each is made once, and again for items that are looked at again."""
    mine = items[items >= 0]
    n, off = len(mine), rounding(vectors.shape[1])
    fixed, share = (1 - delta) / len(places) * relevance[:n], delta / max(n, 1)
    found, reach, bound, gap = vectors[mine], np.empty(n), np.empty(n), np.empty(n)
    _reach.begin(vectors, scale, mine, history, reach)
    step = max(1, NUMBERS // 4 // max(n, 1))
    for some in (slice(start, start + step) for start in range(0, n, step)):
        _reach.sums(found[some] @ found.T, reach, fixed[some], share, off, bound[some], gap[some])
    none = np.empty((0, 0), np.float32)
    _reach.choose_one(vectors, scale, mine, fixed, none, reach, bound, gap, share, places)
