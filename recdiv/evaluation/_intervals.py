"""How far a number would move with other users: bootstrap for means over lists, jackknife for one number of all lists.

Users are resampled, not lists: the lists of one user stay together.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from recdiv._columns import label_hashes
from recdiv.metrics._registry import Metric, State
from recdiv.tables import Recommendations

Numbers = npt.NDArray[np.float64]
GROUPS = 20  # users left out at a time; Student's t with 19 degrees of freedom
_DRAWS = 1 << 24  # resampled users held at once


def bootstrap_means(
    values: Numbers, users: Iterable[Any], *, draws: int = 1000, rng: int | np.random.Generator = 0
) -> Numbers:
    """Means of each column of ``values [U, M]`` in resamples of users, ``[draws, M]``; NaN entries take no part.

    >>> bootstrap_means(np.array([[1.0], [1.0]]), [0, 1], draws=3).tolist()
    [[1.0], [1.0], [1.0]]
    """
    generator = np.random.default_rng(rng)
    code, distinct = pd.factorize(pd.Series(list(users)), sort=False)
    n = len(distinct)
    sums, counts = np.zeros((n, values.shape[1])), np.zeros((n, values.shape[1]))
    np.add.at(sums, code, np.nan_to_num(values, nan=0.0))
    np.add.at(counts, code, ~np.isnan(values))
    parts = []
    step = max(1, _DRAWS // max(n, 1))
    for start in range(0, draws, step):
        times = np.stack(
            [np.bincount(generator.integers(0, n, n), minlength=n) for _ in range(min(step, draws - start))]
        ).astype(np.float64)
        with np.errstate(invalid="ignore", divide="ignore"):
            parts.append((times @ sums) / (times @ counts))
    return np.concatenate(parts) if parts else np.empty((0, values.shape[1]))


def percentile_interval(resampled: Numbers, confidence: float) -> tuple[float, float]:
    """Central ``confidence`` of resampled values; NaN where none is defined."""
    defined = resampled[~np.isnan(resampled)]
    if not len(defined):
        return math.nan, math.nan
    low, high = np.quantile(defined, [(1 - confidence) / 2, (1 + confidence) / 2])
    return float(low), float(high)


def user_groups(recs: Recommendations, *, rng: int | np.random.Generator = 0) -> npt.NDArray[np.int64]:
    """Group 0..G−1 of each list, lists of one user together, groups of (nearly) the same number of users.

    The same users fall into the same groups whatever the order of their lists, so that two systems can be paired.

    >>> recs = Recommendations([[0], [1], [2]], users=["a", "b", "a"])
    >>> bool((user_groups(recs)[[2, 1, 0]] == user_groups(recs.where([2, 1, 0]))).all())
    True
    """
    code, distinct = pd.factorize(pd.Series(recs.users), sort=False)
    n = len(distinct)
    rank = np.empty(n, dtype=np.int64)
    rank[np.argsort(label_hashes(np.asarray(distinct)), kind="stable")] = np.arange(n)
    order = np.random.default_rng(rng).permutation(n)
    group: npt.NDArray[np.int64] = (order % min(GROUPS, n) if n else order)[rank][code]
    return group


def jackknife_values(
    recs: Recommendations,
    group: npt.NDArray[np.int64],
    state: Callable[[Recommendations], State],
    values: list[Callable[[State], float]],
) -> Numbers:
    """Each value with one group of users left out, ``[G, M]``, from states that add up."""
    parts = [state(recs.where(group == g)) for g in range(int(group.max()) + 1 if len(group) else 0)]
    if not parts:
        return np.empty((0, len(values)))
    total = {key: sum((part[key] for part in parts[1:]), parts[0][key]) for key in parts[0]}
    rest = [{key: total[key] - part[key] for key in total} for part in parts]
    return np.array([[value(each) for value in values] for each in rest])


def jackknife_error(left_out: Numbers) -> float:
    r"""Standard error from values with one group left out; NaN below two groups.

    .. math:: se^2 = \frac{G-1}{G} \sum_g (\theta_{(g)} - \bar\theta)^2

    >>> jackknife_error(np.array([1.0, 3.0]))  # √(1/2 · (1 + 1))
    1.0
    """
    n = len(left_out)
    if n < 2 or np.isnan(left_out).any():
        return math.nan
    return math.sqrt((n - 1) / n * float(((left_out - left_out.mean()) ** 2).sum()))


def jackknife_interval(value: float, left_out: Numbers, confidence: float) -> tuple[float, float]:
    """Value ± t · standard error; NaN below two groups.

    >>> jackknife_interval(1.0, np.array([1.0, 1.0, 1.0]), 0.95)
    (1.0, 1.0)
    """
    error = jackknife_error(left_out)
    if math.isnan(error) or math.isnan(value):
        return math.nan, math.nan
    from scipy.stats import t

    reach = float(t.ppf((1 + confidence) / 2, len(left_out) - 1)) * error
    return value - reach, value + reach


def within_range(reach: tuple[float, float], value: float, metric: Metric, n_items: int) -> tuple[float, float]:
    """The interval around a value, stopped where the range of the metric ends.

    >>> from recdiv.metrics import describe
    >>> within_range((-3.0, 12.5), 5.0, describe("item_count"), 10)
    (1.0, 10.0)
    """
    low, high = reach
    if not low <= high:  # undefined
        return reach
    least, most = metric.bounds
    if metric.most is not None and n_items:
        most = min(most, max(metric.most(n_items), value))  # a corrected entropy may lie above
    return max(low, least), min(high, most)
