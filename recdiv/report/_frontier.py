"""Accuracy against diversity in one figure: what no other setting beats stands out, the rest is faded."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from recdiv._extras import require
from recdiv.evaluation._frontier import dominated, sign
from recdiv.plots import MARKERS, PALETTE, style

_FADED = 0.28
Look = dict[str, Any]


def frontier_figure(frame: Any, metrics: Sequence[str], accuracy: str | None, columns: int) -> Any:  # noqa: ANN401
    """A panel a metric, or a row of them a frame; see :func:`recdiv.plots.frontier`."""
    plt = require("matplotlib.pyplot", "plot")
    frames = dict(frame) if isinstance(frame, Mapping) else {"": frame}
    wide = {title: wide_frame(each, metrics, accuracy) for title, each in frames.items()}
    panels = {
        (title, name): ~dominated(each.iloc[:, 0], sign(name) * each[name])
        for title, each in wide.items()
        for name in metrics
    }
    looks = looks_of([(wide[title], best) for (title, _), best in panels.items()])
    across = len(metrics) if len(frames) > 1 else min(columns, len(metrics))
    rows = math.ceil(len(panels) / across)
    with style():
        fig, grid = plt.subplots(rows, across, figsize=(0.4 + 3.4 * across, 0.7 + 2.7 * rows), squeeze=False)
        for ax, ((title, name), best) in zip(grid.flat, panels.items(), strict=False):
            _draw(ax, wide[title], f"{title}: {_titled(name)}" if title else _titled(name), name, best, looks)
        for ax in grid.flat[len(panels) :]:
            ax.set_axis_off()
        handles = [plt.Line2D([], [], label=name, **look) for name, look in looks.items() if "label" not in look]
        handles += [plt.Line2D([], [], color=PALETTE[4], alpha=_FADED, linewidth=1.2, label="beaten by another")]
        fig.legend(handles=handles, loc="outside lower center", ncols=min(4, len(handles)), fontsize="small")
    return fig


def wide_frame(frame: pd.DataFrame, metrics: Sequence[str], accuracy: str | None) -> pd.DataFrame:
    """A row a method and value, a column a metric, the accuracy first.

    Raises:
        ValueError: if one of them is not in the frame.
    """
    held = [str(name) for name in dict.fromkeys(frame["metric"])]
    if accuracy is None:
        accuracy = next((name for name in held if name.partition("@")[0] == "ndcg"), "ndcg")
    missing = [name for name in (accuracy, *metrics) if name not in held]
    if missing or not metrics:
        raise ValueError(f"metrics must be in the frame ({', '.join(held)}), got {missing[0] if missing else 'none'!r}")
    wide = frame.pivot_table(index=["method", "diversity"], columns="metric", values="value", sort=False)
    return wide[[accuracy, *metrics]].reset_index(level="diversity")[[accuracy, *metrics, "diversity"]]


def looks_of(panels: Sequence[tuple[pd.DataFrame, npt.NDArray[np.bool_]]]) -> dict[str, Look]:
    """Colour and marker of each method that is unbeaten somewhere, those that are so most often first.

    One method looks the same in every panel.
    """
    on = [
        pd.Series(best[(wide["diversity"] > 0).to_numpy()], index=wide.index[wide["diversity"] > 0])
        for wide, best in panels
    ]
    counts = pd.concat(on).groupby(level=0).sum().sort_values(ascending=False, kind="stable")
    names = [str(name) for name, count in counts.items() if count]
    colours = PALETTE[:4]
    return {
        name: {
            "color": colours[place % len(colours)],
            "marker": MARKERS[place % len(MARKERS)],  # four colours and five markers: twenty pairs
            "linestyle": "none",
            "markersize": 5.5,
        }
        for place, name in enumerate(names)
    }


def _draw(
    ax: Any,  # noqa: ANN401
    wide: pd.DataFrame,
    title: str,
    name: str,
    best: npt.NDArray[np.bool_],
    looks: dict[str, Look],
) -> None:
    accuracy = str(wide.columns[0])
    for method in dict.fromkeys(wide.index):
        mine = np.asarray(wide.index == method)
        look = looks.get(str(method), {"color": PALETTE[4]})
        points, shown = wide[mine], wide[mine & best & (wide["diversity"] > 0).to_numpy()]
        ax.plot(
            points[accuracy], points[name], color=look["color"], linestyle="-", linewidth=1.2, alpha=_FADED, zorder=1
        )
        ax.plot(shown[accuracy], shown[name], **{"marker": "o", "linestyle": "none", **look}, zorder=3)
    plain = wide[wide["diversity"] == 0].iloc[0]
    ax.plot(plain[accuracy], plain[name], marker="*", color="black", markersize=11, linestyle="none", zorder=4)
    ax.annotate("top-k", (plain[accuracy], plain[name]), (7, -3), textcoords="offset points", fontsize="small")
    ax.set_xlabel(accuracy)
    ax.set_title(title)
    ax.grid(visible=True, axis="both")
    ax.margins(0.08)


def _titled(metric: str) -> str:
    return metric + (" (lower is better)" if sign(metric) < 0 else "")
