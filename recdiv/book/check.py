"""Check notebooks: nbval executes them again and compares what is tagged; trained numbers stay within tolerance."""

from __future__ import annotations

import json
import math
import os
import subprocess
import sys
from dataclasses import dataclass
from typing import Any

from recdiv.book import notebooks
from recdiv.book.project import Project
from recdiv.book.run import kernel_environment

CELL_TIMEOUT = 600  # seconds; nbval's own default is 2000


@dataclass(frozen=True)
class Deviation:
    """A glued number that is absent, or further from its expected value than its tolerance."""

    name: str
    expected: float
    tolerance: float
    found: float | None

    def __str__(self) -> str:
        found = "not glued" if self.found is None else f"{self.found:.6g}"
        return f"{self.name}: expected {self.expected:.6g} ± {self.tolerance:.3g}, got {found}"


def validate(project: Project, name: str) -> subprocess.CompletedProcess[str]:
    """Execute the committed notebook with nbval in lax mode: errors fail, tagged outputs must be equal."""
    command = [sys.executable, "-m", "pytest", "--nbval-lax", "--nbval-current-env", "-p", "no:cacheprovider"]
    command += [f"--nbval-cell-timeout={CELL_TIMEOUT}", "-o", "addopts=", "-q", str(project.source(name))]
    environment = {**os.environ, **kernel_environment(project)}
    return subprocess.run(  # noqa: S603
        command, cwd=project.root, env=environment, capture_output=True, text=True, check=False
    )


def expected_values(project: Project, name: str) -> dict[str, dict[str, Any]]:
    """Expected numbers of a notebook, each with ``value``, ``tolerance`` and ``reason``; empty when it has none.

    Raises:
        ValueError: if an entry lacks one of the three.
    """
    path = project.expected / f"{name}.json"
    if not path.is_file():
        return {}
    entries: dict[str, dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))
    for key, entry in entries.items():
        if not isinstance(entry, dict) or set(entry) != {"value", "tolerance", "reason"} or not entry["reason"]:
            raise ValueError(f"expected/{name}.json: {key!r} must have value, tolerance and reason, got {entry!r}")
    return entries


def deviations(expected: dict[str, dict[str, Any]], glued: dict[str, Any]) -> list[Deviation]:
    """Those of ``expected`` that ``glued`` does not meet.

    >>> entry = {"value": 0.8, "tolerance": 0.05, "reason": "spread over five seeds"}
    >>> deviations({"f1": entry}, {"f1": 0.83}), str(deviations({"f1": entry}, {"f1": 0.9})[0])
    ([], 'f1: expected 0.8 ± 0.05, got 0.9')
    """
    found = []
    for name, entry in expected.items():
        value = glued.get(name)
        number = float(value) if isinstance(value, (int, float)) else None
        if number is None or not math.isclose(number, entry["value"], rel_tol=0.0, abs_tol=entry["tolerance"]):
            found.append(Deviation(name, float(entry["value"]), float(entry["tolerance"]), number))
    return found


def check_numbers(project: Project, name: str) -> list[Deviation]:
    """Deviations in the committed notebook and, where it was run here, in the staged one."""
    expected = expected_values(project, name)
    found = deviations(expected, notebooks.glued(notebooks.read(project.source(name))))
    if project.staged(name).is_file():
        found += deviations(expected, notebooks.glued(notebooks.read(project.staged(name))))
    return found
