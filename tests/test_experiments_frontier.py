"""The recorded frontiers: cells that are kept, the whole set, numbers and choices in one file."""

import json
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

import recdiv as rd
from recdiv.experiments import frontier
from recdiv.experiments._cells import Cells
from recdiv.experiments._frontier_record import packed, together, unpacked

N, U = 40, 30


@pytest.fixture
def small(tmp_path, monkeypatch):
    """A set of people in two camps, where neighbours help; nothing is downloaded and nothing encoded."""
    generator = np.random.default_rng(0)
    frame = pd.DataFrame({"item_id": range(N), "title": "t", "category": [["a", "b"][i % 2] for i in range(N)]})
    catalog = rd.Catalog(frame)
    rows = [(u, int(i), t) for u in range(U) for t, i in enumerate(generator.permutation(N // 2)[:12] * 2 + u % 2)]
    events = rd.Interactions(pd.DataFrame(rows, columns=["user_id", "item_id", "timestamp"]), catalog)
    kernel = rd.EmbeddingKernel(generator.normal(size=(N, 6)))
    monkeypatch.setenv("RECDIV_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(frontier, "CELLS", Cells("frontier", recipe=1))
    monkeypatch.setattr(frontier, "POOL", 15)
    monkeypatch.setattr(frontier, "STEPS", (0.5,))
    monkeypatch.setattr(frontier.datasets, "load", lambda name: SimpleNamespace(catalog=catalog, interactions=events))
    monkeypatch.setattr(rd.EmbeddingKernel, "from_text", lambda catalog: kernel)
    return tmp_path


def asked(folder, *methods):
    return frontier.main(
        ["--data", "movielens", "--models", "item_knn", "--methods", *methods, "--results", str(folder)]
    )


def test_a_run_goes_on_where_it_stopped(small, monkeypatch):
    [file] = asked(small, "mmr")
    measured = frontier._cell
    done = []
    monkeypatch.setattr(frontier, "_cell", lambda method, *rest: (done.append(method), measured(method, *rest))[1])
    assert asked(small, "mmr", "calibrated") == [file]
    assert done == ["calibrated"]
    recorded = json.loads(file.read_text())
    frame = unpacked(recorded["models"]["item_knn"]["points"])
    assert set(zip(frame["method"], frame["diversity"], strict=True)) == {
        (method, diversity) for method in ("mmr", "calibrated") for diversity in (0.0, 0.5)
    }
    assert {"ndcg@10", "cost", *frontier.MEASURES} == set(frame["metric"])
    assert list(recorded["models"]["item_knn"]["choices"]) == ["0.01", "0.05", "0.1"]
    assert recorded["config"]["split"]["users_tested"] == U
    assert recorded["models"]["item_knn"]["options"] == frontier.SETTINGS["item_knn"]


def test_candidates_are_kept_as_they_are(small, monkeypatch):
    prepared = frontier.whole("movielens")
    fresh, first = frontier.candidates("item_knn", prepared, None), frontier._kept("item_knn", prepared, None)
    monkeypatch.setattr(frontier, "candidates", lambda *given: pytest.fail("trained again"))
    for kept in (first, frontier._kept("item_knn", prepared, None)):
        assert kept.items.equal(fresh.items)
        assert kept.scores.equal(fresh.scores)
        assert kept.scores.dtype == fresh.scores.dtype
        assert list(kept.users) == list(fresh.users)


def test_candidates_are_what_the_user_does_not_know(small):
    prepared = frontier.whole("movielens")
    pool = frontier.candidates("item_knn", prepared, None)
    assert pool.items.shape == (U, 15)
    for known, row in zip(prepared.split.histories("test"), pool.items.tolist(), strict=True):
        assert not set(known.tolist()) & set(row)


def test_a_set_without_interactions(small, monkeypatch):
    monkeypatch.setattr(frontier.datasets, "load", lambda name: SimpleNamespace(interactions=None))
    with pytest.raises(ValueError, match="movielens holds no interactions"):
        frontier.whole("movielens")


def test_a_model_recorded_before_stays_in_the_file(small):
    [file] = asked(small, "mmr")
    before = json.loads(file.read_text())
    elsewhere = {**before, "models": {"als": {**before["models"]["item_knn"], "title": "ALS", "seconds": 7.0}}}
    elsewhere["config"] = {**before["config"], "methods": {"msd": "a formula"}}
    file.write_text(json.dumps(elsewhere))
    asked(small, "mmr")
    after = json.loads(file.read_text())
    assert after["models"] == {**elsewhere["models"], **before["models"]}
    assert list(after["models"]) == ["als", "item_knn"]
    assert after["seconds"] == pytest.approx(7.0 + before["models"]["item_knn"]["seconds"])
    assert set(after["config"]["methods"]) == {"msd", "mmr"}


def test_a_record_of_other_candidates_is_not_added_to(small):
    [file] = asked(small, "mmr")
    new = json.loads(file.read_text())
    with pytest.raises(ValueError, match="must be of the same candidates to be added to, got 99"):
        together(new, {**new, "config": {**new["config"], "candidates": 99}})
    assert together(new, None) is new


def test_points_come_back_in_whatever_order_the_methods_were_measured():
    rows = [
        (method, diversity, metric, place + diversity, None if metric == "cost" else float(place), place + 1.25)
        for place, (method, metric, diversity) in enumerate(
            (method, metric, diversity)
            for method in ("ssd", "dpp", "mmr")
            for diversity in (0.0, 0.3)
            for metric in ("alpha", "cost")
        )
    ]
    frame = pd.DataFrame(rows, columns=["method", "diversity", "metric", "value", "low", "high"])
    shuffled = frame.sample(frac=1, random_state=0)
    points = json.loads(json.dumps(packed(shuffled)))
    key = ["method", "diversity", "metric"]
    pd.testing.assert_frame_equal(*(each.sort_values(key, ignore_index=True) for each in (unpacked(points), frame)))
