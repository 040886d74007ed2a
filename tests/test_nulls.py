"""What chance gives beside each number: right where it can be worked out, near the value where nothing is personal,
far from it where something is."""

import math
from itertools import combinations

import numpy as np
import pandas as pd
import pytest
import torch

import recdiv as rd
from recdiv import metrics
from recdiv.metrics._chance import random_lists
from recdiv.metrics._histories import spread
from recdiv.metrics._shared import Shared, deals
from recdiv.metrics._shuffled import shuffled
from recdiv.metrics._similarity import similarity_to_history

N, TOPICS = 40, 4
RNG = np.random.default_rng(3)
TOPIC = np.arange(N) % TOPICS
VECTORS = np.eye(TOPICS)[TOPIC] * 3 + RNG.normal(size=(N, TOPICS))
COLUMNS = {"category": [f"t{t}" for t in TOPIC], "minority": TOPIC == 1, "sentiment": TOPIC / 4}
CATALOG = rd.Catalog(pd.DataFrame({"item_id": range(N), **COLUMNS}))
KERNEL = rd.EmbeddingKernel(VECTORS)
USERS = 120


def lists(of_topic, k=5, seed=0):
    """One list a user, of the topic given for each, or of anything where it is None."""
    rng = np.random.default_rng(seed)
    pools = [np.arange(N) if topic is None else np.flatnonzero(topic == TOPIC) for topic in of_topic]
    return np.stack([rng.choice(pool, k, replace=False) for pool in pools])


def interactions(items):
    frame = pd.DataFrame({"user_id": np.repeat(np.arange(len(items)), items.shape[1]), "item_id": items.ravel()})
    return rd.Interactions(frame, CATALOG)


OWN = [u % TOPICS for u in range(USERS)]
ANY = [None] * USERS
PERSONAL, CHANCE = rd.Recommendations(lists(OWN)), rd.Recommendations(lists(ANY))
TRAIN, TEST = interactions(lists(OWN, seed=1)), interactions(lists(OWN, seed=2))


def measured(name, recs, **given):
    known = {"catalog": CATALOG, "kernel": KERNEL, "train": TRAIN, "test": TEST, "null": 5}
    return metrics.compute(name, recs, **{**known, **given})


@pytest.mark.parametrize("n_items", [6, 1000])
def test_random_lists_have_their_lengths_and_no_repeat(n_items):
    lengths = torch.tensor([4, 1, 0, 6] * 50)
    drawn = random_lists(lengths, n_items, np.random.default_rng(0))
    assert ((drawn >= 0).sum(1) == lengths).all()
    assert all(len(set(held)) == len(held) for held in ([i for i in row if i >= 0] for row in drawn.tolist()))
    assert int(drawn.max()) < n_items


def test_random_lists_are_uniform():
    drawn = random_lists(torch.full((3000,), 2), 4, np.random.default_rng(0))
    pairs = pd.Series([tuple(sorted(row)) for row in drawn.tolist()]).value_counts()
    assert sorted(pairs.index) == list(combinations(range(4), 2))
    assert (abs(pairs - 500) < 4 * math.sqrt(500)).all()  # 4 standard deviations


def test_a_list_longer_than_the_catalogue_holds_all_of_it():
    assert sorted(random_lists(torch.tensor([9]), 4, np.random.default_rng(0))[0].tolist()) == [0, 1, 2, 3]


def test_effective_number_beside_all_lists_there_are():
    kernel = rd.EmbeddingKernel(VECTORS[:7])
    every = torch.tensor(list(combinations(range(7), 3)))
    values = rd.effective_number(every, kernel)
    recs = rd.Recommendations([[0, 1, 2]] * 100)
    null = metrics.compute("effective_number", recs, kernel=kernel, null=20).null
    assert null == pytest.approx(float(values.mean()), abs=4 * float(values.std()) / math.sqrt(2000))


def test_semantic_coverage_beside_random_lists_of_identities():
    recs = rd.Recommendations(np.zeros((3, 1), dtype=np.int64))
    result = metrics.compute("semantic_coverage", recs, kernel=rd.IdentityKernel(10), null=300)
    expected = 1 - 0.9**3  # an item is missed by three lists of one
    assert result.null == pytest.approx(expected, abs=4 * 0.06 / math.sqrt(300))
    assert result.value == pytest.approx(0.1)
    demand = np.arange(10) == 0  # only the item that is shown is wanted
    wanted = metrics.compute("semantic_coverage", recs, kernel=rd.IdentityKernel(10), null=300, demand=demand)
    assert wanted.value == 1.0
    assert wanted.null == pytest.approx(expected, abs=4 * 0.5 / math.sqrt(300))


