"""``{application-tables}``: the four applications side by side, from ``results/pipeline_*.json``.

``systems`` is a table a set, ``figure`` accuracy against variety, ``re-ranked`` and ``one-more`` the updates,
``carries`` which statements hold on which set, ``presets`` what is set for each field.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from typing import Any

from docutils import nodes
from docutils.statemachine import StringList
from matplotlib import pyplot as plt
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from recdiv import plots, presets
from recdiv.evaluation._report import number
from recdiv.experiments.applications import READER, SETS, Record, carries, read
from recdiv.notebook import results_folder

COLUMNS = {
    "ndcg@10": "nDCG@10",
    "alpha": "α",
    "gamma": "γ",
    "chi": "χ beyond chance",
    "mutual_information": "I(user; item) beyond chance",
    "item_coverage": "coverage",
    "semantic_coverage": "semantic coverage",
    "novelty": "novelty",
    "calibration_qjsd": "distance from history",
}
EXCESS = ("chi", "mutual_information")
ORDER = ("Popularity", "Item kNN", "ALS", "Text (mean)", READER, "Random")
UPDATED = {
    "ndcg@10": "nDCG@10",
    "alpha": "α",
    "gamma": "γ",
    "chi_excess": "χ beyond chance",
    "semantic_coverage": "semantic coverage",
    "calibration_qjsd": "distance from history",
}
MARKS = {True: "yes", False: "**no**", None: "–"}


def systems(records: Mapping[str, Record]) -> Iterator[str]:
    """Lines of Markdown: a table a set, a row a system."""
    for name, record in records.items():
        yield f"**{SETS[name]}**"
        yield ""
        yield f"| | {' | '.join(COLUMNS.values())} |"
        yield f"|---|{'---:|' * len(COLUMNS)}"
        for system in ORDER:
            yield f"| {system} | {' | '.join(_cell(record, system, metric) for metric in COLUMNS)} |"
        yield ""


def _cell(record: Record, system: str, metric: str) -> str:
    return number(record.value(system, metric, "excess" if metric in EXCESS else "value"))


def re_ranked(records: Mapping[str, Record]) -> Iterator[str]:
    """Lines of Markdown: what re-ranking changed, a row a set."""
    yield f"| | δ | {' | '.join(UPDATED.values())} |"
    yield f"|---|---:|{'---:|' * len(UPDATED)}"
    for name, record in records.items():
        if record.note:
            yield f"| {SETS[name]} | – |{' – |' * len(UPDATED)}"
            continue
        chosen = record.setting
        yield (
            f"| {SETS[name]} | {chosen['diversity']:g} ({chosen['low']:g} to {chosen['high']:g}) | "
            + " | ".join(_change(record.re_ranked.loc[metric]) for metric in UPDATED)
            + " |"
        )
    for name, record in records.items():
        if record.note:
            yield ""
            yield f"{SETS[name]}: {record.note}."


def _change(row: Any) -> str:  # noqa: ANN401
    return f"{_signed(row['difference'])} [{_signed(row['low'])}, {_signed(row['high'])}]"


def _signed(value: float) -> str:
    return ("+" if value > 0 else "") + number(value)


def one_more(records: Mapping[str, Record]) -> Iterator[str]:
    """Lines of Markdown: how far lists moved and what it brought, a row a system, two columns a set."""
    yield f"| | {' | '.join(SETS[name] for name in records)} |"
    yield f"|---|{'---:|' * len(records)}"
    for system in ORDER[:-1]:
        cells = (_answer(record.one_more.loc[system]) for record in records.values())
        yield f"| {system} | {' | '.join(cells)} |"


def _answer(row: Any) -> str:  # noqa: ANN401
    gain = f"{_signed(row['gain'])} [{_signed(row['low'])}, {_signed(row['high'])}]"
    return f"{row['moved']:.2f}; {gain}; {row['milliseconds']:.0f} ms"


def statements(records: Mapping[str, Record]) -> Iterator[str]:
    """Lines of Markdown: which statements hold where."""
    yield f"| | {' | '.join(SETS[name].partition(': ')[2] for name in records)} |"
    yield f"|---|{':---:|' * len(records)}"
    for statement, row in carries(records).iterrows():
        yield f"| {statement} | {' | '.join(MARKS[holds] for holds in row)} |"


def figure(records: Mapping[str, Record]) -> str:
    """Accuracy against variety within lists, and between them, a column a set."""
    with plots.style():
        drawn, panels = plt.subplots(2, len(records), figsize=(2.1 * len(records), 4.6), layout="constrained")
        for column, (name, record) in enumerate(records.items()):
            for panel, metric in zip(panels[:, column], ("alpha", "chi"), strict=True):
                for system, marker, color in zip(ORDER, plots.MARKERS, plots.PALETTE, strict=False):
                    y = record.value(system, metric, "excess" if metric in EXCESS else "value")
                    panel.plot(record.value(system, "ndcg@10"), y, marker=marker, color=color, ls="none", label=system)
                panel.locator_params(axis="x", nbins=3)
            panels[0, column].set_title(SETS[name].replace(": ", "\n"), fontsize=9)
            panels[1, column].set_xlabel("nDCG@10")
        panels[0, 0].set_ylabel("α, different things in a list")
        panels[1, 0].set_ylabel("χ beyond chance (nats)")
        drawn.legend(*panels[0, 0].get_legend_handles_labels(), loc="outside lower center", ncols=3)
    alt = "Two rows of panels against nDCG at 10, a column a data set, a mark a system. " + " ".join(
        f"{SETS[name]}: the Text Transformer at nDCG {record.value(READER, 'ndcg@10'):.3f}, alpha "
        f"{record.value(READER, 'alpha'):.1f}, chi beyond chance {record.value(READER, 'chi', 'excess'):.2f}; random: "
        f"alpha {record.value('Random', 'alpha'):.1f}."
        for name, record in records.items()
    )
    return plots.svg(drawn, alt=alt, caption="Accuracy against variety within lists (above) and between lists (below).")


def chosen_presets(_records: Mapping[str, Record]) -> Iterator[str]:
    """Lines of Markdown: the presets of the library, a row a field."""
    yield "| | read | kernel | one thing | evidence |"
    yield "|---|---|---|---|---|"
    for each in map(presets.get, presets.names()):
        first = "title" if each.titled else "title where there is nothing else"
        reads = ", ".join([first, *(f"`{column}`" for column in each.reads), "text"])
        kernel = "centred cosine" if each.centred else "cosine"
        yield f"| `{each.name}` | {reads} | {kernel} | {_one_thing(each)} | {each.evidence or '–'} |"


def _one_thing(preset: presets.Preset) -> str:
    found = []
    if preset.near <= 1:
        within = f" within {preset.days:g} days" if preset.days < math.inf else ""
        found.append(f"cosine ≥ {preset.near:g}{within}")
    if preset.key is not None:
        same = " and ".join(["title", *(f"`{column}`" for column in preset.along)])
        found.append(f"the same {same} but for the variant")
    return " or ".join(found) or "never"


_PARTS = {
    "systems": systems,
    "re-ranked": re_ranked,
    "one-more": one_more,
    "carries": statements,
    "presets": chosen_presets,
}


class ApplicationTables(SphinxDirective):
    """What its one word asks for: ``systems``, ``figure``, ``re-ranked``, ``one-more``, ``carries`` or ``presets``."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """Read the records and draw them."""
        records = {}
        for name in SETS:
            file = results_folder() / f"pipeline_{name}.json"
            self.env.note_dependency(str(file))
            records[name] = read(json.loads(file.read_text(encoding="utf-8")))
        asked = self.arguments[0]
        if asked == "figure":
            return [nodes.raw("", figure(records), format="html")]
        box = nodes.container()
        lines = StringList(list(_PARTS[asked](records)), source="results")
        self.state.nested_parse(lines, self.content_offset, box)
        for table in box.findall(nodes.table):
            table["classes"] += ["applications", asked]
        return list(box.children)


def setup(app: Sphinx) -> dict[str, bool]:
    """Register with Sphinx."""
    app.add_directive("application-tables", ApplicationTables)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
