"""Clicks, streams and stories on made-up readers whose truth is known."""

import math

import numpy as np
import pandas as pd
import pytest
import torch

import recdiv as rd
from recdiv.experiments import _impressions, _normative, _readings, _stories, stream
from recdiv.experiments._sets import Prepared
from recdiv.experiments.clicks import Choice, Shown, choice_model, explained, order_is_random, weighted_rates, whole
from recdiv.experiments.off_policy import orders, worth

ARTICLES, PLACES, IMPRESSIONS = 40, 5, 6000
PLACE = np.array([1.0, 0.2, -0.2, -0.6, -0.4])
APPEAL = np.random.default_rng(7).normal(size=ARTICLES)


def made_up(*, ranked: float, seed: int = 0, appeal=APPEAL) -> Shown:
    """Clicks chosen by the model's own truth; ``ranked`` sends appealing articles to the first places."""
    rng = np.random.default_rng(seed)
    items = np.stack([rng.choice(ARTICLES, PLACES, replace=False) for _ in range(IMPRESSIONS)])
    noise = rng.normal(size=items.shape)
    items = np.take_along_axis(items, np.argsort(-(ranked * appeal[items] + noise), axis=1), axis=1)
    chance = Choice(appeal, PLACE, np.zeros(0)).chances(items)
    clicked = (rng.random(IMPRESSIONS)[:, None] > chance.cumsum(1)).sum(1)
    return Shown(items, clicked, np.arange(IMPRESSIONS) // 4, ARTICLES)


CONFOUNDED = made_up(ranked=2.0)
MODEL = choice_model(CONFOUNDED, ridge=1.0)


def test_impressions_that_lost_an_article_are_left_out():
    catalog = rd.Catalog(pd.DataFrame({"item_id": list("abcd")}))
    rows = [(1, "u", 2, "b", True), (1, "u", 1, "a", False), (2, "u", 1, "c", True), (3, "v", 1, "d", False)]
    rows += [(3, "v", 2, "a", False)]  # nothing was clicked
    frame = pd.DataFrame(rows, columns=["impression_id", "user_id", "position", "item_id", "clicked"])
    shown = whole(frame, catalog, places=2)
    assert shown.items.tolist() == [[0, 1]]
    assert shown.clicked.tolist() == [1]
    assert (shown.places, len(shown), shown.user.tolist()) == (2, 1, [0])


def test_whether_the_order_was_random_is_seen():
    random = order_is_random(made_up(ranked=0.0))
    assert abs(random["uneven"] - random["null"]) < 5 * random["null_sd"]
    ranked = order_is_random(CONFOUNDED)
    assert ranked["uneven"] > ranked["null"] + 20 * ranked["null_sd"]
    assert ranked["null"] == pytest.approx(1, abs=0.2)


def test_place_and_appeal_are_told_apart_by_articles_that_stood_in_several_places():
    raw = np.log(np.bincount(CONFOUNDED.clicked, minlength=PLACES))
    truth = PLACE - PLACE.mean()
    assert (
        np.abs(MODEL.place - truth).max() < 0.2
    )  # the last places get few clicks, and the ridge leaves them some appeal
    assert (raw - raw.mean())[0] > truth[0] + 0.3  # clicks alone take the ranker's work for the place's
    assert np.corrcoef(MODEL.appeal, APPEAL)[0, 1] > 0.97


def test_reach_is_what_random_order_would_show():
    truth = np.bincount(made_up(ranked=0.0, seed=1).clicked, minlength=PLACES) / IMPRESSIONS
    reach = MODEL.reach(CONFOUNDED.items)
    assert reach.sum() == pytest.approx(1)
    assert np.abs(reach - truth).max() < 0.03


def test_what_foretells_clicks_is_found_in_people_not_seen():
    flat = made_up(ranked=0.0, appeal=np.zeros(ARTICLES))
    told = {"nothing": ("nothing", None), "place": ("place", None), "article": ("article", None)}
    found = explained(flat, told, folds=2).set_index("model")
    assert found.loc["nothing", "gain"] == pytest.approx(0, abs=1e-12)
    assert found.loc["place", "low"] > 0.05
    assert abs(found.loc["article", "gain"]) < 0.02
    extra = np.zeros((*flat.items.shape, 1))
    extra[np.arange(len(flat)), flat.clicked, 0] = 1
    told = {"told": ("place", extra)}
    assert explained(flat, told, folds=2).loc[0, "right"] == 1


def test_weighting_takes_the_place_out_of_the_rate():
    group = (np.argsort(np.argsort(-APPEAL)) >= ARTICLES // 2).astype(np.int64)  # 0: the appealing half
    flat = np.zeros(ARTICLES)
    rng = np.random.default_rng(3)
    shown = made_up(ranked=0.0, appeal=flat)
    first = np.argsort(group[shown.items] + rng.random(shown.items.shape) / 2, axis=1)
    items = np.take_along_axis(shown.items, first, axis=1)  # group 0 always above group 1, though all appeal alike
    chance = Choice(flat, PLACE, np.zeros(0)).chances(items)
    clicked = (rng.random(IMPRESSIONS)[:, None] > chance.cumsum(1)).sum(1)
    shown = Shown(items, clicked, shown.user, ARTICLES)
    reach = np.exp(PLACE) / np.exp(PLACE).sum()
    found = weighted_rates(shown, reach, group, ["above", "below"]).set_index("group")
    assert found.loc["above", "raw"] > found.loc["below", "raw"] + 0.05
    assert found.loc["above", "weighted"] == pytest.approx(1 / PLACES, abs=0.015)
    assert found.loc["below", "weighted_low"] < 1 / PLACES < found.loc["below", "weighted_high"]
    assert (found["effective"] < found["clicks"]).all()
    assert weighted_rates(shown, reach, np.full(ARTICLES, -1), ["none"]).loc[0, "clicks"] == 0


def test_another_order_is_worth_what_it_brings():
    wanted = np.arange(ARTICLES) % 4 == 0
    ranks = {"as shown": np.zeros(CONFOUNDED.items.shape), "wanted first": wanted[CONFOUNDED.items].astype(float)}
    lists = orders(CONFOUNDED, ranks)
    truth = Choice(APPEAL, PLACE, np.zeros(0))
    found = worth(CONFOUNDED, lists, MODEL, wanted, reach=MODEL.reach(CONFOUNDED.items)).set_index("order")
    made = wanted[CONFOUNDED.items[np.arange(len(CONFOUNDED)), CONFOUNDED.clicked]].mean()
    assert found.loc["as shown", ["weighted", "replayed"]].tolist() == pytest.approx([made, made])
    assert found.loc["as shown", "effective"] == pytest.approx(len(CONFOUNDED))
    for name, items in lists.items():
        real = (truth.chances(items) * wanted[items]).sum(1).mean()
        assert found.loc[name, "direct"] == pytest.approx(real, abs=0.02)
        assert found.loc[name, "weighted"] == pytest.approx(real, abs=0.06)  # looking depends on the others here
    moved = found.loc["wanted first"]
    assert moved["effective"] < 0.9 * len(CONFOUNDED)
    assert moved["matched"] < 0.5 * len(CONFOUNDED)
    assert moved["direct_low"] < moved["direct"] < moved["direct_high"]


def test_a_wrong_use_is_refused():
    with pytest.raises(ValueError, match="use must be 'nothing', 'place', 'article' or 'both', got 'all'"):
        choice_model(CONFOUNDED, use="all")


DAYS = pd.Series([0.0, 1.0, 5.0, 9.0, 9.5])
NEWS = rd.Catalog(pd.DataFrame({"item_id": range(5), "timestamp": DAYS, "outlet": list("aabbc")}))
KERNEL = rd.EmbeddingKernel([[1.0, 0.0], [1.0, 0.05], [1.0, 0.1], [0.0, 1.0], [0.2, 1.0]])


def test_nothing_is_shown_before_it_is_out_and_old_news_give_way():
    train = rd.Interactions(pd.DataFrame({"user_id": ["u"], "item_id": [0], "timestamp": [0.5]}), NEWS)
    lists = stream.served(KERNEL, NEWS, train, at=[0.2, 6.0, 10.0], users=["u"], k=2)
    assert lists.items.tolist() == [[-1, -1], [1, 2], [1, 2]]  # no history yet; then what is out and not read
    quick = stream.served(KERNEL, NEWS, train, at=[10.0], users=["u"], k=2, half_life=1.0)
    assert quick.items.tolist() == [[4, 3]]
    assert stream.ages(lists, NEWS)[1].tolist() == [5.0, 1.0]
    assert np.isnan(stream.ages(lists, NEWS)[0]).all()
    with pytest.raises(ValueError, match="half_life must be positive, got 0"):
        stream.fresh(torch.zeros(1, 5), DAYS.to_numpy(), half_life=0)


def test_a_stream_is_compared_by_age_likeness_and_change():
    items = [[0, 1], [0, 1], [3, 2], [3, 2]]
    lists = rd.Recommendations(items, users=["u", "v"] * 2, time=[2.0, 2.0, 10.0, 10.0])
    story = torch.tensor([0, 0, 2, 3, 4])
    found = stream.compared({"x": lists}, NEWS, KERNEL, story).loc[0]
    assert found["age"] == pytest.approx(1.5)  # 2, 1, 1 and 5 days, each twice
    assert found["week"] == 1
    assert found["repeated"] == pytest.approx(0.25)
    assert found["renewed"] == 1
    assert 1 < found["alpha"] < 2


def test_dates_are_days_whatever_their_kind():
    dated = rd.Catalog(NEWS.frame.assign(timestamp=pd.Timestamp("2021-01-01") + pd.to_timedelta(DAYS, unit="D")))
    assert stream.days_of(dated).tolist() == DAYS.tolist()
    pairs = np.array([[0, 2], [3, 4]])
    assert _stories.days_apart(dated, pairs).tolist() == _stories.days_apart(NEWS, pairs).tolist() == [5.0, 0.5]


def test_small_outlets_hold_no_more_than_their_share():
    outlet = pd.Series(["a"] * 50 + ["b"] * 30 + ["c"] * 15 + ["d"] * 5)
    assert set(outlet[_normative.small(outlet)]) == {"c", "d"}


def test_pairs_of_one_story_are_near_in_time(monkeypatch):
    monkeypatch.setattr(_stories, "_DRAWN", 3000)
    rng = np.random.default_rng(0)
    story, day = np.repeat(np.arange(60), 2), np.repeat(rng.uniform(0, 300, 60), 2)
    vectors = np.eye(61)[story] + 0.1 * np.eye(61)[-1]
    frame = {"item_id": range(120), "timestamp": day, "outlet": ["a", "b"] * 60, "title": [f"event {s}" for s in story]}
    found = _stories.bands(rd.EmbeddingKernel(vectors), rd.Catalog(pd.DataFrame(frame)))
    assert found[0]["pairs"] is None
    assert found[0]["within_days"] < 0.1
    top = found[-1]
    assert (top["pairs"], top["within_days"], top["other_outlet"], top["same_story"]) == (60, 1.0, 1.0, 1.0)
    assert top["shared_words"] == 1.0
    assert not math.isnan(found[0]["shared_words"])


def test_a_story_is_told_within_days():
    preset = rd.presets.get("news")
    assert math.isfinite(preset.days)
    near = rd.EmbeddingKernel([[1.0, 0.0], [1.0, 0.01], [1.0, 0.02], [0.0, 1.0]])
    frame = pd.DataFrame({"item_id": range(4), "title": list("abcd"), "timestamp": [0.0, preset.days, 99.0, 0.0]})
    assert preset.same_thing(rd.Catalog(frame), near).tolist() == [0, 0, 2, 3]
    assert preset.same_thing(rd.Catalog(frame.drop(columns="timestamp")), near).tolist() == [0, 0, 0, 3]


def test_groups_of_stories_are_counted_across_outlets():
    frame = NEWS.frame.assign(orientation=["left", "right", "left", "left", "left"])
    found = _stories.groups(rd.Catalog(frame), torch.tensor([0, 0, 2, 3, 3]))
    assert (found["stories"], found["told_again"], found["articles_in_them"], found["largest"]) == (3, 2, 4, 2)
    assert found["share"] == 0.8
    assert found["several_outlets"] == 0.5  # a and a; b and c
    assert found["several_orientations"] == 0.5
    assert (found["median_days"], found["longest_days"]) == (0.75, 1.0)


def test_readings_are_marked_by_labels_they_do_not_read(monkeypatch):
    monkeypatch.setattr(_readings, "_PAIRS", 2000)
    titles = ["rain and wind", "snow on the hills", "a late goal", "the cup final"]
    frame = pd.DataFrame(
        {"item_id": range(4), "title": titles, "text": "", "category": ["w", "w", "s", "s"], "place": list("xyxy")}
    )
    monkeypatch.setattr(
        rd.EmbeddingKernel, "from_text", staticmethod(lambda catalog: rd.EmbeddingKernel(np.eye(3)[[0, 0, 1, 1]]))
    )
    found = _readings.readings(rd.Catalog(frame))
    assert {row["reads"] for row in found} == {"title", "title and text", "title, place and text"}
    assert all(row["auc"] == 1 for row in found)


def _set(**columns):
    """Ten articles, four readers and what they were shown, as :func:`recdiv.experiments._sets.prepare` gives it."""
    frame = pd.DataFrame(
        {
            "item_id": [f"n{i}" for i in range(12)],
            "title": [f"title {i}" for i in range(12)],
            "category": ["a", "b", None] * 4,
            "orientation": ["left", "right", "center"] * 4,
            "sentiment": ["negative", "neutral", "positive", "negative"] * 3,
            "outlet": ["big"] * 10 + ["small"] * 2,
            "timestamp": np.arange(12.0),
        }
    )
    catalog = rd.Catalog(frame)
    events = pd.DataFrame({"user_id": np.repeat(list("uvwx"), 4), "item_id": [f"n{i % 12}" for i in range(16)]})
    split = rd.recommend.leave_one_out(rd.Interactions(events, catalog))
    rows = [
        {
            "impression_id": n,
            "user_id": "uvwx"[n % 4],
            "position": p + 1,
            "item_id": f"n{(n + p) % 12}",
            "clicked": p == n % 6,
        }
        for n in range(24)
        for p in range(6)
    ]
    rows = [row for row in rows if row["impression_id"] or row["position"] > 1]  # one page lost its first article
    return Prepared("made up", catalog, split, {}, pd.DataFrame(rows))


VECTORS = rd.EmbeddingKernel(np.random.default_rng(0).normal(size=(12, 5)))


def test_questions_about_impressions_are_answered(monkeypatch):
    prepared = _set()
    monkeypatch.setattr(_impressions, "_every_click", lambda prepared: prepared.split.known)
    order = _impressions.order(prepared, VECTORS)
    assert order["impressions"] == 23
    assert order["once_each"]["pages"] == 12  # the twelve sixes come twice each, but for the one that lost an article
    assert order["once_each"]["shared"] == pytest.approx(22 / 23, abs=1e-5)
    assert order["lost"] == [
        {"articles": 5, "impressions": 1, "clicked": 0.0},
        {"articles": 6, "impressions": 23, "clicked": 1.0},
    ]
    assert sum(order["reach"]) == pytest.approx(1, abs=1e-4)
    like = np.tile(np.arange(6.0, 0, -1), (5, 1))
    like[-1] = 0  # a reader without a history
    found = _impressions._by_likeness(like)
    assert (found["pages"], found["rank_correlation"], found["most_alike_first"]) == (4, 1, 1)
    told = {row["model"]: row for row in _impressions.foretold(prepared, VECTORS)["models"]}
    assert set(told) >= {"place", "article", "likeness to the history", "all"}
    rates = _impressions.rates(prepared)
    assert sum(row["clicks"] for row in rates["orientation"]) == 23
    other = {row["order"]: row for row in _impressions.other_orders(prepared, VECTORS)["orders"]}
    assert other["as shown"]["matched"] == 23
    assert other["left and centre first"]["direct"] is not None
    support = _impressions.support(prepared, VECTORS, k=3)
    assert 0 <= support["shown"] <= support["slots"] == 12


def test_norms_of_lists_stand_beside_what_is_published():
    prepared = _normative.with_columns(_set(), torch.arange(12))
    assert prepared.catalog.frame["small_outlet"].sum() == 2
    lists = {"some": rd.Recommendations([[0, 1, 2], [9, 10, 11], [3, 4, 5], [6, 7, 8]], users=list("uvwx"))}
    rows = {row["asked"]: row for row in _normative.normative(lists, prepared)}
    assert set(rows) == set(_normative.METRICS)
    assert rows["fragmentation, story"]["value"] == 1
    printed = rows["representation, orientation"]["radio_prints"]
    assert printed == pytest.approx(math.sqrt(rows["representation, orientation"]["value"] / math.log(2)), abs=0.01)
    mix = _normative.mixes(lists, prepared, "orientation")
    assert mix[0] == {"of": "what is published", "center": 0.333333, "left": 0.333333, "right": 0.333333}
    assert _normative.shown_lists(prepared).n_lists == 24
    model = rd.recommend.Text(VECTORS).fit(prepared.split.train)
    steered = _normative.steered(prepared.split.recommend(model, k=8), prepared, VECTORS, column="orientation")
    assert [row["weight"] for row in steered] == list(_normative.STEERED)
    assert steered[-1]["representation"] <= steered[0]["representation"] + 1e-9


def test_numbers_about_lists_are_held_to_labels():
    labels = [f"l{n // 25}" for n in range(250)] + [None] * 5
    right = _readings.followed(labels, rd.EmbeddingKernel(np.eye(11)[[n // 25 for n in range(250)] + [10] * 5]))
    noise = _readings.followed(labels, rd.EmbeddingKernel(np.random.default_rng(0).normal(size=(255, 20))))
    assert right["effective_number"] > 0.99
    assert abs(noise["effective_number"]) < 0.2  # five standard errors of 600 lists
