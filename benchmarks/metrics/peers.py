"""Runs a peer in its own environment, the one that ``benchmarks.conformance`` builds."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
from pathlib import Path
from typing import Any

from benchmarks.conformance.environments import PEERS, build, pins

RUNNERS = Path(__file__).parent / "runners"
NAMES = ("recbole", "recommenders", "replay", "lenskit", "rexmex", "recmetrics", "jurity", "vendi-score")
ONE_THREAD = {
    f"{name}_THREADS": "1"
    for name in ("OMP_NUM", "MKL_NUM", "OPENBLAS_NUM", "NUMEXPR_NUM", "POLARS_MAX", "RAYON_NUM", "LK_NUM")
}


def timings(name: str, folder: Path, limit: float, *, again: bool = False) -> dict[str, dict[str, Any]]:
    """Of each row of a peer: lists done, seconds, its number; kept, so that an interrupted run goes on.

    Raises:
        RuntimeError: if the environment cannot be built, or the runner fails as a whole.
    """
    peer, runner = PEERS[name], RUNNERS / f"run_{name.replace('-', '_')}.py"
    build(peer)
    parts = [pins(peer), runner.read_text(), (RUNNERS / "_clock.py").read_text(), str(limit)]
    key = hashlib.sha256("\n".join(parts).encode()).hexdigest()[:12]
    kept = folder / f"{name}-{key}.json"
    if again or not kept.is_file():
        unfinished = kept.with_suffix(".part")
        command = [str(peer.python), str(runner), str(folder), str(unfinished), str(limit)]
        done = subprocess.run(command, env={**os.environ, **ONE_THREAD}, stderr=subprocess.PIPE, text=True, check=False)
        if done.returncode:
            raise RuntimeError((done.stderr.strip().splitlines() or ["it failed and said nothing"])[-1])
        unfinished.replace(kept)
    found: dict[str, dict[str, Any]] = json.loads(kept.read_text())
    return found
