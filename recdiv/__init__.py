"""Recommendation diversity, measured by what the items mean.

Names load on first use (PEP 562): ``import recdiv`` itself loads neither torch nor pandas nor transformers.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

_SUBMODULES = ("datasets", "files", "lm", "loop", "metrics", "notebook", "plots", "presets", "recommend", "reranking")
_HOME = {
    "Catalog": "tables",
    "Interactions": "tables",
    "Recommendations": "tables",
    "CategoryKernel": "kernels",
    "EmbeddingKernel": "kernels",
    "IdentityKernel": "kernels",
    "Kernel": "kernels",
    "conditional_effective_number": "diversity",
    "drift": "diversity",
    "effective_number": "diversity",
    "leinster_cobbold": "diversity",
    "partition": "diversity",
    "qjsd": "diversity",
    "semantic_coverage": "diversity",
    "load": "datasets",
    "compare": "evaluation",
    "evaluate": "evaluation",
    "tune_diversity": "evaluation",
    "read_recommendations": "files",
    "contributions": "explain",
    "rerank": "reranking",
    "topk": "recommend",
}

__all__ = ["__version__", *sorted(_HOME), *_SUBMODULES]


def __getattr__(name: str) -> Any:  # noqa: ANN401
    if name in _HOME:
        value = getattr(import_module(f"recdiv.{_HOME[name]}"), name)
    elif name in _SUBMODULES:
        value = import_module(f"recdiv.{name}")
    else:
        raise AttributeError(f"module 'recdiv' has no attribute {name!r}")
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)


if TYPE_CHECKING:
    from recdiv import datasets, files, lm, loop, metrics, notebook, plots, presets, recommend, reranking
    from recdiv.datasets import load
    from recdiv.diversity import (
        conditional_effective_number,
        drift,
        effective_number,
        leinster_cobbold,
        partition,
        qjsd,
        semantic_coverage,
    )
    from recdiv.evaluation import compare, evaluate, tune_diversity
    from recdiv.explain import contributions
    from recdiv.files import read_recommendations
    from recdiv.kernels import CategoryKernel, EmbeddingKernel, IdentityKernel, Kernel
    from recdiv.recommend import topk
    from recdiv.reranking import rerank
    from recdiv.tables import Catalog, Interactions, Recommendations
