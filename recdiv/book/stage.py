"""The staged tree that Jupyter Book reads, and the notebooks that Colab opens.

The repository's address is never written down: the public CI supplies it (``RECDIV_REPOSITORY``, or GitHub's own
variables). Without it there are no launch buttons and no install cells.
"""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from platform import python_version
from typing import Any

from recdiv._extras import require
from recdiv.book import notebooks
from recdiv.book.project import Project
from recdiv.book.run import last_run

COLAB_BRANCH = "colab"  # where the public CI pushes the notebooks with an install cell
_PAGES = ("_config.yml", "_toc.yml", "book")
_GLUE = re.compile(r"\{glue:text\}`([^`:]+)(?::([^`]*))?`")


def repository(environ: Mapping[str, str] = os.environ) -> str | None:
    """The repository's address from the environment, or None.

    >>> repository({"GITHUB_SERVER_URL": "https://host", "GITHUB_REPOSITORY": "owner/name"})
    'https://host/owner/name'
    >>> repository({}) is None
    True
    """
    if address := environ.get("RECDIV_REPOSITORY", "").rstrip("/"):
        return address
    server, name = environ.get("GITHUB_SERVER_URL", "").rstrip("/"), environ.get("GITHUB_REPOSITORY")
    return f"{server}/{name}" if server and name else None


def stage(project: Project, address: str | None) -> None:
    """Bring configuration and pages into the staged tree, beside the notebooks that were run there."""
    for name in _PAGES:
        source, target = project.root / name, project.stage / name
        if source.is_dir():
            shutil.rmtree(target, ignore_errors=True)
            shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__", ".*"))
        else:
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, target)
    for leftover in set(project.stage.glob("notebooks/*.ipynb")) - {project.staged(name) for name in project.names()}:
        leftover.unlink()
    if address:
        _add_launch_buttons(project.stage / "_config.yml", address)
    notebooks.write_text(project.stage / "status.json", json.dumps(status(project), indent=1) + "\n")


def status(project: Project) -> dict[str, Any]:
    """What the status page shows: each notebook's last run here, and the versions it ran under."""
    rows = []
    for name in project.names():
        if run := last_run(project, name):
            result = "failed" if run.status == "failed" else "passed"
            rows.append({"file": name, "status": result, "finished": run.finished, "seconds": run.seconds})
            rows[-1].update(data=run.data, profile=run.profile)
    packages = {name: _version(name) for name in ("recdiv", "torch", "transformers", "numpy", "pandas")}
    return {"notebooks": rows, "python": python_version(), **packages}


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "from the checkout" if name == "recdiv" else "absent"


def _add_launch_buttons(path: Path, address: str) -> None:
    yaml = require("yaml", "book")
    config = yaml.safe_load(path.read_text(encoding="utf-8"))
    config["repository"] = {"url": address, "path_to_book": "", "branch": COLAB_BRANCH}
    config["launch_buttons"] = {"notebook_interface": "jupyterlab", "colab_url": "https://colab.research.google.com"}
    config.setdefault("html", {}).update(use_repository_button=True, use_issues_button=True)
    notebooks.write_text(path, yaml.safe_dump(config, sort_keys=False, allow_unicode=True))


def colab_copies(project: Project, address: str) -> Path:
    """Write the notebooks Colab opens to ``_build/colab``: an install cell first, glued numbers as plain text.

    The install names lower bounds only, so that it never swaps a package Colab owns.
    """
    folder = project.output / "colab"
    shutil.rmtree(folder, ignore_errors=True)
    for name in project.names():
        notebook = notebooks.read(project.staged(name))
        values = notebooks.glued(notebook)
        for cell in notebook.cells:
            if cell.cell_type == "markdown":
                cell.source = fill_in(cell.source, values)
        notebook.cells.insert(0, _install_cell(address))
        notebooks.write(notebook, folder / "notebooks" / f"{name}.ipynb")
    return folder


def _install_cell(address: str) -> Any:  # noqa: ANN401
    source = (
        "# Colab only: recdiv with what the chapters need; what is already here stays as it is.\n"
        f'%pip install -q "recdiv[plot,lm,data] @ git+{address}"\n'
        "!recdiv doctor"
    )
    cell = require("nbformat.v4", "book").new_code_cell(source, metadata={"tags": ["install"]})
    cell.id = "install"
    return cell


def fill_in(text: str, values: Mapping[str, Any]) -> str:
    """``text`` with ``{glue:text}`name:.2f``` replaced by the value.

    >>> fill_in("beta is {glue:text}`beta:.2f`.", {"beta": 1.256})
    'beta is 1.26.'
    """

    def value(match: re.Match[str]) -> str:
        name, form = match[1], match[2] or ""
        return format(values[name], form) if name in values else match[0]

    return _GLUE.sub(value, text)
