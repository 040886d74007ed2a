"""A closed loop as people look at it: curves over rounds, where exposure goes on the map, a page of one file."""

from __future__ import annotations

import math
from collections.abc import Sequence
from html import escape
from typing import Any

import numpy as np
import pandas as pd
import torch

from recdiv._extras import require
from recdiv.kernels import EmbeddingKernel
from recdiv.loop import Result
from recdiv.plots import LINES, PALETTE, style, svg
from recdiv.report._page import _made_with, _page, _region

_LEVELS = 8  # sizes of discs
_SHORT = 1e-3  # length of a stroke that is a dot
MEASURES = ("gamma", "alpha", "semantic_coverage", "popularity", "homogenisation", "satisfaction")
TITLES = {
    "alpha": "alpha: within lists",
    "gamma": "gamma: over all lists",
    "chi_excess": "chi beyond chance",
    "semantic_coverage": "semantic coverage",
    "popularity": "popularity (mean item = 1)",
    "homogenisation": "likeness to a neighbour",
    "interest_gap": "gap to known interests",
    "gini": "Gini index",
}


def curves_figure(
    frame: pd.DataFrame, measures: Sequence[str], *, view: str, group: str, lines: str, columns: int
) -> Any:  # noqa: ANN401
    """A panel a measure, rounds across, a line for each value of the column ``lines``; bands where there are any."""
    plt = require("matplotlib.pyplot", "plot")
    some = frame[frame["view"] == view]
    if lines != "group":
        some = some[some["group"] == group]
    missing = [name for name in measures if name not in set(some["measure"])]
    if missing or not measures:
        known = ", ".join(sorted(set(some["measure"])))
        raise ValueError(f"measures must be in the frame ({known}), got {missing[0] if missing else 'none'!r}")
    names = list(dict.fromkeys(some[lines]))
    rows = math.ceil(len(measures) / columns)
    with style():
        size = (0.4 + 3.2 * min(columns, len(measures)), 0.6 + 2.1 * rows)
        fig, grid = plt.subplots(rows, min(columns, len(measures)), figsize=size, squeeze=False, sharex=True)
        for ax, name in zip(grid.flat, measures, strict=False):
            for number, line in enumerate(names):
                _draw(ax, some[(some[lines] == line) & (some["measure"] == name)], str(line), number)
            ax.set_title(TITLES.get(name, name.replace("_", " ")), fontsize="small")
        for ax in grid.flat[len(measures) :]:
            ax.set_axis_off()
        for ax in grid[-1]:
            ax.set_xlabel("round")
        handles, labels = grid.flat[0].get_legend_handles_labels()
        fig.legend(handles, labels, loc="outside lower center", ncols=min(4, len(names)), fontsize="small")
    return fig


def _draw(ax: Any, part: pd.DataFrame, label: str, number: int) -> None:  # noqa: ANN401
    look = {"color": PALETTE[number % len(PALETTE)], "linestyle": LINES[number % len(LINES)]}
    value = "mean" if "mean" in part else "value"
    part = part.sort_values("round")
    ax.plot(part["round"], part[value], label=label, **look)
    if "low" in part and part["low"].notna().any():
        ax.fill_between(part["round"], part["low"], part["high"], color=look["color"], alpha=0.18, linewidth=0)


def exposure_figure(result: Result, kernel: EmbeddingKernel, rounds: Sequence[int]) -> Any:  # noqa: ANN401
    """The catalogue's map once for each of some rounds: every item out by then a dot, what was shown instead a disc."""
    plt = require("matplotlib.pyplot", "plot")
    wrong = [number for number in rounds if not 1 <= number <= len(result.exposure)]
    if wrong or not rounds:
        raise ValueError(f"rounds must lie in 1..{len(result.exposure)}, got {wrong[0] if wrong else 'none'}")
    places = catalogue_places(kernel)
    days = result.world.days(result.config.rounds)
    most = max(int(result.exposure[number - 1].max()) for number in rounds)
    with style():
        columns = min(len(rounds), 3)
        lines = math.ceil(len(rounds) / columns)
        fig, grid = plt.subplots(lines, columns, figsize=(2.6 * columns, 2.6 * lines), squeeze=False)
        for ax, number in zip(grid.flat, rounds, strict=False):
            out = result.world.release <= days[number - 1]
            shown = result.exposure[number - 1]
            _dots(ax, places[out & (shown == 0)], 1.8, color=PALETTE[4], alpha=0.45)
            size = np.ceil(_LEVELS * shown / most).astype(int)  # a path a size, or the page grows by a path an item
            for level in range(1, _LEVELS + 1):
                _dots(ax, places[size == level], 16.0 * math.sqrt(level / _LEVELS), color=PALETTE[1], alpha=0.5)
            ax.autoscale_view()
            ax.set(title=f"round {number}: {int((shown > 0).sum())} items", xticks=[], yticks=[], aspect="equal")
            ax.spines[:].set_visible(False)
        for ax in grid.flat[len(rounds) :]:
            ax.set_axis_off()
    return fig


