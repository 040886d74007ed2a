"""``python -m benchmarks.metrics``: the side-by-side table, in one command.

All sides get the same lists and one thread, one after the other in one run; seconds are CPU time of the process,
the median of several runs. A peer that cannot do all lists within the limit is measured on as many as it can, and
ours on the same ones; nothing is scaled up. Making a peer's own input does not count.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import torch
import typer

from benchmarks.conformance.environments import PEERS
from benchmarks.counting import seconds
from benchmarks.metrics import limits
from benchmarks.metrics.floors import METRICS, floors
from benchmarks.metrics.peers import NAMES, timings
from benchmarks.metrics.workload import DIMENSION, SEED, SIZES, folder_of, lists_of
from recdiv import Recommendations, metrics
from recdiv._provenance import provenance, write_json

TARGET = Path(__file__).parents[2] / "results" / "benchmark_metrics.json"
Row = dict[str, Any]


def main(
    size: Annotated[list[str] | None, typer.Option(help=f"Some of {', '.join(SIZES)}; all by default.")] = None,
    peers: Annotated[list[str] | None, typer.Option(help=f"Some of {', '.join(NAMES)}; all by default.")] = None,
    limit: Annotated[float, typer.Option(help="Seconds a row of a peer may take.")] = 20.0,
    runs: Annotated[int, typer.Option(help="Runs of ours and of the floor, of which the median counts.")] = 5,
    whole: Annotated[bool, typer.Option(help="Measure whole calls too: default set, coverage, growth.")] = True,
    device: Annotated[str, typer.Option(help="Where the growth with lists is measured: cpu or cuda.")] = "cpu",
    again: Annotated[bool, typer.Option(help="Measure peers again that were measured before.")] = False,
    record: Annotated[bool, typer.Option(help="Write results/benchmark_metrics.json.")] = True,
) -> None:
    """Time recdiv, other libraries and the least work there is on the same lists, and print the table.

    Each library runs in an environment of its own under RECDIV_CACHE (or the user's cache folder). What a peer took
    is kept there, so an interrupted run goes on where it stopped.
    """
    for given, allowed in ((size or [], SIZES), (peers or [], NAMES), ([device], ("cpu", "cuda"))):
        if wrong := sorted(set(given) - set(allowed)):
            raise typer.BadParameter(f"must be among {', '.join(allowed)}, got {wrong[0]!r}")
    torch.set_num_threads(1)
    start = time.perf_counter()
    tables = {each: _table(each, peers or list(NAMES), limit, runs, again) for each in size or list(SIZES)}
    for each, rows in tables.items():
        _show(each, rows)
    parts: dict[str, Any] = {"sizes": tables}
    if whole:
        parts |= _whole(device)
    if record:
        _record(parts, limit, runs, time.perf_counter() - start)


def _table(size: str, peers: list[str], limit: float, runs: int, again: bool) -> list[Row]:
    lists, train, kernel = lists_of(size)
    folder, least = folder_of(size, lists, train, kernel), floors(lists, train, kernel)

    def ours(name: str, n: int) -> float:
        def call(recs: object) -> object:
            return metrics.compute(name, recs, catalog=train.catalog, train=train, kernel=kernel)  # type: ignore[arg-type]

        return seconds(call, lambda: Recommendations(lists[:n]), runs)

    rows: dict[str, Row] = {}
    for done, name in enumerate(METRICS, start=1):
        took, floor = ours(name, len(lists)), seconds(lambda _, name=name: least[name](), lambda: None, runs)
        rows[name] = {"metric": name, "ours": _digits(took), "floor": _digits(floor), "to_floor": _digits(took / floor)}
        typer.echo(f"{size} [{done}/{len(METRICS)}] {name} {took:.4f} s, {took / floor:.2f} times its floor")
    found = list(rows.values())
    for done, peer in enumerate(peers, start=1):
        typer.echo(f"{size} [{done}/{len(peers)}] {peer}")
        found += _of_peer(peer, folder, limit, again, len(lists), ours, rows)
    return found


def _of_peer(
    peer: str,
    folder: Path,
    limit: float,
    again: bool,
    total: int,
    ours: Callable[[str, int], float],
    rows: dict[str, Row],
) -> list[Row]:
    try:
        answers = timings(peer, folder, limit, again=again)
    except RuntimeError as error:
        return [{"peer": peer, "version": PEERS[peer].version, "error": str(error)}]
    found = []
    for key, answer in answers.items():
        name, _, kind = key.partition("|")
        row: Row = {"metric": name, "peer": f"{peer} ({kind})" if kind else peer, "version": PEERS[peer].version}
        if "error" in answer:
            found.append({**row, "error": answer["error"]})
            continue
        n = int(answer["lists"])
        mine = rows[name]["ours"] if n == total else ours(name, n)
        row |= {"lists": n, "of": total, "seconds": _digits(answer["seconds"]), "runs": answer.get("runs", 1)}
        found.append({**row, "ours": _digits(mine), "to_ours": _digits(answer["seconds"] / mine)})
    return found


def _whole(device: str) -> dict[str, Any]:
    def asked(*what: str) -> dict[str, Any]:
        typer.echo(" ".join(what))
        answer = limits.in_a_process(*what)
        typer.echo(f"    {json.dumps(answer)}")
        return answer

    growth = {str(n): asked("linear", str(n), device) for n in limits.LINEAR}
    return {
        "default_set": {"with five nulls": asked("default", "L", "5"), "without nulls": asked("default", "L", "0")},
        "semantic_coverage": {each: asked("coverage", "L", each) for each in ("lists", "half")},
        "growth": {device: growth},
    }


def _show(size: str, rows: list[Row]) -> None:
    lists, slots, items = SIZES[size]
    typer.echo(f"\n{size}: {lists:,} lists of {slots} out of {items:,} items, d = {DIMENSION}; CPU seconds, 1 thread")
    typer.echo(
        f"{'metric':27}{'peer':21}{'lists':>9}{'peer s':>10}{'ours s':>10}{'floor s':>10}{'/floor':>8}{'peer/ours':>11}"
    )
    for row in sorted(rows, key=lambda row: (row.get("metric", "~"), row.get("peer", ""))):
        if "error" in row:
            typer.echo(f"{row.get('metric', ''):27}{row['peer']:21}{row['error']}")
        elif "peer" in row:
            marked = f"{row['lists']:,}" + ("*" if row["lists"] < row["of"] else " ")
            typer.echo(
                f"{'':27}{row['peer']:21}{marked:>9}{row['seconds']:10.4g}{row['ours']:10.4g}{'':18}{row['to_ours']:11,.3g}"
            )
        else:
            typer.echo(f"{row['metric']:27}{'':40}{row['ours']:10.4g}{row['floor']:10.4g}{row['to_floor']:8.3g}")
    typer.echo("* as many lists as it can do within the limit; ours on the same ones")


def _record(parts: dict[str, Any], limit: float, runs: int, took: float) -> None:
    """Sizes, peers and calls that were not measured stay as they were."""
    before = json.loads(TARGET.read_text(encoding="utf-8")) if TARGET.is_file() else {}
    kept = {name: before[name] for name in ("default_set", "semantic_coverage", "growth") if name in before}
    sizes = before.get("sizes", {})
    for size, rows in parts.pop("sizes").items():
        new = {row.get("peer", "").partition(" ")[0] for row in rows}
        others = [row for row in sizes.get(size, []) if row.get("peer", "").partition(" ")[0] not in new]
        sizes[size] = rows + others
    growth = {"growth": {**kept.get("growth", {}), **parts["growth"]}} if "growth" in parts else {}
    config = {"popularity": "Zipf", "dimension": DIMENSION, "threads": 1, "runs": runs, "limit_seconds": limit}
    config |= {"clock": "CPU seconds, median", "sizes": SIZES}
    head = provenance(config=config, seeds=[SEED], data={}, seconds=took)
    write_json(TARGET, {**head, "sizes": sizes, **kept, **parts, **growth})


def _digits(value: float) -> float:
    return float(np.format_float_positional(value, precision=4, fractional=False))


if __name__ == "__main__":
    typer.run(main)
