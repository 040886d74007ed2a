"""What to show of what a recommender scored: one strategy a file, all called through :func:`recdiv.rerank`."""

from __future__ import annotations

from recdiv.reranking import (  # noqa: F401  (each enters itself)
    calibrated,
    dpp,
    entropy,
    facility_location,
    mmr,
    msd,
    pm2,
    popularity,
    random,
    ssd,
    tail_quota,
    topk,
    xquad,
)
from recdiv.reranking._registry import Method, describe, names
from recdiv.reranking._rerank import rerank

__all__ = ["Method", "describe", "names", "rerank"]
