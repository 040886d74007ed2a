"""What to show of what a recommender scored: one strategy a file, all called through :func:`recdiv.rerank`."""

from __future__ import annotations

from recdiv.reranking import dpp, facility_location, mmr, msd, popularity, random, topk  # noqa: F401  (each enters itself)
from recdiv.reranking._registry import Method, describe, names
from recdiv.reranking._rerank import rerank

__all__ = ["Method", "describe", "names", "rerank"]
