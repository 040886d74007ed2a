"""How far lists differ beyond chance."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from torch import Tensor

from recdiv._excess import excess_pulls
from recdiv._partition import chi_of_deals
from recdiv.diversity import partition
from recdiv.kernels import Kernel
from recdiv.metrics._discount import attention
from recdiv.metrics._registry import Result, corpus_result, register
from recdiv.metrics._shared import Shared, deals, split
from recdiv.metrics._spectral import UNDEFINED
from recdiv.tables import Recommendations


def excess_left_out(
    recs: Recommendations,
    *,
    group: Tensor,
    kernel: Kernel,
    q: float = 1.0,
    draws: int = 10,
    discount: str = "none",
    groups: str | Iterable[Any] | None = None,
    rng: int | np.random.Generator = 0,
    shared: Shared | None = None,
) -> Tensor:
    """Values with one group of lists left out, ``[G]``, to first order; NaN for weighted slots and pooled lists."""
    n_groups = int(group.max()) + 1
    if discount != "none" or groups is not None or not bool(recs.valid.any()):
        return torch.full((n_groups,), math.nan, dtype=torch.float64)
    value, pulls = excess_pulls(recs.items, list(deals(recs, draws, rng, shared)), kernel, q=q)
    counted = (~pulls.isnan()).double()
    zeros = torch.zeros(n_groups, dtype=torch.float64, device=pulls.device)
    moved = zeros.index_add(0, group, pulls.nan_to_num()) / (counted.sum() - zeros.index_add(0, group, counted))
    return value - moved


@register(
    symbol="χ*",
    formula="χ* = χ − mean χ of re-dealt lists",
    range="about 0 (nothing personal) to ln U nats; below 0 where lists are more alike than chance makes them",
    direction="higher: lists differ more than chance",
    level="corpus",
    undefined_on=UNDEFINED,
    citation="holevo1973bounds",
    left_out=excess_left_out,
)
def chi_excess(
    recs: Recommendations,
    *,
    kernel: Kernel,
    q: float = 1.0,
    draws: int = 10,
    discount: str = "none",
    groups: str | Iterable[Any] | None = None,
    rng: int | np.random.Generator = 0,
    shared: Shared | None = None,
) -> Result:
    r"""Chi beyond what chance makes of the same exposures dealt over the same list lengths, in nats.

    .. math:: \chi^* = \chi - \operatorname{mean} \chi_{\text{re-dealt}}

    The mean is over ``draws`` re-dealt draws (``chi_excess@draws=50``). ``discount`` weighs slots as in
    ``alpha``; re-dealt exposures then stay at their rank. Its interval in a report is for users, to first order, and
    takes the draws as they fell (``draws=50`` where their noise matters); with a ``discount`` there is none.

    >>> from recdiv.kernels import IdentityKernel
    >>> round(abs(chi_excess(Recommendations([[0, 1], [2, 3]]), kernel=IdentityKernel(4)).value), 6)
    0.0
    """
    if draws < 1:
        raise ValueError(f"draws must be at least 1, got {draws}")
    if shared is None or discount != "none":
        weights = attention(recs, discount)
        parts = partition(recs, kernel, q=q, slot_weights=weights, by=groups, null=draws, rng=rng)
        return corpus_result(recs, parts.chi_excess)
    parts = split(recs, kernel, q=q, groups=groups, shared=shared)
    if math.isnan(parts.chi):
        return corpus_result(recs, math.nan)
    if len(parts.chi_null) != draws:
        dealt = deals(recs, draws, shared.rng, shared)
        parts = replace(parts, chi_null=chi_of_deals(parts, dealt, kernel, recs, groups))
    return corpus_result(recs, parts.chi_excess)
