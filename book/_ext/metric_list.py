"""``{metric-list}``: every registered metric with its formula, range and edge cases, straight from the registry."""

from __future__ import annotations

from docutils import nodes
from docutils.statemachine import StringList
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from recdiv import metrics

_LEVELS = {"list": "a mean over lists", "corpus": "one number for all lists together"}


class MetricList(SphinxDirective):
    """One section a metric, so that each has an address and stands in the page's contents."""

    def run(self) -> list[nodes.Node]:
        """Build the sections in the registry's order."""
        return [self._section(metrics.describe(name)) for name in metrics.names()]

    def _section(self, metric: metrics.Metric) -> nodes.section:
        section = nodes.section(ids=[f"metric-{metric.name}".replace("_", "-")], names=[metric.name])
        section += nodes.title("", "", nodes.literal("", metric.name))
        section += self._markdown(metric.summary)
        section += nodes.paragraph("", metric.formula, classes=["formula"])
        facts = {
            "Range": f"{metric.range}; {metric.direction}",
            "Level": _LEVELS[metric.level],
            "Needs": ", ".join(f"`{need}`" for need in metric.needs) or "nothing but the lists",
            "Options": ", ".join(f"`{key}={value}`" for key, value in metric.options.items()),
            "Undefined": metric.undefined_on,
            "As printed by": "; ".join(f"`{name}` ({note})" for name, note in metric.conventions.items()),
            "Source": f"{{cite:t}}`{metric.citation}`",
        }
        fields = [self._field(name, text) for name, text in facts.items() if text]
        section += nodes.field_list("", *fields, classes=["facts"])
        return section

    def _field(self, name: str, text: str) -> nodes.field:
        body = nodes.field_body("", *self._markdown(text).children)
        return nodes.field("", nodes.field_name("", name), body)

    def _markdown(self, text: str) -> nodes.Element:
        box = nodes.container()
        self.state.nested_parse(StringList(text.split("\n"), source="recdiv.metrics"), self.content_offset, box)
        return box


def setup(app: Sphinx) -> dict[str, bool]:
    """Register with Sphinx."""
    app.add_directive("metric-list", MetricList)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
