"""How far the metrics within a list are from what the machine allows: ours against a floor and against a loop.

``python -m benchmarks.within [M L ...]`` writes results/benchmark_within.json.

A floor is the least that must be done, in plain torch without any check, in float32, chunks as large as are fastest:
for ``ild`` sum the vectors of a list and square; for ``effective_number`` gather, multiply, take eigenvalues. The loop
is a bare Gram matrix and SciPy's eigenvalues, one list after the other in the precision of the vectors; what packages
add to it (normalising, checking, a kernel called item by item) comes on top. All sides get the same arrays, one thread
and the same process; seconds are CPU time of the process, the median of several runs taken in turn (other work on the
machine does not count).
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import torch
import typer
from torch import Tensor
from torch.nn.functional import embedding_bag

from benchmarks.diversity import naive_effective_number
from recdiv import Catalog, EmbeddingKernel, Interactions, Recommendations, effective_number, metrics
from recdiv._provenance import provenance, write_json

SIZES = {"S": (1_000, 10, 2_000), "M": (20_000, 20, 100_000), "L": (200_000, 20, 100_000)}  # lists, slots, items
DIMENSION, LABELS, SEED = 384, 20, 0
LOOPED = 5_000  # lists that the loop is run on; its seconds are scaled up
TARGET = Path(__file__).parent.parent / "results" / "benchmark_within.json"
BY_KERNEL = ("ild_euclidean", "min_distance", "eild", "log_det", "graph_entropy")
BY_LABEL = (
    "ild_hamming",
    "ild_jaccard",
    "subtopic_recall",
    "alpha_ndcg",
    "err_ia",
    "binomial_diversity",
    "proportionality",
)


def workload(size: str) -> tuple[Tensor, Tensor]:
    """Unit vectors around 50 topics, float32, and lists drawn by Zipf popularity."""
    lists, slots, items = SIZES[size]
    rng = np.random.default_rng(SEED)
    vectors = rng.standard_normal((50, DIMENSION), dtype=np.float32)[rng.integers(0, 50, items)]
    vectors += rng.standard_normal((items, DIMENSION), dtype=np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    popularity = 1 / np.arange(1, items + 1)
    return torch.from_numpy(vectors), torch.from_numpy(
        rng.choice(items, (lists, slots), p=popularity / popularity.sum())
    )


def tables(lists: Tensor, n_items: int) -> dict[str, object]:
    """A catalogue with one to three of twenty labels an item, and ten interactions a user before and three after."""
    rng = np.random.default_rng(SEED)
    names = np.array([f"label {j}" for j in range(LABELS)])
    labels = ["|".join(names[rng.choice(LABELS, n, replace=False)]) for n in rng.integers(1, 4, n_items)]
    catalog = Catalog(pd.DataFrame({"item_id": range(n_items), "category": labels}))
    parts = {}
    for name, events in (("train", 10), ("test", 3)):
        users = np.repeat(np.arange(len(lists)), events)
        frame = pd.DataFrame({"user_id": users, "item_id": rng.integers(0, n_items, len(users))})
        parts[name] = Interactions(frame, catalog)
    return {"catalog": catalog, **parts}


def floor_ild(vectors: Tensor, lists: Tensor) -> Tensor:
    k, squares = lists.shape[1], []
    for some in torch.split(lists, 1024):
        total = embedding_bag(some, vectors, mode="sum")
        squares.append((total * total).sum(1))
    return 1 - (torch.cat(squares) - k) / (k * (k - 1))


def floor_effective_number(vectors: Tensor, lists: Tensor) -> Tensor:
    k, entropies = lists.shape[1], []
    for some in torch.split(lists, 64):
        x = vectors.index_select(0, some.flatten()).reshape(len(some), k, -1)
        values = torch.linalg.eigvalsh(x @ x.mT / k).clamp(min=1e-12)
        entropies.append(-(values * values.log()).sum(1))
    return torch.cat(entropies).exp()


def in_turn(calls: dict[str, Callable[[], object]], runs: int) -> dict[str, float]:
    """Median CPU seconds of each call, all of them run once a round."""
    taken: dict[str, list[float]] = {name: [] for name in calls}
    for _ in range(runs):
        for name, call in calls.items():
            start = time.process_time()
            call()
            taken[name].append(time.process_time() - start)
    return {name: round(float(np.median(seconds)), 4) for name, seconds in taken.items()}


def measure(size: str, runs: int) -> dict[str, object]:
    vectors, lists = workload(size)
    kernel, recs = EmbeddingKernel(vectors), Recommendations(lists)
    rows: dict[str, object] = {"lists": recs.n_lists, "slots": recs.k, "items": len(vectors)}

    def against_floor(name: str, ours: Callable[[], Tensor], floor: Callable[[], Tensor]) -> None:
        seconds = in_turn({"seconds": ours, "floor_seconds": floor}, runs)
        difference = float((ours() - floor()).abs().max())
        ratio = round(seconds["seconds"] / seconds["floor_seconds"], 2)
        rows[name] = {**seconds, "ratio_to_floor": ratio, "largest_difference_from_floor": difference}
        print(size, name, rows[name], flush=True)

    against_floor(
        "ild", lambda: metrics.compute("ild", recs, kernel=kernel).per_list, lambda: floor_ild(vectors, lists)
    )
    against_floor(
        "effective_number", lambda: effective_number(lists, kernel), lambda: floor_effective_number(vectors, lists)
    )
    some = lists[:LOOPED].numpy()
    loop = in_turn({"loop": lambda: naive_effective_number(vectors.numpy(), some)}, 1)["loop"] * len(lists) / len(some)
    ours = rows["effective_number"]
    rows["effective_number"] = {
        **ours,
        "loop_seconds": round(loop, 2),
        "times_faster_than_loop": round(loop / ours["seconds"], 1),
    }
    given = {"kernel": kernel, **tables(lists, len(vectors))}
    names = ("effective_number@q=2", *BY_KERNEL, *BY_LABEL)
    for name in names:
        rows[name] = in_turn({"seconds": lambda name=name: metrics.compute(name, recs, **given)}, min(runs, 2))
        print(size, name, rows[name], flush=True)
    return rows


def main(sizes: list[str] = typer.Argument(default=None), runs: int = 3) -> None:  # noqa: B008
    """Measure the sizes given (default: all) and record them."""
    torch.set_num_threads(1)
    start = time.perf_counter()
    measured = {size: measure(size, runs) for size in sizes or list(SIZES)}
    config = {"dimension": DIMENSION, "labels": LABELS, "threads": 1, "runs": runs, "clock": "CPU seconds, median"}
    head = provenance(config=config, seeds=[SEED], data={}, seconds=time.perf_counter() - start)
    write_json(TARGET, {**head, "sizes": measured})


if __name__ == "__main__":
    typer.run(main)
