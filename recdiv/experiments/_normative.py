"""NeMig with the columns that normative metrics ask for, and the lists of several systems beside them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from recdiv.evaluation import evaluate
from recdiv.experiments._measure import plain
from recdiv.experiments._sets import Prepared
from recdiv.experiments.pipeline import scored
from recdiv.kernels import CategoryKernel, EmbeddingKernel
from recdiv.metrics import compute
from recdiv.reranking import rerank
from recdiv.tables import Catalog, Recommendations

K, POOL, NULL = 10, 100, 5
POLARITY = {"negative": -1.0, "neutral": 0.0, "positive": 1.0}
SMALL = 0.2  # of the articles are published by the outlets that count as small
METRICS = {  # what is asked of a list, in words
    "calibration, sub-topic": "calibration_js@missing=out,discount=reciprocal",
    "calibration, orientation": "calibration_js@by=orientation,missing=out,discount=reciprocal",
    "fragmentation, story": "fragmentation@by=story",
    "fragmentation, sub-topic": "fragmentation@by=category",
    "representation, orientation": "representation@by=orientation",
    "representation, outlet": "representation@by=outlet",
    "alternative voices, small outlets": "alternative_voices@by=small_outlet",
    "activation, polarity": "activation@by=polarity,bins=2",
}
PRINTED = {  # of these, what RADio's code prints
    name: metric for name, metric in METRICS.items() if metric.startswith(("representation", "alternative"))
}
STEERED = (0.0, 0.25, 0.5, 0.75, 1.0)  # weight of the seats against relevance


def with_columns(prepared: Prepared, story: Tensor) -> Prepared:
    """The set with ``polarity`` (-1, 0, 1), ``small_outlet`` (by the articles they publish) and ``story``."""
    frame = prepared.catalog.frame
    catalog = Catalog(
        frame.assign(
            polarity=frame["sentiment"].map(POLARITY),
            small_outlet=small(frame["outlet"]),
            story=[f"story {number}" for number in story.tolist()],
        )
    )
    return replace(prepared, catalog=catalog)


def small(outlet: pd.Series) -> pd.Series:
    """Whether an article is of an outlet that, with all those that publish less, holds at most ``SMALL`` of all.

    >>> small(pd.Series(["a"] * 8 + ["b", "c"])).tolist()[-3:]
    [False, True, True]
    """
    counts = outlet.value_counts().sort_values()
    tail = counts.index[counts.cumsum() <= SMALL * counts.sum()]
    return outlet.isin(tail)


def shown_lists(prepared: Prepared) -> Recommendations:
    """What the study showed: a list an impression, as ordered."""
    if prepared.impressions is None:
        raise ValueError("prepared must hold impressions, got none")
    return Recommendations.from_frame(
        prepared.impressions.assign(user_id=prepared.impressions["user_id"].astype(str)),
        prepared.catalog,
        rank="position",
        time="impression_id",
    )


def normative(lists: Mapping[str, Recommendations], prepared: Prepared) -> list[dict[str, Any]]:
    """Every metric of :data:`METRICS` of each system's lists, with interval and chance; one row a system and metric."""
    rows = []
    for system, recs in lists.items():
        report = evaluate(
            recs.head(K), prepared.catalog, train=prepared.split.known, metrics=list(METRICS.values()), null=NULL
        )
        found = report.frame.set_index("metric")
        for name, metric in METRICS.items():
            line = {key: plain(found.loc[metric, key]) for key in ("value", "low", "high", "null", "n", "n_undefined")}
            rows.append({"system": system, "asked": name, "metric": metric, **line})
        for name, metric in PRINTED.items():
            base = metric.partition("@")
            printed = compute(f"{base[0]}@{base[2]}", recs.head(K), catalog=prepared.catalog, convention="radio")
            row = next(row for row in rows if row["system"] == system and row["asked"] == name)
            row["radio_prints"] = plain(printed.value)
    return rows


def mixes(lists: Mapping[str, Recommendations], prepared: Prepared, column: str) -> list[dict[str, Any]]:
    """Share of each label of a column in the catalogue, in histories and in each system's lists."""
    values = prepared.catalog.frame[column]
    names = sorted(values.dropna().unique())
    label = pd.Categorical(values, categories=names).codes.astype(np.int64)

    def shares(rows: np.ndarray[Any, Any]) -> dict[str, float | int | None]:
        held = np.bincount(label[rows][label[rows] >= 0], minlength=len(names))
        return {name: plain(share) for name, share in zip(names, held / held.sum(), strict=True)}

    every = {"what is published": np.arange(len(label)), "what people clicked": prepared.split.known.item}
    for system, recs in lists.items():
        items = recs.head(K).items.numpy()
        every[system] = items[items >= 0]
    return [{"of": name, **shares(rows)} for name, rows in every.items()]


def steered(
    candidates: Recommendations, prepared: Prepared, kernel: EmbeddingKernel, *, column: str
) -> list[dict[str, Any]]:
    """Lists whose seats are shared out by what is published (PM-2), more and more: what it does to the other aims."""
    values = prepared.catalog.frame[column]
    labels = CategoryKernel(values)
    shares = values.value_counts(normalize=True)
    wanted = torch.tensor([[shares[name] for name in labels.label_names]]).expand(len(candidates), -1)
    metrics = {
        "ndcg@10": "ndcg@10",
        "representation": f"representation@by={column}",
        "calibration": f"calibration_js@by={column},missing=out,discount=reciprocal",
        "effective_number": "effective_number",
    }
    rows = []
    for weight in STEERED:
        made = rerank(
            scored(candidates), labels, candidates=candidates.items, method="pm2", k=K, diversity=weight,
            interests=wanted,
        )  # fmt: skip
        recs = Recommendations(made.items, users=candidates.users)
        report = evaluate(
            recs, prepared.catalog, train=prepared.split.known, test=prepared.split.test, kernel=kernel,
            metrics=list(metrics.values()), null=0,
        )  # fmt: skip
        found = report.frame.set_index("metric")
        line = {
            f"{name}{end}": plain(found.loc[metric, key])
            for name, metric in metrics.items()
            for end, key in (("", "value"), ("_low", "low"), ("_high", "high"))
        }
        rows.append({"weight": weight, **line})
    return rows
