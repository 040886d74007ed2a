"""``python -m benchmarks.rerank``: re-rankers side by side with pyversity, in one command.

Both sides get the same vectors, candidates and scores and one thread, each in a process and an environment of its own,
one cell after the other; what compiling costs is measured apart.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Annotated, Any

import typer

from benchmarks.conformance.environments import Peer, build
from benchmarks.metrics.peers import ONE_THREAD
from benchmarks.rerank.small import cases
from benchmarks.rerank.workload import CELLS, DIMENSION, ITEMS, KINDS, METHODS, SEED, TOPICS, USERS, Cell, folder_of
from recdiv._paths import cache_folder
from recdiv._provenance import processor, provenance, today, write_json

TARGET = Path(__file__).parents[2] / "results" / "benchmark_rerank.json"
RUNNERS = Path(__file__).parent / "runners"
PYVERSITY = Peer("pyversity", "pyversity==0.2.0", ("numpy==2.4.6",))
COMPARED = 50  # users whose lists are compared
Row = dict[str, Any]


def main(
    only: Annotated[str, typer.Option(help="Part of a cell's name, as random-uniform-1000-10; all by default.")] = "",
    limit: Annotated[float, typer.Option(help="Seconds a method may take on either side, in a cell.")] = 2.0,
    compiling: Annotated[bool, typer.Option(help="Measure what compiling costs too.")] = True,
    record: Annotated[
        bool, typer.Option(help="Write results/benchmark_rerank.json; other cells stay, and other processors.")
    ] = True,
) -> None:
    """Time recdiv and pyversity on the same candidates and print the table."""
    build(PYVERSITY)
    start, found = time.perf_counter(), {}
    for cell in CELLS:
        name = "-".join(map(str, cell))
        if only in name:
            found[name] = _rows(cell, limit)
            _show(name, found[name])
    small = _small()
    first = _first_calls() if compiling else None
    if first:
        typer.echo(f"seconds of a first call: {json.dumps(first)}")
    if record:
        _record(found, small, first, limit, time.perf_counter() - start)


def _rows(cell: Cell, limit: float) -> list[Row]:
    kind, relevance, n, k = cell
    folder = folder_of(kind, cache_folder())
    runner = str(RUNNERS / "run_pyversity.py")
    theirs = _answer([str(PYVERSITY.python), runner], folder, [relevance, n, k, COMPARED, *METHODS.values()], limit)
    ours = _answer(
        [sys.executable, "-m", "benchmarks.rerank.ours"], folder, [relevance, n, k, COMPARED, *METHODS], limit
    )
    rows = []
    for name, peer in METHODS.items():
        mine, other = ours[name], theirs[peer]
        same = [a == b for a, b in zip(mine["lists"], other["lists"], strict=False)]
        row = {"method": name, "peer": peer, "ours": _digits(mine["rate"]), "theirs": _digits(other["rate"])}
        row |= {"ratio": _digits(mine["rate"] / other["rate"]), "users": mine["users"], "peer_users": other["users"]}
        row |= {"gigabytes": _digits(mine["gigabytes"]), "peer_gigabytes": _digits(other["gigabytes"])}
        rows.append({**row, "identical": sum(same) if same else None, "compared": len(same)})
    return rows


def _answer(command: list[str], folder: Path, cell: list[Any], limit: float) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as scratch:
        target = Path(scratch) / "answer.json"
        arguments = [str(folder), str(target), json.dumps(cell), str(limit)]
        subprocess.run([*command, *arguments], env={**os.environ, **ONE_THREAD}, check=True)
        found: dict[str, Any] = json.loads(target.read_text())
        return found


def _small() -> dict[str, Any]:
    """What pyversity makes of small inputs, for the tests."""
    with tempfile.TemporaryDirectory() as scratch:
        given, target = Path(scratch) / "cases.json", Path(scratch) / "answer.json"
        given.write_text(json.dumps(cases()))
        command = [str(PYVERSITY.python), str(RUNNERS / "run_small.py"), str(given), str(target)]
        subprocess.run(command, env={**os.environ, **ONE_THREAD}, check=True)
        found: dict[str, Any] = json.loads(target.read_text())
        return found


def _first_calls() -> dict[str, dict[str, float]]:
    """Seconds of the first call of each method where no compiled code is kept, and where it is."""
    with tempfile.TemporaryDirectory() as kept:
        took = {}
        for when in ("compiling", "kept"):
            target = Path(kept) / f"{when}.json"
            command = [sys.executable, "-m", "benchmarks.rerank.ours", "first", str(target)]
            subprocess.run(command, env={**os.environ, **ONE_THREAD, "NUMBA_CACHE_DIR": kept}, check=True)
            took[when] = {name: round(seconds, 2) for name, seconds in json.loads(target.read_text()).items()}
        return took


def _show(name: str, rows: list[Row]) -> None:
    typer.echo(f"\n{name}: users a second, one thread")
    typer.echo(f"{'method':20}{'pyversity':>12}{'recdiv':>12}{'ratio':>8}{'GB peer':>10}{'GB':>8}{'identical':>12}")
    for row in rows:
        same = "another goal" if row["identical"] is None else f"{row['identical']} of {row['compared']}"
        typer.echo(
            f"{row['method']:20}{row['theirs']:12,.4g}{row['ours']:12,.4g}{row['ratio']:8.3g}"
            f"{row['peer_gigabytes']:10.2g}{row['gigabytes']:8.2g}{same:>14}"
        )


def _record(
    found: dict[str, list[Row]],
    small: dict[str, Any],
    first: dict[str, dict[str, float]] | None,
    limit: float,
    took: float,
) -> None:
    before = json.loads(TARGET.read_text(encoding="utf-8")) if TARGET.is_file() else {}
    if before and before["processor"] != processor():
        _record_elsewhere(before, found)
        return
    config = {"items": ITEMS, "dimension": DIMENSION, "users": USERS, "topics": TOPICS, "kinds": KINDS, "threads": 1}
    config |= {"diversity": 0.5, "limit_seconds": limit, "clock": "CPU seconds, median of 3", "peer": PYVERSITY.package}
    head = provenance(config=config, seeds=[SEED], data={}, seconds=took)
    parts = {"cells": {**before.get("cells", {}), **found}, "first_call": first or before.get("first_call")}
    parts |= {"small": small, "elsewhere": before.get("elsewhere", {})}
    write_json(TARGET, {**head, "processor": processor(), **parts, "gpu": "not run"})


def _record_elsewhere(before: dict[str, Any], found: dict[str, list[Row]]) -> None:
    """Ratios only, beside the record of another processor, of which nothing can be measured again here."""
    ratios = {cell: {row["method"]: row["ratio"] for row in rows} for cell, rows in found.items()}
    kept = before["elsewhere"].get(processor(), {}).get("ratios", {})
    before["elsewhere"][processor()] = {"recorded": today(), "ratios": {**kept, **ratios}}
    write_json(TARGET, before)


def _digits(value: float) -> float:
    return float(f"{value:.4g}")


if __name__ == "__main__":
    typer.run(main)
