"""``python -m benchmarks.topk``: the k best of a million items, exactly, beside faiss' exact index.

The same vectors, users, threads and machine, each side in an environment and a process of its own, by turns. Loading
vectors and adding them to the index do not count. The lists must agree, but where scores differ by rounding. Writes
results/benchmark_topk.json.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer

from benchmarks.conformance.environments import Peer, build
from benchmarks.speed.rounds import RUNNERS, by_turns, side, with_others
from recdiv._paths import cache_folder
from recdiv._provenance import processor, provenance, today, write_json

PEER = Peer("faiss", "faiss-cpu==1.15.1", ("numpy==2.4.6",), whole=True)
TARGET = Path(__file__).parent.parent / "results" / "benchmark_topk.json"
ITEMS, DIMENSION, USERS, K, SEED = 1_000_000, 384, 1_000, 100, 0
AGREE = 1e-4  # of a score


def vectors(folder: Path, items: int, users: int) -> None:
    """Unit vectors around fifty topics, as encoders give."""
    rng = np.random.default_rng(SEED)
    topics = rng.standard_normal((50, DIMENSION), dtype=np.float32)
    folder.mkdir(parents=True, exist_ok=True)
    for name, n in (("items", items), ("users", users)):
        x = topics[rng.integers(0, len(topics), n)] + rng.standard_normal((n, DIMENSION), dtype=np.float32)
        x /= np.linalg.norm(x, axis=1, keepdims=True)
        np.save(folder / f"{name}.npy", x)


def agreement(folder: Path) -> dict[str, float]:
    """How far the scores lie apart, and the share of slots that hold the same item."""
    ours, theirs = (np.load(folder / f"{name}.npz") for name in ("ours", "faiss"))
    apart = float(np.abs(ours["scores"] - theirs["scores"]).max())
    if apart > AGREE:
        raise ValueError(f"scores must agree to {AGREE:g}, got a difference of {apart:.2g}")
    return {"apart": apart, "same_items": float((ours["rows"] == theirs["rows"]).mean())}


def main(
    items: int = ITEMS,
    users: int = USERS,
    rounds: Annotated[int, typer.Option(help="Times each side runs, by turns; the fastest run counts.")] = 3,
    threads: Annotated[list[int] | None, typer.Option(help="Numbers of threads; 1 and 2 by default.")] = None,
) -> None:
    """Measure both sides on each number of threads, show and record them; rows of other processors stay."""
    begun = time.perf_counter()
    build(PEER)
    folder = cache_folder() / "benchmark_topk" / f"{items}-{users}"
    if not (folder / "users.npy").is_file():
        vectors(folder, items, users)
    rows: list[dict[str, Any]] = []
    sides = {
        "ours": [sys.executable, "-m", "benchmarks.speed.runners.topk_ours", str(folder), str(K)],
        "theirs": [str(PEER.python), str(RUNNERS / "topk_faiss.py"), str(folder), str(K)],
    }
    for n in threads or [1, 2]:
        found = {name: side(each) for name, each in by_turns(sides, rounds=rounds, n_threads=n).items()}
        made = {"recorded": today(), "rounds": rounds}
        row: dict[str, Any] = {"processor": processor(), **made, "threads": n, **found, **agreement(folder)}
        row["ratio"] = round(row["theirs"]["wall"] / row["ours"]["wall"], 3)
        rows.append(row)
        typer.echo(
            f"{n} threads: recdiv {row['ours']['wall']:.1f} s and {row['ours']['gigabytes']:.2f} GB more, "
            f"faiss {row['theirs']['wall']:.1f} s and {row['theirs']['gigabytes']:.2f} GB: {row['ratio']:.2f} times"
        )
    config = {"items": items, "dimension": DIMENSION, "users": users, "k": K}
    config |= {"clock": "wall seconds, fastest run", "peer": PEER.package}
    head = provenance(config=config, seeds=[SEED], data={}, seconds=time.perf_counter() - begun)
    write_json(TARGET, {**head, "rows": with_others(TARGET, rows), "cuda": "not run"})


if __name__ == "__main__":
    typer.run(main)
