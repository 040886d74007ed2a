"""One call: lists in, a report out."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
import torch

import recdiv
from recdiv.evaluation._intervals import (
    bootstrap_means,
    jackknife_interval,
    jackknife_values,
    percentile_interval,
    user_groups,
    within_range,
)
from recdiv.evaluation._report import Report
from recdiv.kernels import Kernel
from recdiv.lm.scorer import Scorer
from recdiv.metrics._compute import apply, context, cut, missing_needs, parse, refuse_unmet
from recdiv.metrics._labelled import label_sets
from recdiv.metrics._registry import Metric, Result, State, has_needed, with_known
from recdiv.metrics._shared import Shared
from recdiv.tables import Catalog, Interactions, Recommendations

DEFAULT = (
    "validity", "recall@{k}", "ndcg@{k}",
    "item_count", "item_coverage", "category_coverage", "effective_catalog_size", "entropy", "gini",
    "tail_share", "average_popularity", "log_popularity_difference", "novelty", "semantic_novelty",
    "category_entropy", "ild", "effective_number", "semantic_coverage", "alpha", "beta", "gamma",
    "mutual_information", "category_information", "personalization", "chi", "interest_information",
    "calibration_qjsd", "conditional_effective_number", "conditional_effective_number@part=residual",
    "temporal_diversity", "temporal_novelty", "temporal_beta", "drift",
)  # fmt: skip
TO_A_MODEL = ("surprisal", "pmi", "redundancy")  # beside these where a scorer is given
Progress = Callable[[str], None]


@dataclass(frozen=True)
class _Asked:
    """A metric as it was asked for, and its answer."""

    name: str
    metric: Metric
    k: int | None
    options: dict[str, Any]
    result: Result


@dataclass
class _Job:
    """What is the same for every metric of one report."""

    recs: Recommendations
    known: dict[str, Any]
    confidence: float | None
    resamples: int
    rng: int | np.random.Generator
    intervals: dict[str, tuple[float, float]] = field(default_factory=dict)
    left_out: dict[str, npt.NDArray[np.float64]] = field(default_factory=dict)


def evaluate(
    recs: Recommendations,
    catalog: Catalog,
    *,
    train: Interactions | None = None,
    test: Interactions | None = None,
    kernel: Kernel | None = None,
    metrics: Literal["default"] | Iterable[str] = "default",
    k: int | None = None,
    demand: Any = None,  # noqa: ANN401
    previous: Recommendations | None = None,
    groups: Iterable[Any] | None = None,
    scorer: Scorer | None = None,
    confidence: float | None = 0.95,
    null: int = 5,
    resamples: int = 1000,
    rng: int = 0,
    progress: Progress | None = None,
) -> Report:
    """Measure some lists, with intervals, and with what chance alone would give.

    Args:
        recs: the lists.
        catalog: the items.
        train: what people did before: for popularity and novelty.
        test: what people did next: for accuracy. Without it, read diversity beside validity at least.
        kernel: when two items are the same. None: no metric of meaning; texts are never encoded unasked.
        metrics: names such as ``["ndcg@10", "gini", "chi"]``, or ``"default"``: every metric of :data:`DEFAULT` for
            which what it needs was given; :attr:`Report.skipped` says which were left out and why.
        k: look at the first ``k`` slots only.
        demand: how much each item is wanted ``[I]``, for semantic coverage.
        previous: what was shown before, for change over time; ``recs.time`` will do as well.
        groups: a label of each list ``[U]``, in place of ``recs.groups``, for information about interest groups.
            ``alpha``, ``beta``, ``gamma`` and ``chi`` stay within and between lists.
        scorer: a causal language model (:class:`recdiv.lm.CausalScorer`), for ``surprisal``, ``pmi``, ``redundancy``.
        confidence: of the intervals; None for none, which saves about half of the time.
        null: draws behind the number that chance alone gives; 0 for none.
        resamples: bootstrap resamples behind the interval of a mean over lists.
        rng: seed of draws, resamples and groups.
        progress: called with the name of each metric before it is computed.

    Returns:
        A :class:`Report`.

    Raises:
        ValueError: for an unknown metric or option, a metric whose needs were not given, a confidence outside
            (0, 1), or tables that do not fit each other.

    **Intervals.** Users are what varies: a list-level mean gets a percentile bootstrap over users, a corpus-level
    number a jackknife that leaves out one of 20 groups of users at a time, on states that add up. They say how far the
    number would move with other users in the same number, not what more users would show: entropy, coverage and gamma
    grow with their number, and their intervals hold the truth of infinitely many users only where recommended slots
    far outnumber items. That of ``chi_excess`` is to first order.

    >>> catalog = Catalog(pd.DataFrame({"item_id": range(4)}))
    >>> report = evaluate(Recommendations([[0, 1], [0, 2]]), catalog, metrics=["item_coverage", "validity"])
    >>> report.frame["value"].tolist()
    [0.75, 1.0]
    """
    if confidence is not None and not 0 < confidence < 1:
        raise ValueError(f"confidence must lie between 0 and 1, got {confidence}")
    if groups is not None:
        recs = Recommendations(recs.items, scores=recs.scores, users=recs.users, time=recs.time, groups=groups)
    recs, previous = cut(recs, k), None if previous is None else cut(previous, k)
    known = context(
        recs,
        catalog=catalog,
        kernel=kernel,
        train=train,
        test=test,
        previous=previous,
        demand=demand,
        scorer=scorer,
        null=null,
        rng=rng,
    )
    known.update(label_sets(recs, previous), shared=Shared(null=null, rng=rng))
    names, skipped = chosen(metrics, recs, known)
    job = _Job(recs, known, confidence, resamples, rng)
    asked = []
    parsed = {name: parse(name) for name in names}
    for metric, _, _ in parsed.values():  # before any of them takes its time
        refuse_unmet(metric, known, recs)
    for name, (metric, cutoff, options) in parsed.items():
        if progress:
            progress(name)
        asked.append(_Asked(name, metric, cutoff, options, apply(metric, recs, known, cutoff, options)))
    if job.confidence is not None:
        if progress:
            progress("intervals")
        _bootstrap(job, [each for each in asked if each.result.per_list is not None])
        _jackknife(job, [each for each in asked if each.result.per_list is None])
    return Report(
        frame=pd.DataFrame([_row(each, job.intervals) for each in asked], columns=list(COLUMNS)),
        lists=_lists(recs, asked),
        skipped=skipped,
        settings=_settings(job, null, kernel),
        recs=recs,
        catalog=catalog,
        kernel=kernel,
        left_out=job.left_out,
    )


COLUMNS = ("metric", "value", "low", "high", "null", "excess", "n", "n_undefined", "direction")


def chosen(
    metrics: str | Iterable[str], recs: Recommendations, known: dict[str, Any]
) -> tuple[list[str], dict[str, str]]:
    """Names to compute, and for the default ones left out, why."""
    if not isinstance(metrics, str):
        return list(dict.fromkeys(metrics)), {}
    if metrics != "default":
        return [metrics], {}
    names, skipped = [], {}
    for template in (*DEFAULT, *(TO_A_MODEL if "scorer" in known else ())):
        name = template.format(k=max(recs.k, 1))
        metric = parse(name)[0]
        missing = missing_needs(metric, known, recs)
        if missing:
            skipped[name] = f"needs {' and '.join(missing)}"
        elif metric.name.startswith("category") and "category" not in known["catalog"].frame:
            skipped[name] = "needs a category column in the catalog"
        elif metric.name in TO_A_MODEL and "title" not in known["catalog"].frame:
            skipped[name] = "needs a title column in the catalog"
        else:
            names.append(name)
    return names, skipped


def _bootstrap(job: _Job, asked: list[_Asked]) -> None:
    if not asked or not job.recs.n_lists or job.confidence is None:
        return
    values = np.stack([_numbers(each) for each in asked], axis=1)
    means = bootstrap_means(values, job.recs.users, draws=job.resamples, rng=job.rng)
    for column, each in enumerate(asked):
        job.intervals[each.name] = percentile_interval(means[:, column], job.confidence)


def _jackknife(job: _Job, asked: list[_Asked]) -> None:
    """Intervals of corpus metrics, from their values with one group of users left out."""
    group = user_groups(job.recs, rng=job.rng)
    for each in asked:
        if each.metric.left_out is not None and job.recs.n_lists:
            known = {**job.known, **each.options, "group": torch.from_numpy(group).to(job.recs.device)}
            left_out = with_known(each.metric.left_out, cut(job.recs, each.k), known)
            job.left_out[each.name] = left_out.cpu().numpy()
    adding_up = [each for each in asked if each.metric.state and has_needed(each.metric.state, job.known)]
    job.left_out.update(_from_states(job, adding_up, group))
    for each in asked:
        if each.name in job.left_out and job.confidence is not None:
            reach = jackknife_interval(each.result.value, job.left_out[each.name], job.confidence)
            job.intervals[each.name] = within_range(reach, each.result.value, each.metric, job.known["n_items"])


def _from_states(job: _Job, asked: list[_Asked], group: npt.NDArray[np.int64]) -> dict[str, npt.NDArray[np.float64]]:
    """Values with one group left out, of metrics whose states add up; those that share a state compute it once."""
    found = {}
    families: dict[Any, list[_Asked]] = {}
    for each in asked:
        families.setdefault((each.metric.state, each.k, tuple(sorted(each.options.items()))), []).append(each)
    for (state, cutoff, options), members in families.items():
        known = {**job.known, **dict(options)}
        left_out = jackknife_values(
            cut(job.recs, cutoff),
            group,
            partial(_called, state, known=known),
            [partial(_called, each.metric.value, known=known) for each in members],
        )
        for column, each in enumerate(members):
            found[each.name] = left_out[:, column] if len(left_out) else left_out.ravel()
    return found


def _called(function: Callable[..., Any] | None, first: Recommendations | State, *, known: dict[str, Any]) -> Any:  # noqa: ANN401
    return None if function is None else with_known(function, first, known)


def _row(each: _Asked, intervals: dict[str, tuple[float, float]]) -> dict[str, Any]:
    low, high = intervals.get(each.name, (math.nan, math.nan))
    result = each.result
    numbers = (each.name, result.value, low, high, result.null, result.excess, result.n, result.n_undefined)
    return dict(zip(COLUMNS, (*numbers, each.metric.direction), strict=True))


def _numbers(each: _Asked) -> npt.NDArray[np.float64]:
    values: npt.NDArray[np.float64] = each.result.per_list.cpu().numpy()  # type: ignore[union-attr]
    return values


def _lists(recs: Recommendations, asked: list[_Asked]) -> pd.DataFrame:
    frame = pd.DataFrame({"user_id": recs.users})
    if recs.time is not None:
        frame["time"] = recs.time
    frame["n_items"] = recs.lengths.cpu().numpy()
    for each in asked:
        if each.result.per_list is not None:
            frame[each.name] = _numbers(each)
    return frame


def _settings(job: _Job, null: int, kernel: Kernel | None) -> dict[str, Any]:
    return {
        "recdiv": recdiv.__version__,
        "lists": job.recs.n_lists,
        "slots": job.recs.k,
        "items": job.known["n_items"],
        "unknown_slots": job.recs.n_unknown,
        "kernel": None if kernel is None else repr(kernel),
        **({"scorer": repr(job.known["scorer"])} if "scorer" in job.known else {}),
        "confidence": job.confidence,
        "null": null,
        "resamples": job.resamples,
        "rng": job.rng,
    }
