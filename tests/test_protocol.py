"""Splits that leak nothing, and lists out of the whole catalogue."""

import math

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import recdiv as rd
from recdiv import recommend
from recdiv.recommend import first_events, k_core, leave_one_out, temporal_split

N = 9
CATALOG = rd.Catalog(pd.DataFrame({"item_id": [f"i{i}" for i in range(N)]}))


def events(rows, *, timed=True):
    frame = pd.DataFrame(rows, columns=["user_id", "item_id", "timestamp"])
    frame["item_id"] = [f"i{i}" for i in frame["item_id"]]
    return rd.Interactions(frame if timed else frame.drop(columns="timestamp"), CATALOG)


def triples(interactions):
    return list(zip(interactions.frame["user_id"], interactions.item, interactions.frame["timestamp"], strict=True))


logs = st.lists(st.tuples(st.integers(0, 4), st.integers(0, N - 1), st.integers(0, 12)), min_size=4, max_size=40).map(
    events
)


@given(logs)
@settings(max_examples=150, deadline=None)
def test_leave_one_out_is_what_it_says(log):
    split = leave_one_out(log)
    for user in log.users:
        own = [row for row in triples(log) if row[0] == user]  # by time, ties in the order they came in
        parts = [
            [row for row in triples(part) if row[0] == user] for part in (split.train, split.validation, split.test)
        ]
        cuts = {1: (1, 1), 2: (1, 1)}.get(len(own), (len(own) - 2, len(own) - 1))
        assert parts == [own[: cuts[0]], own[cuts[0] : cuts[1]], own[cuts[1] :]]
    assert split.counts["users with one event, not tested"] == sum(np.bincount(log.user) == 1)
    without = leave_one_out(log, validation=False)
    assert len(without.validation) == 0
    assert triples(without.train) == triples(without.known) == triples(split.known)


@given(logs, st.integers(1, 12), st.integers(0, 6))
@settings(max_examples=150, deadline=None)
def test_temporal_split_lets_nothing_back_in_time(log, at, earlier):
    moment, rows = at - earlier, triples(log)
    if not any(t < moment for *_, t in rows) or not any(t >= at for *_, t in rows):
        with pytest.raises(ValueError, match="must leave events on both sides"):
            temporal_split(log, at=at, validation_at=moment)
        return
    split = temporal_split(log, at=at, validation_at=moment)
    train, known = [row for row in rows if row[2] < moment], [row for row in rows if row[2] < at]
    assert triples(split.train) == train
    assert triples(split.known) == known
    old, older = {user for user, *_ in known}, {user for user, *_ in train}
    assert triples(split.test) == [row for row in rows if row[2] >= at and row[0] in old]
    assert triples(split.validation) == [row for row in rows if moment <= row[2] < at and row[0] in older]
    late = {user for user, _, t in rows if t >= at}
    assert split.counts["users without history, not tested"] == len(late - old)
    assert split.counts["their test events"] == sum(t >= at and user not in old for user, _, t in rows)
    assert split.counts["test events of an item had before"] == sum(
        row[:2] in {other[:2] for other in known} for row in triples(split.test)
    )
    for user, history in zip(split.test.users, split.histories("test"), strict=True):
        assert history.tolist() == [item for who, item, _ in known if who == user]
    for user, history in zip(split.validation.users, split.histories("validation"), strict=True):
        assert history.tolist() == [item for who, item, _ in train if who == user]


@given(logs, st.integers(1, 4), st.integers(1, 4))
@settings(max_examples=150, deadline=None)
def test_k_core_is_the_largest_part_in_which_all_have_enough(log, users, items):
    rows = triples(log)
    while True:  # drop one offender at a time: the answer does not depend on the order
        bad = [
            row
            for row in rows
            if sum(r[0] == row[0] for r in rows) < users or sum(r[1] == row[1] for r in rows) < items
        ]
        if not bad:
            break
        rows = [row for row in rows if (row[0], row[1]) != (bad[0][0], bad[0][1])]
    assert triples(k_core(log, users=users, items=items)) == rows
    assert k_core(log, users=users, items=items).n_items == N


