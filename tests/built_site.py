"""The built book for the tests: the committed tree, built once from clean doctrees, warnings as errors."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path
from tempfile import mkdtemp

ROOT = Path(__file__).resolve().parent.parent
SOURCES = ("_config.yml", "_toc.yml", "book", "notebooks")


@cache
def site() -> Path:
    """The folder of HTML: the one ``RECDIV_SITE`` names, or one built here from the notebooks as committed."""
    if chosen := os.environ.get("RECDIV_SITE"):
        return Path(chosen).resolve()
    stage = Path(mkdtemp(prefix="recdiv-site-"))
    for name in SOURCES:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, stage / name, ignore=shutil.ignore_patterns("__pycache__", ".ipynb_checkpoints"))
        elif source.is_file():
            shutil.copy(source, stage / name)
    main = "from jupyter_book.cli.main import main; main()"
    command = [sys.executable, "-c", main, "build", str(stage), "-n", "-W", "--keep-going", "-q"]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])}
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"the book does not build without a warning:\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}")
    return stage / "_build" / "html"


def pages() -> list[str]:
    """Paths of all pages a reader can open, search page included."""
    found = (path.relative_to(site()).as_posix() for path in site().rglob("*.html"))
    return sorted(path for path in found if not path.startswith(("_static/", "_modules/")))
