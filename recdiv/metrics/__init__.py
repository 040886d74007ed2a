"""Metrics of recommendation lists, one a file: ``names()``, ``describe(name)``, ``compute(name, recs, ...)``.

Corpus metrics are classes too (``ItemCoverage``, ``Entropy``, ``Gamma``, ...), loaded on first use.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from recdiv.metrics._compute import compute
from recdiv.metrics._registry import Metric, Result, describe, names, register

_ORDER = (
    "validity", "recall", "ndcg", "item_count", "item_coverage", "effective_catalog_size", "entropy", "gini", "novelty",
    "category_entropy", "ild", "effective_number", "leinster_cobbold", "semantic_coverage", "mutual_information",
    "category_information", "alpha", "beta", "gamma", "chi", "chi_excess",
)  # fmt: skip
for _name in _ORDER:  # each module enters its metric into the registry
    import_module(f"recdiv.metrics.{_name}")

__all__ = [
    "Alpha", "Beta", "Chi", "EffectiveCatalogSize", "Entropy", "Gamma", "Gini", "ItemCount", "ItemCoverage", "Metric",
    "MutualInformation", "Result", "compute", "describe", "names", "register",
]  # fmt: skip


def __getattr__(name: str) -> Any:  # noqa: ANN401
    if name not in __all__:
        raise AttributeError(f"module 'recdiv.metrics' has no attribute {name!r}")
    return getattr(import_module("recdiv.metrics._accumulators"), name)  # torchmetrics takes seconds to import


def __dir__() -> list[str]:
    return sorted(__all__)


if TYPE_CHECKING:
    from recdiv.metrics._accumulators import (
        Alpha,
        Beta,
        Chi,
        EffectiveCatalogSize,
        Entropy,
        Gamma,
        Gini,
        ItemCount,
        ItemCoverage,
        MutualInformation,
    )
