"""Tables of a page: sortable where a script may run, plain tables where not."""

from __future__ import annotations

import math
from collections.abc import Iterable
from functools import partial
from html import escape
from typing import Any

import numpy as np
import pandas as pd

from recdiv.evaluation._compare import Comparison, p_value
from recdiv.evaluation._report import Report, interval, number
from recdiv.metrics import describe, groups

# what a column is called, and its classes: "words" reads from the left, "spare" is left out on a phone
_REPORT = (
    ("metric", ""),
    ("value", ""),
    ("interval", "spare"),
    ("by chance", ""),
    ("beyond", ""),
    ("lists", "spare"),
    ("undefined", "spare"),
    ("reading", "words spare"),
)
_COMPARISON = (
    ("metric", ""),
    ("system", "words"),
    ("difference", ""),
    ("interval", "spare"),
    ("p", "spare"),
    ("p adjusted", ""),
    ("effect", "spare"),
    ("lists", "spare"),
)


def report_table(report: Report) -> str:
    """One row a metric, under the question it answers."""
    undefined = bool((report.frame["n_undefined"] > 0).any())
    head = [column for column in _REPORT if undefined or column[0] != "undefined"]
    return _table(head, _grouped(report.frame, partial(_report_row, undefined=undefined)))


def comparison_table(comparison: Comparison) -> str:
    """One row a metric and system, under the question the metric answers."""
    order = comparison.differences["metric"].map({name: place for place, name in enumerate(comparison.frame.index)})
    rows = comparison.differences.iloc[np.argsort(order.to_numpy(), kind="stable")]  # a metric's systems together
    return _table(_COMPARISON, _grouped(rows, _difference_row))


def values_table(comparison: Comparison) -> str:
    """One row a metric, one column a system."""
    frame = comparison.frame.reset_index(names="metric")
    head = (("metric", ""), *((str(name), "") for name in comparison.frame))

    def row(values: dict[str, Any]) -> str:
        name = values.pop("metric")
        return "".join([_name(name), *(_cell(value) for value in values.values())])

    return _table(head, _grouped(frame, row))


def _grouped(frame: pd.DataFrame, row: Any) -> list[tuple[str, list[str]]]:  # noqa: ANN401
    """Rows as markup, by the registry's groups, in its order."""
    home = {name: title for title, names in groups().items() for name in names}
    found: dict[str, list[str]] = {title: [] for title in (*groups(), "other")}
    for values in frame.to_dict("records"):
        base = str(values["metric"]).partition("@")[0]
        found[home.get(base, "other")].append(row({str(key): value for key, value in values.items()}))
    return [(title, rows) for title, rows in found.items() if rows]


def _table(head: Iterable[tuple[str, str]], bodies: list[tuple[str, list[str]]]) -> str:
    head = list(head)
    heads = "".join(f'<th scope="col"{_class(css)}>{escape(name)}</th>' for name, css in head)
    parts = []
    for title, rows in bodies:
        group = f'<tr class="group"><th scope="rowgroup" colspan="{len(head)}">{escape(title)}</th></tr>'
        parts.append(f"<tbody>{group}{''.join(f'<tr>{row}</tr>' for row in rows)}</tbody>")
    return f'<table class="sortable"><thead><tr>{heads}</tr></thead>{"".join(parts)}</table>'


def _report_row(row: dict[str, Any], *, undefined: bool) -> str:
    reach = interval(row["low"], row["high"])
    value = f"<strong>{number(row['value'])}</strong>" + (f'<span class="reach">{reach}</span>' if reach else "")
    without = int(row["n_undefined"])
    cells = [
        _name(row["metric"], row["direction"]),
        _cell(row["value"], value),
        _cell(row["low"], reach, "spare"),
        _cell(row["null"]),
        _cell(row["excess"]),
        _cell(row["n"], f"{row['n']:,}", "spare"),
        _cell(without, f"{without:,}" if without else "", "spare") if undefined else "",
        _words(row["direction"], "words spare"),
    ]
    return "".join(cells)


def _difference_row(row: dict[str, Any]) -> str:
    reach = interval(row["low"], row["high"])
    shown = f"<strong>{number(row['difference'])}</strong>" + (f'<span class="reach">{reach}</span>' if reach else "")
    cells = [
        _name(row["metric"]),
        _words(str(row["system"]), "words"),
        _cell(row["difference"], shown),
        _cell(row["low"], reach, "spare"),
        _cell(row["p"], escape(p_value(row["p"])), "spare"),
        _cell(row["p_adjusted"], escape(p_value(row["p_adjusted"]))),
        _cell(row["effect"], css="spare"),
        _cell(row["n"], f"{row['n']:,}", "spare"),
    ]
    return "".join(cells)


def _name(name: str, direction: str = "") -> str:
    """A metric's name, its facts at a touch, and an arrow for the better direction."""
    metric = describe(name.partition("@")[0])
    tip = escape(f"{metric.formula}. {metric.range}. {metric.summary}", quote=True)
    broken = escape(name).replace("_", "_<wbr>").replace("@", "<wbr>@")
    towards = {"higher": "↑", "lower": "↓"}.get(direction.partition(" ")[0].rstrip(":"), "")
    arrow = f' <span class="soft" aria-hidden="true">{towards}</span>' if towards else ""
    text = f'<span class="tip" tabindex="0" data-tip="{tip}">{broken}</span>{arrow}'
    return f'<th scope="row" data-value="{escape(name, quote=True)}">{text}</th>'


def _words(text: str, css: str) -> str:
    return f'<td{_class(css)} data-value="{escape(text, quote=True)}">{escape(text)}</td>'


def _cell(value: float, shown: str | None = None, css: str = "") -> str:
    undefined = isinstance(value, float) and math.isnan(value)
    text = ("" if undefined else number(value)) if shown is None else shown
    return f'<td{_class(css)} data-value="{"" if undefined else repr(float(value))}">{text}</td>'


def _class(css: str) -> str:
    return f' class="{css}"' if css else ""
