"""The pictures of a page: each drawn, said in words, and put under its title."""

from __future__ import annotations

from collections.abc import Callable
from html import escape
from typing import Any

import numpy as np

from recdiv import plots
from recdiv._extras import require
from recdiv.evaluation._compare import Comparison
from recdiv.evaluation._report import Report, number
from recdiv.report import _figures
from recdiv.report._map import catalogue_map, draw_map
from recdiv.report._tradeoff import axes_of, beaten, draw_tradeoff

Draw = Callable[..., None]


def picture(draw: Draw, *arguments: Any, size: tuple[float, float], alt: str, caption: str) -> str:  # noqa: ANN401
    """One inline figure."""
    plt = require("matplotlib.pyplot", "plot")
    with plots.style():
        fig, ax = plt.subplots(figsize=size)
        draw(ax, *arguments)
        markup = plots.svg(fig, alt=alt, caption=caption)
        plt.close(fig)
    return markup


def pictures(report: Report) -> str:
    """Every picture that the report's numbers allow; a sentence for those they do not."""
    try:
        require("matplotlib.pyplot", "plot")
    except ImportError as error:
        return f'<p class="small soft">No figures: {escape(str(error))}</p>'
    if not bool(report.recs.valid.any()):
        return ""
    return "".join([_split(report), _pair(report), _map(report)])


def _split(report: Report) -> str:
    found = _figures.splits(report)
    if not found:
        return ""
    words = "; ".join(each.words() for each in found)
    size = (5.4, 1.3 + 0.5 * len(found))
    caption = f"α × β = γ. {words[0].upper()}{words[1:]}."
    drawn = picture(_figures.draw_splits, found, size=size, alt=f"Bars: {words}.", caption=caption)
    return f'<h2>Variety within and between lists</h2><div class="large">{drawn}</div>'


def _pair(report: Report) -> str:
    """How lists differ, and how items do."""
    parts = []
    name = _figures.spread_metric(report)
    if name is not None:
        chance = _figures.random_values(report, name)
        words = _spread_words(report, name, chance)
        draw = _figures.draw_spread
        parts.append(picture(draw, report, name, chance, size=(5.2, 3.2), alt=f"Histogram. {words}", caption=words))
    words = _figures.lorenz_words(report)
    parts.append(picture(_figures.draw_lorenz, report, size=(5.2, 3.2), alt=f"Lorenz curve. {words}", caption=words))
    pair = "".join(f"<div>{each}</div>" for each in parts)
    return f'<h2>How lists and items differ</h2><div class="pair">{pair}</div>'


def _spread_words(report: Report, name: str, chance: Any) -> str:  # noqa: ANN401
    values = report.lists[name].dropna().to_numpy()
    low, high = (number(float(np.quantile(values, q))) for q in (0.05, 0.95))
    words = f"{name} of each list: nine in ten lie between {low} and {high}."
    if not len(chance):
        return words
    below = float((values < np.median(chance)).mean())
    return (
        f"{words} Lists as long, drawn at random from the catalogue, have a median of "
        f"{number(float(np.median(chance)))}; {below:.0%} of these lists lie below."
    )


def _map(report: Report) -> str:
    title = "<h2>The catalogue, and what of it is shown</h2>"
    found = catalogue_map(report)
    if found is None:
        why = "no kernel was given" if report.kernel is None else f"{report.kernel!r} has no vectors to draw"
        return f'{title}<p class="small soft">No map: {escape(why)}.</p>'
    words = found.words()
    drawn = picture(draw_map, report, found, size=(5.6, 5.0), alt=f"Map of the catalogue. {words}", caption=words)
    return f'{title}<div class="large">{drawn}</div>'


def tradeoff_picture(comparison: Comparison) -> str:
    """The trade-off of a comparison on its page; nothing where there are no two metrics."""
    if len(comparison.frame) < 2:
        return ""
    try:
        require("matplotlib.pyplot", "plot")
    except ImportError as error:
        return f'<p class="small soft">No figure: {escape(str(error))}</p>'
    x, y = axes_of(comparison, None, None)
    worse = beaten(comparison, x, y)
    points = ", ".join(
        f"{name} {number(report[x])} and {number(report[y])}" for name, report in comparison.reports.items()
    )
    words = f"{x} and {y} of each system, with intervals: {points}."
    faded = f" Faded: {', '.join(worse)}, which another beats on one and does not trail on the other." if worse else ""
    drawn = picture(draw_tradeoff, comparison, x, y, size=(5.6, 4.2), alt=words, caption=words + faded)
    return f'<h2>The trade-off</h2><div class="large">{drawn}</div>'
