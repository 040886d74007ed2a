"""A report as a page: one file, no network, light and dark, every text of the catalogue escaped."""

from __future__ import annotations

import math
from html import escape
from importlib import resources
from string import Template
from typing import Any

import numpy as np

from recdiv._extras import require
from recdiv.evaluation._report import Report, interval, number
from recdiv.metrics import describe
from recdiv.tables import UNKNOWN

_EXAMPLES = 3  # lists shown at either end
_SLOTS = 12  # items shown of a list


def figure(report: Report) -> Any:  # noqa: ANN401
    """All pictures of a report in one Matplotlib figure."""
    from recdiv import plots
    from recdiv.report import _figures

    plt = require("matplotlib.pyplot", "plot")
    found, name = _figures.splits(report), _figures.spread_metric(report)
    with plots.style():
        fig = plt.figure(figsize=(9.6, 5.6 if found else 3.4))
        grid = fig.add_gridspec(2 if found else 1, 2, height_ratios=[1, 1.5] if found else [1])
        if found:
            _figures.draw_splits(fig.add_subplot(grid[0, :]), found)
        if name is not None:
            _figures.draw_spread(fig.add_subplot(grid[-1, 0]), report, name)
        _figures.draw_lorenz(fig.add_subplot(grid[-1, 1 if name is not None else slice(None)]), report)
    return fig


def page(report: Report) -> str:
    """The whole page."""
    template = Template(resources.files("recdiv.report").joinpath("page.html").read_text(encoding="utf-8"))
    return template.substitute(
        heading=escape(report.heading()),
        notes=_notes(report),
        confidence=f"{report.settings['confidence']:.0%}",
        table=_table(report),
        figures=_figures_section(report),
        examples=_examples(report),
        definitions="\n".join(_definition(name) for name in report.frame["metric"]),
        settings="".join(
            f"<dt>{escape(key)}</dt><dd>{escape(str(value))}</dd>" for key, value in report.settings.items()
        ),
    )


def _notes(report: Report) -> str:
    notes = []
    if report.settings["unknown_slots"]:
        notes.append("A slot that holds something outside the catalogue counts for no metric but validity.")
    undefined = report.frame[report.frame["n_undefined"] > 0]
    for n, rows in undefined.groupby("n_undefined"):
        lists = "1 list has" if n == 1 else f"{n:,} lists have"
        notes.append(f"{lists} no value and {'is' if n == 1 else 'are'} left out of: {', '.join(rows['metric'])}.")
    if report.skipped:
        parts = (f"{name} ({why})" for name, why in report.skipped.items())
        notes.append(f"Not measured: {', '.join(parts)}.")
    return "".join(f'<p class="small soft">{escape(note)}</p>' for note in notes)


def _table(report: Report) -> str:
    heads = ("metric", "value", "interval", "by chance", "beyond", "lists", "reading")
    head = "".join(
        f'<th scope="col"{" class=words" if name == "reading" else ""}><button type="button">{name}</button></th>'
        for name in heads
    )
    rows = "".join(_row({str(key): value for key, value in row.items()}) for row in report.frame.to_dict("records"))
    return f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"


def _row(row: dict[str, Any]) -> str:
    metric = describe(row["metric"].partition("@")[0])
    tip = escape(f"{metric.formula}. {metric.range}. {metric.summary}", quote=True)
    name = f'<span class="tip" tabindex="0" data-tip="{tip}">{escape(row["metric"])}</span>'
    cells = [
        f'<td data-value="{escape(row["metric"], quote=True)}">{name}</td>',
        _cell(row["value"], f"<strong>{number(row['value'])}</strong>"),
        _cell(row["low"], interval(row["low"], row["high"])),
        _cell(row["null"]),
        _cell(row["excess"]),
        _cell(row["n"], f"{row['n']:,}"),
        f'<td class="words" data-value="{escape(row["direction"], quote=True)}">{escape(row["direction"])}</td>',
    ]
    return f"<tr>{''.join(cells)}</tr>"


def _cell(value: float, shown: str | None = None) -> str:
    undefined = isinstance(value, float) and math.isnan(value)
    text = ("" if undefined else number(value)) if shown is None else shown
    return f'<td data-value="{"" if undefined else repr(float(value))}">{text}</td>'


