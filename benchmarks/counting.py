"""Counting metrics against the machine: each beside the least work that gives its number.

``python -m benchmarks.counting [S M L ...]`` writes results/benchmark_counting.json.

A floor reads every item once: ``np.bincount`` over all slots (and a sort of the counts, or their entropy) for one
number of all lists, a look-up in a table and a mean for a number of each list. It checks nothing. Both sides get the
same array, one thread and the same process; seconds are CPU time of the process, the median of several runs (other
work on the machine does not count). Recommendations are made anew for each run, so that nothing is remembered from
the run before; the table of training events is the same for all, as it is for all systems that are compared. Making
them (a copy, and a look at the smallest and largest item) is a row of its own. On small sizes the ratio is that of the
fixed cost of a call, some 50 microseconds.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
import typer

from recdiv import Catalog, Interactions, Recommendations, metrics
from recdiv._provenance import provenance, write_json

SIZES = {"S": (1_000, 10, 2_000), "M": (20_000, 20, 20_000), "L": (200_000, 20, 100_000)}  # lists, slots, items
SEED = 0
LIMIT = 3.0  # times the floor
TARGET = Path(__file__).parent.parent / "results" / "benchmark_counting.json"
Call = Callable[[], object]
Row = dict[str, Any]


def workload(size: str) -> tuple[np.ndarray, Interactions]:
    """Lists drawn by Zipf popularity, and twenty training events a user drawn likewise."""
    lists, slots, items = SIZES[size]
    rng = np.random.default_rng(SEED)
    popularity = 1 / np.arange(1, items + 1)
    chosen, seen = (rng.choice(items, (lists, n), p=popularity / popularity.sum()) for n in (slots, 20))
    frame = pd.DataFrame({"user_id": np.repeat(np.arange(lists), 20), "item_id": seen.ravel()})
    return chosen, Interactions(frame, Catalog(pd.DataFrame({"item_id": np.arange(items)})))


def floors(lists: np.ndarray, train: Interactions) -> dict[str, Call]:
    """The least work for each kind of number."""
    n = train.n_items
    events = np.bincount(train.item, minlength=n)
    table = np.log(np.maximum(events, 1))
    user, item = train.user, train.item

    def counts() -> np.ndarray:
        return np.bincount(lists.ravel(), minlength=n)

    weights = np.tile(1 / np.log2(np.arange(2, lists.shape[1] + 2)), len(lists))

    def weighed() -> np.ndarray:
        c = np.sort(np.bincount(lists.ravel(), weights, minlength=n))
        return (np.arange(1 - n, n, 2) * c).sum() / (n * c.sum())

    def entropy() -> float:
        p = counts() / lists.size
        return float(-(p[p > 0] * np.log(p[p > 0])).sum())

    def gini() -> float:
        c = np.sort(counts())
        return float((np.arange(1 - n, n, 2) * c).sum() / (n * c.sum()))

    def each_list() -> np.ndarray:
        return table[lists].mean(1)

    def each_list_and_user() -> float:
        profile = np.bincount(user, weights=table[item]) / np.bincount(user)
        return float((each_list() - profile).mean())

    return {
        "counts": counts,
        "entropy": entropy,
        "gini": gini,
        "gini of weighed counts": weighed,
        "copy": lists.copy,
        "each list": each_list,
        "each list and user": each_list_and_user,
    }


FLOOR_OF = {
    "item_count": "counts",
    "item_coverage": "counts",
    "entropy": "entropy",
    "effective_catalog_size": "entropy",
    "concentration": "counts",
    "gini": "gini",
    "gini@discount=log": "gini of weighed counts",
    "tail_share": "gini",
    "average_popularity": "each list",
    "novelty": "each list",
    "efd": "each list",
    "popularity_lift": "each list and user",
    "log_popularity_difference": "each list and user",
}


def seconds(call: Callable[[object], object], prepare: Call, runs: int) -> float:
    """Median CPU seconds of ``call`` on what ``prepare`` makes, which does not count."""
    taken = []
    for _ in range(runs + 1):  # the first run warms up
        made = prepare()
        start = time.process_time()
        call(made)
        taken.append(time.process_time() - start)
    return statistics.median(taken[1:])


def measure(size: str, runs: int, holes: float = 0.0) -> dict[str, Row]:
    """Each metric beside its floor; ``holes`` is the share of slots that are empty."""
    lists, train = workload(size)
    least = {
        name: seconds(lambda _, call=call: call(), lambda: None, runs) for name, call in floors(lists, train).items()
    }
    if holes:
        lists[np.random.default_rng(SEED).random(lists.shape) < holes] = -1
    catalog = train.catalog
    rows: dict[str, Row] = {}

    def row(name: str, kind: str, took: float) -> None:
        rows[name] = {"milliseconds": round(1000 * took, 2), "floor": kind}
        rows[name] |= {"floor_milliseconds": round(1000 * least[kind], 2), "ratio": round(took / least[kind], 2)}
        print(size, f"{holes:.0%} empty", name, rows[name], flush=True)

    row("Recommendations(items)", "copy", seconds(lambda _: Recommendations(lists), lambda: None, runs))
    for name, kind in FLOOR_OF.items():
        took = seconds(
            lambda recs, name=name: metrics.compute(name, recs, catalog=catalog, train=train),
            lambda: Recommendations(lists),
            runs,
        )
        row(name, kind, took)
    return rows


def main(sizes: list[str] = typer.Argument(default=None), runs: int = 7) -> None:  # noqa: B008
    """Measure the sizes given (default: all), full lists and lists with a tenth of their slots empty; record them."""
    torch.set_num_threads(1)
    start = time.perf_counter()
    measured = {
        size: {"full": measure(size, runs), "a tenth empty": measure(size, runs, holes=0.1)} for size in sizes or SIZES
    }
    for size, kinds in measured.items():
        over = [
            f"{name} ({kind})" for kind, rows in kinds.items() for name, row in rows.items() if row["ratio"] > LIMIT
        ]
        print(f"{size}: over {LIMIT:g} times the floor:", ", ".join(over) or "none")
    config = {"popularity": "Zipf", "threads": 1, "runs": runs, "clock": "CPU seconds, median", "sizes": SIZES}
    head = provenance(config=config, seeds=[SEED], data={}, seconds=time.perf_counter() - start)
    write_json(TARGET, {**head, "sizes": measured})


if __name__ == "__main__":
    typer.run(main)
