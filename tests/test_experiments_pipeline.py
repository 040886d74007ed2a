"""The pipeline of the applications on a small world: who answers to what, and nothing looks ahead."""

import json

import numpy as np
import pandas as pd
import pytest

import recdiv as rd
from recdiv.experiments import _answers, pipeline
from recdiv.experiments._cells import Cells
from recdiv.experiments._sets import Prepared
from recdiv.recommend import leave_one_out, temporal_split

N = 30


def world(*, times):
    """People who take items of their own half, one after the other."""
    generator = np.random.default_rng(0)
    rows = []
    for user in range(24):
        own = generator.permutation(N // 2) + (user % 2) * (N // 2)
        rows += [(user, f"i{item}", float(place * 24 + user)) for place, item in enumerate(own[:8])]
    frame = pd.DataFrame(rows, columns=["user_id", "item_id", "timestamp"])
    catalog = rd.Catalog(pd.DataFrame({"item_id": [f"i{i}" for i in range(N)], "title": [f"t{i}" for i in range(N)]}))
    events = rd.Interactions(frame if times else frame.drop(columns="timestamp"), catalog)
    split = temporal_split(events, test=0.4, validation=0.2) if times else leave_one_out(events)
    return Prepared("world", catalog, split, {})


KERNEL = rd.EmbeddingKernel(np.repeat(np.eye(2, 6), N // 2, 0) + np.random.default_rng(1).normal(size=(N, 6)) / 3)
SMALL = ("popularity", "item_knn", "text_mean")


@pytest.mark.parametrize("times", [True, False])
def test_an_answer_knows_the_action_and_nothing_after_it(times):
    prepared = world(times=times)
    users, before, after, rest = pipeline.answers(prepared)
    test = prepared.split.test
    assert len(users)
    for user, old, new in zip(users, before, after, strict=True):
        assert new[: len(old)].tolist() == old.tolist()
        assert len(new) == len(old) + 1
        later = rest.item[np.asarray(rest.frame["user_id"]) == user]
        assert len(later)
        assert not set(later) & set(new)
        tested = test.item[np.asarray(test.frame["user_id"]) == user].tolist()
        assert later.tolist() == (tested[1:] if times else tested)


def test_what_was_taken_stands_in_neither_list_and_popularity_does_not_move():
    prepared = world(times=True)
    models = pipeline.fit(prepared, KERNEL, systems=SMALL)
    found = pipeline.one_more(models, prepared, KERNEL).set_index("system")
    assert found.loc["Popularity", "moved"] == 0
    assert found.loc["Popularity", "gain"] == 0
    assert found.loc["Text (mean)", "moved"] > 0
    assert (found["milliseconds"] > 0).all()
    users, before, after, _ = pipeline.answers(prepared)
    lists = _answers._without(models["Item kNN"], users, before, after)
    for items, new in zip(lists.items.tolist(), after, strict=True):
        assert not set(items) & set(new.tolist())


def test_all_systems_stand_side_by_side():
    prepared = world(times=True)
    models = pipeline.fit(prepared, KERNEL, systems=SMALL)
    lists = {name: prepared.split.recommend(model, k=5) for name, model in models.items()}
    table = pipeline.side_by_side(lists, prepared, KERNEL, metrics=("ndcg@10", "alpha", "chi"), null=2)
    assert table.groupby("system")["metric"].apply(list).to_dict() == {
        name: ["ndcg@10", "alpha", "chi"] for name in lists
    }
    alone = rd.evaluate(
        lists["Item kNN"],
        prepared.catalog,
        test=prepared.split.test,
        kernel=KERNEL,
        metrics=["ndcg@10", "alpha"],
        null=0,
    )
    mine = table[table["system"] == "Item kNN"].set_index("metric")["value"]
    assert mine["alpha"] == pytest.approx(alone["alpha"])
    assert mine["ndcg@10"] == pytest.approx(
        rd.metrics.compute("ndcg@10", lists["Item kNN"], test=prepared.split.test).value
    )


def test_re_ranking_is_chosen_before_the_test_and_read_on_it():
    prepared = world(times=True)
    model = pipeline.fit(prepared, KERNEL, systems=["item_knn"])["Item kNN"]
    found = pipeline.re_ranked(model, prepared, KERNEL, cost=0.5, metrics=("ndcg@10", "alpha"))
    assert found.note == ""
    assert 0 <= found.low <= found.diversity <= found.high <= 1
    rows = pd.DataFrame(found.rows).set_index("metric")
    difference = (rows["re-ranked"] - rows["plain"]).to_numpy()
    assert difference == pytest.approx(rows["difference"].to_numpy(), abs=1e-5)  # six digits are kept of each
    assert rows.loc["alpha", "difference"] >= 0
    alpha = rd.partition(found.lists["re-ranked"], KERNEL).alpha
    assert rows.loc["alpha", "re-ranked"] == pytest.approx(alpha, rel=1e-5)


def test_where_nobody_was_right_nothing_is_re_ranked_and_it_is_said():
    prepared = world(times=True)

    class Wrong(rd.recommend.Popularity):
        def _score(self, users, histories):
            scores = super()._score(users, histories) * 0
            for row, user in enumerate(users):  # the other half's items
                scores[row, : N // 2] = float(user % 2)
                scores[row, N // 2 :] = float(1 - user % 2)
            return scores

    found = pipeline.re_ranked(Wrong().fit(prepared.split.train), prepared, KERNEL, metrics=("ndcg@10",))
    assert found.rows == []
    assert "no list of" in found.note
    assert list(found.lists) == ["plain"]


@pytest.fixture
def small_set(tmp_path, monkeypatch):
    """A set that is quickly run; the list grows by one with each fit."""
    monkeypatch.setenv("RECDIV_CACHE", str(tmp_path))
    prepared = world(times=True)
    monkeypatch.setattr(pipeline, "CELLS", Cells("pipeline", recipe=0))
    monkeypatch.setattr(pipeline, "prepare", lambda name: prepared)
    monkeypatch.setattr(pipeline, "SYSTEMS", ("popularity", "item_knn", "text_mean"))
    monkeypatch.setattr(pipeline, "READER", "text_mean")
    monkeypatch.setattr(pipeline, "choose", lambda *_args, **_options: {"options": {}})
    monkeypatch.setattr(pipeline, "source", lambda _name: type("S", (), {"files": ()}))
    monkeypatch.setattr(rd.EmbeddingKernel, "from_text", classmethod(lambda _cls, _catalog: KERNEL))
    fitted = pipeline.fit
    calls = []
    monkeypatch.setattr(pipeline, "fit", lambda *a, **o: calls.append(1) or fitted(*a, systems=SMALL, **o))
    return calls


def test_a_set_is_measured_once_and_recorded_whole(tmp_path, small_set):
    file = pipeline.run("world", tmp_path)
    pipeline.run("world", tmp_path)
    assert small_set == [1]
    found = json.loads(file.read_text())
    assert {row["system"] for row in found["systems"]} == {"Popularity", "Item kNN", "Text (mean)"}
    assert set(found["cpu_seconds"]) == {"training", "lists and numbers", "re-ranking", "one more action"}
    assert found["size"]["items"] == N
    assert [row["system"] for row in found["one_more"]] == ["Popularity", "Item kNN", "Text (mean)"]
    assert found["config"]["encoder"] == "all-MiniLM-L6-v2"


@pytest.mark.parametrize("read", ["MEASURES", "UPDATED"])
def test_a_cell_of_other_metrics_is_not_taken_for_this_one(tmp_path, small_set, monkeypatch, read):
    pipeline.run("world", tmp_path)
    monkeypatch.setattr(pipeline, read, ("ndcg@10", "alpha"))
    file = pipeline.run("world", tmp_path)
    assert small_set == [1, 1]
    found = json.loads(file.read_text())
    rows = found["re_ranked"]["rows"] if read == "UPDATED" else found["systems"]
    assert {row["metric"] for row in rows} == {"ndcg@10", "alpha"}
