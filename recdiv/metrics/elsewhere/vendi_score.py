"""Vendi-Score 0.0.3: effective numbers of one set; a system's is the mean over its lists."""

from __future__ import annotations

import math

from torch import Tensor

from recdiv import diversity
from recdiv.kernels import Kernel
from recdiv.metrics._registry import prints
from recdiv.metrics.ild import similarities
from recdiv.tables import Recommendations


@prints("vendi-score", "effective_number", "score_X", "ignores q: always the number of order 1")
def _score_x(recs: Recommendations, *, kernel: Kernel, q: float = 1.0) -> Tensor:
    del q  # as the library does
    return diversity.effective_number(recs.items, kernel, q=1.0)


@prints("vendi-score-dual", "effective_number", "score_dual", "as here")
def _score_dual(recs: Recommendations, *, kernel: Kernel, q: float = 1.0) -> Tensor:
    return diversity.effective_number(recs.items, kernel, q=q)


@prints("vendi-score", "ild", "intdiv_K", "pairs of an item with itself count: (n − 1) / n times the distance here")
def _intdiv(recs: Recommendations, *, kernel: Kernel) -> Tensor:
    n = recs.lengths.double()
    apart = 1 - similarities(recs, kernel).nan_to_num(1.0)
    return (apart * (n - 1) / n).where(n > 0, math.nan)
