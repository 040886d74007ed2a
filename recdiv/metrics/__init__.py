"""Metrics of recommendation lists, one a file: ``names()``, ``describe(name)``, ``compute(name, recs, ...)``.

Corpus metrics are classes too (``ItemCoverage``, ``Entropy``, ``Gamma``, ...), loaded on first use.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from recdiv.metrics._axioms import axioms
from recdiv.metrics._compute import compute
from recdiv.metrics._registry import Metric, Result, describe, names, register
from recdiv.metrics._sensitivity import sensitivity

# What is asked, and the metrics that answer it, in the order of tables and pages. Each module enters its metric.
_GROUPS = {
    "are the lists what they should be": (
        "validity",
    ),
    "accuracy": (
        "recall", "precision", "hit_rate", "ndcg", "mrr", "map",
    ),
    "exposure over all lists": (
        "item_count", "item_coverage", "category_coverage", "effective_catalog_size", "entropy",
        "concentration", "gini",
    ),
    "popularity and novelty": (
        "average_popularity", "popularity_lift", "log_popularity_difference", "tail_share", "novelty", "epc", "efd",
    ),
    "within a list": (
        "category_entropy", "ild", "ild_euclidean", "ild_hamming", "ild_jaccard", "min_distance", "eild",
        "effective_number", "leinster_cobbold", "log_det", "graph_entropy", "subtopic_recall", "alpha_ndcg",
        "err_ia", "binomial_diversity", "proportionality",
    ),
    "between lists": (
        "mutual_information", "category_information", "alpha", "beta", "gamma", "chi", "chi_excess",
        "interest_information", "personalization", "fragmentation",
    ),
    "against history": (
        "calibration_kl", "calibration_js", "calibration_qjsd", "unexpectedness", "serendipity", "semantic_novelty",
        "conditional_effective_number",
    ),
    "beside what there is to be shown": (
        "representation", "alternative_voices", "activation",
    ),
    "over time": (
        "temporal_diversity", "temporal_novelty", "temporal_beta", "drift",
    ),
    "the whole catalogue": (
        "semantic_coverage", "gamma_ratio",
    ),
    "to a language model": (
        "surprisal", "pmi", "redundancy",
    ),
}  # fmt: skip
for _name in (name for members in _GROUPS.values() for name in members):
    import_module(f"recdiv.metrics.{_name}")
import_module("recdiv.metrics.elsewhere")  # what other libraries print for them


def groups() -> dict[str, tuple[str, ...]]:
    """Names of all metrics by the question they answer.

    >>> groups()["accuracy"][0]
    'recall'
    """
    return dict(_GROUPS)


__all__ = [
    "Alpha", "Beta", "CategoryCoverage", "CategoryInformation", "Chi", "Concentration", "Drift",
    "EffectiveCatalogSize", "Entropy", "Fragmentation", "Gamma", "GammaRatio", "Gini", "InterestInformation",
    "ItemCount", "ItemCoverage", "Metric", "MutualInformation", "Personalization", "PopularityLift", "Result",
    "SemanticCoverage", "TailShare", "TemporalBeta", "axioms", "compute", "describe", "groups", "names", "register",
    "sensitivity",
]  # fmt: skip
_OF_CATALOG = ("CategoryCoverage", "CategoryInformation", "SemanticCoverage")


def __getattr__(name: str) -> Any:  # noqa: ANN401
    if name not in __all__:
        raise AttributeError(f"module 'recdiv.metrics' has no attribute {name!r}")
    home = "_catalog_accumulators" if name in _OF_CATALOG else "_accumulators"
    return getattr(import_module(f"recdiv.metrics.{home}"), name)  # torchmetrics takes seconds to import


def __dir__() -> list[str]:
    return sorted(__all__)


if TYPE_CHECKING:
    from recdiv.metrics._accumulators import (
        Alpha,
        Beta,
        Chi,
        Concentration,
        Drift,
        EffectiveCatalogSize,
        Entropy,
        Fragmentation,
        Gamma,
        GammaRatio,
        Gini,
        InterestInformation,
        ItemCount,
        ItemCoverage,
        MutualInformation,
        Personalization,
        PopularityLift,
        TailShare,
        TemporalBeta,
    )
    from recdiv.metrics._catalog_accumulators import CategoryCoverage, CategoryInformation, SemanticCoverage
