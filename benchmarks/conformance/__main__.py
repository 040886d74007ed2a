"""``python -m benchmarks.conformance [peer ...]``: build, run, compare, record."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Annotated, Any

import typer

from benchmarks.conformance import compare
from benchmarks.conformance.environments import PEERS, SOURCE_ONLY, build, built
from recdiv._provenance import provenance

TARGET = Path(__file__).parents[2] / "results" / "conformance.json"


def main(
    peers: Annotated[list[str] | None, typer.Argument(help=f"Some of: {', '.join(compare.names())}.")] = None,
    record: Annotated[bool, typer.Option(help="Write results/conformance.json.")] = True,
    install: Annotated[bool, typer.Option(help="Build environments that do not stand yet.")] = True,
) -> None:
    """Run other libraries on the same small inputs and hold our conventions against what they print.

    Each library gets an environment of its own under RECDIV_CACHE (or the user's cache folder). What stands and was
    printed before is used again, so an interrupted run goes on where it stopped. Leaves with 1 where a number differs
    that we do not know why.
    """
    start = time.perf_counter()
    wanted = peers or compare.names()
    unknown = sorted(set(wanted) - set(compare.names()))
    if unknown:
        raise typer.BadParameter(f"peers must be among {', '.join(compare.names())}, got {unknown[0]!r}")
    found: dict[str, list[dict[str, Any]]] = {}
    absent: dict[str, str] = {}
    for n, name in enumerate(wanted, start=1):
        typer.echo(f"[{n}/{len(wanted)}] {name} ", nl=False)
        try:
            found[name] = _compared(name, install)
        except RuntimeError as error:
            absent[name] = str(error)
        typer.echo(absent.get(name) or _said(found[name]))
    different = [row for rows in found.values() for row in rows if row["status"] == "different" and "why" not in row]
    for row in different:
        typer.echo(f"  {row['library']} {row['printed_as']} on {row['input']!r}: {row['printed']}, here {row['ours']}")
    if record:
        _record(found, absent, time.perf_counter() - start)
    raise typer.Exit(1 if different or absent else 0)


def _compared(name: str, install: bool) -> list[dict[str, Any]]:
    peer = PEERS.get(name)
    if peer and not built(peer):
        if not install:
            raise RuntimeError("not run: its environment does not stand")
        build(peer)
    return list(compare.rows(name, compare.answers(name)))


def _said(rows: list[dict[str, Any]]) -> str:
    count = {status: sum(row["status"] == status for row in rows) for status in ("same", "different", "refused")}
    return f"{count['same']} the same, {count['different']} different, {count['refused']} it refuses"


def _record(found: dict[str, list[dict[str, Any]]], absent: dict[str, str], seconds: float) -> None:
    """Rows of libraries that were not asked for stay as they were."""
    before = json.loads(TARGET.read_text(encoding="utf-8")) if TARGET.is_file() else {"peers": {}, "rows": []}
    about = {
        **before["peers"],
        **{name: {"version": PEERS[name].version, "source": "run"} for name in found if name in PEERS},
        **{name: {"source": "formula", "why": SOURCE_ONLY[name]} for name in found if name in SOURCE_ONLY},
        **{name: {"source": "not run", "why": why} for name, why in absent.items()},
    }
    old: dict[str, list[dict[str, Any]]] = {}
    for row in before["rows"]:
        old.setdefault(_owner(row["library"]), []).append(row)
    rows = [row for name in compare.names() for row in found.get(name, old.get(name, []))]
    head = provenance(config={"inputs": compare.fingerprint()}, seeds=[], data={}, seconds=seconds)
    _write({**head, "peers": {name: about[name] for name in compare.names() if name in about}}, rows)


def _write(head: dict[str, Any], rows: list[dict[str, Any]]) -> None:
    """JSON with one line a row, whole or not at all."""
    lines = ",\n  ".join(json.dumps(row, ensure_ascii=False, allow_nan=False) for row in rows)
    text = json.dumps(head, indent=1, ensure_ascii=False).removesuffix("\n}")
    unfinished = TARGET.with_name(f".{TARGET.name}")
    unfinished.write_text(f'{text},\n "rows": [\n  {lines}\n ]\n}}\n', encoding="utf-8")
    unfinished.replace(TARGET)


def _owner(library: str) -> str:
    """The library a convention belongs to: ``lenskit`` for ``lenskit-exposure``."""
    return max((name for name in compare.names() if library == name or library.startswith(f"{name}-")), key=len)


if __name__ == "__main__":
    typer.run(main)
