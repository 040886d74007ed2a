"""Accuracy against diversity: what each re-ranker gives at each setting, and which one to use when."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import torch

from recdiv.evaluation._cost import costs
from recdiv.evaluation._evaluate import evaluate
from recdiv.evaluation._report import Report
from recdiv.kernels import CategoryKernel, Kernel
from recdiv.metrics import describe
from recdiv.reranking import describe as describe_method
from recdiv.reranking import names as method_names
from recdiv.reranking import rerank
from recdiv.tables import Catalog, Interactions, Recommendations

Keyed = dict[tuple[str, str, float], dict[str, float]]
STEPS = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0)
MEASURES = ("alpha", "gamma", "chi_excess", "semantic_coverage", "tail_share", "calibration_kl")


def frontier(
    candidates: Recommendations,
    catalog: Catalog,
    *,
    kernel: Kernel,
    train: Interactions,
    test: Interactions,
    labels: CategoryKernel | None = None,
    history: Any = None,  # noqa: ANN401
    methods: Iterable[str] | None = None,
    diversities: Sequence[float] = STEPS,
    metrics: Sequence[str] = MEASURES,
    k: int = 10,
    confidence: float = 0.95,
    resamples: int = 1000,
    rng: int = 0,
    progress: Callable[[str], None] | None = None,
) -> pd.DataFrame:
    """Accuracy and diversity of every re-ranker at every setting, from one recommender's candidates.

    Args:
        candidates: lists with scores, longer than ``k``: what is re-ranked.
        catalog, train, test: as in :func:`recdiv.evaluate`; ``train`` also says how popular items are.
        kernel: when items are the same, for re-ranking and for measuring.
        labels: for the methods that serve interests; default the catalogue's categories.
        history: rows ``[U, H]`` that each user knows, -1 where nothing: where interests come from. Without it those
            methods are left out. The other methods are not told.
        methods: default all of :func:`recdiv.reranking.names` for which what they need is there.
        diversities: values of ``diversity``; 0 is measured in any case.
        metrics: what to measure besides nDCG@k.
        confidence, resamples, rng: of the intervals.
        progress: called with each method and value.

    Returns:
        One row a method, diversity and metric: method, diversity, metric, value, low, high. Metric ``cost`` is the
        share of nDCG@k lost against diversity 0, its interval paired (the same users judge both).

    Raises:
        ValueError: if candidates carry no scores, or no list at diversity 0 holds a test item.
    """
    if candidates.scores is None:
        raise ValueError("candidates must carry scores, got none")
    names = [f"ndcg@{k}", *metrics]
    chosen = list(methods) if methods is not None else _usable(labels, history, catalog)
    labels = CategoryKernel(catalog.categories) if labels is None and _serving(chosen) else labels

    def measured(method: str, diversity: float) -> Report:
        if progress is not None:
            progress(f"{method} {diversity:g}")
        serves = bool(_serving([method]))
        lists = rerank(
            candidates.scores if candidates.scores is not None else [],
            labels if serves else kernel,
            method=method,
            k=k,
            diversity=diversity,
            candidates=candidates.items,
            history=history if serves else None,
            popularity=train.item_counts(),
        )
        recs = Recommendations(lists.items, users=candidates.users)
        return evaluate(
            recs, catalog, train=train, test=test, kernel=kernel, metrics=names, confidence=confidence,
            resamples=resamples, rng=rng,
        )  # fmt: skip

    plain = measured("topk", 0.0)
    return pd.concat(
        [
            _rows(method, value, plain if value == 0 else measured(method, value), plain, resamples, rng)
            for method in chosen
            for value in sorted({0.0, *(diversities if method != "topk" else ())})
        ],
        ignore_index=True,
    )


def choices(frame: pd.DataFrame, *, cost: float = 0.05) -> pd.DataFrame:
    """Which re-ranker to use when: for each metric, the one that does most for at most a given loss of nDCG.

    Args:
        frame: what :func:`frontier` returned.
        cost: share of nDCG that may be lost.

    Returns:
        One row a metric: metric, method, diversity, value, low, high, plain (the value at diversity 0), cost, cost_low,
        cost_high, and ``as_good``: other methods that reach the winner's interval for no more. Where the best interval
        holds the plain value, nothing is known to help: method "topk".

    Raises:
        ValueError: for a ``cost`` outside [0, 1).
    """
    if not 0 <= cost < 1:
        raise ValueError(f"cost must be a share of nDCG in [0, 1), got {cost}")
    wide = frame.pivot_table(index=["method", "diversity"], columns="metric", values="value", sort=False)
    held = wide[wide["cost"] <= cost]
    keyed: Keyed = frame.set_index(["metric", "method", "diversity"]).to_dict("index")  # type: ignore[assignment]
    measures = [name for name in wide if name != "cost" and not str(name).startswith("ndcg")]
    return pd.DataFrame([_choice(str(name), held, keyed) for name in measures])


def dominated(x: npt.ArrayLike, y: npt.ArrayLike) -> npt.NDArray[np.bool_]:
    """Which points another one beats on one axis without trailing on the other (larger is better), bool ``[n]``.

    >>> dominated([1, 2, 2, 0], [3, 2, 1, 3]).tolist()
    [False, False, True, True]
    """
    a, b = np.asarray(x, dtype=np.float64), np.asarray(y, dtype=np.float64)
    ahead = (a[:, None] >= a) & (b[:, None] >= b) & ((a[:, None] > a) | (b[:, None] > b))
    return np.asarray(ahead.any(0), dtype=np.bool_)


def sign(metric: str) -> float:
    """1 where more is more diverse or more accurate, −1 where less is."""
    return -1.0 if describe(metric.partition("@")[0]).direction.startswith("lower") else 1.0


def _choice(metric: str, held: pd.DataFrame, keyed: Keyed) -> dict[str, Any]:
    settings: list[tuple[str, float]] = held.index.tolist()
    better = dict(zip(settings, sign(metric) * held[metric], strict=True))
    plain = next(at for at in settings if at[1] == 0)
    at = max(settings, key=lambda each: better[each])
    reach = _worst(metric, keyed[metric, *at])
    at = at if reach > better[plain] else plain
    row, cost = keyed[metric, *at], keyed["cost", *at]
    near = dict.fromkeys(name for name, value in settings if name != at[0] and value and better[name, value] >= reach)
    return {
        **{"metric": metric, "method": at[0] if at[1] else "topk", "diversity": at[1]},
        **{"value": float(row["value"]), "low": float(row["low"]), "high": float(row["high"])},
        "plain": sign(metric) * better[plain],
        **{"cost": float(cost["value"]), "cost_low": float(cost["low"]), "cost_high": float(cost["high"])},
        "as_good": ", ".join(near) if at[1] else "",
    }


def _worst(metric: str, row: dict[str, float]) -> float:
    """The end of an interval that is less diverse, larger being better."""
    return row["low"] if sign(metric) > 0 else -row["high"]


def _rows(method: str, value: float, report: Report, plain: Report, resamples: int, rng: int) -> pd.DataFrame:
    part = report.frame[["metric", "value", "low", "high"]].copy()
    accuracy = next(name for name in part["metric"] if name.startswith("ndcg"))
    both = np.stack([each.lists[accuracy].to_numpy(dtype=np.float64) for each in (plain, report)], 1)
    loss = costs(both, plain.lists["user_id"], confidence=plain.settings["confidence"], resamples=resamples, rng=rng)
    part.loc[len(part)] = ["cost", loss.value[1], loss.low[1], loss.high[1]]
    part.insert(0, "method", method)
    part.insert(1, "diversity", float(value))
    return part


def _serving(methods: Iterable[str]) -> list[str]:
    """Those that serve interests."""
    return [name for name in methods if "interests" in "|".join(describe_method(name.partition("@")[0]).needs)]


def _usable(labels: CategoryKernel | None, history: Any, catalog: Catalog) -> list[str]:  # noqa: ANN401
    serve = history is not None and (labels is not None or "category" in catalog.frame)
    return [name for name in method_names() if serve or not _serving([name])]


def padded(histories: Sequence[npt.NDArray[np.int64]]) -> torch.Tensor:
    """Histories of several lengths as one table, int64 ``[U, H]``, -1 where nothing.

    >>> padded([np.array([3, 1]), np.array([], dtype=np.int64)]).tolist()
    [[3, 1], [-1, -1]]
    """
    table = torch.full((len(histories), max(map(len, histories), default=0)), -1)
    for row, items in enumerate(histories):
        table[row, : len(items)] = torch.from_numpy(np.asarray(items, dtype=np.int64))
    return table
