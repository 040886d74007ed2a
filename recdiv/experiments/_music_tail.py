"""Who pays for popularity: the same recommenders, read for mainstream and for niche listeners."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from recdiv.evaluation import evaluate
from recdiv.experiments._measure import plain
from recdiv.kernels import Kernel
from recdiv.metrics.tail_share import tail_items
from recdiv.recommend import Recommender, Split
from recdiv.reranking import rerank
from recdiv.tables import Catalog, Interactions, Recommendations

Bools = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]
GROUPS = ("niche", "middle", "mainstream")
READ = (
    "ndcg@10", "recall@10", "popularity_lift", "log_popularity_difference", "tail_share", "calibration_qjsd",
    "effective_number", "gini", "item_coverage",
)  # fmt: skip
QUOTAS = (0.0, 0.1, 0.2, 0.3)
K, POOL = 10, 5000  # candidates: few of the best hundreds are of the tail


def mainstream(train: Interactions) -> npt.NDArray[np.int64]:
    """Third of each person by the mean log-popularity of what they had: 0 niche, 1 middle, 2 mainstream."""
    counts = np.log(np.maximum(train.item_counts().numpy(), 1))
    mean = np.bincount(train.user, weights=counts[train.item]) / np.bincount(train.user)
    rank = np.argsort(np.argsort(mean, kind="stable"), kind="stable")
    return np.asarray(rank * len(GROUPS) // len(rank), dtype=np.int64)


def profile_tail(train: Interactions, chosen: Bools) -> float:
    """Share of what some people had that is of the tail."""
    tail = tail_items(train.item_counts(), 0.2).numpy()
    return float(tail[train.item[chosen[train.user]]].mean())


def by_group(recs: Recommendations, split: Split, catalog: Catalog, kernel: Kernel) -> dict[str, Any]:
    """Every number for everybody and for each third, with intervals over people."""
    group = mainstream(split.train)[split.train.positions(recs.users)]
    parts = {"all": np.ones(len(group), dtype=bool), **{name: group == j for j, name in enumerate(GROUPS)}}
    return {
        name: _numbers(recs.where(chosen), split, catalog, kernel) for name, chosen in parts.items() if chosen.any()
    }


def _numbers(recs: Recommendations, split: Split, catalog: Catalog, kernel: Kernel) -> dict[str, Any]:
    test = split.test.where(np.isin(split.test.frame["user_id"], recs.users))
    report = evaluate(recs, catalog, train=split.train, test=test, kernel=kernel, metrics=READ, null=0)
    rows = report.frame.set_index("metric")
    found: dict[str, Any] = {
        str(name): {key: plain(rows.loc[name, key]) for key in ("value", "low", "high")} for name in rows.index
    }
    chosen = np.isin(split.train.users, recs.users)
    return {"people": len(recs.users), "tail_share_of_history": plain(profile_tail(split.train, chosen)), **found}


def who_pays(
    models: Mapping[str, Recommender], split: Split, catalog: Catalog, kernel: Kernel, *, quota_of: str
) -> dict[str, Any]:
    """Each recommender by group; and one of them with a share of its slots kept for the tail."""
    users = split.test.users
    plainly = {name: by_group(model.recommend(users, k=K), split, catalog, kernel) for name, model in models.items()}
    pool = models[quota_of].recommend(users, k=POOL)
    if pool.scores is None:
        raise ValueError(f"{quota_of} must give scores")
    quotas = []
    for share in QUOTAS:
        lists = rerank(
            pool.scores,
            None,
            method="tail_quota",
            k=K,
            diversity=share,
            candidates=pool.items,
            popularity=split.train.item_counts(),
        )
        recs = Recommendations(lists.items, users=users)
        quotas.append({"quota": share, **by_group(recs, split, catalog, kernel)})
    return {"models": plainly, "quota_of": quota_of, "quotas": quotas}