def test_shares_choose_a_moment_and_keep_events_of_one_moment_together():
    log = events([(0, 0, 1), (0, 1, 2), (0, 2, 3), (0, 3, 4), (0, 4, 5), (0, 5, 6), (0, 6, 7), (0, 7, 8), (0, 8, 8)])
    split = temporal_split(log, test=0.2, validation=0.25)
    assert [len(part) for part in (split.train, split.validation, split.test)] == [4, 3, 2]
    assert temporal_split(log, test=0.1, validation=0).test.item.tolist() == [7, 8]  # one moment, not cut in two
    assert len(temporal_split(log, test=0.1, validation=0).validation) == 0


@pytest.mark.parametrize("tenths", range(1, 10))
def test_a_share_is_exact_where_events_can_be_shared_out_so(tenths):
    log = events([(1, 1, moment) for moment in range(10)])
    assert len(temporal_split(log, test=tenths / 10, validation=0).test) == tenths


def test_order_is_drawn_where_rows_mean_nothing():
    rows = [(user, item, 0) for user in range(40) for item in range(N)]
    log = events(rows, timed=False)
    drawn, again, other = (leave_one_out(log, rng=seed) for seed in (0, 0, 1))
    assert set(leave_one_out(log).test.item) == {N - 1}  # as the file has it: always the last number
    assert len(set(drawn.test.item)) > 5
    assert drawn.test.item.tolist() == again.test.item.tolist() != other.test.item.tolist()
    assert len(drawn.train) + len(drawn.validation) + len(drawn.test) == len(log)
    with pytest.raises(ValueError, match="rng must be None where events have times"):
        leave_one_out(events(rows), rng=0)


def test_first_events_are_new_to_the_user():
    log = events([(0, 1, 1), (0, 2, 2), (0, 1, 3), (1, 1, 4), (0, 1, 5)])
    assert triples(first_events(log)) == [(0, 1, 1), (0, 2, 2), (1, 1, 4)]
    assert temporal_split(log, at=3, validation_at=3).counts["test events of an item had before"] == 2
    assert temporal_split(first_events(log), at=2, validation_at=2).counts["test events of an item had before"] == 0


GENERATOR = np.random.default_rng(5)
LOG = events(
    [
        (int(u), int(i), t)
        for t, (u, i) in enumerate(zip(GENERATOR.integers(0, 7, 70), GENERATOR.integers(0, 8, 70), strict=True))
    ]
)
SPLITS = {"leave one out": leave_one_out(LOG), "temporal": temporal_split(LOG, test=0.2, validation=0.1)}


