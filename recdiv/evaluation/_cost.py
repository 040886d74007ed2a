"""What diversity costs: how much of a baseline's accuracy is lost, for the same users."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from recdiv.evaluation._intervals import bootstrap_means, percentile_interval

Numbers = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Costs:
    """Relative losses of several systems against the first: 0.05 is five percent, below 0 a gain.

    Attributes:
        value: of each system ``[M]``; 0 for the first.
        low, high: percentile intervals over resampled users ``[M]``.
        resampled: the losses in each resample ``[draws, M]``.
    """

    value: Numbers
    low: Numbers
    high: Numbers
    resampled: Numbers


def costs(
    values: Numbers,
    users: Iterable[Any],
    *,
    confidence: float = 0.95,
    resamples: int = 1000,
    rng: int | np.random.Generator = 0,
) -> Costs:
    """Losses ``1 − mean / mean of the first`` of ``values [U, M]``, one row a user; a row with NaN takes no part.

    The same resampled users judge all systems (a paired bootstrap), so an interval says how the loss would move with
    other users, and not how the accuracies would.

    Raises:
        ValueError: if no row is defined or the first system's mean is 0: there is nothing to lose.

    >>> costs(np.array([[1.0, 0.5], [1.0, 1.0]]), [0, 1], resamples=10).value.tolist()
    [0.0, 0.25]
    """
    there = ~np.isnan(values).any(1)
    if not there.any():
        raise ValueError(f"test must hold an event of a user with a list, got none for {len(values)} lists")
    held = values[there]
    accuracy = held.mean(0)
    if accuracy[0] <= 0:
        raise ValueError(
            "accuracy at diversity 0 must be above 0 for a cost to be told, got 0: no list hits a test item"
        )
    owners = np.asarray(list(users), dtype=object)[there]
    means = bootstrap_means(held, owners, draws=resamples, rng=rng)
    with np.errstate(invalid="ignore", divide="ignore"):  # resamples without a hit: no loss can be told, NaN or -inf
        resampled = 1 - means / means[:, :1]
        resampled[:, 0] = 0.0
        ends = np.array([percentile_interval(column, confidence) for column in resampled.T])
    return Costs(1 - accuracy / accuracy[0], ends[:, 0], ends[:, 1], resampled)
