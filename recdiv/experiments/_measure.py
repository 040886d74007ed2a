"""What one fitted recommender is marked by: accuracy, cold items, diversity, each with its interval."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import numpy as np
import numpy.typing as npt

from recdiv.evaluation import evaluate
from recdiv.evaluation._intervals import bootstrap_means, percentile_interval
from recdiv.evaluation._report import Report
from recdiv.experiments._sets import Prepared
from recdiv.experiments._shown import shown_auc
from recdiv.kernels import EmbeddingKernel
from recdiv.recommend import Recommender
from recdiv.tables import Interactions, Recommendations

CUTOFFS = (5, 10, 20)
ACCURACY = tuple(f"{name}@{k}" for name in ("ndcg", "recall", "hit_rate", "mrr") for k in CUTOFFS)
DIVERSITY = (
    "item_coverage", "gini", "alpha", "beta", "gamma", "chi", "chi_excess", "semantic_coverage", "novelty",
    "calibration_qjsd",
)  # fmt: skip
K = 10  # slots that the diversity numbers look at
NULL = 5  # draws behind the number that chance gives
Numbers = dict[str, dict[str, float | int | None]]


def marks(model: Recommender, prepared: Prepared, kernel: EmbeddingKernel) -> dict[str, Any]:
    """All numbers of a model on the test part.

    ``accuracy`` and ``diversity`` are of everybody tested. ``cold`` is of those whose test item nobody had in
    training: ranked among all items, and (``cold_only``) among the cold ones alone. ``warm`` is of the others.
    ``shown`` is of what was clicked among what was shown, where the set says so.
    """
    split = prepared.split
    lists = split.recommend(model, k=max(CUTOFFS))
    cold = split.cold()
    found: dict[str, Any] = {
        "accuracy": _of(lists, prepared, split.test, ACCURACY),
        "diversity": _numbers(
            evaluate(
                lists.head(K),
                prepared.catalog,
                train=split.known,
                test=split.test,
                kernel=kernel,
                metrics=DIVERSITY,
                null=NULL,
            )
        ),
        "warm": _of(lists, prepared, split.slice(~cold), ("ndcg@10", "recall@10")),
    }
    wanted = split.slice(cold)
    if len(wanted):
        narrow = split.recommend(model, k=K, candidates=cold.nonzero()[:, 0])
        found["cold"] = _of(lists, prepared, wanted, ("ndcg@10", "recall@10", "ndcg@20", "recall@20"))
        found["cold_only"] = _of(narrow, prepared, wanted, ("ndcg@10", "recall@10"))
    if prepared.impressions is not None:
        line = shown_auc(model, prepared.impressions, prepared.catalog, split)
        found["shown"] = {"auc": {key: plain(value) for key, value in line.items() if key != "null"} | {"null": 0.5}}
    report = evaluate(lists, prepared.catalog, test=split.test, metrics=["ndcg@10"], confidence=None)
    found["ndcg@10 of each user"] = [round(float(value), 6) for value in report.lists["ndcg@10"]]
    return found


def validation_mark(model: Recommender, prepared: Prepared) -> dict[str, float | int | None]:
    """nDCG@10 on the validation part, which settings are chosen by, and of those whose item there is cold."""
    split = prepared.split
    lists = split.recommend(model, part="validation", k=10)
    found = {"ndcg@10": evaluate(lists, prepared.catalog, test=split.validation, **_BARE)["ndcg@10"]}
    cold = split.slice(split.cold(), part="validation")
    if len(cold):
        asked = lists.where(np.isin(lists.users, cold.users))
        found["ndcg@10, cold"] = evaluate(asked, prepared.catalog, test=cold, **_BARE)["ndcg@10"]
    return {name: plain(value) for name, value in found.items()}


_BARE: dict[str, Any] = {"metrics": ["ndcg@10"], "confidence": None}


def turned(model: Recommender, dial: str, values: Iterable[float], prepared: Prepared) -> dict[str, Numbers]:
    """nDCG@10 on the test part at each value of a dial: of everybody, and of those whose test item is cold.

    With them goes the share of slots that hold a cold item. The dial is at 0 again afterwards.
    """
    split = prepared.split
    cold = split.cold()
    found: dict[str, Numbers] = {"turned": {}, "turned_cold": {}, "turned_slots": {}}
    for value in values:
        setattr(model, dial, value)
        lists = split.recommend(model, k=K)
        shown = float(cold[lists.items[lists.items >= 0]].double().mean())
        found["turned"][f"{value:g}"] = _of(lists, prepared, split.test, ["ndcg@10"])["ndcg@10"]
        found["turned_cold"][f"{value:g}"] = _of(lists, prepared, split.slice(cold), ["ndcg@10"])["ndcg@10"]
        found["turned_slots"][f"{value:g}"] = {**_NO_INTERVAL, "value": plain(shown), "n": len(lists.users)}
    setattr(model, dial, 0.0)
    return found


_NO_INTERVAL: dict[str, float | int | None] = {"low": None, "high": None, "null": None}


def _of(lists: Recommendations, prepared: Prepared, test: Interactions, metrics: Iterable[str]) -> Numbers:
    """Numbers of the lists of those who have an event in ``test``."""
    asked = lists.where(np.isin(lists.users, test.users))
    return _numbers(evaluate(asked, prepared.catalog, train=prepared.split.known, test=test, metrics=metrics))


def _numbers(report: Report) -> Numbers:
    columns = ("value", "low", "high", "null", "n")
    rows = report.frame.set_index("metric")[list(columns)].to_dict("index")
    return {str(name): {key: plain(row[key]) for key in columns} for name, row in rows.items()}


def interval(values: npt.NDArray[np.float64], users: Iterable[Any]) -> dict[str, Any]:
    """Mean and 95 % bootstrap interval over people."""
    low, high = percentile_interval(bootstrap_means(values[:, None], users, draws=1000, rng=0)[:, 0], 0.95)
    return {"value": plain(float(np.nanmean(values))), "low": plain(low), "high": plain(high)}


def plain(value: Any) -> float | int | None:  # noqa: ANN401
    """Six significant digits, an undefined number as None."""
    value = value.item() if hasattr(value, "item") else value
    if isinstance(value, int):
        return value
    return float(f"{value:.6g}") if math.isfinite(value) else None
