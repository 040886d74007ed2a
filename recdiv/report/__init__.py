"""Reports and comparisons as people look at them: pages of one file, figures."""

from __future__ import annotations

from typing import Any

from recdiv._extras import require
from recdiv.evaluation._compare import Comparison
from recdiv.evaluation._report import Report
from recdiv.evaluation._tune import Tuned
from recdiv.report._page import comparison_page, page

__all__ = ["comparison_page", "figure", "page", "tradeoff", "tuning_figure"]


def figure(report: Report) -> Any:  # noqa: ANN401
    """All pictures of a report in one Matplotlib figure."""
    from recdiv import plots
    from recdiv.report import _figures, _map

    plt = require("matplotlib.pyplot", "plot")
    found, name, seen = _figures.splits(report), _figures.spread_metric(report), _map.catalogue_map(report)
    with plots.style():
        heights = [*([0.3 + 0.32 * len(found)] if found else []), 1.5, *([2.4] if seen else [])]
        fig = plt.figure(figsize=(9.6, 0.4 + 2.2 * sum(heights)))
        grid = fig.add_gridspec(len(heights), 2, height_ratios=heights)
        if found:
            _figures.draw_splits(fig.add_subplot(grid[0, :]), found)
        middle = int(bool(found))
        if name is not None:
            chance = _figures.random_values(report, name)
            _figures.draw_spread(fig.add_subplot(grid[middle, 0]), report, name, chance)
        _figures.draw_lorenz(fig.add_subplot(grid[middle, 1 if name is not None else slice(None)]), report)
        if seen:
            _map.draw_map(fig.add_subplot(grid[-1, :]), report, seen)
    return fig


def tradeoff(comparison: Comparison, *, x: str | None = None, y: str | None = None) -> Any:  # noqa: ANN401
    """The trade-off between two metrics as a Matplotlib figure."""
    from recdiv import plots
    from recdiv.report._tradeoff import axes_of, draw_tradeoff

    if len(comparison.frame) < 2:
        raise ValueError(f"a trade-off needs two metrics that were measured, got {len(comparison.frame)}")
    x, y = axes_of(comparison, x, y)
    plt = require("matplotlib.pyplot", "plot")
    with plots.style():
        fig, ax = plt.subplots(figsize=(6.4, 4.4))
        draw_tradeoff(ax, comparison, x, y)
    return fig


def tuning_figure(tuned: Tuned) -> Any:  # noqa: ANN401
    """What each value of diversity costs, as a Matplotlib figure."""
    from recdiv.report import _tuning

    return _tuning.tuning_figure(tuned)
