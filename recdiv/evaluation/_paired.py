"""Two reports on the same users: how each number differs, how sure that is, and how large."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from recdiv.evaluation._intervals import bootstrap_means, jackknife_error, jackknife_interval, percentile_interval
from recdiv.evaluation._report import Report
from recdiv.evaluation._tests import Test, paired_test, two_sided

Numbers = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Asked:
    """How differences are judged."""

    test: Test
    confidence: float
    resamples: int
    rng: int


def shared_lists(first: Report, second: Report) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Positions, in each of the two, of the lists of the same user (and time)."""
    keys = [key for key in ("user_id", "time") if key in first.lists and key in second.lists]
    places = []
    for each in (first, second):
        if each.lists.duplicated(keys).any():
            raise ValueError(f"systems must have one list a {' and '.join(keys)} each, got more")
        as_objects = each.lists[keys].astype(object)  # numbers and strings then differ instead of failing
        places.append(as_objects.assign(place=np.arange(len(as_objects))))
    pairs = places[0].merge(places[1], on=keys, suffixes=("", "_second"))
    return pairs["place"].to_numpy(dtype=np.int64), pairs["place_second"].to_numpy(dtype=np.int64)


def list_differences(first: Report, second: Report, asked: Asked) -> dict[str, dict[str, Any]]:
    """Second − first for every list-level metric of two reports whose rows are the same lists."""
    facts = {"user_id", "time", "n_items"}
    names = [str(column) for column in first.lists if column in second.lists and column not in facts]
    if not names:
        return {}
    change = _difference(*(each.lists[names].to_numpy(dtype=float) for each in (first, second)))
    users = first.lists["user_id"]
    means = bootstrap_means(change, users, draws=asked.resamples, rng=asked.rng)
    code = pd.factorize(users, sort=False)[0]
    rows = {}
    for column, name in enumerate(names):
        here = ~np.isnan(change[:, column])
        values = change[here, column]
        low, high = percentile_interval(means[:, column], asked.confidence)
        counts = np.bincount(code[here]).astype(float)
        sums = np.bincount(code[here], weights=values)[counts > 0].astype(float)
        p, effect = paired_test(sums, counts[counts > 0], test=asked.test, rng=asked.rng)
        difference = float(values.mean()) if len(values) else math.nan
        rows[name] = _row(difference, (low, high), p, effect, len(values))
    return rows


def corpus_differences(first: Report, second: Report, asked: Asked) -> dict[str, dict[str, Any]]:
    """Second − first for every corpus metric; the same groups of users are left out of both at a time."""
    users = int(first.lists["user_id"].nunique())
    values = [report.frame.set_index("metric") for report in (first, second)]
    rows = {}
    for name in first.frame["metric"]:
        if name in first.lists or name not in values[1].index:
            continue
        difference = float(_difference(*(np.float64(each.loc[name, "value"]) for each in values)))
        n = int(min(each.loc[name, "n"] for each in values))
        left_out = [report.left_out.get(name, np.empty(0)) for report in (first, second)]
        if min(map(len, left_out)) < 2:
            rows[name] = _row(difference, (math.nan, math.nan), math.nan, math.nan, n)
            continue
        change = _difference(*left_out)
        p, effect = _jackknife_test(difference, change, users)
        rows[name] = _row(difference, jackknife_interval(difference, change, asked.confidence), p, effect, n)
    return rows


def _difference(first: Any, second: Any) -> Any:  # noqa: ANN401
    """Second − first; 0 where they differ by no more than rounding."""
    change = second - first
    return np.where(np.abs(change) <= 1e-12 * np.maximum(np.abs(first), np.abs(second)), 0.0, change)


def _jackknife_test(difference: float, change: Numbers, users: int) -> tuple[float, float]:
    """Student's t with one degree of freedom less than groups; effect in standard deviations of one user's pull."""
    error = jackknife_error(change)
    if math.isnan(error) or math.isnan(difference):
        return math.nan, math.nan
    if error == 0:
        return (1.0, 0.0) if difference == 0 else (0.0, math.copysign(math.inf, difference))
    return two_sided(difference / error, len(change) - 1), difference / (error * math.sqrt(users))


def _row(difference: float, reach: tuple[float, float], p: float, effect: float, n: int) -> dict[str, Any]:
    return {"difference": difference, "low": reach[0], "high": reach[1], "p": p, "effect": effect, "n": n}
