"""How much of a list its user was never shown before."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from recdiv.metrics._lists_over_time import share_new
from recdiv.metrics._registry import Result, register
from recdiv.metrics._shared import Shared
from recdiv.metrics._windows import Timeline
from recdiv.tables import Recommendations


@register(
    symbol="ν_t",
    formula="ν_t(u) = |L_t \\ A_t| / |L_t|,  A_t = ∪_{s < t} L_s",
    range="[0, 1]",
    direction="higher: more was never shown to the user before; read it beside its null",
    level="list",
    undefined_on="a list or all of its user's lists before hold no item of the catalogue: NaN",
    citation="lathia2010temporal",
    bounds=(0.0, 1.0),
    needs=("time",),
)
def temporal_novelty(
    recs: Recommendations,
    *,
    previous: Recommendations | None = None,
    null: int = 0,
    rng: int | np.random.Generator = 0,
    shared: Shared | None = None,
) -> Result:
    r"""Mean over lists of the share of their items that no earlier list of the same user holds.

    .. math:: \nu_t(u) = |L_t \setminus A_t| / |L_t|, \qquad A_t = \bigcup_{s < t} L_s

    Order and ``null`` as in ``temporal_diversity``.

    Raises:
        ValueError: if a user has several lists at one time.

    Source: Lathia et al. 2010.

    >>> recs = Recommendations([[0, 1], [1, 2], [0, 3]], users=[7, 7, 7], time=[1, 2, 3])
    >>> temporal_novelty(recs).per_list.tolist()  # 0 comes back: it was shown at time 1
    [nan, 0.5, 0.5]
    """
    return share_new(recs, previous, _in_any_list_before, null=null, rng=rng, shared=shared)


def _in_any_list_before(line: Timeline, items: Tensor) -> tuple[Tensor, Tensor]:
    """A slot is seen where its user's first list that holds the item is an earlier one."""
    user = torch.tensor(line.recs.users).to(items.device)
    rank = _ranks(line.before)
    valid = items >= 0
    width = int(items.max()) + 1 if items.numel() else 1
    keys = (user[:, None] * max(width, 1) + items)[valid]
    when = rank[:, None].expand(items.shape)[valid]
    distinct, which = torch.unique(keys, return_inverse=True)
    first = torch.full(distinct.shape, len(items), dtype=torch.int64, device=items.device)
    first.scatter_reduce_(0, which, when, "amin")
    seen = torch.zeros_like(valid)
    seen[valid] = first[which] < when
    earliest = torch.full((int(user.max()) + 1 if len(user) else 0,), len(items), dtype=torch.int64, device=user.device)
    held = valid.any(1)
    earliest.scatter_reduce_(0, user[held], rank[held], "amin")
    return seen, earliest[user] < rank


def _ranks(before: Tensor) -> Tensor:
    """How many lists of its user come before each list."""
    rank = torch.zeros_like(before)
    at = before.clone()
    while bool((at >= 0).any()):
        rank += at >= 0
        at = torch.where(at >= 0, before[at.clamp(min=0)], -1)
    return rank
