"""``{metric-index}`` and ``{metric-list}``: a table of all metrics and a card for each, straight from the registry."""

from __future__ import annotations

from docutils import nodes
from docutils.statemachine import StringList
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from recdiv import metrics
from recdiv.metrics._registry import conventions

_LEVELS = {"list": "a mean over lists", "corpus": "one number for all lists together"}
_COLUMNS = {"Metric": 24, "Symbol": 9, "Lists": 6, "Needs": 14, "Range": 16, "Direction": 20, "Beside": 9}
_CHANCE = {
    "": "",
    "re-dealt": "re-dealt lists: the same exposures dealt at random over the same list lengths",
    "random lists": "random lists of the same lengths, drawn from the catalogue",
}


class MetricIndex(SphinxDirective):
    """One row a metric, under the question it answers; each name leads to its card."""

    def run(self) -> list[nodes.Node]:
        """Build the table."""
        group = nodes.tgroup("", cols=len(_COLUMNS))
        group += [nodes.colspec(colwidth=width) for width in _COLUMNS.values()]
        group += nodes.thead("", nodes.row("", *(_entry(nodes.Text(title)) for title in _COLUMNS)))
        body = nodes.tbody()
        for question, members in metrics.groups().items():
            link = _to(_group_id(question), nodes.strong("", _capital(question)))
            body += nodes.row("", nodes.entry("", nodes.paragraph("", "", link), morecols=len(_COLUMNS) - 1))
            body += [self._row(metrics.describe(name)) for name in members]
        group += body
        return [nodes.table("", group, classes=["metric-index"])]

    def _row(self, metric: metrics.Metric) -> nodes.row:
        cells = (
            _to(_metric_id(metric.name), nodes.literal("", metric.name)),
            nodes.Text(metric.symbol),
            nodes.Text({"list": "each", "corpus": "all"}[metric.level]),
            nodes.Text(", ".join(metric.needs) or "–"),
            nodes.Text(metric.range.partition(";")[0]),
            nodes.Text(_short(metric.direction)),
            nodes.Text(metric.null_kind or "–"),
        )
        return nodes.row("", *map(_entry, cells))


class MetricList(SphinxDirective):
    """A section a question, in it one a metric: each has an address and stands in the page's contents."""

    def run(self) -> list[nodes.Node]:
        """Build the sections in the registry's order."""
        return [self._group(question, members) for question, members in metrics.groups().items()]

    def _group(self, question: str, members: tuple[str, ...]) -> nodes.section:
        section = nodes.section(ids=[_group_id(question)], names=[question])
        section += nodes.title("", _capital(question))
        section += [self._card(metrics.describe(name)) for name in members]
        return section

    def _card(self, metric: metrics.Metric) -> nodes.section:
        section = nodes.section(ids=[_metric_id(metric.name)], names=[metric.name])
        section += nodes.title("", "", nodes.literal("", metric.name))
        section += self._markdown(metric.summary)
        section += nodes.paragraph("", metric.formula, classes=["formula"])
        name = "".join(part.title() for part in metric.name.split("_"))
        facts = {
            "Symbol": metric.symbol,
            "Range": f"{metric.range}; {metric.direction}",
            "Level": _LEVELS[metric.level],
            "Needs": ", ".join(f"`{need}`" for need in metric.needs) or "nothing but the lists",
            "Options": ", ".join(f"`{key}={value}`" for key, value in metric.options.items()),
            "Undefined": metric.undefined_on,
            "Beside": _CHANCE[metric.null_kind],
            "Class": f"{{py:class}}`recdiv.metrics.{name}`" if name in metrics.__all__ else "",
            "As printed by": self._elsewhere(metric.name),
            "Source": f"{{cite:t}}`{metric.citation}`",
        }
        fields = [self._field(title, text) for title, text in facts.items() if text]
        section += nodes.field_list("", *fields, classes=["facts"])
        return section

    def _elsewhere(self, metric: str) -> str:
        mine = sorted((each for each in conventions() if each.metric == metric), key=lambda each: each.library)
        return "\n".join(f"* `{each.library}` (its `{each.printed_as}`): {each.differs}" for each in mine)

    def _field(self, name: str, text: str) -> nodes.field:
        body = nodes.field_body("", *self._markdown(text).children)
        return nodes.field("", nodes.field_name("", name), body)

    def _markdown(self, text: str) -> nodes.Element:
        box = nodes.container()
        self.state.nested_parse(StringList(text.split("\n"), source="recdiv.metrics"), self.content_offset, box)
        return box


def _metric_id(name: str) -> str:
    return f"metric-{name}".replace("_", "-")


def _group_id(question: str) -> str:
    return f"metrics-{question}".replace(" ", "-")


def _capital(text: str) -> str:
    return text[0].upper() + text[1:]


def _to(target: str, text: nodes.Node) -> nodes.reference:
    return nodes.reference("", "", text, refid=target, internal=True)


def _short(direction: str) -> str:
    """The first clause, with an arrow for its way: ``↑ more diverse``."""
    clause = direction.partition(";")[0].partition(" (")[0]
    way, _, rest = clause.partition(" ")
    arrow = {"higher": "↑", "higher:": "↑", "lower": "↓", "lower:": "↓"}.get(way)
    return f"{arrow} {rest.removeprefix('is ')}" if arrow else clause


def _entry(content: nodes.Node) -> nodes.entry:
    return nodes.entry("", nodes.paragraph("", "", content))


def setup(app: Sphinx) -> dict[str, bool]:
    """Register with Sphinx."""
    app.add_directive("metric-index", MetricIndex)
    app.add_directive("metric-list", MetricList)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
