"""The real-data tables: cells that are kept, settings chosen before the test part is seen, honest gaps."""

import dataclasses
import json

import numpy as np
import pandas as pd
import pytest
import torch

import recdiv as rd
from recdiv.experiments import _models, _sets, recommenders
from recdiv.experiments._cells import Cells
from recdiv.experiments._shown import auc, shown_auc
from recdiv.experiments._table import PER_USER, differences, summary
from recdiv.recommend import leave_one_out

N = 14


@pytest.fixture
def cells(tmp_path, monkeypatch):
    monkeypatch.setenv("RECDIV_CACHE", str(tmp_path))
    kept = Cells("recommenders", recipe=1)
    monkeypatch.setattr(recommenders, "CELLS", kept)
    return kept


def test_a_cell_is_computed_once_and_half_a_cell_never_counts(cells):
    calls = []

    def compute():
        calls.append(1)
        if len(calls) == 1:
            raise KeyboardInterrupt
        return {"number": 1.5}

    settings = {"data": "a", "model": "b", "seed": 0}
    with pytest.raises(KeyboardInterrupt):
        cells.get(settings, compute)
    assert cells.done(settings) is None
    assert cells.get(settings, compute) == cells.get(settings, compute) == {**settings, "number": 1.5}
    assert len(calls) == 2
    assert cells.done({**settings, "seed": 1}) is None
    assert Cells("recommenders", recipe=2).done(settings) is None


def _line(value, n=3):
    return {"value": value, "low": None if value is None else value - 1, "high": 9.0, "null": None, "n": n}


def test_seeds_are_averaged_and_stay_visible():
    made = [
        {"seed": s, "train_cpu_seconds": s + 1.0, "accuracy": {"ndcg@10": _line(v), "mrr@5": _line(v and None)}}
        for s, v in ((0, 2.0), (1, 4.0))
    ]
    line = summary(made)
    assert line["seeds_run"] == [0, 1]
    assert line["train_cpu_seconds"] == [1.0, 2.0]
    assert line["accuracy"]["ndcg@10"] == {"n": 3, "value": 3.0, "low": 2.0, "high": 9.0, "seeds": [2.0, 4.0]}
    assert line["accuracy"]["mrr@5"]["value"] is None
    assert "cold" not in line


def test_differences_are_of_the_same_users():
    generator = np.random.default_rng(0)
    base = generator.random(400)  # people differ by far more than systems do
    cells = {"item_knn": [{PER_USER: base.tolist()}], "other": [{PER_USER: (base + d).tolist()} for d in (0.04, 0.06)]}
    found = differences(cells)
    assert found["other"]["item_knn"] == {"value": 0.05, "low": 0.05, "high": 0.05}
    assert found["item_knn"] == {}
    noisy = differences({"item_knn": cells["item_knn"], "other": [{PER_USER: generator.random(400).tolist()}]})
    low, high = (noisy["other"]["item_knn"][key] for key in ("low", "high"))
    assert low < 0 < high
    assert high - low == pytest.approx(2 * 1.96 * np.sqrt(2 / 12 / 400), rel=0.15)  # uniform minus uniform


