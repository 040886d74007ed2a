"""What is measured: lists by Zipf popularity, training events likewise, unit vectors around 50 topics."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import torch

from benchmarks import counting
from recdiv import Catalog, EmbeddingKernel, Interactions
from recdiv._paths import cache_folder

DIMENSION, SEED = 384, counting.SEED
SIZES = counting.SIZES
HAD = 20  # training events a user


def vectors_of(items: int, dimension: int = DIMENSION) -> np.ndarray:
    """Unit vectors ``[items, dimension]``, float32."""
    rng = np.random.default_rng(SEED)
    x = rng.standard_normal((50, dimension), dtype=np.float32)[rng.integers(0, 50, items)]
    x += rng.standard_normal((items, dimension), dtype=np.float32)
    return x / np.linalg.norm(x, axis=1, keepdims=True)


def lists_of(size: str) -> tuple[np.ndarray, Interactions, EmbeddingKernel]:
    """Lists without repeats or anything from the user's training, as some peers demand; every item has an event."""
    lists, slots, items = SIZES[size]
    rng = np.random.default_rng(SEED)
    popularity = 1 / np.arange(1, items + 1)
    popularity /= popularity.sum()
    had = rng.choice(items, (lists, HAD), p=popularity)
    chosen = np.empty((lists, slots), dtype=np.int64)
    todo = np.arange(lists)
    while len(todo):
        drawn = rng.choice(items, (len(todo), 4 * slots), p=popularity)
        fresh = _fresh(drawn, had[todo])
        order = np.argsort(~fresh, axis=1, kind="stable")[:, :slots]
        chosen[todo] = np.take_along_axis(drawn, order, axis=1)
        todo = todo[fresh.sum(1) < slots]
    shown = np.full(items, -1)
    shown[chosen.ravel()] = np.repeat(np.arange(lists), slots)
    events = {"user_id": np.repeat(np.arange(lists), HAD), "item_id": had.ravel()}
    once = {"user_id": (shown + 1) % lists, "item_id": np.arange(items)}  # rarely a user who is shown the item
    keep = ~(chosen[once["user_id"]] == once["item_id"][:, None]).any(1)
    once = {name: values[keep] for name, values in once.items()}
    frame = pd.concat([pd.DataFrame(events), pd.DataFrame(once)])
    train = Interactions(frame, Catalog(pd.DataFrame({"item_id": np.arange(items)})))
    return chosen, train, EmbeddingKernel(torch.from_numpy(vectors_of(items)))


def _fresh(drawn: np.ndarray, had: np.ndarray) -> np.ndarray:
    """Which draws are neither a repeat of an earlier one in the row nor what the user had."""
    order = np.argsort(drawn, axis=1, kind="stable")
    ordered = np.take_along_axis(drawn, order, axis=1)
    first = np.ones_like(drawn, dtype=bool)
    np.put_along_axis(first, order[:, 1:], ordered[:, 1:] != ordered[:, :-1], axis=1)
    for column in had.T:
        first &= drawn != column[:, None]
    return first


def folder_of(size: str, lists: np.ndarray, train: Interactions, kernel: EmbeddingKernel) -> Path:
    """A folder with the same as plain arrays, which every peer's own interpreter can read."""
    folder = cache_folder() / "benchmark_metrics" / size
    folder.mkdir(parents=True, exist_ok=True)
    arrays = {"lists": lists, "user": train.user, "item": train.item, "vectors": kernel.vectors}
    for name, array in arrays.items():
        np.save(folder / f"{name}.npy", np.asarray(array))
    return folder
