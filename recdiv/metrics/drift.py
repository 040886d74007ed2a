"""How far what is shown moves from one window of time to the next."""

from __future__ import annotations

import math

import numpy as np
import torch
from torch import Tensor

from recdiv.diversity import qjsd
from recdiv.kernels import Kernel
from recdiv.metrics._labelled import state_spectrum_moment
from recdiv.metrics._registry import Result, State, corpus_result, register
from recdiv.metrics._shared import Shared, deals
from recdiv.metrics._shuffled import checked_against, mean_of, shuffled
from recdiv.metrics._windows import Timeline, timeline
from recdiv.metrics.temporal_beta import UNDEFINED, windows_state
from recdiv.tables import Recommendations


def drift_value(state: State, *, kernel: Kernel) -> float:
    """Mean over consecutive windows, from one state a window."""
    held = [label for label, lists in enumerate(state["lists"].tolist()) if lists]
    rho = [state["rho"][label] / state["lists"][label] for label in held]
    ends = [float(state_spectrum_moment(each, kernel, 1)) for each in rho]
    steps = []
    for at in range(len(rho) - 1):
        middle = float(state_spectrum_moment((rho[at] + rho[at + 1]) / 2, kernel, 1))
        floor = rho[at].shape[-1] * torch.finfo(torch.float64).eps * max(middle, 1)  # what rounding does
        divergence = middle - (ends[at] + ends[at + 1]) / 2
        steps.append(math.sqrt(min(divergence, math.log(2))) if divergence > floor else 0.0)
    return float(np.mean(steps)) if steps else math.nan


@register(
    symbol="Δ",
    formula="Δ = mean_t √QJSD(ρ_t, ρ_{t−1})",
    range="[0, √ln 2 ≈ 0.8326]",
    direction="higher: what is shown moves further; read it beside its null",
    level="corpus",
    undefined_on=UNDEFINED,
    citation="briet2009properties",
    bounds=(0.0, math.sqrt(math.log(2))),
    needs=("time",),
    state=windows_state,
    value=drift_value,
)
def drift(
    recs: Recommendations,
    *,
    kernel: Kernel,
    against: str = "re-dealt",
    previous: Recommendations | None = None,
    null: int = 0,
    rng: int | np.random.Generator = 0,
    shared: Shared | None = None,
) -> Result:
    r"""Mean distance of what is shown in a window of time from what was shown in the window before.

    .. math:: \Delta = \operatorname{mean}_t \sqrt{QJSD(\rho_t, \rho_{t-1})}

    Windows as in ``temporal_beta``: from ``previous`` to ``recs``, or along ``recs.time``; those that hold nothing are
    passed over. See :func:`recdiv.drift`. ``null`` deals the exposures over the lists of all windows: two finite
    samples of an unchanging feed lie apart by chance. ``against="shuffled"`` takes turnover out instead, as in
    ``temporal_beta``.

    Raises:
        ValueError: if ``against`` is neither ``"re-dealt"`` nor ``"shuffled"``.

    >>> from recdiv.kernels import IdentityKernel
    >>> was, now = Recommendations([[0], [1]]), Recommendations([[2], [3]])
    >>> round(drift(now, kernel=IdentityKernel(4), previous=was).value, 4)  # nothing in common: √ln 2
    0.8326
    """
    line = timeline(recs.check(kernel.n_items), previous, ordered=False)
    value = _mean_step(line, kernel, *_plain(line))
    kind = checked_against(against)
    if not null or math.isnan(value):
        return corpus_result(recs, value)
    if kind == "shuffled":
        mass = _plain(line)[1]
        steps = (_mean_step(line, kernel, items, mass) for items in shuffled(line.recs.items, null, rng))
        return corpus_result(recs, value, null=mean_of(steps))
    dealt = deals(line.recs, null, rng, shared, what="" if previous is None else "with previous")
    return corpus_result(recs, value, null=float(np.mean([_mean_step(line, kernel, *each) for each in dealt])))


def _plain(line: Timeline) -> tuple[Tensor, Tensor]:
    valid = line.recs.valid.double()
    return line.recs.items, valid / valid.sum(1, keepdim=True).clamp(min=1)


def _mean_step(line: Timeline, kernel: Kernel, items: Tensor, mass: Tensor) -> float:
    window = torch.tensor(line.recs.time).to(items.device)
    steps: list[float] = []
    earlier: Tensor | None = None
    for number in range(line.windows):
        mine = window == number
        weights = torch.zeros(kernel.n_items, dtype=mass.dtype, device=mass.device)
        weights.index_add_(0, items[mine].clamp(min=0).flatten(), mass[mine].flatten())
        if not bool(weights.any()):
            continue
        if earlier is not None:
            steps.append(math.sqrt(qjsd(earlier, weights, kernel)))
        earlier = weights
    return float(np.mean(steps)) if steps else math.nan
