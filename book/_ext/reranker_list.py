"""All re-rankers from the registry, and which of them did most on recorded real data (``results/frontier_*.json``).

``{reranker-index}`` is a table, ``{reranker-list}`` a card each, ``{reranker-choices} movielens`` what to use when,
``{reranker-frontier} movielens`` the figure behind it.
"""

from __future__ import annotations

import html
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from docutils import nodes
from docutils.statemachine import StringList
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from recdiv import plots, reranking
from recdiv.evaluation._report import number
from recdiv.experiments._frontier_record import unpacked
from recdiv.notebook import results_folder
from recdiv.reranking import Method

COST = "0.05"
WANTED = {  # what a reader wants, by the metric that counts it
    "alpha": "more different things within a list ($\\alpha$)",
    "gamma": "more different things over all lists ($\\gamma$)",
    "chi_excess": "lists that differ more between people ($\\chi$ beyond chance)",
    "semantic_coverage": "a catalogue better covered (semantic coverage)",
    "tail_share": "more of the long tail (share of slots)",
    "calibration_kl": "the proportions of each history (divergence, less is better)",
}


def index(methods: list[Method]) -> Iterator[str]:
    """Lines of Markdown: a method, what δ is for it, what it must be given."""
    yield "| Method | What `diversity` is | Needs | Promise |"
    yield "|---|---|---|---|"
    for each in methods:
        needs = ", ".join(need.replace("|", " or ") for need in each.needs) or "–"
        yield f"| `{each.name}` | {_cell(each.maps)} | {needs} | {_cell(each.bound) or '–'} |"


def choices(recorded: dict[str, Any]) -> Iterator[str]:
    """Lines of Markdown for one data set: what each aim is served by, and at what price."""
    for model in recorded["models"].values():
        frame = unpacked(model["points"])
        plain = frame[(frame["diversity"] == 0) & frame["metric"].str.startswith("ndcg")].iloc[0]
        yield f"Candidates of **{model['title']}**, nDCG@10 {number(plain['value'])} as they come:"
        yield ""
        yield "| To have | use | it goes from → to | nDCG lost |"
        yield "|---|---|---|---|"
        for row in model["choices"][COST]:
            yield f"| {WANTED[row['metric']]} | {_use(row)} | {_moved(row)} | {_price(row)} |"
        yield ""


def _use(row: dict[str, Any]) -> str:
    if row["method"] == "topk":
        return "none: nothing raised it for sure"
    return f"`{row['method']}` at {row['diversity']:g}" + (f" (or {row['as_good']})" if row["as_good"] else "")


def _moved(row: dict[str, Any]) -> str:
    if row["method"] == "topk":
        return number(row["plain"])
    return f"{number(row['plain'])} → {number(row['value'])} ({number(row['low'])} to {number(row['high'])})"


def _price(row: dict[str, Any]) -> str:
    if row["method"] == "topk":
        return "–"
    percent = [f"{100 * row[name]:.1f}".replace("-", "−") for name in ("cost", "cost_low", "cost_high")]
    return f"{percent[0]} % ({percent[1]} to {percent[2]})"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def _id(name: str) -> str:
    return f"reranker-{name}".replace("_", "-")


class _Markdown(SphinxDirective):
    def markdown(self, lines: list[str]) -> list[nodes.Node]:
        """Parse some lines."""
        box = nodes.container()
        self.state.nested_parse(StringList(lines, source="recdiv.reranking"), self.content_offset, box)
        return box.children


class RerankerIndex(_Markdown):
    """One row a method."""

    def run(self) -> list[nodes.Node]:
        """Build the table."""
        found = self.markdown(list(index([reranking.describe(name) for name in reranking.names()])))
        for table in found:
            table["classes"] += ["metric-index", "rerankers"]
            for name in [each for each in table.findall(nodes.literal) if each.astext() in reranking.names()]:
                link = nodes.reference("", "", refid=_id(name.astext()), internal=True)
                name.parent.replace(name, link)
                link += name
            for column, width in zip(table.findall(nodes.colspec), (20, 38, 18, 24), strict=True):
                column["colwidth"] = width
        return found


class RerankerChoices(_Markdown):
    """The choices recorded for the data set that is named."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """Read the record and build the tables."""
        file: Path = results_folder() / f"frontier_{self.arguments[0]}.json"
        self.env.note_dependency(str(file))
        found = self.markdown(list(choices(json.loads(file.read_text("utf-8")))))
        for table in found:
            if isinstance(table, nodes.table):
                table["classes"].append("rerankers")
        return found


class RerankerFrontier(_Markdown):
    """Accuracy against diversity on the data set that is named, from the record."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """Draw a figure a recommender, all but the first folded."""
        file: Path = results_folder() / f"frontier_{self.arguments[0]}.json"
        self.env.note_dependency(str(file))
        models = json.loads(file.read_text("utf-8"))["models"].values()
        return [
            nodes.raw("", _folded(model, _figure(model, self.arguments[0]), first=place == 0), format="html")
            for place, model in enumerate(models)
        ]


def _folded(model: dict[str, Any], figure: str, *, first: bool) -> str:
    summary = f"<summary>Candidates of {html.escape(model['title'])}</summary>"
    return f"<details{' open' if first else ''}>{summary}{figure}</details>"


def _figure(model: dict[str, Any], data: str) -> str:
    alt = (
        f"Four panels of nDCG@10 against alpha, gamma, chi beyond chance and semantic coverage, a line a re-ranker, "
        f"from the candidates of {model['title']} on {data}; the table beside it names the best settings"
    )
    drawn = plots.frontier(unpacked(model["points"]))
    return plots.svg(drawn, alt=alt, caption="A star: candidates as they come.")


class RerankerList(_Markdown):
    """A card a method: each has an address and stands in the page's contents."""

    def run(self) -> list[nodes.Node]:
        """Build the cards in alphabetical order."""
        return [self._card(reranking.describe(name)) for name in reranking.names()]

    def _card(self, method: Method) -> nodes.section:
        section = nodes.section(ids=[_id(method.name)], names=[method.name])
        section += nodes.title("", "", nodes.literal("", method.name))
        section += self.markdown([method.summary])
        section += nodes.paragraph("", method.formula, classes=["formula"])
        uses = [f"`{name}`" for name in method.uses if name not in method.needs]
        facts = {
            "diversity": method.maps,
            "Needs": ", ".join(f"`{need.replace('|', '` or `')}`" for need in method.needs) or "nothing but scores",
            "Takes": ", ".join(uses),
            "Options": ", ".join(f"`{method.name}@{key}={value}`" for key, value in method.options.items()),
            "Promise": method.bound or "none: a heuristic, or greedy on what need not be monotone",
            "Longer lists": "begin with the shorter ones" if method.prefix else "need not begin with the shorter ones",
            "Details": f"{{py:func}}`recdiv.reranking.{method.name}.{method.name}`",
            "Source": f"{{cite:t}}`{method.citation}`" if method.citation else "",
        }
        section += nodes.field_list("", *(self._field(*fact) for fact in facts.items() if fact[1]), classes=["facts"])
        return section

    def _field(self, name: str, text: str) -> nodes.field:
        body = nodes.field_body("", *self.markdown(text.split("\n")))
        return nodes.field("", nodes.field_name("", name), body)


def setup(app: Sphinx) -> dict[str, bool]:
    """Register with Sphinx."""
    app.add_directive("reranker-index", RerankerIndex)
    app.add_directive("reranker-list", RerankerList)
    app.add_directive("reranker-choices", RerankerChoices)
    app.add_directive("reranker-frontier", RerankerFrontier)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
