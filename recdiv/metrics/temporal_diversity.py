"""How much of a list was not in its user's list before."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from recdiv._inputs import BLOCK
from recdiv.metrics._lists_over_time import share_new
from recdiv.metrics._registry import Result, register
from recdiv.metrics._shared import Shared
from recdiv.metrics._windows import Timeline
from recdiv.tables import Recommendations


@register(
    symbol="δ_t",
    formula="δ_t(u) = |L_t \\ L_{t−1}| / |L_t|",
    range="[0, 1]",
    direction="higher: lists change more from one time to the next; read it beside its null",
    level="list",
    undefined_on="a list or its user's list before holds no item of the catalogue, or there is none before: NaN",
    citation="lathia2010temporal",
    bounds=(0.0, 1.0),
    needs=("time",),
)
def temporal_diversity(
    recs: Recommendations,
    *,
    previous: Recommendations | None = None,
    null: int = 0,
    rng: int | np.random.Generator = 0,
    shared: Shared | None = None,
) -> Result:
    r"""Mean over lists of the share of their items that the same user's list before does not hold.

    .. math:: \delta_t(u) = |L_t \setminus L_{t-1}| / |L_t|

    Sets of different items, consecutive by ``recs.time``; before the first come those of ``previous`` (by their own
    time, else in row order). Lathia et al. divide by N, which is \|L_t\| for full lists. ``null`` deals the same
    exposures over all lists of all users and times: what lists that know neither user nor time would change.

    Raises:
        ValueError: if a user has several lists at one time.

    Source: Lathia et al. 2010.

    >>> recs = Recommendations([[0, 1], [1, 2], [1, 2]], users=[7, 7, 7], time=[1, 2, 3])
    >>> temporal_diversity(recs).per_list.tolist()
    [nan, 0.5, 0.0]
    """
    return share_new(recs, previous, _in_list_before, null=null, rng=rng, shared=shared)


def _in_list_before(line: Timeline, items: Tensor) -> tuple[Tensor, Tensor]:
    before = items[line.before.clamp(min=0)]
    has_past = (line.before >= 0) & (before >= 0).any(1)
    step = max(1, BLOCK // max(items.shape[1] ** 2, 1))
    parts = [
        (now[:, :, None] == then[:, None, :]).any(2)
        for now, then in zip(torch.split(items, step), torch.split(before, step), strict=True)
    ]
    return torch.cat(parts), has_past
