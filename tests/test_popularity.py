"""Popularity and accuracy beyond the common table: ties and cold items in the tail, antisymmetry, negative scores."""

import math

import numpy as np
import pandas as pd
import pytest
import reference_metrics as slow
import torch
from cases import CATALOG, EVENTS, HISTORY, TEST, TRAIN, N, compute, lists_of_items
from hypothesis import given, settings

import recdiv as rd
from recdiv import metrics
from recdiv.metrics.tail_share import tail_items

SEEN = EVENTS["item_id"].tolist()


@given(lists=lists_of_items)
@settings(max_examples=60, deadline=None)
def test_popularity_lift_against_its_reference(lists):
    result = compute("popularity_lift", lists)
    histories = [HISTORY.get(u, []) for u in range(len(lists))]
    expected = slow.popularity_lift(lists, histories, SEEN)
    assert result.value == pytest.approx(math.nan if expected is None else expected, nan_ok=True)
    both = sum(bool(slow.known(items) and history) for items, history in zip(lists, histories, strict=True))
    assert (result.n, result.n_undefined) == (both, len(lists) - both)


def events(*pairs, n_items=N):
    catalog = rd.Catalog(pd.DataFrame({"item_id": range(n_items)}))
    return rd.Interactions(pd.DataFrame(pairs, columns=["user_id", "item_id"]), catalog)


def test_a_history_as_recommended_has_no_difference_and_changing_places_changes_the_sign():
    train = events((1, 0), (1, 1), (2, 2), (2, 3), (3, 0), (4, 0), (5, 2))
    mine, theirs = [0, 1], [2, 3]
    same = metrics.compute("log_popularity_difference", rd.Recommendations([mine], users=[1]), train=train)
    assert same.value == pytest.approx(0)
    swapped = metrics.compute(
        "log_popularity_difference", rd.Recommendations([theirs, mine], users=[1, 2]), train=train
    )
    assert float(swapped.per_list[0]) == pytest.approx((math.log(2) - math.log(3)) / 2)
    assert float(swapped.per_list[0]) == pytest.approx(-float(swapped.per_list[1]))


def test_lift_is_a_ratio_of_means_not_a_mean_of_ratios():
    """User 1 likes popularity 4 and gets 1; user 2 likes 1 and gets 4: together nothing is lifted."""
    train = events((1, 0), (3, 0), (4, 0), (5, 0), (2, 1))
    recs = rd.Recommendations([[1], [0]], users=[1, 2])
    assert metrics.compute("popularity_lift", recs, train=train).value == 0
    assert metrics.compute("popularity_lift", recs.where([1]), train=train).value == pytest.approx(3)
    assert metrics.compute("log_popularity_difference", recs, train=train).value == pytest.approx(0)


@pytest.mark.parametrize(
    ("counts", "share", "tail"),
    [
        ([0, 0, 1, 9], 0.2, [0, 1, 2]),
        ([0, 2, 8], 0.2, [0, 1]),  # exactly 20 % is within
        ([0, 3, 7], 0.2, [0]),  # the item at the boundary is not
        ([1, 1, 1, 1, 1], 0.2, []),  # items alike stay together
        ([2, 1, 1, 6], 0.2, [1, 2]),
        ([29, 71], 0.29, [0]),  # 0.29 · 100 is below 29 in floating point
        ([0, 0, 5], 0.5, [0, 1]),
    ],
)
def test_which_items_are_tail(counts, share, tail):
    assert tail_items(torch.tensor(counts), share).nonzero().squeeze(1).tolist() == tail


def test_a_recommender_of_untouched_items_is_all_tail():
    """Where untouched items are left out of the tail, it would read 0."""
    recs = rd.Recommendations([[5, 6], [6, 4]])
    assert metrics.compute("tail_share", recs, train=TRAIN).value == 1
    with pytest.raises(ValueError, match=r"share must lie between 0 and 1, got 1\.5"):
        metrics.compute("tail_share@share=1.5", recs, train=TRAIN)


def test_average_popularity_and_concentration_by_hand():
    train = events(*[(u, 0) for u in range(6)], (0, 1), (1, 1))
    recs = rd.Recommendations([[0, 1, -1], [2, -2, 2]])
    assert metrics.compute("average_popularity", recs, train=train).per_list.tolist() == [4, 0]
    weighed = metrics.compute("average_popularity@discount=rbp", recs, train=train).per_list
    assert weighed.tolist() == pytest.approx([(6 + 0.9 * 2) / 1.9, 0])
    assert metrics.compute("concentration", recs).value == (1 + 1 + 4) / 16


