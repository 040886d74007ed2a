"""What is kept of a frontier: a list a metric instead of a dictionary a point, and models measured at other times."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from recdiv.experiments._measure import plain

_ENDS = ("low", "high")


def packed(frame: pd.DataFrame) -> dict[str, Any]:
    """Values of ``diversity`` by method, and in the same order ``name``, ``name low``, ``name high`` of each metric.

    Args:
        frame: what :func:`recdiv.evaluation.frontier` returned: a row a method, diversity and metric.

    >>> rows = [("mmr", 0.5, "alpha", 3.0, 2.5, 3.5), ("mmr", 0.5, "cost", 0.1, 0.0, 0.2)]
    >>> frame = pd.DataFrame(rows, columns=["method", "diversity", "metric", "value", "low", "high"])
    >>> points = packed(frame)
    >>> points["diversity"], points["alpha high"]
    ({'mmr': [0.5]}, [3.5])
    >>> unpacked(points).equals(frame)
    True
    """
    wide = frame.pivot(index=["method", "diversity"], columns="metric", values=["value", *_ENDS]).astype(float)
    found: dict[str, Any] = {"diversity": {}}
    for method, diversity in wide.index:
        found["diversity"].setdefault(method, []).append(plain(diversity))
    for metric in dict.fromkeys(frame["metric"]):
        found |= {_name(metric, end): [plain(value) for value in wide[end, metric]] for end in ("value", *_ENDS)}
    return found


def unpacked(points: Mapping[str, Any]) -> pd.DataFrame:
    """The frame again: one row a method, diversity and metric, with value, low and high."""
    settings = [(method, value) for method, values in points["diversity"].items() for value in values]
    at = pd.DataFrame(settings, columns=["method", "diversity"])
    metrics = [name for name in points if name != "diversity" and not name.endswith(_ENDS)]
    long = [
        at.assign(metric=name, **{end: np.array(points[_name(name, end)], float) for end in ("value", *_ENDS)})
        for name in metrics
    ]
    return pd.concat(long).sort_index(kind="stable").reset_index(drop=True)


def together(new: dict[str, Any], old: Mapping[str, Any] | None) -> dict[str, Any]:
    """A record with the models of an older one beside its own, if both were measured alike.

    Raises:
        ValueError: if the older record is of another split, other candidates or other slots.
    """
    if old is None:
        return new
    unlike = [key for key in ("split", "candidates", "slots", "encoder") if old["config"][key] != new["config"][key]]
    if unlike:
        raise ValueError(f"the record must be of the same {unlike[0]} to be added to, got {old['config'][unlike[0]]}")
    models = dict(sorted({**old["models"], **new["models"]}.items()))
    config = {**new["config"], "methods": {**old["config"]["methods"], **new["config"]["methods"]}}
    spent = round(sum(model["seconds"] for model in models.values()), 1)
    return {**new, "config": config, "seconds": spent, "models": models}


def _name(metric: str, column: str) -> str:
    return metric if column == "value" else f"{metric} {column}"
