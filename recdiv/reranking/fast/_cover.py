"""Facility location for some users: all their similarities where they fit, or each made when it is asked for."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from recdiv.reranking.fast import _reach
from recdiv.reranking.fast._dots import rounding

NUMBERS = 1 << 24  # similarities of a user that are held at once by a thread (64 MB)
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
    _reach.choose(vectors, scale, items, relevance, history, delta, places)


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