def test_a_large_catalogue_is_asked_in_part(monkeypatch):
    recs = rd.Recommendations(lists(ANY, k=2)[:5])
    whole = metrics.compute("semantic_coverage", recs, kernel=KERNEL, null=40).null
    monkeypatch.setattr("recdiv.metrics.semantic_coverage._ASKED", 20)
    part = metrics.compute("semantic_coverage", recs, kernel=KERNEL, null=40).null
    assert part != whole
    assert part == pytest.approx(whole, abs=0.03)  # sd of a draw of 20 items is 0.05


AGAINST_HISTORY = {  # what serving each user's own topic does to it
    "calibration_kl": -1,
    "calibration_js": -1,
    "calibration_qjsd": -1,
    "unexpectedness": -1,
    "serendipity": 0,  # closer to the history, but wanted: either may prevail
    "conditional_effective_number": -1,
    "conditional_effective_number@part=residual": -1,
}


@pytest.mark.parametrize("name", AGAINST_HISTORY)
def test_history_numbers_stand_beside_lists_dealt_to_others(name):
    personal, chance = measured(name, PERSONAL), measured(name, CHANCE)
    spread = float(chance.per_list.double().nan_to_num().std()) / math.sqrt(USERS)
    assert abs(chance.excess) < 5 * spread  # 5 standard errors of the mean
    if AGAINST_HISTORY[name]:
        assert AGAINST_HISTORY[name] * personal.excess > 5 * spread


def test_history_numbers_of_a_sample_of_lists():
    whole = measured("calibration_qjsd", PERSONAL)
    part = measured("calibration_qjsd@sample=30", PERSONAL)
    assert (part.n, part.n_undefined) == (30, 0)
    drawn = ~part.per_list.isnan()
    assert int(drawn.sum()) == 30
    torch.testing.assert_close(part.per_list[drawn], whole.per_list[drawn])
    assert (whole.n, whole.n_undefined) == (USERS, 0)
    assert measured("calibration_qjsd@sample=0", PERSONAL).value == whole.value


@pytest.mark.parametrize(("n", "draws", "size"), [(7, 3, 7), (2500, 2, 2000), (9000, 3, 3000), (9001, 3, 3001)])
def test_chance_is_measured_on_all_lists_between_the_draws(n, draws, size):
    lists = torch.arange(100, 100 + n)
    parts = list(spread(lists, draws, 0))
    assert [len(part) for part in parts] == [size] * draws
    assert torch.cat(parts).unique().tolist() == lists.tolist()
    times = torch.cat(parts).bincount()[100:]
    assert int(times.max()) - int(times.min()) <= 1


def test_what_a_float32_cosine_passes_one_by_is_no_value():
    """Thousands of copies of one vector: 1 − cosine falls a little below 0 before it is stopped."""
    vectors = np.tile(np.random.default_rng(0).normal(size=(1, 384)), (N, 1)).astype(np.float32)
    kernel = rd.EmbeddingKernel(vectors)
    raw = 1 - similarity_to_history(kernel, PERSONAL.items, torch.from_numpy(lists(OWN, seed=1)))
    assert float(raw.abs().max()) < 1e-6
    for name in ("unexpectedness", "serendipity"):
        found = measured(name, PERSONAL, kernel=kernel).per_list
        assert 0 <= float(found.nan_to_num().min()) <= float(found.nan_to_num().max()) < 1e-6


def test_draws_that_are_asked_for_later_go_on_where_the_first_stopped():
    shared = Shared()
    few = [items.clone() for items, _ in deals(PERSONAL, 2, 5, shared)]
    many = [items for items, _ in deals(PERSONAL, 4, 5, shared)]
    alone = [items for items, _ in deals(PERSONAL, 4, 5)]
    assert all(bool((a == b).all()) for a, b in zip(many, alone, strict=True))
    assert all(bool((a == b).all()) for a, b in zip(few, alone[:2], strict=True))
    assert not bool((many[0] == many[2]).all())


def over_time(first, second):
    users = np.tile(np.arange(USERS), 2)
    return rd.Recommendations(np.concatenate([first, second]), users=users, time=np.repeat([1, 2], USERS))


FROZEN = over_time(lists(ANY), lists(ANY))
RENEWED = over_time(lists(ANY), lists(ANY, seed=9))
MOVED = over_time(lists([0] * USERS), lists([1] * USERS))


@pytest.mark.parametrize("name", ["temporal_diversity", "temporal_novelty"])
def test_a_frozen_feed_renews_less_than_chance(name):
    frozen, renewed = measured(name, FROZEN), measured(name, RENEWED)
    assert frozen.value == 0
    assert frozen.excess < -0.5
    assert abs(renewed.excess) < 0.06  # 4 sd: a list of 5 of 40 is renewed by 7/8; sd over 120 users is 0.014
    assert renewed.null == pytest.approx(7 / 8, abs=0.05)


@pytest.mark.parametrize("name", ["temporal_beta", "drift"])
def test_an_unchanging_feed_changes_as_chance_does(name):
    renewed, moved = measured(name, RENEWED), measured(name, MOVED)
    assert abs(renewed.excess) < 0.05
    assert moved.excess > 0.3


