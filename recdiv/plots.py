"""How every figure looks, and how one is put on a page: a single inline SVG that reads in light and in dark.

Ink (text, axes, black strokes) becomes ``currentColor``, so a figure takes the colour of the text around it.
"""

from __future__ import annotations

import html
import io
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from recdiv._extras import require
from recdiv._svg import inline

PALETTE = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#7F7F7F")  # each at least 3:1 on white and on #121212
MARKERS = ("o", "s", "^", "D", "v")
LINES = ("-", "--", "-.", ":", (0, (5, 1, 1, 1, 1, 1)))
HATCHES = ("", "///", "...", "\\\\\\", "xx")
_PLACES = ((5, 9, "left"), (5, -9, "left"), (-5, 9, "right"), (-5, -9, "right"), (7, 0, "left"), (-7, 0, "right"))


@contextmanager
def style() -> Iterator[None]:
    """Draw figures of the book's look: the palette above, no box, transparent paper, text kept as text.

    >>> with style():
    ...     import matplotlib.pyplot as plt
    ...     plt.rcParams["svg.fonttype"]
    'none'
    """
    matplotlib = require("matplotlib", "plot")
    with matplotlib.rc_context(_settings()):
        yield


def show(fig: Any, *, alt: str, caption: str | None = None) -> None:  # noqa: ANN401
    """Put ``fig`` on the page as one inline SVG, and close it.

    Args:
        fig: a Matplotlib figure, best drawn inside :func:`style`.
        alt: what the figure shows, in words: read aloud in its place.
        caption: a line under the figure.

    Raises:
        ValueError: if ``alt`` is empty.
    """
    display = require("IPython.display", "book").display
    display({"text/html": svg(fig, alt=alt, caption=caption), "text/plain": alt}, raw=True)
    require("matplotlib.pyplot", "plot").close(fig)


def svg(fig: Any, *, alt: str, caption: str | None = None) -> str:  # noqa: ANN401
    """``<figure><svg ...></figure>`` of ``fig``: the same bytes each time, no date, no identifier shared with others.

    Raises:
        ValueError: if ``alt`` is empty.
    """
    if not alt.strip():
        raise ValueError(f"alt must say in words what the figure shows, got {alt!r}")
    buffer = io.StringIO()
    with style(), _any_script():
        fig.savefig(buffer, format="svg", metadata={"Date": None}, bbox_inches="tight", transparent=True)
    drawing = inline(buffer.getvalue(), html.escape(" ".join(alt.split()), quote=True))
    below = f"<figcaption>{html.escape(caption)}</figcaption>" if caption else ""
    return f'<figure class="recdiv-figure" style="margin:1em 0">{drawing}{below}</figure>'


def label_points(
    ax: Any,  # noqa: ANN401
    points: Sequence[tuple[float, float]],
    texts: Sequence[str],
    *,
    clear: Sequence[tuple[float, float]] = (),
    always: bool = False,
    **look: Any,  # noqa: ANN401
) -> list[int]:
    """Write each text beside its point where it covers no text before it; returns which ones found a place.

    Args:
        ax: where the points are drawn already.
        points: in data coordinates.
        texts: never read as mathematics.
        clear: more points that no text may cover.
        always: write one that fits nowhere all the same, instead of leaving it out.
        look: of the text.
    """
    with _any_script():
        ax.figure.draw_without_rendering()  # the layout must stand before places can be measured
        covered = require("matplotlib.transforms", "plot").Bbox.from_bounds
        taken = [covered(x - 3, y - 3, 6, 6) for x, y in ax.transData.transform([*points, *clear])]
        placed = []
        for index, (point, text) in enumerate(zip(points, texts, strict=True)):
            box = _placed(ax, point, one_line(text), taken, always, {"fontsize": "small", **look})
            if box is not None:
                taken.append(box)
                placed.append(index)
    return placed


def _placed(
    ax: Any,  # noqa: ANN401
    point: tuple[float, float],
    text: str,
    taken: list[Any],
    always: bool,
    look: dict[str, Any],
) -> Any:  # noqa: ANN401
    """The box of ``text`` at the first place beside ``point`` that is free; None, and no text, where there is none."""
    renderer, frame = ax.figure.canvas.get_renderer(), ax.get_window_extent()
    for dx, dy, across in _PLACES:
        note = ax.annotate(
            text, point, (dx, dy), textcoords="offset points", ha=across, va="center", parse_math=False, **look
        )
        box = note.get_window_extent(renderer).padded(1.0)
        inside = frame.x0 <= box.x0 and box.x1 <= frame.x1 and frame.y0 <= box.y0 and box.y1 <= frame.y1
        if (inside and not any(box.overlaps(other) for other in taken)) or (always and dx == _PLACES[-1][0]):
            return box
        note.remove()
    return None


