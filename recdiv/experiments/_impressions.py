"""What NeMig's impressions can tell: how the order came about, what foretells clicks, what another order is worth."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import torch

from recdiv.evaluation._frontier import padded
from recdiv.evaluation._report import records
from recdiv.experiments import clicks
from recdiv.experiments._measure import plain
from recdiv.experiments._sets import Prepared
from recdiv.experiments.clicks import RIDGE, Floats, Ints, Shown
from recdiv.experiments.off_policy import orders, worth
from recdiv.kernels import EmbeddingKernel
from recdiv.recommend import Text
from recdiv.reranking import rerank

PLACES = 6
RIDGES = (3.0, 10.0, 30.0, 100.0)
GROUPS = {"orientation": ["left", "center", "right"], "sentiment": ["negative", "neutral", "positive"]}
Found = dict[str, Any]


def impressions_of(prepared: Prepared) -> pd.DataFrame:
    """What was shown.

    Raises:
        ValueError: if the set does not say.
    """
    if prepared.impressions is None:
        raise ValueError(f"{prepared.name} does not say what was shown")
    return prepared.impressions


def order(prepared: Prepared, kernel: EmbeddingKernel) -> Found:
    """Whether the order was random or by likeness to the reader, what became of lost articles, each place's effect."""
    frame = impressions_of(prepared)
    each = frame.groupby("impression_id")["clicked"].agg(["size", "sum"])
    lost = [
        {
            "articles": n,
            "impressions": int((each["size"] == n).sum()),
            "clicked": plain(each["sum"][each["size"] == n].mean()),
        }
        for n in sorted(set(each["size"].tolist()))
    ]
    shown = clicks.whole(frame, prepared.catalog, places=PLACES)
    both, alone = (clicks.choice_model(shown, use=use) for use in ("both", "place"))
    return {
        "impressions": len(shown),
        "people": len(np.unique(shown.user)),
        "articles_shown": len(np.unique(shown.items)),
        "order": _unevenness(shown),
        "once_each": _once_each(shown),
        "lost": lost,
        "clicked_place": [plain(share) for share in np.bincount(shown.clicked, minlength=PLACES) / len(shown)],
        "place": [plain(value) for value in both.place],
        "place_alone": [plain(value) for value in alone.place],
        "reach": [plain(value) for value in both.reach(shown.items)],
        "by_likeness": _by_likeness(likeness(prepared, kernel)[:, :, 0]),
    }


def _unevenness(shown: Shown) -> Found:
    return {name: plain(value) for name, value in clicks.order_is_random(shown).items()}


def _once_each(shown: Shown) -> Found:
    """The same with one page of each six articles: an order that many readers were given counts once."""
    _, first, of, pages = np.unique(
        np.sort(shown.items, axis=1), axis=0, return_index=True, return_inverse=True, return_counts=True
    )
    alone = np.isin(np.arange(len(shown)), first)
    return {"pages": int(alone.sum()), "shared": plain((pages[of] > 1).mean()), **_unevenness(shown.where(alone))}


def _by_likeness(like: Floats) -> Found:
    """Whether what reads like the history stood higher: pages of readers with a history only."""
    like = like[(like != 0).any(1)]
    rank = like.argsort(1).argsort(1)
    place = np.broadcast_to(np.arange(PLACES), rank.shape)
    return {
        "pages": len(like),
        "rank_correlation": plain(-np.corrcoef(rank.ravel(), place.ravel())[0, 1]),
        "most_alike_first": plain((like.argmax(1) == 0).mean()),
        "by_chance": plain(1 / PLACES),
    }


def foretold(prepared: Prepared, kernel: EmbeddingKernel) -> Found:
    """What helps to foretell the clicks of people not seen, in nats a click over guessing among six."""
    shown = clicks.whole(impressions_of(prepared), prepared.catalog, places=PLACES)
    like = _standard(likeness(prepared, kernel))
    labels = pd.get_dummies(prepared.catalog.frame[list(GROUPS)]).to_numpy(dtype=np.float64)[shown.items]
    told = {
        "place": ("place", None),
        "article": ("article", None),
        "place and article": ("both", None),
        "likeness to the history": ("nothing", like),
        "place and likeness": ("place", like),
        "place, orientation and sentiment": ("place", labels),
        "all": ("both", np.concatenate([like, labels], axis=2)),
    }
    found = clicks.explained(shown, told)
    ridges = [{"ridge": ridge, **_gain(clicks.explained(shown, {"": ("both", None)}, ridge=ridge))} for ridge in RIDGES]
    fitted = clicks.choice_model(shown, use="place", extra=like)
    return {"models": _plain(found), "ridges": ridges, "chosen": RIDGE, "likeness_effect": plain(fitted.effects[0])}


def _gain(frame: pd.DataFrame) -> Found:
    return {"gain": plain(frame.loc[0, "gain"])}


