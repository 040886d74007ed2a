"""Two metrics of several systems against each other."""

from __future__ import annotations

import math
from typing import Any

from recdiv.evaluation._compare import Comparison
from recdiv.evaluation._report import Report
from recdiv.metrics import describe, groups
from recdiv.plots import MARKERS, PALETTE, label_points

_DIVERSITY = ("chi_excess", "effective_number", "gamma", "ild", "category_entropy", "entropy")  # the first there is


def axes_of(comparison: Comparison, x: str | None, y: str | None) -> tuple[str, str]:
    """Names of two metrics that were measured: those asked for, else an accuracy and a diversity.

    Raises:
        ValueError: if one was not measured.
    """
    names = [str(name) for name in comparison.frame.index]
    if x is None:
        accurate = [name for name in names if name.partition("@")[0] in groups()["accuracy"]]
        x = accurate[-1] if accurate else next(name for name in names if name != y)
    x = _measured(x, names, "x")
    if y is None:
        bases = {name.partition("@")[0]: name for name in reversed(names) if name != x}
        y = next((bases[name] for name in _DIVERSITY if name in bases), next(name for name in names if name != x))
    return x, _measured(y, names, "y")


def beaten(comparison: Comparison, x: str, y: str) -> list[str]:
    """Systems that another beats on one of the two metrics and does not trail on the other."""
    signs = [-1.0 if describe(name.partition("@")[0]).direction.startswith("lower") else 1.0 for name in (x, y)]
    at = {name: (signs[0] * report[x], signs[1] * report[y]) for name, report in comparison.reports.items()}
    return [
        name
        for name, mine in at.items()
        if any(a >= mine[0] and b >= mine[1] and (a, b) != mine for a, b in at.values())
    ]


def draw_tradeoff(ax: Any, comparison: Comparison, x: str, y: str) -> None:  # noqa: ANN401
    """One point a system with its intervals as a cross and its name beside it."""
    worse = beaten(comparison, x, y)
    points = []
    for number, (name, report) in enumerate(comparison.reports.items()):
        points.append((report[x], report[y]))
        ax.errorbar(
            report[x], report[y], xerr=_whiskers(report, x), yerr=_whiskers(report, y), linestyle="none", linewidth=1.4,
            marker=MARKERS[number % len(MARKERS)], color=PALETTE[number % len(PALETTE)],
            alpha=0.35 if name in worse else 1.0,
        )  # fmt: skip
    ax.margins(0.15)
    for axis, name in ((ax.set_xlabel, x), (ax.set_ylabel, y)):
        better = describe(name.partition("@")[0]).direction.partition(" ")[0].rstrip(":")
        axis(f"{name} ({better} is better)" if better in ("higher", "lower") else name)
    ax.grid(visible=True, axis="both")
    label_points(ax, points, list(comparison.reports), always=True)


def _whiskers(report: Report, name: str) -> list[list[float]] | None:
    """How far the interval reaches below and above the value; None where there is none."""
    row = report.frame[report.frame["metric"] == name].iloc[0]
    below, above = float(row["value"] - row["low"]), float(row["high"] - row["value"])
    if math.isnan(below) or math.isnan(above):
        return None
    return [[max(0.0, below)], [max(0.0, above)]]  # a bootstrap interval may leave its value out by rounding


def _measured(asked: str, names: list[str], axis: str) -> str:
    for name in names:
        if name == asked:
            return name
    for name in names:
        if name.partition("@")[0] == asked:
            return name
    raise ValueError(f"{axis} must be a metric that was measured ({', '.join(names)}), got {asked!r}")
