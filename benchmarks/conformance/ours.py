"""Our side: the number of a convention for one of the inputs."""

from __future__ import annotations

import math
from typing import Any

import pandas as pd

import recdiv as rd
from benchmarks.conformance.inputs import minority, sentiment

Input = dict[str, Any]


def given(one: Input) -> tuple[rd.Recommendations, dict[str, Any]]:
    """Lists, and all that a metric may ask for."""
    n_items, k = one["n_items"], one["k"]
    columns = {"category": one["labels"], "minority": minority(one), "sentiment": sentiment(one)}
    catalog = rd.Catalog(pd.DataFrame({"item_id": range(n_items), **columns}))
    train, test = (
        rd.Interactions(pd.DataFrame(one[part], columns=["user_id", "item_id"]), catalog) for part in ("train", "test")
    )
    rows = [[item if item < n_items else rd.tables.UNKNOWN for item in items] for items in one["lists"]]
    padded = [items + [rd.tables.EMPTY] * (k - len(items)) for items in rows]
    recs = rd.Recommendations(padded, users=one["users"])
    kernel = rd.EmbeddingKernel(one["vectors"])
    base = rd.Recommendations(one["base"], users=one["users"])
    return recs, {"catalog": catalog, "train": train, "test": test, "kernel": kernel, "previous": base}


def value(metric: str, library: str, one: Input) -> float | str:
    """What ``convention=library`` gives; the sentence of the error where there is no number."""
    recs, known = given(one)
    try:
        return rd.metrics.compute(metric, recs, **known, convention=library).value
    except ValueError as error:
        return str(error)


def same(one: float | str, other: float | str, tolerance: float = 1e-6) -> bool:
    """Whether two numbers are one: to a millionth, and NaN is NaN."""
    if isinstance(one, str) or isinstance(other, str):
        return False
    if math.isnan(one) or math.isnan(other):
        return math.isnan(one) and math.isnan(other)
    return abs(one - other) <= tolerance * max(1.0, abs(one))