def _dots(ax: Any, places: Any, width: float, **look: Any) -> None:  # noqa: ANN401
    """Round dots of one size as one path of short strokes: a third of the bytes of a marker each."""
    path, patch = require("matplotlib.path", "plot").Path, require("matplotlib.patches", "plot").PathPatch
    ends = np.repeat(places, 2, axis=0)
    ends[1::2, 0] += _SHORT
    codes = np.tile([path.MOVETO, path.LINETO], len(places))
    if len(places):
        strokes = path(ends, codes)
        strokes.should_simplify = False  # each stroke is shorter than what simplifying leaves out
        ax.add_patch(patch(strokes, fill=False, linewidth=width, capstyle="round", snap=False, **look))


def catalogue_places(kernel: EmbeddingKernel) -> Any:  # noqa: ANN401
    """Two coordinates of each item, ``[I, 2]``: the first two principal directions of the centred vectors."""
    vectors = kernel.vectors.double()
    vectors = torch.nn.functional.normalize(vectors, dim=1)
    _, _, axes = torch.linalg.svd(vectors - vectors.mean(0), full_matrices=False)
    places = ((vectors - vectors.mean(0)) @ axes[:2].T).cpu().numpy()
    turn = np.sign(places[np.abs(places).argmax(0), [0, 1]])  # the sign of a direction is nobody's choice but ours
    return places * turn


def loop_page(result: Result) -> str:
    """One file: curves by group, first and last numbers, settings."""
    last = int(result.frame["round"].max())
    fig = curves_figure(result.frame, MEASURES, view="shown", group="all", lines="group", columns=3)
    words = "; ".join(
        f"{name} {ends[0]:.2f} to {ends[1]:.2f}" for name in MEASURES if (ends := _ends(result, name, last))
    )
    picture = svg(fig, alt=f"Six panels over {last} rounds, lines for all, mainstream and niche users. {words}.")
    require("matplotlib.pyplot", "plot").close(fig)
    world, config = result.world, result.config
    heading = f"{config.recommender} on {world.name}: {world.n_users} people, {world.n_items} items, {last} rounds"
    assumed = f'<p class="small soft">{escape(world.source)}. Assumed: {escape(world.assumed)}.</p>'
    table = _region("rounds", "First and last round", "What was shown, and what people chose.", _table(result, last))
    settings = _made_with(result.config.as_dict())
    return _page("A closed loop", heading, [assumed, f'<div class="large">{picture}</div>', table, settings])


def _ends(result: Result, measure: str, last: int) -> tuple[float, float]:
    series = result.series(measure)
    return float(series[1]), float(series[last])


def _table(result: Result, last: int) -> str:
    frame = result.frame[result.frame["view"].isin(["shown", "chosen"]) & result.frame["round"].isin([1, last])]
    wide = frame.pivot_table(index=["view", "measure"], columns=["group", "round"], values="value", sort=False)
    groups = [name for name in ("all", "mainstream", "niche") if name in set(frame["group"])]
    heads = [(group, number) for group in groups for number in sorted({1, last})]
    head = "".join(f"<th>{group}, {number}</th>" for group, number in heads)
    rows = []
    for name, line in zip(wide.index.tolist(), wide.reindex(columns=heads).to_numpy(), strict=True):
        body = "".join(f"<td>{'' if math.isnan(cell) else f'{cell:.3f}'}</td>" for cell in line)
        rows.append(f"<tr><th>{escape(f'{name[0]}: {name[1]}'.replace('_', ' '))}</th>{body}</tr>")
    return f"<table><thead><tr><th>measure</th>{head}</tr></thead><tbody>{''.join(rows)}</tbody></table>"
