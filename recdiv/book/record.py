"""Write the outputs of a run into the committed notebooks: the one thing that changes them by machine."""

from __future__ import annotations

from recdiv.book import notebooks
from recdiv.book.keys import environment_digest
from recdiv.book.project import Project
from recdiv.book.run import Options, fresh


def record(project: Project, names: list[str]) -> list[str]:
    """Copy the staged outputs of ``names`` into their committed notebooks; the names whose file changed.

    Raises:
        ValueError: if a notebook was not run as it stands (source, library, data), with its own parameters.
    """
    environment = environment_digest(project)
    stale = [name for name in names if fresh(project, name, Options(), environment) is None]
    if stale:
        raise ValueError(f"not run as they stand: {', '.join(stale)}; type: recdiv book run")
    return [name for name in names if _record_one(project, name)]


def _record_one(project: Project, name: str) -> bool:
    path = project.source(name)
    source, ran = notebooks.read(path), notebooks.read(project.staged(name))
    for cell, executed in zip(source.cells, ran.cells, strict=True):
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = executed.outputs, executed.execution_count
    before = path.read_text(encoding="utf-8")
    notebooks.write(notebooks.clean(source, project.root), path)
    return path.read_text(encoding="utf-8") != before
