"""What lists make of one more action, without re-training."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from recdiv.diversity import list_qjsd
from recdiv.evaluation import compare
from recdiv.experiments._measure import plain
from recdiv.experiments._sets import Prepared
from recdiv.kernels import EmbeddingKernel
from recdiv.recommend import Recommender
from recdiv.tables import Interactions, Recommendations

K = 10
TIMED = 50  # people whose answers are timed one by one


def answers(prepared: Prepared) -> tuple[np.ndarray[Any, Any], list[Any], list[Any], Interactions]:
    """Who did one more thing: users, histories before it and with it, and what they did after that.

    Where the test part holds several events of a person, the first is the action and the others are what comes after;
    where it holds one (leave one out), the action is the validation event and the test event is what comes after.
    """
    split = prepared.split
    if split.protocol == "leave one out":
        users = np.asarray(split.validation.users)
        users = users[np.isin(users, split.test.users)]
        before, after = split.histories("validation", users=users), split.histories("test", users=users)
        return users, before, after, split.test.where(np.isin(_owners(split.test), users))
    owners = pd.Series(_owners(split.test))
    turn = owners.groupby(owners).cumcount().to_numpy()
    several = owners.groupby(owners).transform("size").to_numpy() > 1
    rest = split.test.where(several & (turn > 0))
    first = split.test.where(several & (turn == 0))
    users = np.asarray(first.users)
    before = split.histories("test", users=users)
    actions = first.histories(users)
    return users, before, [np.concatenate(pair) for pair in zip(before, actions, strict=True)], rest


def one_more(models: Mapping[str, Recommender], prepared: Prepared, kernel: EmbeddingKernel) -> pd.DataFrame:
    r"""How lists answer to one more action, with no re-training; one row a system.

    Columns: ``moved``, mean :math:`\sqrt{\mathrm{QJSD}}` between a list before and after (0 = means the same, 0.83 =
    nothing shared); ``before`` and ``after``, nDCG@10 of what came next; ``gain`` their difference with ``low`` and
    ``high``; ``milliseconds``, the median time of one person's answer. What was just taken is in neither list, so
    that the gain is what was learnt from it and not the place it left.
    """
    users, before, after, rest = answers(prepared)
    rows = []
    for name, model in models.items():
        lists = {"before": _without(model, users, before, after), "after": model.recommend(users, k=K, histories=after)}
        told = compare(lists, prepared.catalog, test=rest, metrics=["ndcg@10"])
        by, gain = told.frame.loc["ndcg@10"], told.differences.iloc[0]
        rows.append(
            {
                "system": name,
                "moved": plain(float(np.nanmean(list_qjsd(lists["before"], lists["after"], kernel).sqrt().numpy()))),
                "before": plain(by["before"]),
                "after": plain(by["after"]),
                "gain": plain(gain["difference"]),
                "low": plain(gain["low"]),
                "high": plain(gain["high"]),
                "milliseconds": round(_milliseconds(model, users, after), 2),
                "n": int(gain["n"]),
            }
        )
    return pd.DataFrame(rows)


def _without(model: Recommender, users: Any, before: list[Any], after: list[Any]) -> Recommendations:  # noqa: ANN401
    """Lists from the earlier history that leave out what was taken since: everything but the new items may stand."""
    lists = model.recommend(
        users, k=K + max(len(b) - len(a) for a, b in zip(before, after, strict=True)), histories=before
    )
    items = lists.items.numpy()
    kept = np.full((len(items), K), -1)
    for row, (old, new) in enumerate(zip(before, after, strict=True)):
        taken = np.setdiff1d(new, old)
        left = items[row][~np.isin(items[row], taken)][:K]
        kept[row, : len(left)] = left
    return Recommendations(kept, users=list(users))


def _milliseconds(model: Recommender, users: Any, histories: list[Any]) -> float:  # noqa: ANN401
    spent = []
    for user, history in list(zip(users, histories, strict=True))[:TIMED]:
        began = time.perf_counter()
        model.recommend([user], k=K, histories=[history])
        spent.append(time.perf_counter() - began)
    return 1e3 * float(np.median(spent))


def _owners(events: Interactions) -> np.ndarray[Any, Any]:
    return np.asarray(events.frame["user_id"])
