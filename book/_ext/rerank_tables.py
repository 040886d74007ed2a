"""``{rerank-tables}``: the recorded benchmark of re-rankers, ``results/benchmark_rerank.json``, as tables."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from docutils import nodes
from docutils.statemachine import StringList
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from recdiv.notebook import results_folder

RECORDED = results_folder() / "benchmark_rerank.json"


def table(recorded: dict[str, Any], cells: str) -> Iterator[str]:
    """Lines of Markdown: a method and a length, users a second on both sides, what they share."""
    yield f"Among {int(cells.rpartition('-')[2]):,} candidates a user:"
    yield ""
    others = [each["ratios"] for each in recorded["elsewhere"].values()]
    more = "".join(f" on {_maker(name)} |" for name in recorded["elsewhere"])
    yield f"| method | slots | pyversity, users/s | recdiv, users/s | ratio |{more} GB beyond input | same lists |"
    yield f"|---|---:|---:|---:|---:|{'---:|' * len(others)}---:|---:|"
    found = {name: rows for name, rows in recorded["cells"].items() if name.rpartition("-")[0] == cells}
    methods = [row["method"] for rows in found.values() for row in rows]
    for method in dict.fromkeys(methods):
        for name, rows in sorted(found.items(), key=lambda cell: int(cell[0].rpartition("-")[2])):
            row = next(row for row in rows if row["method"] == method)
            same = f"{row['identical']} of {row['compared']}" if row["identical"] is not None else "another goal"
            yield (
                f"| `{method}` | {name.rpartition('-')[2]} | {row['theirs']:,.0f} | {row['ours']:,.0f} "
                f"| {row['ratio']:.3g} |{_ratios(others, name, method)} {max(row['gigabytes'], 0.01):.2f} | {same} |"
            )


def _maker(processor: str) -> str:
    return re.split(r"[ (,]", processor)[0]


def _ratios(others: list[dict[str, dict[str, float]]], cell: str, method: str) -> str:
    """Further columns: the same ratio on other processors."""
    return "".join(f" {ratios[cell][method]:.3g} |" if cell in ratios else " not run |" for ratios in others)


def how(recorded: dict[str, Any]) -> Iterator[str]:
    """Lines of Markdown: when, where, and what compiling costs."""
    versions, first = recorded["versions"], recorded["first_call"]
    peer = recorded["config"]["peer"].replace("==", " ")
    yield (
        f"Recorded {recorded['recorded']} on {recorded['machine']} ({recorded['processor']}), Python "
        f"{versions['python']}, torch {versions['torch']}, NumPy {versions['numpy']}, {peer}."
    )
    for name, each in recorded["elsewhere"].items():
        yield f"The ratio *on {_maker(name)}*: recorded {each['recorded']} on {name}."
    if first:
        compiling, kept = (sum(first[when].values()) for when in ("compiling", "kept"))
        yield (
            f"The very first call of a method compiles it, {compiling:.0f} s for all five together; a later process "
            f"finds them compiled and needs {kept:.1f} s once, for all five and for importing numba."
        )


class RerankTables(SphinxDirective):
    """What its one word asks for: cells without their length (``random-uniform-1000``), or ``how``."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """Read the record and draw the part asked for."""
        self.env.note_dependency(str(RECORDED))
        recorded, asked = json.loads(RECORDED.read_text(encoding="utf-8")), self.arguments[0]
        lines = how(recorded) if asked == "how" else table(recorded, asked)
        box = nodes.container()
        self.state.nested_parse(StringList(list(lines), source="results"), self.content_offset, box)
        return list(box.children)


def setup(app: Sphinx) -> dict[str, bool]:
    """Register with Sphinx."""
    app.add_directive("rerank-tables", RerankTables)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