def likeness(prepared: Prepared, kernel: EmbeddingKernel) -> Floats:
    """Cosine of each candidate to the mean of what its reader clicked before, ``[N, K, 1]``; 0 without a history."""
    frame = impressions_of(prepared)
    shown = clicks.whole(frame, prepared.catalog, places=PLACES)
    users = _users(frame)
    model = Text(kernel).fit(prepared.split.known)
    histories = _every_click(prepared).histories(users)
    scores = model.scores(users, histories=histories).numpy()
    scores[np.array([len(each) == 0 for each in histories])] = 0
    return np.asarray(scores[shown.user[:, None], shown.items][:, :, None], dtype=np.float64)


def _every_click(prepared: Prepared) -> Any:  # noqa: ANN401
    """Histories as published: all of it came before the impressions."""
    from recdiv.datasets import load
    from recdiv.tables import Interactions

    found = load(prepared.name).interactions
    return Interactions(found.frame, prepared.catalog) if found is not None else prepared.split.known


def _users(frame: pd.DataFrame) -> list[Any]:
    """Readers of whole impressions, in the order in which :func:`clicks.whole` numbers them."""
    each = frame.groupby("impression_id")["clicked"]
    kept = (each.transform("size") == PLACES) & (each.transform("sum") == 1)
    return sorted(frame.loc[kept, "user_id"].unique())


def _standard(values: Floats) -> Floats:
    """Centred within each impression, of standard deviation 1 in all."""
    moved = values - values.mean(1, keepdims=True)
    return np.asarray(moved / moved.std())


def rates(prepared: Prepared) -> Found:
    """Clicks per showing of each group of articles, raw and with the place taken out."""
    shown = clicks.whole(impressions_of(prepared), prepared.catalog, places=PLACES)
    reach = clicks.choice_model(shown).reach(shown.items)
    found = {}
    for column, names in GROUPS.items():
        group = pd.Categorical(prepared.catalog.frame[column], categories=names).codes.astype(np.int64)
        found[column] = _plain(clicks.weighted_rates(shown, reach, group, names))
    return found


def other_orders(prepared: Prepared, kernel: EmbeddingKernel, *, rng: int = 0) -> Found:
    """What share of clicks articles of the left and the centre would get in other orders of the same articles."""
    shown = clicks.whole(impressions_of(prepared), prepared.catalog, places=PLACES)
    model = clicks.choice_model(shown)
    wanted = prepared.catalog.frame["orientation"].isin(["left", "center"]).to_numpy()
    like, chance = likeness(prepared, kernel)[:, :, 0], np.random.default_rng(rng).random(shown.items.shape)
    ranks = {
        "as shown": np.zeros(shown.items.shape),
        "reversed": np.broadcast_to(np.arange(PLACES, dtype=np.float64), shown.items.shape),
        "shuffled": chance,
        "like the history first": np.where((like != 0).any(1, keepdims=True), like, chance),
        "diverse first": _diverse(shown, kernel),
        "left and centre first": wanted[shown.items].astype(np.float64),
        "left and centre last": -wanted[shown.items].astype(np.float64),
    }
    lists = orders(shown, ranks)
    found = worth(shown, lists, model, wanted, reach=model.reach(shown.items))
    share = wanted[shown.items].mean()
    return {
        "wanted": "left and centre",
        "share_shown": plain(share),
        "impressions": len(shown),
        "orders": _plain(found),
    }


def _diverse(shown: Shown, kernel: EmbeddingKernel) -> Floats:
    """Ranks of the order in which a max-min walk through the six goes: the first as shown, then what is unlike it."""
    made = rerank(np.zeros(shown.items.shape), kernel, candidates=shown.items, method="mmr", k=PLACES, diversity=1.0)
    place: Ints = (shown.items[:, :, None] == made.items.numpy()[:, None, :]).argmax(2)
    return -place.astype(np.float64)


def support(prepared: Prepared, kernel: EmbeddingKernel, *, k: int = 10) -> Found:
    """How many of a recommender's first ``k`` of the whole catalogue were ever shown to the reader it made them for."""
    frame = impressions_of(prepared)
    every = _every_click(prepared)
    users = [user for user, held in zip(every.users, every.histories(), strict=True) if len(held)]
    model = Text(kernel).fit(every)
    lists = model.recommend(users, k=k)
    seen = frame.assign(row=prepared.catalog.rows(frame["item_id"]))
    seen = seen[seen["user_id"].isin(users)]
    offered = seen.groupby("user_id")["row"].apply(lambda rows: rows.to_numpy()).reindex(users)
    candidates = padded([np.array(rows) for rows in offered])
    met = (lists.items[:, :, None] == candidates[:, None, :]).any(2)
    chance = float((candidates >= 0).sum(1).double().mean()) / len(prepared.catalog)
    return {
        "readers": len(users),
        "slots": int(met.numel()),
        "shown": int(met.sum()),
        "by_chance": plain(chance * met.numel()),
        "readers_with_none": plain(torch.logical_not(met.any(1)).double().mean().item()),
    }


def _plain(frame: pd.DataFrame) -> list[Found]:
    return [{key: plain(v) if isinstance(v, float) else v for key, v in row.items()} for row in records(frame)]
