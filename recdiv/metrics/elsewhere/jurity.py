"""Jurity 2.1 with all users at once (by default it averages ten samples of 10,000)."""

from __future__ import annotations

import math
from collections import Counter

from torch import Tensor

from recdiv.kernels import Kernel
from recdiv.metrics._registry import prints
from recdiv.metrics.elsewhere import _lists as walk
from recdiv.tables import Recommendations

SMALLEST = 1e-6  # anything below it prints as 0


@prints("jurity", "personalization", "InterListDiversity", "a repeated item weighs more; below 1e-6 it prints 0")
def _inter(recs: Recommendations) -> float:
    times = [Counter(shown) for shown in walk.lists(recs)]
    length = [math.sqrt(sum(n * n for n in one.values())) for one in times]
    near = [
        sum(n * times[b][item] for item, n in times[a].items()) / (length[a] * length[b])
        for a in range(len(times))
        for b in range(a)
        if length[a] and length[b]
    ]
    value = 1 - walk.mean(near)
    return 0.0 if abs(value) <= SMALLEST else value


@prints("jurity", "ild", "IntraListDiversity", "a list of one item is left out; pairs of one item with itself too")
def _intra(recs: Recommendations, *, kernel: Kernel) -> Tensor:
    def score(shown: list[int]) -> float:
        if len(shown) < 2:
            return math.nan
        near = walk.gram(kernel, shown)
        return walk.mean([1 - near[a][b] for a, i in enumerate(shown) for b, j in enumerate(shown) if i < j])

    return walk.per_list([score(shown) for shown in walk.lists(recs)])
