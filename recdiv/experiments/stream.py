"""A stream of new articles: the same readers, asked again and again while articles come in and grow old."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import torch
from torch import Tensor

from recdiv._days import days_of
from recdiv.evaluation import evaluate
from recdiv.kernels import EmbeddingKernel
from recdiv.recommend import Text
from recdiv.tables import Catalog, Interactions, Recommendations

__all__ = ["FOREVER", "ages", "compared", "days_of", "fresh", "repeated", "served"]

K = 10
FOREVER = float("inf")


def fresh(scores: Tensor, age: npt.NDArray[np.float64], *, half_life: float = FOREVER) -> Tensor:
    r"""Cosines that lose half of their worth every ``half_life`` days, :math:`\tfrac{1 + s}{2}\, 2^{-age / h}`.

    Args:
        scores: cosines ``[U, I]``.
        age: days since each article came out ``[I]``; what is not out yet (below 0) gets −∞.
        half_life: h, days; infinite for none.

    Raises:
        ValueError: if ``half_life`` is not positive.

    >>> fresh(torch.tensor([[1.0, 1.0, 1.0]]), np.array([0.0, 7.0, -1.0]), half_life=7).tolist()
    [[1.0, 0.5, -inf]]
    """
    if not half_life > 0:
        raise ValueError(f"half_life must be positive, got {half_life}")
    worth = torch.from_numpy(0.5 ** (np.maximum(age, 0) / half_life))
    return torch.where(torch.from_numpy(age >= 0), (1 + scores.double()) / 2 * worth, -torch.inf)


def served(
    kernel: EmbeddingKernel,
    catalog: Catalog,
    train: Interactions,
    *,
    at: Iterable[float],
    users: Sequence[Any],
    half_life: float = FOREVER,
    k: int = K,
) -> Recommendations:
    """Lists of a recommender that reads, for the same readers on several days; ``time`` is the day.

    A reader's history is what was read before the day where ``train`` has times, all of it where it has none. What is
    in the history is not shown again; a reader without a history that day has no list.
    """
    came_out = days_of(catalog)
    when = train.frame["timestamp"].to_numpy(dtype=np.float64) if "timestamp" in train.frame else None
    parts: list[Tensor] = []
    days: list[float] = []
    model = Text(kernel).fit(train)
    for day in at:
        known = train if when is None else train.where(when < day)
        histories = known.histories(users)
        scores = fresh(model.scores(users, histories=histories), day - came_out, half_life=half_life)
        for row, items in enumerate(histories):
            scores[row, torch.from_numpy(items)] = -torch.inf
        best = scores.topk(k, dim=1)
        nobody = torch.tensor([len(items) == 0 for items in histories])
        parts.append(torch.where(best.values.isneginf() | nobody[:, None], -1, best.indices))
        days += [float(day)] * len(users)
    return Recommendations(torch.cat(parts), users=list(users) * len(parts), time=days)


def ages(lists: Recommendations, catalog: Catalog) -> npt.NDArray[np.float64]:
    """Days since each article came out on the day it is shown, ``[U, K]``; NaN in empty slots."""
    items = lists.items.numpy()
    day = np.asarray(lists.time, dtype=np.float64)[:, None]
    return np.where(items >= 0, day - days_of(catalog)[items], np.nan)


def repeated(lists: Recommendations, story: Tensor) -> npt.NDArray[np.float64]:
    """Share of the slots of each list that tell a story told higher up, ``[U]``; NaN for an empty list.

    >>> repeated(Recommendations([[0, 1, 2, -1]]), torch.tensor([7, 7, 3])).round(3).tolist()
    [0.333]
    """
    items = lists.items
    told = torch.where(items >= 0, story[items.clamp(min=0)], -1)
    again = (told[:, :, None] == told[:, None, :]).tril(-1).any(2) & (items >= 0)
    with np.errstate(invalid="ignore"):
        return np.asarray(again.sum(1).numpy() / (items >= 0).sum(1).numpy(), dtype=np.float64)


def compared(
    lists: dict[str, Recommendations], catalog: Catalog, kernel: EmbeddingKernel, story: Tensor
) -> pd.DataFrame:
    """One row a system: how old, how alike and how steady what it shows is.

    Columns: ``age`` (median days), ``week`` (share of slots of the last seven days), ``alpha`` (effective number in a
    list), ``repeated`` (slots that tell a story told higher up), ``renewed`` (share of a list that was not in the list
    before), ``drift`` of all lists from day to day, and ``turnover``: the drift of the same lists when texts are dealt
    to articles at random, so that only who is shown again tells days apart.
    """
    rows = []
    for name, recs in lists.items():
        old = ages(recs, catalog)
        known = ["alpha", "temporal_diversity", "drift@against=shuffled"]
        report = evaluate(recs, catalog, kernel=kernel, metrics=known, confidence=None, null=3)
        chance = report.frame.set_index("metric")["null"][known[-1]]
        rows.append(
            {
                "system": name,
                "age": float(np.nanmedian(old)),
                "week": float((old <= 7).sum() / np.isfinite(old).sum()),
                "alpha": report["alpha"],
                "repeated": float(np.nanmean(repeated(recs, story))),
                "renewed": report["temporal_diversity"],
                "drift": report[known[-1]],
                "turnover": float(chance),
            }
        )
    return pd.DataFrame(rows)
