"""Small inputs whose lists pyversity prints once, so that tests can compare without it."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

Numbers = npt.NDArray[np.float64]
METHODS = ("mmr", "msd", "dpp", "ssd")
DIVERSITIES = (0.3, 0.5, 0.8)


def cases() -> dict[str, dict[str, Any]]:
    """``plain``: no cosine below 0, so that nothing is cut off. Each other differs in one thing that pyversity does."""
    draw = np.random.default_rng(7)
    near, far, flat = abs(draw.normal(size=(14, 6))), draw.normal(size=(14, 6)), draw.normal(size=(30, 4))
    scores = draw.random((4, 14)).round(3)
    return {
        "plain": _case(near, scores, 6, METHODS, DIVERSITIES),
        "negative cosines": _case(far, scores, 6, ("mmr",), (0.5,)),
        "scores times 100": _case(near, scores * 100, 6, ("mmr",), (0.5,)),
        "beyond the rank": _case(flat, draw.random((4, 30)).round(3), 12, ("dpp",), (1.0,)),
    }


def _case(
    vectors: Numbers, scores: Numbers, k: int, methods: tuple[str, ...], diversities: tuple[float, ...]
) -> dict[str, Any]:
    return {
        "vectors": vectors.round(3).tolist(), "scores": scores.tolist(), "k": k, "methods": list(methods),
        "diversities": list(diversities),
    }  # fmt: skip
