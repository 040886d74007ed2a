"""How much diversity a given loss of accuracy buys."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import torch
from torch import Tensor

from recdiv.diversity import effective_number
from recdiv.evaluation._cost import Costs, costs
from recdiv.kernels import Kernel
from recdiv.metrics.ndcg import ndcg
from recdiv.reranking import rerank
from recdiv.tables import Interactions, Recommendations

GRID = tuple(np.linspace(0, 1, 51).round(2).tolist())
_NEAR = 1e-12  # a loss of exactly what is allowed is allowed, whatever rounding makes of it


@dataclass(frozen=True)
class Tuned:
    """What :func:`recdiv.tune_diversity` found.

    Attributes:
        diversity: the largest value up to which nothing costs more than allowed; 0 where the first step does already.
        low, high: its interval.
        cost, cost_low, cost_high: the share of nDCG lost there, and its interval; below 0 it is a gain.
        allowed: the share that was allowed.
        frame: one row a value tried: diversity, ndcg, cost, low, high (of the cost), and effective_number where there
            was a kernel.
        settings: method, k, users (those with a test item), confidence, resamples, rng.
    """

    diversity: float
    low: float
    high: float
    cost: float
    cost_low: float
    cost_high: float
    allowed: float
    frame: pd.DataFrame = field(repr=False)
    settings: dict[str, Any] = field(repr=False)

    def __str__(self) -> str:
        s = self.settings
        if not self.diversity:
            first = self.frame.iloc[1]
            return (
                f"{s['method']}: no diversity above 0 costs at most {self.allowed:.1%} of nDCG@{s['k']}; "
                f"{first['diversity']:g} costs {first['cost']:.1%} ({s['users']:,} users)"
            )
        return (
            f"{s['method']}: diversity {self.diversity:g} ({s['confidence']:.0%} interval {self.low:g} to "
            f"{self.high:g}) costs {self.cost:.1%} of nDCG@{s['k']} ({self.cost_low:.1%} to {self.cost_high:.1%}); "
            f"{self.allowed:.1%} allowed, {s['users']:,} users"
        )

    def plot(self) -> Any:  # noqa: ANN401
        """A Matplotlib figure: what each value costs, and where the allowance is spent."""
        return import_module("recdiv.report").tuning_figure(self)


def tune_diversity(
    scores: Tensor | npt.ArrayLike,
    kernel: Kernel | None,
    test: Interactions,
    *,
    users: Iterable[Any] | None = None,
    method: str = "mmr",
    cost: float = 0.05,
    k: int = 10,
    candidates: int | Tensor | npt.ArrayLike | None = None,
    history: Tensor | npt.ArrayLike | None = None,
    interests: Tensor | npt.ArrayLike | None = None,
    popularity: Tensor | npt.ArrayLike | None = None,
    grid: Iterable[float] = GRID,
    confidence: float = 0.95,
    resamples: int = 1000,
    rng: int = 0,
    progress: Callable[[float], None] | None = None,
) -> Tuned:
    """The largest ``diversity`` that costs at most a share of nDCG, with its interval.

    Args:
        scores: what a recommender said ``[U, N]``, as for :func:`recdiv.rerank`.
        kernel: as there, and so are ``method``, ``k``, ``candidates``, ``history``, ``interests``, ``popularity``.
        test: what users did next. Use validation events: a value chosen on the test part flatters itself there.
        users: whose scores the rows are ``[U]``; default the numbers 0..U−1. Who has no event in ``test`` takes no
            part.
        cost: share of nDCG@k that may be lost against diversity 0; 0.05 is five percent.
        grid: values to try, upwards from 0.
        confidence: of the intervals.
        resamples: resampled sets of users behind them (paired: the same users judge all values).
        rng: their seed.
        progress: called with each value before it is tried.

    Accuracy need not fall evenly, so the answer is the last value before the first that costs more; a larger one that
    happens to cost less again is not taken. The interval holds the same answer in resamples of users: a wide one says
    that the test is too small to choose by. Answers are values of the grid, so both are as fine as that.

    Raises:
        ValueError: for a ``cost`` outside [0, 1), a grid that does not rise from 0 to at most 1, ``users`` that are not
            one a row, no test item of any user, no hit at diversity 0, and what :func:`recdiv.rerank` refuses.

    >>> from recdiv import Catalog, EmbeddingKernel
    >>> catalog = Catalog(pd.DataFrame({"item_id": ["a", "copy of a", "b"]}))
    >>> test = Interactions(pd.DataFrame({"user_id": [0], "item_id": ["copy of a"]}), catalog)
    >>> kernel = EmbeddingKernel([[1.0, 0.0], [1.0, 0.0], [0.0, 1.0]])
    >>> tune_diversity([[1.0, 0.9, 0.0]], kernel, test, k=2).diversity  # the copy stays while 0.9 (1 − δ) > δ
    0.46
    """
    values = _checked_grid(grid)
    if not 0 <= cost < 1:
        raise ValueError(f"cost must be a share of nDCG in [0, 1), got {cost}")
    if not 0 < confidence < 1:
        raise ValueError(f"confidence must lie between 0 and 1, got {confidence}")
    if resamples < 1:
        raise ValueError(f"resamples must be at least 1, got {resamples}")
    asked: dict[str, Any] = {
        **{"method": method, "k": k, "history": history, "interests": interests, "popularity": popularity},
        **_cut(scores, kernel, candidates),
    }
    whose = np.arange(len(asked["scores"])) if users is None else list(users)
    if len(whose) != len(asked["scores"]):
        raise ValueError(f"users must be one a row of scores ({len(asked['scores'])}), got {len(whose)}")
    found, variety = _tried(values, kernel, test, whose, asked, progress)
    loss = costs(found, whose, confidence=confidence, resamples=resamples, rng=rng)
    settings = {
        **{"method": method, "k": k, "users": int((~np.isnan(found[:, 0])).sum())},
        **{"confidence": confidence, "resamples": resamples, "rng": rng},
    }
    return _answer(values, found, variety, loss, cost, settings)


def _checked_grid(grid: Iterable[float]) -> npt.NDArray[np.float64]:
    values = np.array(list(grid), dtype=np.float64)
    if len(values) < 2 or values[0] != 0 or not (np.diff(values) > 0).all() or values[-1] > 1:
        raise ValueError(f"grid must rise from 0 to at most 1, two values at least, got {values.tolist()}")
    return values


def _cut(scores: Any, kernel: Kernel | None, candidates: Any) -> dict[str, Any]:  # noqa: ANN401
    """The candidates once and for all, so that scores of a whole catalogue are sorted a single time."""
    if not isinstance(candidates, int | np.integer):
        return {"scores": scores, "candidates": candidates}
    best = rerank(scores, kernel, method="topk", k=max(int(candidates), 1), candidates=candidates)
    return {"scores": best.scores, "candidates": best.items}


def _tried(
    values: npt.NDArray[np.float64],
    kernel: Kernel | None,
    test: Interactions,
    users: Any,  # noqa: ANN401
    asked: dict[str, Any],
    progress: Callable[[float], None] | None,
) -> tuple[npt.NDArray[np.float64], list[float]]:
    """NDCG of each user's list at each value ``[U, M]``, and the mean effective number of the lists."""
    options = {name: each for name, each in asked.items() if name != "scores"}
    found, variety = np.empty((len(users), len(values))), []
    for column, value in enumerate(values.tolist()):
        if progress is not None:
            progress(value)
        lists = rerank(asked["scores"], kernel, diversity=value, **options)
        recs = Recommendations(lists.items.cpu(), users=users)
        result = ndcg(recs, test=test)
        found[:, column] = np.nan if result.per_list is None else result.per_list.numpy()
        variety.append(np.nan if kernel is None else float(torch.nanmean(effective_number(lists, kernel))))
    return found, variety


