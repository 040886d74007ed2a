"""Reading, cleaning and writing notebooks."""

from __future__ import annotations

import ast
import os
import re
import sys
import tempfile
from pathlib import Path
from typing import Any

from recdiv._extras import require
from recdiv.notebook import GLUE_PREFIX

_KERNEL = {"display_name": "Python 3", "language": "python", "name": "python3"}
_CELL_KEYS = ("mystnb", "name", "tags")
_WIDGET = "application/vnd.jupyter.widget-view+json"
_ADDRESS = re.compile(r"\bat 0x[0-9a-f]{6,}")


def read(path: Path) -> Any:  # noqa: ANN401
    """The notebook at ``path`` (nbformat 4)."""
    nbformat = require("nbformat", "book")
    return nbformat.read(path, as_version=4)


def write(notebook: Any, path: Path) -> None:  # noqa: ANN401
    """Write ``notebook``, whole or not at all."""
    nbformat = require("nbformat", "book")
    write_text(path, nbformat.writes(notebook) + "\n")


def write_text(path: Path, text: str) -> None:
    """Write ``text``, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile("w", dir=path.parent, suffix=".part", delete=False, encoding="utf-8") as file:
        file.write(text)
    Path(file.name).chmod(0o644)
    os.replace(file.name, path)


def clean(notebook: Any, root: Path) -> Any:  # noqa: ANN401
    """The notebook without what a run leaves behind and no reader needs; in place.

    Only kernel and language stay in its metadata, only tags, names and MyST-NB's settings in a cell's; timestamps,
    widgets, progress bars, memory addresses and this machine's folders go; executed cells are numbered 1, 2, 3, ...
    """
    kept = {key: notebook.metadata[key] for key in ("mystnb",) if key in notebook.metadata}
    notebook.metadata = type(notebook.metadata)(kernelspec=_KERNEL, language_info={"name": "python"}, **kept)
    count = 0
    for cell in notebook.cells:
        cell.metadata = type(cell.metadata)({key: cell.metadata[key] for key in _CELL_KEYS if key in cell.metadata})
        if cell.cell_type == "code":
            count += 1
            cell.execution_count = count if cell.outputs or cell.execution_count else None
            cell.outputs = [_scrub(output, count, root) for output in cell.outputs if not _unwanted(output, cell)]
    return notebook


def _unwanted(output: Any, cell: Any) -> bool:  # noqa: ANN401
    """Widgets, and the progress bars of cells tagged ``remove-stderr``: they live while a cell runs."""
    bar = output.get("name") == "stderr" and "remove-stderr" in cell.metadata.get("tags", [])
    return bar or _WIDGET in output.get("data", {})


def _scrub(output: Any, count: int, root: Path) -> Any:  # noqa: ANN401
    if "execution_count" in output:
        output.execution_count = count
    output.pop("transient", None)
    if "text" in output:
        output.text = scrub_text(output.text, root)
    for mime, value in output.get("data", {}).items():
        if isinstance(value, str) and not mime.startswith("image/"):
            output.data[mime] = scrub_text(value, root)
    return output


def scrub_text(text: str, root: Path) -> str:
    """``text`` without memory addresses and without the folders of this machine.

    >>> scrub_text("<A at 0x7f00aa12> in /my/checkout/recdiv/tables.py", Path("/my/checkout"))
    '<A> in recdiv/tables.py'
    """
    for folder, name in ((root, ""), (Path(sys.prefix), "environment/"), (Path.home(), "~/")):
        if len(folder.parts) > 1:
            text = text.replace(f"{folder}/", name)
    return _ADDRESS.sub("", text).replace(" >", ">") if _ADDRESS.search(text) else text


def parameters(notebook: Any) -> dict[str, Any]:  # noqa: ANN401
    """Names and values of the cell tagged ``parameters``: plain assignments of literals, nothing else.

    Raises:
        ValueError: if there is no such cell, or it holds anything else.
    """
    cells = [cell for cell in notebook.cells if "parameters" in cell.metadata.get("tags", [])]
    if len(cells) != 1:
        raise ValueError(f"a notebook must have one cell tagged 'parameters', got {len(cells)}")
    values: dict[str, Any] = {}
    for statement in ast.parse(cells[0].source).body:
        match statement:
            case ast.Assign(targets=[ast.Name(id=name)], value=value):
                values[name] = ast.literal_eval(value)
            case _:
                raise ValueError(f"a parameters cell may only assign literals, got {ast.unparse(statement)!r}")
    return values


def glued(notebook: Any) -> dict[str, Any]:  # noqa: ANN401
    """What the notebook glued: names and plain values, the last one where a name is glued twice."""
    values: dict[str, Any] = {}
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            name = output.get("metadata", {}).get("scrapbook", {}).get("name")
            text = output.get("data", {}).get(f"{GLUE_PREFIX}text/plain")
            if name is not None and text is not None:
                values[name] = _literal(text)
    return values


def _literal(text: str) -> Any:  # noqa: ANN401
    try:
        return ast.literal_eval(text)
    except (SyntaxError, ValueError):  # nan, inf
        return float(text)