@pytest.fixture
def small(monkeypatch):
    """A set of twenty people who each like one half of the shelf."""
    generator = np.random.default_rng(1)
    catalog = rd.Catalog(
        pd.DataFrame(
            {"item_id": range(N), "title": [f"thing {i}" for i in range(N)], "category": ["a", "b"] * (N // 2)}
        )
    )
    rows = [
        (user, 2 * int(i) + user % 2, t)
        for user in range(20)
        for t, i in enumerate(generator.choice(N // 2 - 1, 5, replace=False))
    ]
    log = rd.Interactions(pd.DataFrame(rows, columns=["user_id", "item_id", "timestamp"]), catalog)
    split = leave_one_out(log)
    prepared = _sets.Prepared("movielens", catalog, split, {"protocol": split.protocol})
    vectors = torch.eye(N) + torch.arange(N)[:, None].remainder(2)
    monkeypatch.setattr(recommenders, "prepare", lambda name: prepared)
    monkeypatch.setattr(rd.EmbeddingKernel, "from_text", classmethod(lambda cls, catalog: cls(vectors)))
    return prepared


def test_a_run_that_stops_goes_on_and_says_what_is_missing(cells, small, tmp_path, monkeypatch):
    fitted, stop = [], {"random"}

    def build(entry, options, kernel, *, seed):
        fitted.append((entry.model, seed))
        if entry.model in stop:
            raise KeyboardInterrupt
        return _models.build(entry, options, kernel, seed=seed)

    monkeypatch.setattr(recommenders, "build", build)
    call = ["--data", "movielens", "--models", "popularity", "random", "text_mean", "--seeds", "0", "1"]
    call += ["--results", str(tmp_path)]
    with pytest.raises(KeyboardInterrupt):
        recommenders.main(call)
    found = json.loads((tmp_path / "recommenders_movielens.json").read_text())
    assert found["models"]["popularity"]["accuracy"]["ndcg@10"]["n"] == 20
    assert found["models"]["random"]["not_run"] == "not reached"
    stop.clear()
    first = len(fitted)
    [file] = recommenders.main(call)
    tried = len(_models.MODELS["text_mean"].tried)
    again = fitted[first:]
    assert again == [("random", 0), *[("text", 0)] * (tried + 1), ("random", 1)]
    found = json.loads(file.read_text())
    assert found["models"]["random"]["seeds_run"] == [0, 1]
    assert len(found["models"]["text_mean"]["tried"]) == tried
    best = max(found["models"]["text_mean"]["tried"], key=lambda each: each["ndcg@10"])
    assert found["models"]["text_mean"]["options"] == best["options"]
    assert set(found["against"]["text_mean"]) == {"popularity"}
    assert found["size"]["cold_items"] >= 2
    assert recommenders.main(call) == [file]
    assert len(fitted) == first + len(again)  # nothing was done twice


def test_a_dial_is_chosen_on_the_validation_part_and_costs_no_training_of_its_own(cells, small, tmp_path, monkeypatch):
    fitted = []
    rows = [(user, (5 * t + user) % 12, t) for user in range(20) for t in range(3)]
    rows += [(user, 12 if user % 2 else (user + 3) % 12, 3) for user in range(20)]  # nobody had 12 or 13 before
    rows += [(user, 13 if user % 3 else (user + 4) % 12, 4) for user in range(20)]
    log = rd.Interactions(pd.DataFrame(rows, columns=["user_id", "item_id", "timestamp"]), small.catalog)
    new = dataclasses.replace(small, split=leave_one_out(log))
    monkeypatch.setattr(recommenders, "prepare", lambda name: new)

    def build(entry, options, kernel, *, seed):
        fitted.append((dict(options), seed))
        return _models.build(entry, options, kernel, seed=seed)

    tiny = {"dimension": 8, "layers": 1, "epochs": 1}
    plain = _models.Entry("T", "text_transformer", seeded=True, tried=(tiny,), vectors="source")
    values = (0.0, 0.5, 1e6)
    dialled = dataclasses.replace(plain, title="New", dial="favour_new", turned=values)
    monkeypatch.setattr(recommenders, "MODELS", {"plain": plain, "dialled": dialled})
    monkeypatch.setattr(recommenders, "build", build)
    monkeypatch.setattr(recommenders, "_last", {})
    [file] = recommenders.main(["--data", "movielens", "--seeds", "0", "1", "--results", str(tmp_path)])
    assert fitted == [(tiny, 0), (tiny, 1)]
    found = json.loads(file.read_text())["models"]
    lines = found["dialled"]["tried"]
    assert [line["options"] for line in lines] == [{**tiny, "favour_new": value} for value in values]
    assert found["dialled"]["options"] == recommenders.affordable(lines)["options"]
    assert all("ndcg@10, cold" in line for line in lines)
    for number in ("value", "low", "high"):
        assert found["dialled"]["turned"]["0"][number] == found["plain"]["accuracy"]["ndcg@10"][number]
        assert found["dialled"]["turned_cold"]["0"][number] == found["plain"]["cold"]["ndcg@10"][number]
    shown = [found["dialled"]["turned_slots"][f"{value:g}"]["value"] for value in values]
    lists = new.split.recommend(rd.recommend.Popularity().fit(new.split.train), k=10)
    both_new = 2 * len(lists.users) - 10  # who had 12 in validation is shown 13 alone
    assert shown[0] <= shown[2] == pytest.approx(both_new / int((lists.items >= 0).sum()), abs=1e-5)
    assert "turned" not in found["plain"]


def test_what_is_best_for_one_reading_is_not_taken_for_another(cells, small, monkeypatch):
    fitted = []

    def build(entry, options, kernel, *, seed):
        fitted.append(entry.model)
        return _models.build(entry, options, kernel, seed=seed)

    monkeypatch.setattr(recommenders, "build", build)
    monkeypatch.setattr(recommenders, "_last", {})
    own = rd.EmbeddingKernel.from_text(small.catalog)
    other = rd.EmbeddingKernel(torch.ones(N, 2) + torch.eye(N)[:, :2])
    ask = {"seed": 0}
    one = recommenders.choose("text_mean", small, own, **ask)
    two = recommenders.choose("text_mean", small, other, **ask, reads="other")
    n_tried = len(_models.MODELS["text_mean"].tried)
    assert fitted == ["text"] * 2 * n_tried
    assert one["tried"] != two["tried"]
    assert recommenders.choose("text_mean", small, own, **ask) == one
    recommenders.choose("item_knn", small, own, **ask)
    recommenders.choose("item_knn", small, other, **ask, reads="other")  # what reads nothing is not tried again
    assert fitted[2 * n_tried :] == ["item_knn"] * len(_models.MODELS["item_knn"].tried)


def test_a_dial_stops_before_the_first_value_that_costs_too_much():
    def taken(*marks):
        return recommenders.affordable([{"at": at, "ndcg@10": mark} for at, mark in enumerate(marks)])["at"]

    assert taken(1.0, 0.97, 0.951, 0.949, 2.0) == 2
    assert taken(1.0, 0.5) == 0
    assert taken(1.0, 1.1, 1.2) == 2
    assert taken(0.0, 0.0) == 1  # nothing to lose


def test_numbers_are_those_of_evaluate(cells, small, tmp_path):
    [file] = recommenders.main(["--data", "movielens", "--models", "popularity", "--results", str(tmp_path)])
    line = json.loads(file.read_text())["models"]["popularity"]
    split = small.split
    recs = split.recommend(rd.recommend.Popularity().fit(split.train), k=20)
    report = rd.evaluate(recs, small.catalog, train=split.known, test=split.test, metrics=["ndcg@10", "mrr@20"])
    for name in ("ndcg@10", "mrr@20"):
        assert line["accuracy"][name]["value"] == pytest.approx(report[name], rel=1e-5)
    ten = rd.evaluate(recs.head(10), small.catalog, train=split.known, metrics=["gini"])
    assert line["diversity"]["gini"]["value"] == pytest.approx(ten["gini"], rel=1e-5)


def test_a_model_of_other_sets_only_says_why():
    entry = _models.Entry("T", "popularity", only=("nemig",), why="too slow: 9 s a user")
    assert _models.missing(entry, "movielens") == "too slow: 9 s a user"
    assert _models.missing(entry, "nemig") is None
    assert _models.missing(_models.Entry("T", "no_such_model"), "nemig") == "no_such_model is not there"


def test_films_are_read_with_genres_but_not_with_tags():
    frame = pd.DataFrame(
        {
            "item_id": [1, 2, 3],
            "category": ["Drama|War", "", "Comedy"],
            "text": ["A blurb.", "funny, sad", None],
            "text_source": ["disney", "tags", ""],
        }
    )
    assert _sets.readable(rd.Catalog(frame)).frame["text"].tolist() == ["Drama, War. A blurb.", "", "Comedy. "]
    plain = _sets.readable(rd.Catalog(frame.drop(columns="text_source"))).frame
    assert plain["text"].tolist()[:2] == ["A blurb.", "funny, sad"]
    with pytest.raises(ValueError, match=r"name must be one of movielens, .*, got 'films'"):
        _sets.prepare("films")


def test_clicked_against_shown():
    frame = pd.DataFrame(
        {
            "impression_id": [1, 1, 1, 2, 2, 3],
            "user_id": ["a", "a", "a", "b", "b", "b"],
            "item_id": [0, 1, 2, 3, 4, 5],
            "clicked": [True, True, False, False, True, False],
        }
    )
    found = auc(frame, np.array([3.0, 1.0, 2.0, 5.0, 1.0, 9.0]))
    assert found["value"] == pytest.approx((0.5 + 0.0) / 2)  # impression 3 holds no pair
    assert found["n"] == 2
    catalog = rd.Catalog(pd.DataFrame({"item_id": range(6)}))
    log = rd.Interactions(pd.DataFrame({"user_id": ["a", "a", "b"], "item_id": [0, 1, 4]}), catalog)
    split = leave_one_out(log)
    model = rd.recommend.Text(torch.eye(6)).fit(split.train)
    assert shown_auc(model, frame, catalog, split)["value"] == pytest.approx((0.75 + 1.0) / 2)
    nobody = rd.recommend.Popularity().fit(split.train)
    only_a = frame[frame["user_id"] == "a"]
    assert shown_auc(nobody, pd.concat([only_a, only_a.assign(user_id="new")]), catalog, split)["n"] == 1


def test_large_sets_are_cut_by_a_rule():
    catalog = rd.Catalog(pd.DataFrame({"item_id": range(3)}))
    rows = [("a", 0, 1), ("a", 1, 9), ("b", 0, 2), ("c", 2, 3), ("c", 0, 7), ("d", 1, 8)]
    log = rd.Interactions(pd.DataFrame(rows, columns=["user_id", "item_id", "timestamp"]), catalog)
    assert _sets.latest_users(log, 2).users.tolist() == ["a", "d"]
    assert len(_sets.latest_users(log, 2)) == 3  # all of their events, old ones too
    assert list(_sets.latest_events(log, 1).frame["item_id"]) == [0, 0, 1, 1]  # b, c, d, a: by time
    assert len(_sets.latest_events(log, 2)) == len(log)
    drawn = _sets.drawn_users(log, 2)
    assert drawn.n_users == 2
    assert drawn.users.tolist() == _sets.drawn_users(log, 2).users.tolist()
    assert len(_sets.latest_users(log, 99)) == len(_sets.drawn_users(log, 99)) == len(log)


@pytest.mark.real
@pytest.mark.parametrize("name", ["movielens", "movietweetings", "lastfm", "online_retail", "nemig"])
def test_real_splits_keep_their_promises(name):
    split = _sets.prepare(name).split
    pairs = [set(zip(part.frame["user_id"], part.item, strict=True)) for part in (split.known, split.test)]
    assert not pairs[0] & pairs[1]
    assert min(map(len, split.histories())) >= 1
    assert split.test.n_users >= 400
    if split.protocol == "temporal":
        assert split.known.frame["timestamp"].max() < split.test.frame["timestamp"].min()
        assert split.train.frame["timestamp"].max() < split.validation.frame["timestamp"].min()
