"""Sides in processes of their own, by turns: what slows the machine for a while slows them alike."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

RUNNERS = Path(__file__).parent / "runners"
ROOT = RUNNERS.parents[2]


def threads(n: int) -> dict[str, str]:
    """What tells every library how many threads to use."""
    names = ("OMP_NUM", "MKL_NUM", "OPENBLAS_NUM", "RAYON_NUM", "NUMEXPR_NUM")
    return {f"{name}_THREADS": str(n) for name in names} | {"TOKENIZERS_PARALLELISM": "false"}


def by_turns(sides: Mapping[str, Sequence[str]], *, rounds: int, n_threads: int) -> dict[str, dict[str, Any]]:
    """Each command run ``rounds`` times, by turns; of each side its JSON answers as lists by key.

    Raises:
        RuntimeError: if one fails; says what it said last.
    """
    answers: dict[str, list[dict[str, Any]]] = {name: [] for name in sides}
    paths = os.pathsep.join([str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])])
    environment = {**os.environ, **threads(n_threads), "PYTHONPATH": paths}
    for _ in range(rounds):
        for name, command in sides.items():
            done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
            if done.returncode:
                said = (done.stderr.strip().splitlines() or ["nothing"])[-1]
                raise RuntimeError(f"{name} failed: {said}")
            answers[name].append(json.loads(done.stdout.strip().splitlines()[-1]))
    return {name: {key: [each[key] for each in some] for key in some[0]} for name, some in answers.items()}


def with_others(target: Path, rows: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """The rows just measured, and those recorded before on other processors or other numbers of threads."""
    before = json.loads(target.read_text(encoding="utf-8"))["rows"] if target.is_file() else []
    by_place = {(row["processor"], row["threads"]): row for row in (*before, *rows)}
    return [by_place[place] for place in sorted(by_place)]


def side(answers: dict[str, Any]) -> dict[str, Any]:
    """What is recorded of one side: its fastest run, the most memory, and all runs.

    What disturbs a run makes it slower and never faster, so the fastest says most of the side itself.
    """
    best = {key: round(max(values) if key == "gigabytes" else min(values), 4) for key, values in answers.items()}
    return best | {"runs": {key: [round(value, 4) for value in values] for key, values in answers.items()}}
