"""What every recommender promises, tried on each of them in one small world."""

import hashlib
import json
import random

import numpy as np
import pandas as pd
import pytest
import torch
from recommend_world import CATALOG, EVENTS, HISTORIES, MODELS, TRAIN, USERS, N

import recdiv as rd
from recdiv import recommend

LATER = rd.Interactions(
    pd.concat(
        [EVENTS, pd.DataFrame({"user_id": [0, 1, 99], "item_id": ["i3", "i11", "i4"], "timestamp": [50, 51, 52]})]
    ),
    CATALOG,
)
VECTORS_OF_ANOTHER = np.ones((N, 3))


@pytest.mark.parametrize("name", MODELS)
class TestEveryModel:
    def test_lists_hold_unseen_items_best_first(self, name):
        model = MODELS[name]().fit(TRAIN)
        recs = model.recommend(USERS, k=5)
        scores = model.scores(USERS)
        assert scores.shape == (len(USERS), N)
        for u, (items, seen) in enumerate(zip(recs.items.tolist(), HISTORIES, strict=True)):
            assert not set(items) & set(seen)
            left = [i for i in range(N) if i not in seen]
            best = sorted(left, key=lambda i: (-float(scores[u, i]), i))[:5]
            assert [i for i in items if i >= 0] == best
        assert recs.users.tolist() == USERS

    def test_seen_items_may_come_again(self, name):
        recs = MODELS[name]().fit(TRAIN).recommend(USERS, k=N, exclude_seen=False)
        assert all(sorted(items) == list(range(N)) for items in recs.items.tolist())

    def test_one_user_at_a_time_is_the_same(self, name):
        model = MODELS[name]().fit(TRAIN)
        together = model.recommend(USERS, k=4).items
        alone = torch.cat([model.recommend([user], k=4).items for user in USERS])
        assert torch.equal(together, alone)

    def test_slots_stay_empty_where_nothing_is_left(self, name):
        recs = MODELS[name]().fit(TRAIN).recommend(USERS, k=N + 3)
        assert [N - len(set(seen)) for seen in HISTORIES] == recs.lengths.tolist()

    def test_without_history_popularity(self, name):
        cold = MODELS[name]().fit(TRAIN).recommend(["nobody"], k=3).items.tolist()
        popular = recommend.Popularity().fit(TRAIN).recommend(["nobody"], k=3).items.tolist()
        assert cold == popular or name == "random"

    def test_the_future_does_not_leak(self, name):
        early, late = TRAIN.split_at(20)
        moved = rd.Interactions(
            late.frame.assign(item_id=late.frame["item_id"].sample(frac=1, random_state=0).values), CATALOG
        )
        joined = pd.concat([early.frame, moved.frame])
        again = rd.Interactions(joined, CATALOG).split_at(20)[0]
        users = early.users.tolist()
        a, b = (MODELS[name]().fit(each).recommend(users, k=5).items for each in (early, again))
        assert torch.equal(a, b)

    def test_must_be_fitted(self, name):
        with pytest.raises(RuntimeError, match=r"must be fitted before it scores: call \.fit\(train\)"):
            MODELS[name]().recommend([1])
        with pytest.raises(TypeError, match="train must be Interactions, got DataFrame"):
            MODELS[name]().fit(EVENTS)
        with pytest.raises(ValueError, match="k must be at least 1, got 0"):
            MODELS[name]().fit(TRAIN).recommend([1], k=0)

    def test_nobody_and_no_training_data(self, name):
        empty = rd.Interactions(EVENTS.iloc[:0], CATALOG)
        assert MODELS[name]().fit(empty).recommend(["a"], k=2).items.shape == (1, 2)
        assert MODELS[name]().fit(TRAIN).recommend([], k=2).items.shape == (0, 2)

    def test_histories_take_the_place_of_training_ones(self, name):
        model = MODELS[name]().fit(TRAIN)
        swapped = HISTORIES[1:] + HISTORIES[:1]
        owners = USERS[1:] + USERS[:1]
        if name == "random":  # an order a user, whatever the history
            owners = USERS
        given = model.scores(USERS, histories=swapped)
        assert torch.equal(model.scores(USERS, histories=HISTORIES), model.scores(USERS))
        # The same histories in other places of a batch: BPR finds vectors that are near, not equal (seen: 0.065, where
        # scores have a spread of 1.3).
        torch.testing.assert_close(given, model.scores(owners), rtol=0, atol=0.1 if name == "bpr" else 1e-5)
        [unknown] = model.recommend(["nobody"], k=3, histories=[np.array(HISTORIES[0])]).items.tolist()
        assert not set(unknown) & set(HISTORIES[0])
        emptied = model.recommend(USERS[:2], k=3, histories=[[], []]).items
        popular = recommend.Popularity().fit(TRAIN).recommend(["nobody"] * 2, k=3).items
        assert torch.equal(emptied, popular) or name == "random"

    def test_candidates_bound_the_lists(self, name):
        model = MODELS[name]().fit(TRAIN)
        full = model.recommend(USERS, k=N)
        few = [11, 2, 5, 2]
        for candidates in (
            few,
            set(few),
            np.array(few),
            pd.Series(few, index=[7, 8, 9, 5]),
            torch.tensor(few),
            [few] * len(USERS),
        ):
            recs = model.recommend(USERS, k=3, candidates=candidates)
            for items, every in zip(recs.items.tolist(), full.items.tolist(), strict=True):
                left = [item for item in every if item in few]
                assert items == left + [-1] * (3 - len(left))
        own = [[u % N, (u + 1) % N] for u in range(len(USERS))]
        shown = model.recommend(USERS, k=2, exclude_seen=False, candidates=own).items.tolist()
        assert [sorted(items) for items in shown] == [sorted(each) for each in own]
        assert model.recommend(USERS, k=2, candidates=[]).lengths.tolist() == [0] * len(USERS)

    def test_saved_and_loaded_it_is_the_same(self, name, tmp_path):
        model = MODELS[name]().fit(TRAIN)
        model.save(tmp_path)
        again = recommend.Recommender.load(tmp_path, TRAIN)
        assert type(again) is type(model)
        assert torch.equal(again.scores(USERS), model.scores(USERS))
        assert torch.equal(again.update(LATER).scores([0, 99]), model.update(LATER).scores([0, 99]))
        assert sorted(path.name for path in tmp_path.iterdir()) == ["config.json", "model.safetensors"]

    def test_update_knows_what_is_new(self, name):
        model = MODELS[name]().fit(TRAIN).update(LATER)
        assert model.train is LATER
        lists = model.recommend([0, 1, 99], k=N).items.tolist()
        for items, seen in zip(lists, LATER.histories([0, 1, 99]), strict=True):
            assert sorted(item for item in items if item >= 0) == sorted(set(range(N)) - set(seen.tolist()))
        assert MODELS[name]().update(TRAIN).train is TRAIN  # never fitted: a fit

    def test_the_same_twice_and_no_global_state_is_touched(self, name):
        states = torch.random.get_rng_state(), np.random.get_state()[1].copy(), random.getstate()  # noqa: NPY002
        model = MODELS[name]()
        first = model.fit(TRAIN).scores(USERS)
        assert torch.equal(model.fit(TRAIN).scores(USERS), first)
        assert torch.equal(MODELS[name]().fit(TRAIN).scores(USERS), first)
        assert torch.equal(torch.random.get_rng_state(), states[0])
        assert (np.random.get_state()[1] == states[1]).all()  # noqa: NPY002
        assert random.getstate() == states[2]