def test_previous_lists_are_dealt_with_those_that_follow():
    was, now = rd.Recommendations(lists(ANY)), rd.Recommendations(lists(ANY, seed=9))
    for name in ("temporal_diversity", "temporal_novelty", "temporal_beta", "drift"):
        inside, beside = measured(name, RENEWED), measured(name, now, previous=was)
        assert beside.value == pytest.approx(inside.value)
        assert beside.null == pytest.approx(inside.null)
        assert beside.n + beside.n_undefined == USERS


def test_who_gets_what_moves_neither_personalization_nor_fragmentation_by_item():
    for recs in (PERSONAL, CHANCE):
        assert measured("personalization", recs).excess == 0
        assert measured("fragmentation", recs).excess == pytest.approx(0, abs=1e-9)
    ragged = lists(OWN)
    ragged[::2, 2:] = -1
    assert measured("personalization", rd.Recommendations(ragged)).excess != 0
    assert measured("fragmentation@by=category", PERSONAL).excess > 0.3
    assert abs(measured("fragmentation@by=category", CHANCE).excess) < 0.02


def test_interest_groups_tell_what_is_personal():
    assert measured("interest_information", PERSONAL, groups=OWN).excess > 0.5
    assert abs(measured("interest_information", CHANCE, groups=OWN).excess) < 0.02


def test_no_chance_is_asked_for_by_default():
    for name in metrics.names():
        if {"groups", "time", "scorer"} & set(metrics.describe(name).needs):
            continue
        assert math.isnan(measured(name, CHANCE, null=0).null)


def test_one_list_a_user_and_time_is_asked_for():
    twice = rd.Recommendations([[0], [1]], users=[7, 7], time=[1, 1])
    with pytest.raises(ValueError, match="recs must have one list a user and time"):
        metrics.compute("temporal_diversity", twice)
    with pytest.raises(ValueError, match="metric temporal_diversity needs time, got none"):
        metrics.compute("temporal_diversity", rd.Recommendations([[0]]))
    with pytest.raises(ValueError, match="metric interest_information needs groups, got none"):
        metrics.compute("interest_information", rd.Recommendations([[0]]), kernel=KERNEL)
    with pytest.raises(TypeError, match="previous must be Recommendations, got list"):
        metrics.compute("temporal_diversity", twice, previous=[[0]])


def once(seed):
    """Six weeks for each of twenty users, the same items for all in a week, in random order."""
    return np.stack([np.random.default_rng(seed).permutation(N)[:36].reshape(6, 6)] * 20)


BY_TOPIC = np.stack([np.argsort(TOPIC, kind="stable")[:36].reshape(6, 6)] * 20)  # likewise, a week a topic or two


def weekly(weeks):
    """Six windows for each user; no item ever comes back."""
    users, times = np.repeat(np.arange(20), 6), np.tile(np.arange(6), 20)
    return rd.Recommendations(weeks.reshape(120, 6), users=users, time=times, groups=times)


@pytest.mark.parametrize("name", ["temporal_beta", "drift", "interest_information"])
def test_shuffled_texts_take_turnover_out_of_change(name):
    """Weeks that share no item differ whatever they mean; beyond shuffled texts only those that mean others do."""
    turnover, change = [weekly(once(seed)) for seed in range(12)], weekly(BY_TOPIC)
    assert min(measured(name, each, null=5).excess for each in turnover) > 0.05  # re-dealt weeks share their items
    beyond = [measured(f"{name}@against=shuffled", each, null=8).excess for each in turnover]
    assert abs(np.mean(beyond)) < 3 * np.std(beyond) / math.sqrt(12)
    found = measured(f"{name}@against=shuffled", change, null=8)
    assert found.excess > 2.5 * np.std(beyond)
    assert found.value == pytest.approx(measured(name, change, null=0).value)
    alone = measured(f"{name}@against=shuffled", change, kernel=rd.IdentityKernel(N), null=3)
    assert alone.excess == pytest.approx(0, abs=1e-9)  # identities mean nothing else
    assert math.isnan(measured(f"{name}@against=shuffled", change, null=0).null)


def test_shuffled_lists_keep_who_is_shown_the_same():
    items = torch.tensor([[3, 7, -1], [7, -2, 9], [3, 3, 9]])
    for again in shuffled(items, 5, 0):
        assert sorted(again[items >= 0].unique().tolist()) == [3, 7, 9]
        assert (again < 0).tolist() == (items < 0).tolist()
        same = items[:, :, None, None] == items
        assert bool(((again[:, :, None, None] == again) == same).all())
    assert [each.tolist() for each in shuffled(torch.full((1, 2), -1), 2, 0)] == [[[-1, -1]]] * 2


def test_a_kind_of_chance_that_there_is_not():
    with pytest.raises(ValueError, match="against must be one of re-dealt, shuffled, got 'luck'"):
        measured("drift@against=luck", FROZEN)
