"""Lists at either end of a report, and what each item does for its list."""

from __future__ import annotations

import math
from dataclasses import dataclass
from html import escape
from typing import Any

from recdiv.evaluation._report import Report, number
from recdiv.explain import EXACT, Contributions, contributions
from recdiv.report._figures import spread_metric
from recdiv.tables import UNKNOWN

_EXAMPLES = 3  # lists shown at either end
_SLOTS = 12  # items shown of a list


@dataclass(frozen=True)
class Explained:
    """Some lists and what their items contribute to ``name``."""

    name: str
    rows: list[int]
    found: Contributions


def examples(report: Report) -> str:
    """The most and the least diverse lists, with titles and contributions."""
    name = spread_metric(report)
    if name is None:
        return ""
    longest = report.lists["n_items"].max()  # a short list is less diverse for a dull reason
    order = report.lists[report.lists["n_items"] == longest].sort_values(name, kind="stable").index
    least = [int(row) for row in order[:_EXAMPLES]]
    most = [int(row) for row in order[::-1][:_EXAMPLES] if row not in least]
    explained = explain(report, name, [*most, *least])
    sections = "".join(
        f'<h3>{title}</h3><div class="cards">{"".join(card(report, row, explained) for row in rows)}</div>'
        for title, rows in (("Most diverse lists", most), ("Least diverse lists", least))
        if rows
    )
    words = f"By {name}, among the {len(order):,} lists of {longest}. {_reading(name, int(longest))}"
    return f"<h2>Lists at either end</h2><p class='small soft'>{escape(words)}</p>{sections}"


def explain(report: Report, name: str, rows: list[int]) -> Explained:
    """Contributions of the items of a few lists."""
    found = contributions(name, report.recs, catalog=report.catalog, kernel=report.kernel, lists=rows)
    return Explained(name, rows, found)


def card(report: Report, row: int, explained: Explained) -> str:
    """One list: whose it is, its number, its items with their contributions."""
    titles = titles_of(report)
    shares = explained.found.values[explained.rows.index(row)].tolist()
    widest = max((abs(each) for each in shares if not math.isnan(each)), default=0.0)
    filled = [(item, share) for item, share in zip(report.recs.items[row].tolist(), shares, strict=False) if item != -1]
    shown = "".join(
        "<li><em>not in the catalogue</em></li>"
        if item == UNKNOWN
        else f"<li>{escape(str(titles.iloc[item]))}{_bar(share, widest)}</li>"
        for item, share in filled[:_SLOTS]
    )
    more = f'<p class="small soft">and {len(filled) - _SLOTS} more</p>' if len(filled) > _SLOTS else ""
    user = escape(str(report.lists["user_id"][row]))
    value = number(float(report.lists[explained.name][row]))
    head = f'<strong>{value}</strong> <span class="soft small">user {user}</span>'
    return f'<div class="card">{head}<ol>{shown}</ol>{more}</div>'


def titles_of(report: Report) -> Any:  # noqa: ANN401
    """Title of each item; its identifier where there is none."""
    frame = report.catalog.frame
    if "title" not in frame:
        return frame["item_id"]
    return frame["title"].astype(object).where(frame["title"].notna(), frame["item_id"])


def _bar(share: float, widest: float) -> str:
    if math.isnan(share):
        return ""
    width = 100 * abs(share) / widest if widest > 0 else 0.0
    sign = "less" if share < 0 else "more"
    value = ("+" if share > 0 else "") + number(share)
    return f'<span class="share {sign}"><span><i style="width:{width:.0f}%"></i></span><b>{value}</b></span>'


def _reading(name: str, length: int) -> str:
    """What the numbers beside the items are."""
    what = f"ln {name}" if name.partition("@")[0] == "effective_number" else name
    if length <= EXACT:
        return (
            f"Beside each item: what it adds to {what}, on average over all orders (Shapley value); they add up to it."
        )
    return f"Beside each item: by how much {what} would fall without it (they need not add up)."
