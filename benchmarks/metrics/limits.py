"""What is promised of whole calls, each in a process of its own, so that its memory is its own.

``default``: all that ``recdiv.evaluate`` measures unasked, without intervals, with five re-dealt nulls and without;
``coverage``: semantic coverage, of the lists and where it is dearest, half of the catalogue shown; ``linear``: seconds
and memory against the number of lists.
"""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import psutil
import torch
import typer

from benchmarks.metrics.workload import SEED, SIZES, lists_of, vectors_of
from recdiv import Catalog, EmbeddingKernel, Interactions, Recommendations, evaluate, metrics, semantic_coverage

GIGABYTE = 1e9
EVERY = 0.005  # seconds between looks at the memory held
TOPICS = 50
LINEAR = (62_500, 125_000, 250_000, 500_000, 1_000_000, 2_000_000)  # lists of 20 out of 100,000 items, d = 64
LINEAR_DIMENSION = 64
LINEAR_METRICS = ("gini", "ild", "effective_number@q=2", "gamma")


def in_a_process(what: str, *arguments: str) -> dict[str, Any]:
    """The answer of ``python -m benchmarks.metrics.limits what arguments``."""
    command = [sys.executable, "-m", "benchmarks.metrics.limits", what, *arguments]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def measured(call: Callable[[], object]) -> dict[str, float]:
    """Seconds of CPU and of the wall, and the memory at its peak beyond what was held before."""
    process, done = psutil.Process(), threading.Event()
    before = peak = process.memory_info().rss

    def watch() -> None:  # the system's own record of the peak would count the making of the input
        nonlocal peak
        while not done.wait(EVERY):
            peak = max(peak, process.memory_info().rss)

    watching = threading.Thread(target=watch)
    watching.start()
    start, wall = time.process_time(), time.perf_counter()
    call()
    took = {"cpu_seconds": time.process_time() - start, "wall_seconds": time.perf_counter() - wall}
    done.set()
    watching.join()
    peak = max(peak, process.memory_info().rss)
    gigabytes = {"input_gigabytes": before / GIGABYTE, "gigabytes_beyond": (peak - before) / GIGABYTE}
    return {name: round(value, 3) for name, value in {**took, **gigabytes}.items()}


def default(size: str, null: int) -> dict[str, float]:
    """Everything ``evaluate`` measures unasked: train, test, categories and vectors given."""
    lists, train, kernel = lists_of(size)
    rng = np.random.default_rng(SEED)
    n = train.n_items
    topics = [f"topic {topic}" for topic in rng.integers(0, TOPICS, n)]
    catalog = Catalog(pd.DataFrame({"item_id": np.arange(n), "category": topics}))
    after = pd.DataFrame(
        {"user_id": np.repeat(np.arange(len(lists)), 2), "item_id": rng.integers(0, n, 2 * len(lists))}
    )
    before = pd.DataFrame({"user_id": train.user, "item_id": train.item})
    given = {"train": Interactions(before, catalog), "test": Interactions(after, catalog), "kernel": kernel}
    recs = Recommendations(lists)
    return measured(lambda: evaluate(recs, catalog, **given, confidence=None, null=null))  # type: ignore[arg-type]


def coverage(size: str, shown: str) -> dict[str, float]:
    """Semantic coverage of the lists, or of half of the catalogue."""
    lists, train, kernel = lists_of(size)
    recs = Recommendations(lists if shown == "lists" else np.arange(train.n_items // 2)[None])
    return measured(lambda: semantic_coverage(recs, kernel))


def linear(lists: int, device: str) -> dict[str, dict[str, float]]:
    """One metric after the other on so many lists."""
    _, slots, items = SIZES["L"]
    popularity = 1 / np.arange(1, items + 1)
    chosen = np.random.default_rng(SEED).choice(items, (lists, slots), p=popularity / popularity.sum())
    kernel = EmbeddingKernel(torch.from_numpy(vectors_of(items, LINEAR_DIMENSION)).to(device))
    recs, found = Recommendations(torch.from_numpy(chosen).to(device)), {}
    for name in LINEAR_METRICS:
        found[name] = measured(
            lambda name=name: float(metrics.compute(name, recs, kernel=kernel, catalog=items_of(items)).value)
        )
    return found


def items_of(n: int) -> Catalog:
    """A catalogue without a word."""
    return Catalog(pd.DataFrame({"item_id": np.arange(n)}))


def main(what: str, first: str, second: str, threads: int = 1) -> None:
    """Measure one thing here and print it as JSON."""
    torch.set_num_threads(threads)
    calls: dict[str, Callable[[], object]] = {
        "default": lambda: default(first, int(second)),
        "coverage": lambda: coverage(first, second),
        "linear": lambda: linear(int(first), second),
    }
    print(json.dumps(calls[what]()))


if __name__ == "__main__":
    typer.run(main)
