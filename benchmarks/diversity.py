"""What a batched spectrum saves: recdiv.diversity against the loops people write.

``python -m benchmarks.diversity [S M ...]`` writes results/benchmark_diversity.json.

The naive side is plain NumPy, list by list, as published Vendi scores are computed: a Gram matrix in the precision of
the vectors, then its eigenvalues. Both sides get the same arrays, one thread and the same process; seconds are CPU
time of the process, the median of several runs (other work on the machine does not count).
"""

from __future__ import annotations

import math
import statistics
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import scipy.linalg
import torch
import typer

from recdiv import EmbeddingKernel, IdentityKernel, Recommendations, effective_number, partition, semantic_coverage
from recdiv._provenance import provenance, write_json

SIZES = {"S": (1_000, 10, 2_000), "M": (20_000, 20, 20_000)}  # lists, slots, items
DIMENSION, SEED = 384, 0
TARGET = Path(__file__).parent.parent / "results" / "benchmark_diversity.json"


def workload(size: str) -> tuple[np.ndarray, np.ndarray]:
    """Unit vectors around 50 topics, and lists drawn by Zipf popularity."""
    lists, slots, items = SIZES[size]
    rng = np.random.default_rng(SEED)
    vectors = rng.standard_normal((50, DIMENSION))[rng.integers(0, 50, items)] + rng.standard_normal((items, DIMENSION))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    popularity = 1 / np.arange(1, items + 1)
    chosen = rng.choice(items, (lists, slots), p=popularity / popularity.sum())
    return vectors.astype(np.float32), chosen


def entropy(values: np.ndarray) -> float:
    kept = values[values > 0]
    return float(-(kept * np.log(kept)).sum())


def naive_effective_number(vectors: np.ndarray, lists: np.ndarray) -> np.ndarray:
    scores = []
    for items in lists:
        x = vectors[items]
        scores.append(math.exp(entropy(scipy.linalg.eigvalsh(x @ x.T / len(items)))))
    return np.array(scores)


def naive_partition(vectors: np.ndarray, lists: np.ndarray) -> float:
    """Chi by one spectrum a list, and one of the items × items matrix over all of them."""
    items, counts = np.unique(lists, return_counts=True)
    root = np.sqrt(counts / counts.sum())
    x = vectors[items] * root[:, None]
    return entropy(scipy.linalg.eigvalsh(x @ x.T)) - float(np.log(naive_effective_number(vectors, lists)).mean())


def naive_coverage(vectors: np.ndarray, lists: np.ndarray) -> float:
    """All similarities at once."""
    return float((vectors @ vectors[np.unique(lists)].T).max(1).clip(0, 1).mean())


def seconds(call: Callable[[], object], runs: int) -> tuple[float, object]:
    taken, answer = [], None
    for _ in range(runs):
        start = time.process_time()
        answer = call()
        taken.append(time.process_time() - start)
    return round(statistics.median(taken), 4), answer


def measure(size: str, runs: int) -> dict[str, object]:
    vectors, lists = workload(size)
    kernel, recs = EmbeddingKernel(vectors), Recommendations(lists)
    n = len(np.unique(lists))
    rows: dict[str, object] = {"lists": len(lists), "slots": recs.k, "items": len(vectors), "different_items_shown": n}

    def row(name: str, ours: Callable[[], object], naive: Callable[[], object] | None = None, note: str = "") -> None:
        took, answer = seconds(ours, runs)
        entry: dict[str, object] = {"seconds": took}
        if naive is not None:
            entry["naive_seconds"], theirs = seconds(naive, 1 if size != "S" else runs)
            entry["ratio"] = round(float(str(entry["naive_seconds"])) / took, 1)
            entry["largest_difference"] = float(np.abs(np.asarray(answer) - np.asarray(theirs)).max())
        rows[name] = entry | ({"note": note} if note else {})
        print(size, name, rows[name], flush=True)

    row("kernel", lambda: EmbeddingKernel(vectors).n_items, note="checks and scales the vectors once")
    row(
        "effective_number",
        lambda: effective_number(lists, kernel).numpy(),
        lambda: naive_effective_number(vectors, lists),
    )
    row("effective_number@q=2", lambda: effective_number(lists, kernel, q=2).numpy(), note="no eigenvalues")
    skip = n > 4_000
    row(
        "partition",
        lambda: partition(recs, kernel).chi,
        None if skip else lambda: naive_partition(vectors, lists),
        f"naive not run: it needs the eigenvalues of a {n} x {n} matrix" if skip else "",
    )
    row("partition with one re-dealt draw", lambda: partition(recs, kernel, null=1).chi)
    row("partition of identities", lambda: partition(recs, IdentityKernel(len(vectors))).chi)
    row("semantic_coverage", lambda: semantic_coverage(recs, kernel), lambda: naive_coverage(vectors, lists))
    return rows


def main(sizes: list[str] = typer.Argument(default=None), runs: int = 3) -> None:  # noqa: B008
    """Measure the sizes given (default: all) and record them."""
    torch.set_num_threads(1)
    start = time.perf_counter()
    measured = {size: measure(size, runs) for size in sizes or list(SIZES)}
    config = {"dimension": DIMENSION, "popularity": "Zipf", "threads": 1, "runs": runs, "clock": "CPU seconds, median"}
    head = provenance(config=config, seeds=[SEED], data={}, seconds=time.perf_counter() - start)
    write_json(TARGET, {**head, "sizes": measured})


if __name__ == "__main__":
    typer.run(main)