@pytest.fixture
def saved(tmp_path):
    recommend.Text(np.eye(N)).fit(TRAIN).save(tmp_path)
    return tmp_path


def test_a_checkpoint_that_does_not_fit_is_refused(saved, tmp_path):
    load = recommend.Recommender.load
    other = rd.Catalog(pd.DataFrame({"item_id": [f"i{i}" for i in range(N + 1)]}))
    with pytest.raises(ValueError, match=r"another catalogue \(12 items\) than train's \(13 items\)"):
        load(saved, rd.Interactions(EVENTS, other))
    with pytest.raises(ValueError, match="holds a Text, which is no ItemKNN"):
        recommend.ItemKNN.load(saved, TRAIN)
    with pytest.raises(FileNotFoundError, match=r"must hold a saved recommender \(config.json\), got '.*nothing'"):
        load(tmp_path / "nothing", TRAIN)
    with pytest.raises(TypeError, match="train must be Interactions, got DataFrame"):
        load(saved, EVENTS)


@pytest.mark.parametrize("damage", ["cut", "exchanged", "absent"])
def test_damaged_weights_are_refused(saved, tmp_path, damage):
    file = saved / "model.safetensors"
    if damage == "cut":
        file.write_bytes(file.read_bytes()[:-20])
    elif damage == "exchanged":
        recommend.Text(VECTORS_OF_ANOTHER).fit(TRAIN).save(tmp_path / "other")
        (tmp_path / "other" / "model.safetensors").replace(file)
    else:
        file.unlink()
    with pytest.raises((ValueError, FileNotFoundError), match=r"cut short or exchanged|must hold a saved recommender"):
        recommend.Recommender.load(saved, TRAIN)