def _answer(
    values: npt.NDArray[np.float64],
    found: npt.NDArray[np.float64],
    variety: list[float],
    loss: Costs,
    allowed: float,
    settings: dict[str, Any],
) -> Tuned:
    place = int(last_within(loss.value, allowed))
    tail = (1 - settings["confidence"]) / 2
    answers = values[last_within(loss.resampled, allowed)]
    low, high = np.quantile(answers, tail, method="lower"), np.quantile(answers, 1 - tail, method="higher")
    frame = pd.DataFrame(
        {"diversity": values, "ndcg": np.nanmean(found, 0), "cost": loss.value, "low": loss.low, "high": loss.high}
    )
    if not np.isnan(variety).all():
        frame["effective_number"] = variety
    there = frame.iloc[place]
    return Tuned(
        float(values[place]), float(low), float(high), float(there["cost"]), float(there["low"]), float(there["high"]),
        allowed, frame, settings,
    )  # fmt: skip


def last_within(loss: npt.NDArray[np.float64], allowed: float) -> npt.NDArray[np.int64]:
    """Position of the last loss before the first that is more than allowed, ``[..., M] -> [...]``.

    >>> int(last_within(np.array([0.0, 0.02, 0.07, 0.01]), 0.05))
    1
    """
    over = ~(loss <= allowed + _NEAR)
    over[..., 0] = False
    first: npt.NDArray[np.int64] = np.where(over.any(-1), over.argmax(-1), loss.shape[-1])
    return first - 1
