"""Build the staged tree with Jupyter Book: every warning is an error, and nothing half-built is left behind."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from recdiv._extras import require
from recdiv.book import notebooks
from recdiv.book.keys import tree_digest
from recdiv.book.project import Project
from recdiv.book.stage import colab_copies, repository, stage


def build(project: Project, *, force: bool = False) -> bool:
    """Build ``_build/html`` from the notebooks that were run; False when it stood already.

    Raises:
        FileNotFoundError: if a notebook was not run, or its last run failed.
        RuntimeError: if Jupyter Book found an error or a warning.
    """
    missing = [name for name in project.names() if not project.staged(name).is_file()]
    if missing:
        raise FileNotFoundError(f"not run, or failed: {', '.join(missing)}; type: recdiv book run")
    address = repository()
    stage(project, address)
    inputs = project.stage, project.root / "recdiv", project.root / "results"  # pages draw tables from all of them
    key, built = tree_digest(*inputs), project.output / "html.key"
    if not force and project.html.is_dir() and built.is_file() and built.read_text(encoding="utf-8") == key:
        return False
    built.unlink(missing_ok=True)
    shutil.rmtree(project.html, ignore_errors=True)
    _jupyter_book(project)
    if address:
        colab_copies(project, address)
    notebooks.write_text(built, key)
    return True


def _jupyter_book(project: Project) -> None:
    """Into a folder of its own first, from clean doctrees: an incremental build forgets earlier warnings."""
    require("jupyter_book", "book")
    workshop = project.output / "workshop"
    shutil.rmtree(workshop, ignore_errors=True)
    workshop.mkdir(parents=True)
    command = [sys.executable, "-c", "from jupyter_book.cli.main import main; main()", "build", str(project.stage)]
    command += ["--path-output", str(workshop), "-n", "-W", "--keep-going", "-q"]
    paths = os.pathsep.join([str(project.root), *filter(None, [os.environ.get("PYTHONPATH")])])
    environment = {**os.environ, "PYTHONPATH": paths, "PYTHONHASHSEED": "0"}
    done = subprocess.run(  # noqa: S603
        command, cwd=project.stage, env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        raise RuntimeError(f"Jupyter Book ended with code {done.returncode}:\n{done.stdout[-4000:]}\n{done.stderr}")
    os.replace(workshop / "_build" / "html", project.html)
    shutil.rmtree(workshop)


def index_page(project: Project) -> Path:
    """The page to open first."""
    return project.html / "index.html"