def sensitivity(frame: Any, *, metrics: Sequence[str] | None = None) -> Any:  # noqa: ANN401
    """Draw what :func:`recdiv.metrics.sensitivity` found: a row a metric, a column an axis, dashed what chance gives.

    Args:
        frame: its answer.
        metrics: which to draw, in order; default all of them.

    Raises:
        ValueError: if one of ``metrics`` is not in the frame.
    """
    plt = require("matplotlib.pyplot", "plot")
    names, axes = list(dict.fromkeys(frame["metric"])), list(dict.fromkeys(frame["axis"]))
    wanted = names if metrics is None else list(metrics)
    missing = [name for name in wanted if name not in names]
    if missing:
        raise ValueError(f"metrics must be in the frame ({', '.join(names)}), got {missing[0]!r}")
    with style():
        size = (3.2 * len(axes), 1.9 * len(wanted) + 0.5)
        fig, grid = plt.subplots(len(wanted), len(axes), figsize=size, squeeze=False)
        for row, name in enumerate(wanted):
            for column, axis in enumerate(axes):
                some = frame[(frame["axis"] == axis) & (frame["metric"] == name)]
                ax = grid[row, column]
                mark = "none" if axis == "kernel" else "-"  # encoders have no order to follow
                spread = some["sd"].fillna(0)
                ax.errorbar(some["at"], some["value"], yerr=spread, color=PALETTE[0], marker="o", linestyle=mark)
                ax.plot(
                    some["at"], some["null"], color=PALETTE[1], marker="_", linestyle="none" if mark == "none" else "--"
                )
                ax.set_title(name)
                ax.set_xlabel({"length": "list length", "users": "users"}.get(axis, axis))
    return fig


def frontier(
    frame: Any,  # noqa: ANN401
    *,
    metrics: Sequence[str] = ("alpha", "gamma", "chi_excess", "semantic_coverage"),
    accuracy: str | None = None,
    columns: int = 2,
) -> Any:  # noqa: ANN401
    """Draw what :func:`recdiv.evaluation.frontier` found: a panel a metric, accuracy across, a line a re-ranker.

    Settings that another one beats on one axis without trailing on the other are faded to a thin line; what is left are
    the settings worth choosing from, marked by method. A star is diversity 0.

    Args:
        frame: columns method, diversity, metric, value; or ``{title: frame}``: a row of panels each, say one a
            recommender, a method in the same colour and marker in all of them.
        metrics: a panel each.
        accuracy: default the nDCG of the frame.
        columns: panels side by side, of one frame; of several a row holds all metrics.

    Raises:
        ValueError: if a metric is not in the frame.
    """
    from recdiv.report._frontier import frontier_figure

    return frontier_figure(frame, metrics, accuracy, columns)


def loop(
    frame: Any,  # noqa: ANN401
    *,
    measures: Sequence[str] | None = None,
    view: str = "shown",
    group: str = "all",
    lines: str = "group",
    columns: int = 3,
) -> Any:  # noqa: ANN401
    """Draw measures of a closed loop over its rounds: a panel a measure.

    Args:
        frame: the ``frame`` of :func:`recdiv.loop.run`, or means with intervals from :func:`recdiv.loop.over_seeds`.
        measures: which, in order; default six.
        view: what is measured: shown, chosen, recent or loop.
        group: whose numbers, where lines are something else.
        lines: the column whose values are the lines: group, or arm.
        columns: panels side by side.

    Raises:
        ValueError: if a measure is not in the frame.
    """
    from recdiv.report import _loop

    wanted = _loop.MEASURES if measures is None else measures
    return _loop.curves_figure(frame, wanted, view=view, group=group, lines=lines, columns=columns)


def exposure(result: Any, kernel: Any, *, rounds: Sequence[int]) -> Any:  # noqa: ANN401
    """Draw where on the map of the catalogue the lists of some rounds of a closed loop went.

    Args:
        result: what :func:`recdiv.loop.run` gave.
        kernel: an :class:`~recdiv.EmbeddingKernel`; the map is its two first principal directions.
        rounds: which, from 1.

    Raises:
        ValueError: for a round that was not run.
    """
    from recdiv.report import _loop

    return _loop.exposure_figure(result, kernel, rounds)


def one_line(text: str, width: int = 32) -> str:
    """``text`` without line ends and control characters, cut to ``width`` letters: fit to stand in a figure.

    >>> one_line(" Tea  for two", 7)
    'Tea fo…'
    """
    text = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return text if len(text) <= width else text[: width - 1].rstrip() + "…"


@contextmanager
def _any_script() -> Iterator[None]:
    """No warning that the font Matplotlib measures with lacks a script: the page is set in the reader's fonts."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing from")
        yield


def _settings() -> dict[str, Any]:
    cycler = require("cycler", "plot").cycler
    return {
        "axes.prop_cycle": cycler(color=PALETTE) + cycler(linestyle=LINES),
        "axes.facecolor": "none",
        "axes.grid": True,
        "axes.grid.axis": "y",
        "axes.axisbelow": True,
        "axes.spines.right": False,
        "axes.spines.top": False,
        "axes.titlelocation": "left",
        "axes.titlesize": "medium",
        "axes.edgecolor": "black",
        "figure.constrained_layout.use": True,
        "figure.facecolor": "none",
        "figure.figsize": (6.4, 3.6),
        "font.family": "sans-serif",
        "font.sans-serif": ["DejaVu Sans", "Verdana", "Arial", "Helvetica", "sans-serif"],
        "font.size": 10.0,
        "grid.alpha": 0.18,
        "grid.color": "black",
        "grid.linewidth": 0.8,
        "legend.frameon": False,
        "lines.linewidth": 2.0,
        "lines.markersize": 6.0,
        "savefig.facecolor": "none",
        "svg.fonttype": "none",
        "svg.hashsalt": "recdiv",
    }
