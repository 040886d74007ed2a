"""What both sides get: vectors of a catalogue, candidates of each user, and how relevant they are."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt

SEED = 0
ITEMS, DIMENSION, USERS = 100_000, 384, 1_000
TOPICS = 30
KINDS = {"random": "independent normal vectors", "topics": f"{TOPICS} topics and a part that all share, as texts have"}
Cell = tuple[str, str, int, int]  # vectors, relevance, candidates, slots
CELLS: tuple[Cell, ...] = tuple(
    (kind, relevance, n, k)
    for kind in KINDS
    for relevance, n in (("uniform", 100), ("uniform", 1_000), ("flat", 1_000))
    for k in (10, 50)
)
# what pyversity calls it; each at its own defaults and diversity 0.5, SSD without the constant it adds to the vectors
METHODS = {"mmr": "mmr", "msd": "msd", "dpp": "dpp", "ssd": "ssd", "facility_location": "cover"}


def vectors_of(kind: str) -> npt.NDArray[np.float32]:
    """Unit vectors of the catalogue."""
    draw = np.random.default_rng(SEED)
    vectors = draw.standard_normal((ITEMS, DIMENSION), dtype=np.float32)
    if kind == "topics":
        centres = draw.standard_normal((TOPICS + 1, DIMENSION), dtype=np.float32)
        vectors += 0.8 * centres[draw.integers(0, TOPICS, ITEMS)] + 0.5 * centres[TOPICS]
    unit: npt.NDArray[np.float32] = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    return unit


def pools_of(relevance: str, n: int) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float32]]:
    """Candidates ``[users, n]`` in order of row, and their scores."""
    draw = np.random.default_rng([SEED, n])
    candidates = np.stack([np.sort(draw.choice(ITEMS, n, replace=False)) for _ in range(USERS)])
    scores = draw.random((USERS, n), dtype=np.float32)
    return candidates, scores if relevance == "uniform" else np.ones_like(scores)


def folder_of(kind: str, cache: Path) -> Path:
    """Where the arrays of one kind lie for a process in another environment."""
    folder = cache / "benchmarks" / "rerank" / f"{kind}-{SEED}"
    if not (folder / "vectors.npy").is_file():
        folder.mkdir(parents=True, exist_ok=True)
        np.save(folder / "vectors.npy", vectors_of(kind))
        for relevance, n in {(relevance, n) for _, relevance, n, _ in CELLS}:
            candidates, scores = pools_of(relevance, n)
            np.save(folder / f"candidates-{n}.npy", candidates)
            np.save(folder / f"scores-{relevance}-{n}.npy", scores)
    return folder
