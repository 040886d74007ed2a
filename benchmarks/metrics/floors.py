"""The least work behind each number: plain NumPy and torch, no check, chunks as large as are fastest."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch

from benchmarks import counting, within
from recdiv import EmbeddingKernel, Interactions

SPECTRAL = ("ild", "effective_number", "effective_number@q=2", "gamma", "chi")
METRICS = (*counting.FLOOR_OF, "personalization", *SPECTRAL)


def floors(lists: np.ndarray, train: Interactions, kernel: EmbeddingKernel) -> dict[str, Callable[[], object]]:
    """A call for each metric of ``METRICS``."""
    least = counting.floors(lists, train)
    rows, vectors, n = torch.from_numpy(lists), kernel.vectors, train.n_items

    def personalization() -> float:
        return 1 - (float((least["counts"]().astype(float) ** 2).sum()) - lists.size) / (lists.size * (len(lists) - 1))

    def gamma() -> float:
        counts = torch.bincount(rows.flatten(), minlength=n)
        rho = torch.zeros(vectors.shape[1], vectors.shape[1], dtype=torch.float64)
        for some in torch.split(counts.nonzero().squeeze(1), 4096):
            x = vectors[some] * (counts[some] / lists.size).sqrt()[:, None]
            rho += x.T @ x
        values = torch.linalg.eigvalsh(rho).clamp(min=1e-300)
        return float(-(values * values.log()).sum())

    return {
        **{name: least[kind] for name, kind in counting.FLOOR_OF.items()},
        "personalization": personalization,
        "ild": lambda: within.floor_ild(vectors, rows),
        "effective_number": lambda: within.floor_effective_number(vectors, rows),
        "effective_number@q=2": lambda: _second_order(vectors, rows),
        "gamma": gamma,
        "chi": lambda: gamma() - float(within.floor_effective_number(vectors, rows).log().mean()),
    }


def _second_order(vectors: torch.Tensor, rows: torch.Tensor) -> torch.Tensor:
    k, parts = rows.shape[1], []
    for some in torch.split(rows, 64):
        x = vectors.index_select(0, some.flatten()).reshape(len(some), k, -1)
        parts.append((x @ x.mT / k).square().sum((1, 2)))
    return 1 / torch.cat(parts)
