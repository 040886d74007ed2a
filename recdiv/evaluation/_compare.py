"""Several systems on the same users, side by side, with intervals of their differences."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from recdiv.evaluation._evaluate import evaluate
from recdiv.evaluation._intervals import bootstrap_means, percentile_interval
from recdiv.evaluation._report import Report, interval, number
from recdiv.tables import Catalog, Recommendations


@dataclass(frozen=True)
class Comparison:
    """Reports of several systems, and how their lists differ.

    Attributes:
        reports: the report of each system, by name.
        frame: one row a metric, one column a system: values.
        differences: one row a list-level metric and system: ``difference`` from the baseline (the first system) in the
            mean over users who have both, with its paired interval ``low`` to ``high``, and ``n`` such users.
    """

    reports: dict[str, Report]
    frame: pd.DataFrame
    differences: pd.DataFrame

    def __repr__(self) -> str:
        shown = self.frame.map(number).to_string()
        baseline = next(iter(self.reports))
        lines = []
        for row in self.differences.to_dict("records"):
            reach = interval(row["low"], row["high"])
            lines.append(f"{row['metric']}, {row['system']} − {baseline}: {number(row['difference'])} ({reach})")
        return "\n".join([shown, *lines])

    def _repr_html_(self) -> str:
        return self.frame.map(number).to_html(border=0)


def compare(systems: Mapping[str, Recommendations], catalog: Catalog, **options: Any) -> Comparison:  # noqa: ANN401
    """Evaluate several systems, and the differences of the others from the first.

    Args:
        systems: the lists of each system, by name; the first is the baseline. Lists are paired by user (and time).
        catalog: the items.
        options: those of :func:`recdiv.evaluate`.

    Returns:
        A :class:`Comparison`. A difference whose interval leaves out 0 is unlikely to be chance; intervals are not
        widened for the number of metrics looked at.

    Raises:
        ValueError: if there are no two systems, a user has two lists at one time, systems share no user, or what
            :func:`recdiv.evaluate` refuses.

    >>> catalog = Catalog(pd.DataFrame({"item_id": range(4), "category": ["a", "a", "b", "b"]}))
    >>> same, mixed = Recommendations([[0, 1], [2, 3]]), Recommendations([[0, 2], [1, 3]])
    >>> found = compare({"same": same, "mixed": mixed}, catalog, metrics=["category_entropy"])
    >>> found.differences["difference"].round(4).tolist()  # ln 2 − 0
    [0.6931]
    """
    if len(systems) < 2:
        raise ValueError(f"systems must be two or more, got {len(systems)}")
    reports = {name: evaluate(recs, catalog, **options) for name, recs in systems.items()}
    frame = pd.DataFrame({name: report.frame.set_index("metric")["value"] for name, report in reports.items()})
    names = [name for name in next(iter(reports.values())).frame["metric"] if name in frame.index]
    baseline, *others = reports
    rows = [row for name in others for row in _differences(name, reports[name], reports[baseline], options)]
    columns = ["metric", "system", "difference", "low", "high", "n"]
    return Comparison(reports, frame.loc[names], pd.DataFrame(rows, columns=columns))


def _differences(name: str, report: Report, baseline: Report, options: dict[str, Any]) -> list[dict[str, Any]]:
    """Paired differences of every list-level metric the two reports share."""
    keys = [key for key in ("user_id", "time") if key in report.lists and key in baseline.lists]
    for each in (report, baseline):
        if each.lists.duplicated(keys).any():
            raise ValueError(f"systems must have one list a {' and '.join(keys)} each, got more for {name}")
    facts = {*keys, "n_items", "time"}
    shared = [column for column in report.lists if column in baseline.lists and column not in facts]
    as_objects = dict.fromkeys(keys, object)  # numbers and strings then differ instead of failing
    pairs = report.lists.astype(as_objects).merge(baseline.lists.astype(as_objects), on=keys, suffixes=("", " before"))
    if not len(pairs):
        raise ValueError(f"systems must share users, got none in both {name} and the first")
    if not shared:
        return []
    change = np.stack([(pairs[c] - pairs[f"{c} before"]).to_numpy(dtype=float) for c in shared], axis=1)
    draws, rng = options.get("resamples", 1000), options.get("rng", 0)
    means = bootstrap_means(change, pairs["user_id"], draws=draws, rng=rng)
    confidence = options.get("confidence", 0.95)
    rows = []
    for column, metric in enumerate(shared):
        defined = change[~np.isnan(change[:, column]), column]
        low, high = percentile_interval(means[:, column], confidence)
        difference = float(defined.mean()) if len(defined) else float("nan")
        rows.append(
            {"metric": metric, "system": name, "difference": difference, "low": low, "high": high, "n": len(defined)}
        )
    return rows
