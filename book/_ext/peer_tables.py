"""``{peer-tables}``: recorded benchmarks of two sides on one or more threads, as one table each."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from docutils import nodes
from docutils.statemachine import StringList
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from recdiv.notebook import results_folder


def encode(recorded: dict[str, Any]) -> Iterator[str]:
    """Lines of Markdown: texts a second on both sides."""
    peer = recorded["config"]["peer"].replace("==", " ")
    yield f"| processor | threads | recdiv, texts/s | {peer}, texts/s | ratio | CPU seconds | largest difference |"
    yield "|---|---:|---:|---:|---:|---:|---:|"
    for row in recorded["rows"]:
        ours, theirs = row["ours"], row["theirs"]
        yield (
            f"| {row['processor']} ({row['recorded']}) "
            f"| {row['threads']} | {ours['texts_a_second']:.0f} | {theirs['texts_a_second']:.0f} "
            f"| {row['ratio']:.2f} | {ours['cpu']:.1f} and {theirs['cpu']:.1f} | {row['apart']:.0e} |"
        )


def topk(recorded: dict[str, Any]) -> Iterator[str]:
    """Lines of Markdown: seconds and memory on both sides."""
    peer = recorded["config"]["peer"].replace("==", " ")
    yield f"| processor | threads | recdiv, s | {peer}, s | ratio | GB beyond the vectors | same item in a slot |"
    yield "|---|---:|---:|---:|---:|---:|---:|"
    for row in recorded["rows"]:
        ours, theirs = row["ours"], row["theirs"]
        yield (
            f"| {row['processor']} ({row['recorded']}) "
            f"| {row['threads']} | {ours['wall']:.1f} | {theirs['wall']:.1f} | {row['ratio']:.2f} "
            f"| {ours['gigabytes']:.2f} and {theirs['gigabytes']:.2f} | {row['same_items']:.4%} |"
        )


def fit(recorded: dict[str, Any]) -> Iterator[str]:
    """Lines of Markdown: seconds of one training by both loops."""
    yield "| model | data | epochs × steps | own loop, s | Trainer, s | ratio | its import, s | losses differ by |"
    yield "|---|---|---:|---:|---:|---:|---:|---:|"
    for row in recorded["rows"]:
        own, trainer = row["own"], row["trainer"]
        yield (
            f"| `{row['model']}` | {row['data']} | {row['epochs']} × {row['steps_an_epoch']} | {own['cpu']:.2f} "
            f"| {trainer['cpu']:.2f} | {row['ratio']:.2f} | {trainer['start']:.1f} | {row['apart']:.0e} |"
        )


_PARTS = {"encode": encode, "fit": fit, "topk": topk}


class PeerTables(SphinxDirective):
    """What its one word asks for: ``encode``, ``fit`` or ``topk``."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """Read the record and draw it, with where and when it was made."""
        asked = self.arguments[0]
        source = results_folder() / f"benchmark_{asked}.json"
        self.env.note_dependency(str(source))
        recorded = json.loads(source.read_text(encoding="utf-8"))
        versions = recorded["versions"]
        made = (
            f"Last recorded {recorded['recorded']} on {recorded['machine']}, Python {versions['python']}, torch "
            f"{versions['torch']}; the fastest of a few runs, by turns. "
            f"On a GPU: {recorded['cuda']}."
        )
        box = nodes.container()
        lines = [*_PARTS[asked](recorded), "", made]
        self.state.nested_parse(StringList(lines, source="results"), self.content_offset, box)
        return list(box.children)


def setup(app: Sphinx) -> dict[str, bool]:
    """Register with Sphinx."""
    app.add_directive("peer-tables", PeerTables)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
