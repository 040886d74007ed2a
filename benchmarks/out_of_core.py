"""``recdiv evaluate`` on more lists than one wants in memory: seconds, and the most memory it ever held.

``python -m benchmarks.out_of_core`` writes a Parquet file of 20 million rows to a temporary folder (about 200 MB), runs
the command on it in a process of its own and writes results/out_of_core.json. Peak memory is the largest resident set
of that process as the kernel counts it (``ru_maxrss``), the file cache left out.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import typer

from recdiv._provenance import provenance, write_json

TARGET = Path(__file__).parent.parent / "results" / "out_of_core.json"
SLOTS, SEED, BATCH = 20, 0, 50_000
IDENTITIES = "validity item_count item_coverage effective_catalog_size entropy gini mutual_information category_entropy"
MEANINGS = "gamma chi alpha"


def write_lists(path: Path, lists: int, items: int) -> None:
    """Lists by Zipf popularity without repeats, best first, users in order: as a job that serves everybody writes."""
    rng = np.random.default_rng(SEED)
    share = np.cumsum(1 / np.arange(1, items + 1))
    share /= share[-1]
    ids = rng.permutation(items)
    writer = None
    for start in range(0, lists, BATCH):
        n = min(BATCH, lists - start)
        drawn = np.searchsorted(share, rng.random((n, 2 * SLOTS)))
        drawn = np.minimum(drawn, items - 1)
        for row in range(n):  # the first twenty different ones
            kept = list(dict.fromkeys(drawn[row].tolist()))[:SLOTS]
            while len(kept) < SLOTS:
                kept = list(dict.fromkeys([*kept, int(rng.integers(items))]))
            drawn[row, :SLOTS] = kept
        table = pa.table(
            {
                "user_id": np.repeat(np.arange(start, start + n), SLOTS),
                "item_id": ids[drawn[:, :SLOTS].ravel()],
                "rank": np.tile(np.arange(1, SLOTS + 1, dtype=np.int16), n),
            }
        )
        writer = writer or pq.ParquetWriter(path, table.schema)
        writer.write_table(table)
    if writer is not None:
        writer.close()


def write_items(folder: Path, items: int, dimension: int) -> None:
    rng = np.random.default_rng(SEED + 1)
    labels = [f"c{label}" for label in rng.integers(0, 40, items)]
    pd.DataFrame({"item_id": np.arange(items), "category": labels}).to_csv(folder / "items.csv", index=False)
    topics = rng.standard_normal((50, dimension), dtype=np.float32)
    vectors = topics[rng.integers(0, 50, items)] + rng.standard_normal((items, dimension), dtype=np.float32)
    np.save(folder / "vectors.npy", vectors)


def scatter(folder: Path) -> None:
    """The same rows in random order, so that they must be brought together on disk first."""
    table = pq.read_table(folder / "recs.parquet")
    pq.write_table(table.take(np.random.default_rng(SEED + 2).permutation(len(table))), folder / "recs.parquet")


def measured(folder: Path, name: str, *arguments: str) -> dict[str, Any]:
    """Seconds, memory and numbers of one run in a process of its own."""
    command = [sys.executable, "-m", "recdiv", "evaluate", str(folder / "recs.parquet"), str(folder / "items.csv")]
    command += [*arguments, "--stream", "-o", str(folder / f"{name}.json")]
    start = time.perf_counter()
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    _, status, used = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - start
    if status:
        raise SystemExit(f"{' '.join(command)} left with {os.waitstatus_to_exitcode(status)}")
    numbers = json.loads((folder / f"{name}.json").read_text(encoding="utf-8"))["metrics"]
    row = {
        "seconds": round(seconds, 1),
        "cpu_seconds": round(used.ru_utime + used.ru_stime, 1),
        "peak_gb": round(used.ru_maxrss * 1024 / 1e9, 2),
        "values": {each["metric"]: [each["value"], each["low"], each["high"]] for each in numbers},
    }
    print(name, {key: value for key, value in row.items() if key != "values"}, flush=True)
    return row


def main(lists: int = 1_000_000, items: int = 100_000, dimension: int = 384, vectors: bool = True) -> None:
    """Write the files, run the command, record what it took."""
    start = time.perf_counter()
    with tempfile.TemporaryDirectory(prefix="recdiv-") as name:
        folder = Path(name)
        write_lists(folder / "recs.parquet", lists, items)
        write_items(folder, items, dimension)
        size = (folder / "recs.parquet").stat().st_size
        runs = {"identities": measured(folder, "identities", "--metrics", IDENTITIES)}
        if vectors:
            given = ("--vectors", str(folder / "vectors.npy"), "--metrics", MEANINGS)
            runs["vectors"] = measured(folder, "vectors", *given)
        scatter(folder)
        runs["identities, rows in random order"] = measured(folder, "scattered", "--metrics", IDENTITIES)
    own = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e9
    config = {
        "rows": lists * SLOTS, "lists": lists, "slots": SLOTS, "items": items, "dimension": dimension,
        "popularity": "Zipf", "file_mb": round(size / 1e6, 1), "threads": os.environ.get("OMP_NUM_THREADS", "all"),
        "metrics": {"identities": IDENTITIES, "vectors": MEANINGS},
    }  # fmt: skip
    head = provenance(config=config, seeds=[SEED, SEED + 1, SEED + 2], data={}, seconds=time.perf_counter() - start)
    write_json(TARGET, {**head, "runs": runs, "generator_peak_gb": round(own, 2)})


if __name__ == "__main__":
    typer.run(main)