@pytest.mark.parametrize(
    "content", [b"", b"\xff\xfe", b"[]", b'{"model_type": "bert"}', b'{"format": "something else"}']
)
def test_a_foreign_configuration_is_refused(saved, content):
    (saved / "config.json").write_bytes(content)
    with pytest.raises(ValueError, match=r"config\.json must be one that a recommender's save wrote"):
        recommend.Recommender.load(saved, TRAIN)


def test_no_class_is_imported_by_the_name_in_a_file(saved):
    config = json.loads((saved / "config.json").read_text())
    config["class"] = "os.system"
    (saved / "config.json").write_text(json.dumps(config))
    with pytest.raises(ValueError, match=r"holds a os\.system, which is no Recommender"):
        recommend.Recommender.load(saved, TRAIN)


def test_the_configuration_says_what_was_saved(saved):
    config = json.loads((saved / "config.json").read_text())
    assert config["class"] == "Text"
    assert config["parameters"] == {"half_life": None}
    assert config["n_items"] == N
    assert config["item_ids_sha256"] == hashlib.sha256(json.dumps([f"i{i}" for i in range(N)]).encode()).hexdigest()
    assert {"python", "torch"} <= config["versions"].keys()


def test_saving_again_replaces_and_a_setting_that_is_no_json_costs_nothing(saved):
    before = (saved / "model.safetensors").read_bytes()
    model = recommend.Text(VECTORS_OF_ANOTHER).fit(TRAIN)
    model.half_life = object()
    with pytest.raises(TypeError, match="not JSON serializable"):
        model.save(saved)
    assert (saved / "model.safetensors").read_bytes() == before
    recommend.Popularity().fit(TRAIN).save(saved)
    assert type(recommend.Recommender.load(saved, TRAIN)) is recommend.Popularity


def test_a_class_of_ones_own():
    class Last(recommend.Recommender):
        def _learn(self, train):
            self.n_items = train.n_items

        def _score(self, users, histories):
            return torch.nn.functional.one_hot(torch.tensor([each[-1] for each in histories]), self.n_items)

    model = Last().fit(TRAIN)
    assert model.recommend(USERS[:1], k=1, exclude_seen=False).items.tolist() == [[HISTORIES[0][-1]]]
    with pytest.raises(NotImplementedError, match="Last cannot be saved: it has no _state and _restore"):
        model.save("nowhere")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"histories": [[0]]}, r"histories must have one sequence a user \(2\), got 1"),
        ({"histories": [[0], [N]]}, r"histories must hold item rows 0\.\.11, got 12"),
        ({"histories": [[0], [0.5]]}, "histories must be integers, got float64"),
        ({"histories": [[0], [[1]]]}, r"histories must be one-dimensional, got shape \[1, 1\]"),
        ({"candidates": [-1, 0]}, r"candidates must hold item rows 0\.\.11, got -1"),
        ({"candidates": [[0], [1], [2]]}, r"candidates must be item rows, or have one sequence a user \(2\), got 3"),
        ({"candidates": [["i1"], ["i2"]]}, "candidates must be integers, got <U2"),
    ],
)
def test_wrong_histories_and_candidates(arguments, message):
    with pytest.raises(ValueError, match=message):
        recommend.Popularity().fit(TRAIN).recommend(USERS[:2], **arguments)


def test_update_refuses_another_catalogue_and_takes_an_equal_one():
    other = rd.Catalog(CATALOG.frame.iloc[::-1])
    with pytest.raises(ValueError, match=r"must be of the catalogue that was fitted \(12 items\), got another"):
        recommend.Popularity().fit(TRAIN).update(rd.Interactions(EVENTS, other))
    recommend.Popularity().fit(TRAIN).update(rd.Interactions(EVENTS, rd.Catalog(CATALOG.frame)))
    with pytest.raises(TypeError, match="train must be Interactions, got DataFrame"):
        recommend.Popularity().fit(TRAIN).update(EVENTS)


def test_recommenders_by_name():
    for name in recommend.names():
        kind = type(recommend.make(name))
        assert getattr(recommend, kind.__name__) is kind
    kinds = [each for name in recommend.__all__ if isinstance(each := getattr(recommend, name), type)]
    models = {each for each in kinds if issubclass(each, recommend.Recommender) and each is not recommend.Recommender}
    assert models == {type(recommend.make(name)) for name in recommend.names()}
    assert recommend.make("item_knn", neighbours=7).neighbours == 7
    with pytest.raises(ValueError, match=r"name must be one of .*item_knn, .*, got 'svd'"):
        recommend.make("svd")
    with pytest.raises(TypeError, match="options of item_knn must be among: neighbours, shrink; got 'depth'"):
        recommend.make("item_knn", depth=3)
    with pytest.raises(TypeError, match="options of popularity must be among: none; got 'depth'"):
        recommend.make("popularity", depth=3)