def _figures_section(report: Report) -> str:
    try:
        plt = require("matplotlib.pyplot", "plot")
    except ImportError as error:
        return f'<p class="small soft">No figures: {escape(str(error))}</p>'
    from recdiv import plots
    from recdiv.report import _figures

    found, name = _figures.splits(report), _figures.spread_metric(report)
    drawn: dict[str, str] = {}

    def add(key: str, draw: Any, arguments: tuple[Any, ...], size: tuple[float, float], alt: str, caption: str) -> None:  # noqa: ANN401
        with plots.style():
            fig, ax = plt.subplots(figsize=size)
            draw(ax, *arguments)
            drawn[key] = plots.svg(fig, alt=alt, caption=caption)
            plt.close(fig)

    if found:
        words = "; ".join(each.words() for each in found)
        size = (7.6, 1.5 + 0.55 * len(found))
        add(
            "split",
            _figures.draw_splits,
            (found,),
            size,
            f"Bars: {words}.",
            f"α × β = γ. {words[0].upper()}{words[1:]}.",
        )
    if name is not None:
        low, high = (number(float(np.nanquantile(report.lists[name], q))) for q in (0.05, 0.95))
        words = f"{name} of each list: nine in ten lie between {low} and {high}."
        add("spread", _figures.draw_spread, (report, name), (5.2, 3.2), f"Histogram. {words}", words)
    if report.recs.valid.any():
        words = "Lorenz curve: the further below the diagonal, the fewer items get the exposure."
        add("lorenz", _figures.draw_lorenz, (report,), (5.2, 3.2), words, words)
    split = drawn.get("split", "")
    if split:
        split = f'<h2>Variety within and between lists</h2><div class="wide">{split}</div>'
    pair = "".join(f"<div>{drawn[key]}</div>" for key in ("spread", "lorenz") if key in drawn)
    return f'{split}<h2>How lists and items differ</h2><div class="pair">{pair}</div>' if drawn else ""


def _examples(report: Report) -> str:
    from recdiv.report._figures import spread_metric

    name = spread_metric(report)
    if name is None:
        return ""
    longest = report.lists["n_items"].max()  # a short list is less diverse for a dull reason
    order = report.lists[report.lists["n_items"] == longest].sort_values(name, kind="stable").index
    ends = {"Least diverse lists": list(order[:_EXAMPLES])}
    ends["Most diverse lists"] = [row for row in order[::-1][:_EXAMPLES] if row not in ends["Least diverse lists"]]
    sections = "".join(
        f'<h3>{title}</h3><div class="cards">{"".join(_card(report, row, name) for row in rows)}</div>'
        for title, rows in reversed(ends.items())
        if rows
    )
    return (
        f"<h2>Lists at either end</h2><p class='small soft'>By {escape(name)}, among lists of {longest}.</p>{sections}"
    )


def _card(report: Report, row: int, name: str) -> str:
    frame = report.catalog.frame
    titles = frame["title"].fillna(frame["item_id"]) if "title" in frame else frame["item_id"]
    items = [item for item in report.recs.items[row].tolist() if item != -1]
    shown = "".join(
        f"<li>{'<em>not in the catalogue</em>' if item == UNKNOWN else escape(str(titles.iloc[item]))}</li>"
        for item in items[:_SLOTS]
    )
    more = f'<p class="small soft">and {len(items) - _SLOTS} more</p>' if len(items) > _SLOTS else ""
    user = escape(str(report.lists["user_id"][row]))
    value = number(float(report.lists[name][row]))
    head = f'<strong>{value}</strong> <span class="soft small">user {user}</span>'
    return f'<div class="card">{head}<ol>{shown}</ol>{more}</div>'


def _definition(name: str) -> str:
    metric = describe(name.partition("@")[0])
    facts = {
        "formula": metric.formula,
        "range": metric.range,
        "reading": metric.direction,
        "undefined": metric.undefined_on,
        "source": metric.citation,
    }
    body = "".join(f"<dt>{key}</dt><dd>{escape(value)}</dd>" for key, value in facts.items())
    return (
        f"<details><summary><strong>{escape(name)}</strong> {escape(metric.summary)}</summary><dl>{body}</dl></details>"
    )
