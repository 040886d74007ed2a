"""Where repeats are wanted: how varied listening is, and what a list of known and new artists is worth.

Last.fm says how often somebody played an artist, not when. So the next play of a known artist is taken to be drawn in
proportion to past plays, and the next new artist is one of each person's, held out with all its plays.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from recdiv.diversity import effective_number, partition
from recdiv.evaluation import evaluate
from recdiv.experiments._measure import interval, plain
from recdiv.kernels import IdentityKernel, Kernel
from recdiv.recommend import Recommender, Split
from recdiv.tables import Catalog, Interactions, Recommendations

Floats = npt.NDArray[np.float64]
K = 10
NULL = 5
READ = (
    "recall@10", "alpha", "beta", "gamma", "chi", "item_coverage", "gini", "tail_share",
    "popularity_lift", "log_popularity_difference", "novelty", "semantic_novelty", "calibration_qjsd",
    "conditional_effective_number", "conditional_effective_number@part=residual",
)  # fmt: skip


@dataclass(frozen=True)
class Played:
    """What people played, most played first: one row a person, -1 and 0 where there is no more.

    Attributes:
        items: catalogue rows ``[U, H]``.
        plays: how often, float64 ``[U, H]``.
        users: whose.
    """

    items: Tensor
    plays: Tensor
    users: npt.NDArray[Any]

    @property
    def shares(self) -> Tensor:
        """Chance that a play of a known artist is of this one, rows sum to 1."""
        return self.plays / self.plays.sum(1, keepdim=True)


def played(events: Interactions) -> Played:
    """People's artists by plays, ties in the order of the file; ``events`` has a column ``plays``."""
    plays = events.frame["plays"].to_numpy(dtype=np.float64)
    order = np.lexsort((np.arange(len(plays)), -plays, events.user))
    lengths = np.bincount(events.user, minlength=events.n_users)
    slot = np.arange(len(order)) - np.repeat(np.cumsum(lengths) - lengths, lengths)
    items = torch.full((events.n_users, int(lengths.max(initial=0))), -1)
    weights = torch.zeros(items.shape, dtype=torch.float64)
    row = torch.from_numpy(events.user[order])
    items[row, torch.from_numpy(slot)] = torch.from_numpy(events.item[order])
    weights[row, torch.from_numpy(slot)] = torch.from_numpy(plays[order])
    return Played(items, weights, events.users)


def listening(own: Played, kernel: Kernel) -> dict[str, Any]:
    """How varied what people play is: by identity and by meaning, each artist alike and each play alike."""
    kinds: dict[str, Kernel] = {"identity": IdentityKernel(kernel.n_items), "meaning": kernel}
    pairs, plays = float((own.items >= 0).sum()), float(own.plays.sum())
    found: dict[str, Any] = {"plays": plays, "artists_of_people": pairs, "repeats": 1 - pairs / plays}
    numbers = {}
    for name, weights in (("artists", None), ("plays", own.plays)):
        for kind, by in kinds.items():
            each = effective_number(own.items, by, weights=weights)
            numbers[f"{kind}, {name}"] = each.numpy()
            parts = partition(own.items, by, slot_weights=weights, null=NULL)
            found[f"{kind}, {name}"] = {
                **{f"p{share}": plain(float(each.quantile(share / 100))) for share in (10, 50, 90)},
                **{part: plain(getattr(parts, part)) for part in ("alpha", "beta", "gamma", "chi", "chi_excess")},
            }
    found["first_artist_share"] = plain(float(own.shares[:, 0].median()))
    found["rank_correlation"] = {
        name: plain(spearman(numbers[f"identity, {name}"], numbers[f"meaning, {name}"]))
        for name in ("artists", "plays")
    }
    return found


def spearman(a: Floats, b: Floats) -> float:
    """Rank correlation, NaN where one of both is the same for all.

    >>> round(spearman(np.array([1.0, 2.0, 3.0]), np.array([1.0, 4.0, 9.0])), 6)
    1.0
    >>> spearman(np.array([1.0, 2.0]), np.array([3.0, 3.0]))
    nan
    """
    from scipy.stats import spearmanr

    if min(np.ptp(a), np.ptp(b)) == 0:
        return float("nan")
    return float(spearmanr(a, b).statistic)


def slate(known: Tensor, new: Tensor, n_known: int, *, k: int = K) -> Tensor:
    """The first ``n_known`` of what is known, then what is new, ``[U, k]``; new fills up where known runs out.

    >>> slate(torch.tensor([[1, 2], [3, -1]]), torch.tensor([[7, 8, 9], [7, 8, 9]]), 2, k=3).tolist()
    [[1, 2, 7], [3, 7, 8]]
    """
    kept = torch.cat([known[:, :n_known], new], 1)
    order = (kept < 0).to(torch.int8).argsort(dim=1, stable=True)
    return kept.gather(1, order)[:, :k]


def known_share(lists: Tensor, had: Tensor) -> Tensor:
    """Share of the filled slots of each list ``[U, k]`` that its person had before (``[U, H]``), float64 ``[U]``.

    >>> known_share(torch.tensor([[1, 2, -1], [3, 4, 5]]), torch.tensor([[2, 9], [0, -1]])).tolist()
    [0.5, 0.0]
    """
    again = (lists[:, :, None] == had[:, None, :]).any(2) & (lists >= 0)
    return again.sum(1) / (lists >= 0).sum(1).double()


def next_known(lists: Tensor, own: Played) -> Tensor:
    """Chance that the next play of a known artist is in the list, float64 ``[U]``."""
    return ((lists[:, :, None] == own.items[:, None, :]).any(1) * own.shares).sum(1)


def read(lists: Tensor, own: Played, split: Split, catalog: Catalog, kernel: Kernel) -> dict[str, Any]:
    """What lists are worth to who wants a new artist, to who wants a known one, and what metrics say of them.

    All have 95 % intervals over people. Nulls other than that of chi would take most of the time.
    """
    recs = Recommendations(lists, users=own.users)
    given: dict[str, Any] = {"train": split.train, "test": split.test, "kernel": kernel}
    reports = (
        evaluate(recs, catalog, metrics=READ, null=0, **given),
        evaluate(recs, catalog, metrics=["chi_excess"], null=NULL, **given),
    )
    found: dict[str, Any] = {
        str(row.metric): {"value": plain(row.value), "low": plain(row.low), "high": plain(row.high)}
        for report in reports
        for row in report.frame.itertuples()
    }
    found["known_share"] = interval(known_share(lists, own.items).numpy(), own.users)
    found["next_known"] = interval(next_known(lists, own).numpy(), own.users)
    return found


def slates(
    models: Mapping[str, Recommender], split: Split, catalog: Catalog, kernel: Kernel, *, new_from: str
) -> dict[str, Any]:
    """Lists from ``n`` known artists and the rest new, ``n`` from 0 to 10; and recommenders told to refuse or keep."""
    own = played(split.train)
    new = models[new_from].recommend(own.users, k=K).items
    by_known = [
        {"known_slots": n, **read(slate(own.items, new, n, k=K), own, split, catalog, kernel)} for n in range(K + 1)
    ]
    refusing = {}
    for name, model in models.items():
        for refuses in (True, False):
            lists = model.recommend(own.users, k=K, exclude_seen=refuses).items
            refusing[f"{name}, {'new only' if refuses else 'known allowed'}"] = read(lists, own, split, catalog, kernel)
    return {"new_from": new_from, "people": len(own.users), "by_known": by_known, "refusing": refusing}