@pytest.mark.parametrize("name", SPLITS)
class TestLists:
    def test_every_item_competes_except_what_is_known(self, name):
        split = SPLITS[name]
        model = recommend.Popularity().fit(split.train)
        for part in ("validation", "test"):
            recs = split.recommend(model, part=part, k=N)
            assert recs.users.tolist() == split.part(part).users.tolist()
            for items, history in zip(recs.items.tolist(), split.histories(part), strict=True):
                assert sorted(i for i in items if i >= 0) == sorted(set(range(N)) - set(history.tolist()))

    def test_what_came_later_changes_nothing(self, name):
        split = SPLITS[name]
        late = split.test.frame.assign(item_id=split.test.frame["item_id"].iloc[::-1].to_numpy())
        changed = rd.Interactions(pd.concat([split.known.frame, late]), CATALOG)
        again = leave_one_out(changed) if name == "leave one out" else temporal_split(changed, test=0.2, validation=0.1)
        assert triples(again.train) == triples(split.train)
        lists = [s.recommend(recommend.ItemKNN().fit(s.train), k=5).items for s in (split, again) if len(s.test)]
        shared = np.isin(split.test.users, again.test.users)
        assert torch.equal(lists[0][torch.from_numpy(shared)], lists[1])

    def test_a_model_that_learnt_the_answers_is_refused(self, name):
        split = SPLITS[name]
        new = {row[:2] for row in triples(split.test)} - {row[:2] for row in triples(split.known)}
        message = f"got one that knows {len(new)} of {len(split.test)} events"
        with pytest.raises(ValueError, match=message):
            split.recommend(recommend.Popularity().fit(LOG))
        split.recommend(recommend.Popularity().fit(split.known))  # trained again on all that is known: allowed
        with pytest.raises(ValueError, match="must not have learnt what it is marked by"):
            split.recommend(recommend.Popularity().fit(split.known), part="validation")

    def test_marks_are_those_of_the_rank_in_the_whole_catalogue(self, name):
        split = SPLITS[name]
        model = recommend.Random(rng=1).fit(split.train)
        recs = split.recommend(model, k=5)
        report = rd.evaluate(recs, CATALOG, train=split.train, test=split.test, metrics=["ndcg@5", "recall@5", "mrr@5"])
        scores = model.scores(split.test.users)
        for row, (user, history) in enumerate(zip(split.test.users, split.histories(), strict=True)):
            wanted = {item for who, item, _ in triples(split.test) if who == user}
            order = sorted(set(range(N)) - set(history.tolist()), key=lambda i: -float(scores[row, i]))[:5]
            gain = sum(1 / math.log2(rank + 2) for rank, item in enumerate(order) if item in wanted)
            ideal = sum(1 / math.log2(rank + 2) for rank in range(min(5, len(wanted))))
            line = report.lists.iloc[row]
            assert line["ndcg@5"] == pytest.approx(gain / ideal)
            assert line["recall@5"] == pytest.approx(len(wanted & set(order)) / len(wanted))
        assert report.frame["low"].notna().all()


def test_cold_items_are_a_slice_of_their_own():
    log = events([(0, 0, 1), (1, 0, 1), (0, 1, 2), (1, 1, 2), (0, 2, 5), (1, 1, 5), (1, 3, 6)])
    split = temporal_split(log, at=5, validation_at=5)
    assert split.cold().tolist() == [False, False] + [True] * 7
    cold = split.slice(split.cold())
    assert triples(cold) == [(0, 2, 5), (1, 3, 6)]
    assert triples(split.slice(~split.cold())) == [(1, 1, 5)]
    lists = split.recommend(recommend.Text(np.eye(N)).fit(split.train), k=3, candidates=split.cold().nonzero()[:, 0])
    assert (lists.items >= 2).all()
    for wrong in (torch.ones(3, dtype=torch.bool), torch.ones(N)):
        with pytest.raises(ValueError, match=r"items must be one truth value an item \[9\], got "):
            split.slice(wrong)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: temporal_split(LOG, test=0), r"test must be a share between 0 and 1, got 0"),
        (lambda: temporal_split(LOG, test=0.6, validation=0.5), r"test \+ validation must be a share .* got 1\.1"),
        (lambda: temporal_split(LOG, at=3, validation_at=9), r"validation_at must not come after at \(3\), got 9"),
        (lambda: temporal_split(events([(0, 0, 0)], timed=False)), "needs a 'timestamp' column"),
        (lambda: temporal_split(events([])), "must hold events to be split in time, got none"),
        (lambda: k_core(LOG, users=0), "users must be at least 1, got 0"),
        (lambda: k_core(LOG, items=0), "items must be at least 1, got 0"),
        (lambda: SPLITS["temporal"].part("train"), "part must be 'validation' or 'test', got 'train'"),
    ],
)
def test_wrong_input(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_nobody_to_ask():
    split = leave_one_out(events([(0, 0, 1), (1, 2, 1)]))
    assert (len(split.test), len(split.validation), split.counts["users with one event, not tested"]) == (0, 0, 2)
    assert split.recommend(recommend.Popularity().fit(split.train), k=2).items.shape == (0, 2)
