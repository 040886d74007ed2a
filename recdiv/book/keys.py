"""What a notebook's outputs depend on, as one hash: when it stands still, the outputs stand.

Caches of the notebook alone (jupyter-cache) keep showing old numbers when the library or the data change.
"""

from __future__ import annotations

import hashlib
import json
import platform
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from recdiv.book.project import Project

_STACK = ("numpy", "pandas", "scipy", "torch", "transformers", "tokenizers", "matplotlib")
_INPUTS = ("recdiv", "data", "results", "constraints.txt")
_NOT_INPUTS = {"__pycache__", ".ipynb_checkpoints", ".DS_Store"}


def tree_digest(*paths: Path) -> str:
    """SHA-256 over the names and contents of files, and of all files in folders; an absent path counts as such."""
    digest = hashlib.sha256()
    for path in paths:
        digest.update(f"{path.name}\0".encode())
        for file in sorted(path.rglob("*")) if path.is_dir() else [path]:
            if file.is_file() and not _NOT_INPUTS.intersection(file.parts):
                digest.update(f"{file.relative_to(path.parent).as_posix()}\0".encode())
                digest.update(hashlib.sha256(file.read_bytes()).digest())
    return digest.hexdigest()


def environment_digest(project: Project) -> str:
    """Hash of what all notebooks share: library source, data, recorded results, pins, interpreter, main packages."""
    parts = [tree_digest(*(project.root / name for name in _INPUTS)), platform.python_version(), platform.machine()]
    return _digest([*parts, *(f"{name}=={_version(name)}" for name in _STACK)])


def notebook_key(cells: list[dict[str, Any]], parameters: dict[str, Any], environment: str) -> str:
    """Hash of a notebook's cells as written (kind, source, tags; not outputs), its parameters and ``environment``."""
    written = [[cell["cell_type"], cell["source"], cell["metadata"].get("tags", [])] for cell in cells]
    return _digest([written, parameters, environment])


def _digest(parts: list[Any]) -> str:
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "absent"
