"""How many different windows of time there are."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from recdiv.diversity import partition
from recdiv.kernels import Kernel
from recdiv.metrics._labelled import labelled_beta, labelled_state
from recdiv.metrics._registry import Result, State, corpus_result, register
from recdiv.metrics._shared import Shared, split
from recdiv.metrics._shuffled import checked_against, mean_of, shuffled
from recdiv.metrics._windows import timeline
from recdiv.tables import Recommendations

UNDEFINED = "fewer than two windows hold an item of the catalogue: NaN"


def windows_state(recs: Recommendations, *, kernel: Kernel, times: Sequence[Any]) -> State:
    """One state a window, in the order of ``times``."""
    return labelled_state(recs, kernel, recs.time, times, "time")


def temporal_beta_value(state: State, *, kernel: Kernel, q: float = 1.0) -> float:
    """From one state a window."""
    return labelled_beta(state, kernel, q) if int((state["lists"] > 0).sum()) > 1 else math.nan


@register(
    symbol="β_t",
    formula="β_t = γ / α with windows in place of lists",
    range="[1, number of windows]",
    direction="higher: what is shown changes more over time; read it beside its null",
    level="corpus",
    undefined_on=UNDEFINED,
    citation="reeve2014partition",
    bounds=(1.0, math.inf),
    needs=("time",),
    state=windows_state,
    value=temporal_beta_value,
)
def temporal_beta(
    recs: Recommendations,
    *,
    kernel: Kernel,
    q: float = 1.0,
    against: str = "re-dealt",
    previous: Recommendations | None = None,
    null: int = 0,
    rng: int | np.random.Generator = 0,
    shared: Shared | None = None,
) -> Result:
    r"""Effective number of different windows of time: 1 where the mean state never changes.

    .. math:: \beta_t = \gamma_q / \alpha_q, \qquad \alpha_q \text{ within a window}

    Windows are the values of ``recs.time``; ``previous`` comes before them, as windows of its own times or as one.
    Windows weigh as many lists as they hold. ``null`` deals the exposures over the lists of all windows: few draws
    differ by chance. With ``temporal_beta@against=shuffled`` it deals what items mean among the items shown instead:
    new items are new texts, so most of the change that is read from text is turnover, and only what lies beyond this is
    change of meaning.

    Raises:
        ValueError: if ``against`` is neither ``"re-dealt"`` nor ``"shuffled"``.

    >>> from recdiv.kernels import IdentityKernel
    >>> recs = Recommendations([[0, 1], [0, 1], [2, 3]], time=[1, 2, 3])
    >>> round(temporal_beta(recs, kernel=IdentityKernel(4)).value, 4)  # exp(H(⅔, ⅓)): two windows are one
    1.8899
    """
    line = timeline(recs, previous, ordered=False)
    held = line.recs.lengths.cpu().numpy() > 0
    if line.recs.time is None or len(np.unique(line.recs.time[held])) < 2:
        return corpus_result(recs, math.nan)
    if checked_against(against) == "shuffled":
        beta = partition(line.recs, kernel, q=q, by="time").beta
        dealt = (partition(items, kernel, q=q, by=line.recs.time) for items in shuffled(line.recs.items, null, rng))
        return corpus_result(recs, beta, null=mean_of(each.beta for each in dealt))
    what = "" if previous is None else "with previous"
    parts = split(line.recs, kernel, q=q, groups="time", null=null, rng=rng, shared=shared, what=what)
    return corpus_result(recs, parts.beta, null=parts.beta_null)
