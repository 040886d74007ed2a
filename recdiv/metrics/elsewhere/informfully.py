"""Informfully (a fork of Cornac), from its source."""

from __future__ import annotations

import torch
from torch import Tensor

from recdiv.kernels import Kernel
from recdiv.metrics._registry import prints
from recdiv.metrics.ild import similarities
from recdiv.tables import Recommendations


@prints("informfully", "ild", "ILD", "one item is at distance 0")
def _ild(recs: Recommendations, *, kernel: Kernel) -> Tensor:
    return torch.where(recs.lengths == 1, 0.0, 1 - similarities(recs, kernel))
