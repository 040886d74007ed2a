"""A report or a comparison as a page: one file, no network, light and dark, every text of the catalogue escaped."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from importlib import resources
from string import Template

from recdiv.evaluation._compare import Comparison, how
from recdiv.evaluation._report import Report
from recdiv.metrics import describe
from recdiv.report._lists import examples
from recdiv.report._sections import pictures, tradeoff_picture
from recdiv.report._table import comparison_table, report_table, values_table

_SORT = "Choose a column title to sort; point at a name for its formula. ↑: higher is better, ↓: lower."
_NULLS = {
    "": "",
    "re-dealt": "the same exposures dealt at random over the same lists",
    "random lists": "lists of the same lengths drawn at random from the catalogue",
}


def page(report: Report) -> str:
    """The page of a report."""
    confidence = report.settings["confidence"]
    intervals = "No intervals were asked for." if confidence is None else f"Intervals: {confidence:.0%}, over users."
    words = f"{intervals} {_chance(report)}{_SORT}"
    parts = [
        _notes(report),
        _region("numbers", "Numbers", words, report_table(report)),
        pictures(report),
        examples(report),
        _definitions(report.frame["metric"]),
        _made_with(report.settings),
    ]
    return _page("Recommendation diversity", report.heading(), parts)


def comparison_page(comparison: Comparison) -> str:
    """The page of a comparison."""
    baseline = comparison.settings["baseline"]
    words = (
        f"{escape(how(comparison.settings))}. What the same users saw of both systems is compared; "
        f"<em>effect</em> is the difference in standard deviations of one user's. {_SORT}"
    )
    parts = [
        tradeoff_picture(comparison),
        _region("differences", f"Differences from {baseline}", words, comparison_table(comparison)),
        _region("values", "Values", "Each system on all of its lists.", values_table(comparison)),
        _definitions(comparison.frame.index),
        _made_with({**comparison.settings, **next(iter(comparison.reports.values())).settings}),
    ]
    heading = "; ".join(f"{name}: {report.heading()}" for name, report in comparison.reports.items())
    *others, last = comparison.reports
    return _page(f"{', '.join(others)} and {last} compared", heading, parts)


def _page(title: str, heading: str, parts: Iterable[str]) -> str:
    template = Template(resources.files("recdiv.report").joinpath("page.html").read_text(encoding="utf-8"))
    return template.substitute(title=escape(title), heading=escape(heading), body="\n".join(filter(None, parts)))


def _region(key: str, title: str, words: str, table: str) -> str:
    """A table in a box of its own, which scrolls where the page does not."""
    box = f'<div class="scroll" tabindex="0" role="region" aria-labelledby="{key}">{table}</div>'
    return f'<h2 id="{key}">{escape(title)}</h2><p class="small soft">{words}</p>{box}'


def _chance(report: Report) -> str:
    """What "by chance" means in this table: markup."""
    names = [str(name) for name in report.frame["metric"][report.frame["null"].notna()]]
    if not names:
        return ""
    random = [name for name in names if describe(name.partition("@")[0]).null_kind == "random lists"]
    ways = []
    if len(random) < len(names):
        ways.append("what the same exposures give when dealt at random over the same lists")
    if random:
        whose = f"for {', '.join(random)} " if ways else ""
        ways.append(f"{escape(whose)}what lists as long give that are drawn at random from the catalogue")
    return f"<em>By chance</em> is {'; '.join(ways)}. <em>Beyond</em> is the difference. "


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


def _definitions(names: Iterable[str]) -> str:
    return "<h2>What each number is</h2>" + "\n".join(_definition(name) for name in names)


def _definition(name: str) -> str:
    metric = describe(name.partition("@")[0])
    facts = {
        "formula": metric.formula,
        "range": metric.range,
        "reading": metric.direction,
        "by chance": _NULLS[metric.null_kind],
        "undefined": metric.undefined_on,
        "source": metric.citation,
    }
    body = "".join(f"<dt>{key}</dt><dd>{escape(value)}</dd>" for key, value in facts.items() if value)
    return (
        f"<details><summary><strong>{escape(name)}</strong> {escape(metric.summary)}</summary><dl>{body}</dl></details>"
    )


def _made_with(settings: dict[str, object]) -> str:
    facts = "".join(f"<dt>{escape(key)}</dt><dd>{escape(str(value))}</dd>" for key, value in settings.items())
    return f"<h2>Made with</h2><dl>{facts}</dl>"
