"""Shares of a list that are new to its user, and what chance gives."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import torch
from torch import Tensor

from recdiv.metrics._registry import Result, per_list_result
from recdiv.metrics._relevance import repeats
from recdiv.metrics._shared import Shared, deals
from recdiv.metrics._windows import Timeline, timeline
from recdiv.tables import Recommendations

Seen = Callable[[Timeline, Tensor], tuple[Tensor, Tensor]]  # items -> (slots seen before [n, K], lists with a past [n])


def share_new(
    recs: Recommendations,
    previous: Recommendations | None,
    seen: Seen,
    *,
    null: int,
    rng: int | np.random.Generator,
    shared: Shared | None,
) -> Result:
    """Mean over lists of the share of their different items that were not ``seen``, beside re-dealt lists."""
    line = timeline(recs, previous)
    result = per_list_result(_shares(line, line.recs.items, seen))
    if not null or not result.n:
        return result
    # all lists of a report trade among themselves, the earlier ones with them
    dealt = deals(line.recs, null, rng, shared, what="" if previous is None else "with previous")
    chance = [_shares(line, items, seen) for items, _ in dealt]
    return replace(result, null=float(np.mean([float(each.nanmean()) for each in chance])))


def _shares(line: Timeline, items: Tensor, seen: Seen) -> Tensor:
    different = (items >= 0) & ~repeats(items)
    before, has_past = seen(line, items)
    new = (different & ~before).sum(1).double() / different.sum(1)  # 0 / 0 is NaN
    return torch.where(has_past, new, math.nan)[line.measured]
