"""Whether a model tells what was clicked from what was shown beside it: for data that hold impressions."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from recdiv.evaluation._intervals import bootstrap_means, percentile_interval
from recdiv.recommend import Recommender, Split
from recdiv.tables import Catalog

_DRAWS = 2000


def shown_auc(model: Recommender, impressions: pd.DataFrame, catalog: Catalog, split: Split) -> dict[str, Any]:
    """Area under the curve of a model's scores within impressions, mean over them, interval over users.

    Histories are those of training. People without one are left out.
    """
    known = impressions[split.train.positions(impressions["user_id"].to_numpy()) >= 0]
    users = known["user_id"].unique()
    place = pd.Index(users).get_indexer(pd.Index(known["user_id"]))
    scores = model.scores(users, histories=split.train.histories(users)).numpy()
    return auc(known, scores[place, catalog.rows(known["item_id"])].astype(np.float64))


def auc(impressions: pd.DataFrame, scores: npt.NDArray[np.float64]) -> dict[str, Any]:
    """Share of pairs (clicked, not clicked) of an impression that scores order right, ties half; chance gives 0.5.

    >>> frame = pd.DataFrame({"impression_id": [1, 1, 1], "user_id": ["u"] * 3, "clicked": [True, False, False]})
    >>> auc(frame, np.array([2.0, 1.0, 2.0]))["value"]  # one pair right, one tied
    0.75
    """
    rows = impressions[["impression_id", "user_id", "clicked"]].assign(score=scores)
    pairs = rows[rows["clicked"]].merge(rows[~rows["clicked"]], on=["impression_id", "user_id"], suffixes=("", "_not"))
    pairs["right"] = np.sign(pairs["score"] - pairs["score_not"]) / 2 + 0.5
    each = pairs.groupby(["impression_id", "user_id"])["right"].mean()
    values, owners = each.to_numpy()[:, None], each.index.get_level_values("user_id").to_numpy()
    low, high = percentile_interval(bootstrap_means(values, owners, draws=_DRAWS, rng=0)[:, 0], 0.95)
    return {"value": float(values.mean()), "low": low, "high": high, "null": None, "n": len(each)}
