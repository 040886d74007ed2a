"""recdiv on the same arrays, in a process of its own: ``ours folder answer.json cell limit``.

Also what compiled code costs a process that finds none kept, and one that does.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from benchmarks.rerank.workload import METHODS
from recdiv import EmbeddingKernel, rerank

sys.path.insert(0, str(Path(__file__).parent / "runners"))
from _clock import rate  # type: ignore[import-not-found]


def cell(folder: Path, relevance: str, n: int, k: int, compared: int, methods: list[str], limit: float) -> Any:  # noqa: ANN401
    """Of each method: users a second, memory, and lists under the peer's own trade-off."""
    kernel = EmbeddingKernel(np.load(folder / "vectors.npy"))
    candidates, scores = np.load(folder / f"candidates-{n}.npy"), np.load(folder / f"scores-{relevance}-{n}.npy")
    found = {}
    for method in methods:

        def lists(users: int, method: str = method) -> object:
            return rerank(scores[:users], kernel, method=method, k=k, candidates=candidates[:users])

        mapped = []
        for items, worth in zip(candidates[:compared], scores[:compared], strict=True):
            delta = same_trade(method, worth, k)
            one = rerank(worth[None], kernel, method=method, k=k, diversity=delta, candidates=items[None])
            mapped.append(one.items[0].tolist())
        found[method] = {**rate(lists, len(candidates), limit), "lists": mapped}
    return found


def same_trade(method: str, scores: npt.NDArray[np.float32], k: int, diversity: float = 0.5) -> float:
    """δ that weighs relevance and diversity as pyversity does at its ``diversity``, from how it scales the scores.

    Ours are on 0 to 1, its own as they come (MMR, MSD) or in standard deviations (DPP, SSD); its DPP squares the
    weights, which counts relevance twice, and never weighs the determinant; our MSD has (k − 1) / 2 pairs a slot.
    """
    spread, deviation, trade = float(np.ptp(scores)), float(np.std(scores)), (1 - diversity) / diversity
    if spread == 0:
        return 0.5
    weights = {
        "mmr": trade * spread,
        "msd": trade * spread * 2 / (k - 1),
        "dpp": 2 * (1 - diversity) * spread / deviation,
        "ssd": trade * spread / deviation,
    }
    return 1 / (1 + weights.get(method, trade))


def first_call() -> dict[str, float]:
    """Seconds of the first small call of each method in this process; its import and torch's own start left out."""
    kernel = EmbeddingKernel(np.random.default_rng(0).normal(size=(40, 8)))
    scores = np.random.default_rng(1).random((4, 40))
    rerank(scores, kernel, method="popularity", popularity=np.ones(40))
    took = {}
    for method in METHODS:
        start = time.perf_counter()
        rerank(scores, kernel, method=method)
        took[method] = time.perf_counter() - start
    return took


if __name__ == "__main__":
    torch.set_num_threads(1)
    answer = Path(sys.argv[2])
    if sys.argv[1] == "first":
        answer.write_text(json.dumps(first_call()))
    else:
        relevance, n, k, compared, *methods = json.loads(sys.argv[3])
        found = cell(Path(sys.argv[1]), relevance, n, k, compared, methods, float(sys.argv[4]))
        answer.write_text(json.dumps(found))