def test_efd_without_discount_is_novelty():
    lists = [[0, 1, -1, 6], [2, 2, -2, 0]]
    assert compute("efd@discount=none", lists).per_list.tolist() == compute("novelty", lists).per_list.tolist()
    assert compute("efd", lists).value != pytest.approx(compute("novelty", lists).value)


def test_epc_counts_users_and_not_events():
    train = events((1, 0), (1, 0), (1, 0), (2, 1))
    assert metrics.compute("epc", rd.Recommendations([[0]]), train=train).value == 0.5


@pytest.mark.parametrize("name", ["epc", "efd"])
def test_relevance_is_asked_for_and_never_taken(name):
    recs = rd.Recommendations([[4, 0, 1]], users=[0])
    plain = metrics.compute(name, recs, train=TRAIN).value
    assert metrics.compute(name, recs, train=TRAIN, test=TEST).value == plain
    assert metrics.compute(f"{name}@relevance=test", recs, train=TRAIN, test=TEST).value < plain
    nobody = events()
    assert math.isnan(metrics.compute(f"{name}@relevance=test", recs, train=nobody, test=TEST).value)
    with pytest.raises(ValueError, match="relevance='test' needs test, got none"):
        metrics.compute(f"{name}@relevance=test", recs, train=TRAIN)
    with pytest.raises(ValueError, match="relevance must be 'any' or 'test', got 'all'"):
        metrics.compute(f"{name}@relevance=all", recs, train=TRAIN)


def test_accuracy_by_hand():
    """User 0 has test items 4 and 5; hits at ranks 2 and 3 of four slots."""
    recs = rd.Recommendations([[0, 5, 4, -1]], users=[0])
    value = {name: metrics.compute(name, recs, test=TEST).value for name in metrics.groups()["accuracy"]}
    assert value["precision"] == 2 / 4
    assert value["hit_rate"] == 1
    assert value["mrr"] == 1 / 2
    assert value["map"] == pytest.approx((1 / 2 + 2 / 3) / 2)
    assert metrics.compute("map@1", rd.Recommendations([[4]], users=[0]), test=TEST).value == 1  # min(k, |T|) = 1
    assert metrics.compute("precision@10", recs, test=TEST).value == 2 / 10  # what is not there is a miss


@pytest.mark.parametrize("name", metrics.groups()["accuracy"])
def test_log_probabilities_rank_like_probabilities(name):
    """All scores below zero: libraries that take a positive score for a prediction read 0 here."""
    frame = pd.DataFrame({"user_id": [0, 0, 0, 2, 2, 2], "item_id": [0, 4, 1, 6, 3, 5]})
    frame["score"] = [0.2, 0.5, 0.3, 0.7, 0.2, 0.1]
    chance = metrics.compute(name, rd.Recommendations.from_frame(frame, CATALOG, score="score"), test=TEST)
    logs = rd.Recommendations.from_frame(frame.assign(score=np.log(frame["score"])), CATALOG, score="score")
    assert metrics.compute(name, logs, test=TEST).value == chance.value > 0


ITEMS = np.random.default_rng(0).integers(-2, N, (30, 4))
USERS = np.random.default_rng(1).choice([0, 1, 2, 9, 7], 30)


@pytest.mark.parametrize(
    ("name", "metric"),
    [
        ("tail_share", lambda: metrics.TailShare(TRAIN)),
        ("tail_share@share=0.3,discount=log", lambda: metrics.TailShare(TRAIN, share=0.3, discount="log")),
        ("popularity_lift", lambda: metrics.PopularityLift(TRAIN)),
    ],
)
def test_classes_that_know_the_training_data(name, metric):
    recs = rd.Recommendations(ITEMS, users=USERS)
    one, other = metric(), metric()
    one.update(recs.where(range(11)))
    other.update(recs.where(range(11, 30)))
    one.merge_state(other)
    value = metrics.compute(name, recs, train=TRAIN).value
    assert float(one.compute()) == pytest.approx(value, abs=1e-10)
    row = rd.evaluate(recs, CATALOG, train=TRAIN, metrics=[name]).frame.iloc[0]
    assert row["low"] < value < row["high"]


def test_lift_refuses_lists_of_nobody():
    with pytest.raises(ValueError, match="recs must be Recommendations with the users of train, got ndarray"):
        metrics.PopularityLift(TRAIN).update(ITEMS)
