"""What can be turned while a language model is fine-tuned and when it answers, and what is read off at each setting."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from recdiv.evaluation import evaluate
from recdiv.evaluation._report import Report
from recdiv.experiments._measure import plain
from recdiv.kernels import EmbeddingKernel
from recdiv.recommend import Split
from recdiv.tables import Catalog, Recommendations

READINGS = ("ndcg@10", "recall@10", "alpha", "beta", "gamma", "chi_excess", "item_coverage", "semantic_coverage")
K = 10


@dataclass(frozen=True)
class Dial:
    """One setting of a model, others held still.

    Attributes:
        title: what readers see.
        model: name of a line of the table of recommenders, see :mod:`recdiv.experiments._models`.
        option: the name of the setting; ``"temperature"`` of a model that scores is that of a draw from its scores.
        values: what it is set to.
        fixed: the other settings.
        decoding: whether it is turned after training, so that one training serves all values.
        on: sets that it is turned on though the table of recommenders leaves the model out there.
    """

    title: str
    model: str
    option: str
    values: tuple[Any, ...]
    fixed: Mapping[str, Any] = field(default_factory=dict)
    decoding: bool = False
    on: tuple[str, ...] = ()


def readings(lists: Recommendations, split: Split, catalog: Catalog, kernel: EmbeddingKernel) -> dict[str, Any]:
    """Accuracy and variety of some lists, each with its interval; accuracy on cold items too, where there are any."""
    report = evaluate(lists, catalog, train=split.known, test=split.test, kernel=kernel, metrics=READINGS, k=K)
    cold = split.slice(split.cold())
    found = _rows(report)
    if len(cold):
        asked = lists.where(np.isin(lists.users, cold.users))
        found["ndcg@10, cold"] = _rows(evaluate(asked, catalog, test=cold, metrics=["ndcg@10"]))["ndcg@10"]
    return found


def _rows(report: Report) -> dict[str, Any]:
    rows = report.frame.set_index("metric")[["value", "low", "high"]].to_dict("index")
    return {str(name): {key: plain(value) for key, value in row.items()} for name, row in rows.items()}
