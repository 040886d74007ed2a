"""``{notebook-status}``: one row a notebook (last run, seconds, data), from the ``status.json`` of the staged tree."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

_COLUMNS = {
    "file": "Notebook",
    "status": "Result",
    "finished": "Last run (UTC)",
    "seconds": "Seconds",
    "data": "Data",
    "profile": "Profile",
}
_ABSENT = "No record of a run lies beside this build: the notebooks were taken as they are committed."


class NotebookStatus(SphinxDirective):
    """The table, or one sentence when no run was recorded."""

    def run(self) -> list[nodes.Node]:
        """Read the record and lay it out."""
        record = Path(self.env.srcdir) / "status.json"
        self.env.note_dependency(str(record))
        if not record.is_file():
            return [nodes.paragraph("", _ABSENT)]
        status = json.loads(record.read_text(encoding="utf8"))
        rows = [_row(entry) for entry in status.get("notebooks", [])]
        return [_table(rows), *_facts({k: v for k, v in status.items() if isinstance(v, str | int | float)})]


def _row(entry: dict[str, Any]) -> list[str]:
    cells = []
    for key in _COLUMNS:
        value = entry.get(key)
        cells.append("" if value is None else f"{value:.1f}" if isinstance(value, float) else str(value))
    return cells


def _table(rows: list[list[str]]) -> nodes.table:
    group = nodes.tgroup("", cols=len(_COLUMNS))
    group += [nodes.colspec("", colwidth=1) for _ in _COLUMNS]
    group += nodes.thead("", _line(list(_COLUMNS.values())))
    group += nodes.tbody("", *[_line(row) for row in rows])
    return nodes.table("", group, classes=["status"])


def _line(cells: list[str]) -> nodes.row:
    return nodes.row("", *[nodes.entry("", nodes.paragraph("", cell)) for cell in cells])


def _facts(facts: dict[str, object]) -> list[nodes.Node]:
    if not facts:
        return []
    items = [
        nodes.list_item("", nodes.paragraph("", f"{key.replace('_', ' ')}: {value}")) for key, value in facts.items()
    ]
    return [nodes.bullet_list("", *items)]


def setup(app: Sphinx) -> dict[str, bool]:
    """Register with Sphinx."""
    app.add_directive("notebook-status", NotebookStatus)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
