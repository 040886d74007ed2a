"""The closed loop: people who choose as they are said to, numbers that repeat and survive a stop, updates that move."""

import dataclasses

import numpy as np
import pandas as pd
import pytest
import torch

import recdiv as rd
from recdiv.datasets.sample import generate
from recdiv.loop import EXAMPLE, Config, run
from recdiv.loop._choose import choose, pick
from recdiv.loop._fitted import factorised, interests_given
from recdiv.loop._update import explored, kept
from recdiv.loop._world import far_from_most, sample_world

SMALL = {"rounds": 4, "kernel": "truth", "k": 5, "recommender": "Popularity", "candidates": 30}


@pytest.fixture(scope="module")
def world():
    return sample_world(generate("video", seed=5, n_items=150, n_users=40), Config(k=5))


def play(world, **settings):
    return run(Config(**{**SMALL, **settings}), world=world)


# --- settings ---------------------------------------------------------------------------------------------------------


def test_the_example_file_holds_the_defaults():
    assert Config.from_text(EXAMPLE) == Config(options={"neighbours": 50})


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("rounds = 0", "rounds must be a whole number from 1 on, got 0"),
        ("rounds = 2.5", "rounds must be a whole number from 1 on, got 2.5"),
        ("adoption = 1.5", r"adoption must be a number in \[0, 1\], got 1.5"),
        ("adoption = nan", r"adoption must be a number in \[0, 1\], got nan"),
        ('adoption = "much"', r"adoption must be a number in \[0, 1\], got 'much'"),
        ("outside = -1", "outside must be a number of at least 0, got -1"),
        ("repeats = 1", "repeats must be true or false, got 1"),
        ("habit = 0.5", "habit must be 0 where repeats is false, got 0.5"),
        ("choices = 11", r"k must be at least choices \(11\), got 10"),
        ("round = 5", "setting 'round' is not known; did you mean 'rounds'"),
        ("[rerank]\nmethods = 3", r"setting 'methods' is not known; did you mean 'method'\? in \[rerank\]"),
        ("rerank = 3", r"rerank must be a table, \[rerank\], got 3"),
        ('data = "nowhere"', "data must be one of ecommerce, .*got 'nowhere'"),
        ('data = "movielens"\ndraw = 1', "draw must be 0 for a real data set, got 1"),
        ('[rerank]\nmethod = "best"', "method must be one of .*got 'best'"),
        ('[rerank]\nmethod = "xquad"', "method must not serve interests in labels, .*got 'xquad'"),
        ('[rerank]\nmethod = "dpp@windw=3"', "options of dpp must be among: window; got 'windw=3'"),
        ("[rerank]\nmethod = 3", "method must be one of .*got '3'"),
        ('[recommender]\nname = "ItemKnn"', "recommender must be one of .*did you mean 'ItemKNN'"),
        ('[recommender]\nname = "ItemKNN"\nneighbors = 5', "options of ItemKNN must be among: neighbours, shrink; got"),
        ('[recommender]\nname = "ItemKNN"\nneighbours = 0', "neighbours must be at least 1, got 0"),
        (
            '[update]\nkind = "more"',
            "update must be one of none, tuned, feedback, explore, refusals, thinned, got 'more'",
        ),
        ('[update]\nkind = "tuned"', "method must trade relevance for diversity where update moves it, got 'topk'"),
        ('[update]\nkind = "explore"\nstrength = 2', r"strength must lie in \[0, 1\] for update 'explore', got 2"),
        ('[update]\nkind = "refusals"', "strength must be at least 1 for update 'refusals', got 0.1"),
        ('[update]\nkind = "tuned"\nstrength = 1', r"strength must lie in \[0, 1\) for update 'tuned', got 1"),
        ("rounds = = 3", "not valid TOML: "),
    ],
)
def test_a_wrong_setting_is_one_sentence(tmp_path, text, sentence):
    (tmp_path / "loop.toml").write_text(text)
    with pytest.raises(ValueError, match=f"^loop.toml: .*{sentence}"):
        Config.from_toml(tmp_path / "loop.toml")


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"configuration file must exist, got .*none.toml"):
        Config.from_toml(tmp_path / "none.toml")


# --- people -----------------------------------------------------------------------------------------------------------


def test_the_wish_of_the_sample_is_its_propensity(world):
    data = generate("video", seed=5, n_items=150, n_users=40)
    for segment, day in enumerate(data.latent.segments):
        assert np.allclose(world.wish(day + 1.0), data.latent.propensity(segment))


def test_the_loop_begins_where_the_history_ends(world):
    assert world.history.frame["timestamp"].max() < world.first < world.last
    assert (world.days(7) >= world.first).all()
    assert (np.diff(world.days(7)) > 0).all()


def test_niche_users_are_the_share_furthest_from_the_mean():
    interests = np.array([[1.0, 0.0], [0.9, 0.1], [0.8, 0.2], [0.0, 1.0]])
    assert far_from_most(interests, 0.25).tolist() == [False, False, False, True]
    assert not far_from_most(interests, 0.0).any()


def test_picks_follow_the_weights():
    weight = np.tile([1.0, 3.0, 0.0], (20_000, 1))
    found = np.bincount(pick(weight, np.random.default_rng(0)), minlength=3) / 20_000
    assert found[2] == 0
    assert abs(found[1] - 0.75) < 0.0125  # four standard errors


def test_choices_follow_lists_by_look_times_wish():
    n = 20_000
    lists = np.tile([2, 0, -1], (n, 1))
    wish = np.tile([0.8, 1.0, 0.2, 0.4], (n, 1))
    look = np.array([1.0, 0.5, 0.25])
    made = choose(lists, wish, np.ones(4), look, n=1, adoption=1.0, outside=0.4, rng=np.random.default_rng(0))
    share = {slot: float((made.slot == slot).mean()) for slot in (0, 1, 2)}
    for slot, expected in {0: 0.4, 1: 0.2, 2: 0.4}.items():  # outside 0.4, 1 × 0.2, 0.5 × 0.8
        assert abs(share[slot] - expected) < 0.014, share
    assert (made.item[made.slot == 1] == 2).all()
    assert (made.item[made.slot == 2] == 0).all()


@pytest.mark.parametrize("adoption", [0.0, 0.3, 1.0])
def test_without_an_outside_adoption_is_the_share_from_lists(adoption):
    rng = np.random.default_rng(1)
    lists = np.tile(np.arange(10), (4000, 1))
    made = choose(lists, np.ones((4000, 40)), np.ones(40), np.ones(10), n=3, adoption=adoption, rng=rng)
    assert abs((made.slot > 0).mean() - adoption) < 0.017
    pairs = set(zip(made.user.tolist(), made.item.tolist(), strict=True))
    assert len(pairs) == len(made.user) == 12_000  # nobody takes an item twice
    assert (made.user == np.repeat(np.arange(4000), 3)).all()


def test_habit_goes_back_to_what_was_had():
    had = np.zeros((5000, 8), dtype=bool)
    had[:, :2] = True
    lists = np.full((5000, 1), -1)
    made = choose(
        lists, np.ones((5000, 8)), np.ones(8), np.ones(1), n=1, adoption=0.5, habit=0.25, had=had,
        rng=np.random.default_rng(0),
    )  # fmt: skip
    assert abs((made.item < 2).mean() - 0.25) < 0.025


def test_two_loops_of_one_seed_meet_the_same_luck(world):
    """With nobody at the lists, what is on them changes nothing."""
    one, other = (play(world, adoption=0.0, recommender=name) for name in ("Popularity", "ItemKNN"))
    pd.testing.assert_frame_equal(one.log, other.log)
    assert not np.array_equal(one.exposure, other.exposure)


# --- the loop ---------------------------------------------------------------------------------------------------------


def test_nothing_comes_back_or_before_its_day(world):
    result = play(world, adoption=0.9)
    log = result.log
    assert len(log) == 4 * 2 * world.n_users
    assert not log.duplicated(["user_id", "item_id"]).any()
    before = set(zip(world.history.frame["user_id"], world.history.frame["item_id"], strict=True))
    assert not before & set(zip(log["user_id"], log["item_id"], strict=True))
    days = world.days(4)
    for number in range(4):
        assert not result.exposure[number][world.release > days[number]].any()
    out = world.release[world.catalog.rows(log["item_id"])]
    assert (out <= days[log["round"] - 1]).all()


def test_things_come_back_where_they_may(world):
    log = play(world, repeats=True, boredom=1.0, habit=1.0, adoption=0.0).log
    before = set(zip(world.history.frame["user_id"], world.history.frame["item_id"], strict=True))
    returned = [pair in before for pair in zip(log["user_id"], log["item_id"], strict=True)]
    assert np.mean(returned) > 0.9


def test_the_frame_is_tidy_and_whole(world):
    frame = play(world).frame
    assert list(frame.columns) == ["round", "day", "group", "view", "measure", "value"]
    assert not frame.duplicated(["round", "group", "view", "measure"]).any()
    wanted = {
        "alpha", "beta", "gamma", "chi", "chi_excess", "semantic_coverage", "coverage", "gini", "popularity",
        "popularity_lift", "calibration", "interest_gap", "taste_shift", "satisfaction", "homogenisation",
    }  # fmt: skip
    for group in ("all", "mainstream", "niche"):
        for number in range(1, 5):
            some = frame[(frame["group"] == group) & (frame["round"] == number) & (frame["view"] == "shown")]
            assert wanted <= set(some["measure"]), (group, number)
            assert some["value"].notna().all()
    assert frame[frame["measure"] == "drift"]["round"].tolist() == [2, 3, 4]


def test_the_same_configuration_gives_the_same_frame_and_another_seed_another(world):
    one = play(world, update="explore", strength=0.3, recommender="Text")
    pd.testing.assert_frame_equal(one.frame, play(world, update="explore", strength=0.3, recommender="Text").frame)
    other = play(world, update="explore", strength=0.3, recommender="Text", seed=1)
    assert not one.frame["value"].equals(other.frame["value"])


class Stopped(Exception):
    """Somebody pulled the plug."""


@pytest.mark.parametrize(
    "settings",
    [
        {"recommender": "ItemKNN", "method": "mmr", "diversity": 0.2, "update": "feedback", "strength": 1.0},
        {"recommender": "Text", "update": "thinned", "strength": 2.0, "retrain": 2},
        {"recommender": "Ideal", "update": "explore", "retrain": 0},
        {"recommender": "ALS", "options": {"factors": 4}},
        {"recommender": "BPR", "options": {"factors": 4, "epochs": 3}},
    ],
    ids=lambda settings: settings["recommender"],
)
def test_a_stopped_loop_goes_on_to_the_same_numbers(world, tmp_path, settings):
    if settings["recommender"] not in [*rd.recommend.__all__, "Ideal"]:
        pytest.skip("no such recommender here")
    config = Config(**{**SMALL, **settings})

    def stop(done, of):
        if done == 2:
            raise Stopped

    with pytest.raises(Stopped):
        run(config, world=world, folder=tmp_path, progress=stop)
    seen = []
    again = run(config, world=world, folder=tmp_path, progress=lambda done, of: seen.append(done))
    assert seen == [3, 4]
    whole = run(config, world=world)
    pd.testing.assert_frame_equal(again.frame, whole.frame)
    pd.testing.assert_frame_equal(again.log, whole.log)
    assert np.array_equal(again.exposure, whole.exposure)
    assert len(list(tmp_path.glob("model-*"))) == 1


def test_a_folder_of_another_loop_or_a_damaged_one_is_refused(world, tmp_path):
    run(Config(**SMALL), world=world, folder=tmp_path)
    with pytest.raises(ValueError, match="holds a loop with seed = 0, got 3; choose another folder"):
        run(Config(**SMALL, seed=3), world=world, folder=tmp_path)
    checkpoint = tmp_path / "state.npz"
    checkpoint.write_bytes(checkpoint.read_bytes()[:-200])
    with pytest.raises(ValueError, match="holds a checkpoint that cannot be read"):
        run(Config(**SMALL), world=world, folder=tmp_path)


# --- what is measured -------------------------------------------------------------------------------------------------


def test_numbers_of_the_first_round_are_those_of_the_library(world):
    config = Config(**SMALL, null=3)
    result = run(config, world=world)
    kernel = rd.EmbeddingKernel(world.item_topics)
    model = rd.recommend.Popularity().fit(world.history)
    out = np.flatnonzero(world.release <= world.first)
    recs = model.recommend(world.users, k=5, candidates=out)

    def value(name, **given):
        return rd.metrics.compute(name, recs, **given).value

    expected = {
        "alpha": value("alpha", kernel=kernel),
        "gamma": value("gamma", kernel=kernel),
        "chi": value("chi", kernel=kernel),
        "popularity_lift": value("popularity_lift", train=world.history),
        "calibration": value("calibration_qjsd@longest=20", kernel=kernel, train=world.history),
        "semantic_coverage": rd.semantic_coverage(recs, kernel, demand=(world.release <= world.first).astype(float)),
    }
    for name, number in expected.items():
        found = result.series(name)[1]
        assert found == pytest.approx(number, rel=1e-6), name


def test_popularity_gini_and_likeness_by_hand(world):
    result = play(world, rounds=1)
    recs = rd.recommend.Popularity().fit(world.history).recommend(
        world.users, k=5, candidates=np.flatnonzero(world.release <= world.first)
    )  # fmt: skip
    lists = [set(row) - {-1} for row in recs.items.tolist()]
    counts = world.history.item_counts().tolist()
    out = [i for i in range(world.n_items) if world.release[i] <= world.first]
    mean = sum(counts[i] for i in out) / len(out)
    slots = [i for row in lists for i in row]
    assert result.series("popularity")[1] == pytest.approx(sum(counts[i] / mean for i in slots) / len(slots))
    shown = sorted(slots.count(i) for i in out)
    n = len(shown)
    gini = sum((2 * (r + 1) - n - 1) * c for r, c in enumerate(shown)) / (n * sum(shown))
    assert result.series("gini")[1] == pytest.approx(gini)
    mine = world.interests_at(world.first)
    mine = mine / np.linalg.norm(mine, axis=1, keepdims=True)
    alike = []
    for u in range(world.n_users):
        others = [(-mine[u] @ mine[v], v) for v in range(world.n_users) if v != u]
        near = min(others)[1]
        alike.append(len(lists[u] & lists[near]) / len(lists[u] | lists[near]))
    assert result.series("homogenisation")[1] == pytest.approx(np.mean(alike))


def test_the_ideal_satisfies_wholly_and_others_less(world):
    assert np.allclose(play(world, recommender="Ideal").series("satisfaction"), 1.0)
    assert (play(world).series("satisfaction") < 0.9).all()


def test_wish_falls_to_boredom_for_another_listing_of_the_same_thing(world):
    from recdiv.loop._state import State

    twice = next(rows for x in np.unique(world.thing) if len(rows := np.flatnonzero(world.thing == x)) > 1)
    had = np.zeros((world.n_users, world.n_items), dtype=bool)
    had[3, twice[0]] = True
    state = State(world, diversity=0.0)
    state.passed[4, 7] = 2
    left = state.left(had, Config(boredom=0.1, fatigue=0.5))
    assert left[3, twice[1]] == pytest.approx(0.1)
    assert left[4, 7] == pytest.approx(0.25)
    left[3, twice], left[4, 7] = 1.0, 1.0
    assert (left == 1.0).all()


# --- what updating does -----------------------------------------------------------------------------------------------


def test_feedback_raises_diversity_while_gamma_is_below_where_it_began(world):
    result = play(world, recommender="ItemKNN", method="mmr", update="feedback", strength=2.0, rounds=6)
    gamma, used = result.series("gamma"), result.series("diversity", view="loop")
    moved = 0
    for number in range(2, 6):
        expected = np.clip(used[number] + 2.0 * (1 - gamma[number] / gamma[1]), 0, 0.9)
        assert used[number + 1] == pytest.approx(expected)
        moved += expected != used[number]
    assert moved


def test_feedback_that_begins_beyond_its_limit_is_not_brought_back_to_it(world):
    settings = {"recommender": "ItemKNN", "method": "mmr", "diversity": 0.97, "update": "feedback", "rounds": 4}
    assert play(world, **settings, strength=0.0).series("diversity", view="loop").tolist() == [0.97] * 4
    result = play(world, **settings, strength=2.0)
    gamma, used = result.series("gamma"), result.series("diversity", view="loop")
    for number in range(2, 4):
        expected = np.clip(used[number] + 2.0 * (1 - gamma[number] / gamma[1]), 0, 0.97)
        assert used[number + 1] == pytest.approx(expected)


def test_tuning_takes_the_largest_diversity_that_is_cheap_enough(world):
    """The first round by hand: what the library's tuner says of what people found by themselves."""
    settings = {"recommender": "ItemKNN", "method": "mmr", "update": "tuned", "adoption": 0.0, "choices": 5}
    kernel = rd.EmbeddingKernel(world.item_topics)
    out = torch.from_numpy(world.release <= world.first)
    model = rd.recommend.ItemKNN().fit(world.history)
    scores = model.scores(world.users).double().masked_fill(~out, -torch.inf)
    for row, rows in enumerate(world.history.histories(world.users)):
        scores[row, rows] = -torch.inf
    used = {}
    for cost in (0.0, 0.6):
        result = play(world, **settings, strength=cost, rounds=2)
        first = result.log[result.log["round"] == 1]
        test = rd.Interactions(first, world.catalog)
        tuned = rd.tune_diversity(
            scores, kernel, test, users=world.users, k=5, candidates=30, cost=cost, grid=np.arange(10) / 10
        )
        used[cost] = result.series("diversity", view="loop")[2]
        assert used[cost] == pytest.approx(tuned.diversity)
    assert used[0.6] > used[0.0]


def test_what_was_refused_is_not_shown_again(world):
    result = play(world, update="refusals", strength=1.0, adoption=0.0)
    assert result.exposure.sum(0).max() <= world.n_users  # each item once to each user at most
    assert play(world, adoption=0.0).exposure.sum(0).max() > world.n_users


def test_exploring_gives_the_share_of_slots_to_what_was_not_on_the_list():
    rng = np.random.default_rng(0)
    lists = np.tile(np.arange(10), (500, 1))
    lists[0, 5:] = -1
    allowed = np.ones((500, 60), dtype=bool)
    allowed[:, 50:] = False
    new = explored(lists, allowed, 0.3, rng)
    swapped = new[1:] != lists[1:]
    assert abs(swapped.mean() - 0.3) < 0.03
    assert ((new[1:][swapped] >= 10) & (new[1:][swapped] < 50)).all()
    assert all(len(set(row)) == 10 for row in new[1:].tolist())
    assert (new[0, 5:] == -1).all()
    assert np.array_equal(explored(lists, allowed, 0.0, rng), lists)


def test_thinning_keeps_what_is_unlike_the_rest():
    kernel = rd.EmbeddingKernel(torch.tensor([[1.0, 0.0, 0.0], [1.0, 0.0, 0.0], [0.0, 1.0, 0.0]]))
    item = np.repeat([0, 1, 2], [4000, 4000, 2000])  # ρ holds 0.8 of the first direction and 0.2 of the second
    keep = kept(item, kernel, 1.0, np.random.default_rng(0))
    share = [keep[item == i].mean() for i in range(3)]
    chance = np.log(0.8) / np.log(0.2)
    assert share[2] == 1.0
    assert abs(share[0] - chance) < 0.02
    assert abs(share[1] - chance) < 0.02
    assert kept(item, kernel, 0.0, np.random.default_rng(0)).all()


def test_a_model_that_never_trains_again_keeps_its_favourites(world):
    static, moving = (play(world, retrain=r, adoption=0.0, repeats=True, rounds=6, choices=5) for r in (0, 1))
    start = world.history.item_counts().numpy()
    out = np.flatnonzero(world.release <= world.days(6)[-1])
    favourites = out[np.argsort(-start[out], kind="stable")[:5]]
    assert sorted(np.flatnonzero(static.exposure[-1])) == sorted(favourites)
    assert sorted(np.flatnonzero(moving.exposure[-1])) != sorted(favourites)


# --- users of a real set ----------------------------------------------------------------------------------------------


def test_fitted_interests_find_the_wishes_that_made_the_data():
    data = generate("video", seed=3, n_items=200, n_users=150, drift=0.0)
    events = data.interactions
    counts = np.zeros((events.n_users, 200))
    np.add.at(counts, (events.user, events.item), 1.0)
    interests, per_topic = factorised(counts, 20)
    assert np.allclose(interests.sum(1), 1)
    assert np.allclose(per_topic.sum(1), 1)
    held = counts == 0
    lift = (interests @ per_topic) / np.maximum(counts.sum(0) / counts.sum(), 1e-12)
    true = data.latent.propensity()[[int(u[1:]) for u in events.users]]
    from scipy.stats import spearmanr

    fitted = np.mean([spearmanr(lift[u][held[u]], true[u][held[u]])[0] for u in range(100)])
    popular = np.mean([spearmanr(counts.sum(0)[held[u]], true[u][held[u]])[0] for u in range(100)])
    assert fitted > popular + 0.1


def test_the_factorisation_never_gets_less_likely():
    rng = np.random.default_rng(0)
    counts = rng.poisson(0.5, (20, 30)).astype(float)
    from recdiv.loop import _fitted

    def likelihood(rounds, monkey=pytest.MonkeyPatch()):  # noqa: B008
        monkey.setattr(_fitted, "ROUNDS", rounds)
        interests, per_topic = factorised(counts, 4)
        monkey.undo()
        rate = counts.sum(1, keepdims=True) * (interests @ per_topic)
        return float((counts * np.log(np.maximum(rate, 1e-12)) - rate).sum())

    values = [likelihood(n) for n in (1, 5, 25, 125)]
    assert values == sorted(values)
    assert values[-1] > values[0]


def test_a_strong_prior_leaves_interests_where_they_were():
    per_topic = np.eye(2)
    prior = np.array([[0.5, 0.5]])
    counts = np.array([[9.0, 1.0]])
    assert np.allclose(interests_given(counts, per_topic, prior, 1e9), prior)
    assert np.allclose(interests_given(counts, per_topic, prior, 0.0), [[0.9, 0.1]])
    assert np.allclose(interests_given(counts, per_topic, prior, 10.0), [[0.7, 0.3]])


@pytest.mark.real
def test_a_loop_goes_on_from_real_data():
    config = Config(data="movielens", rounds=2, kernel="truth", n_users=50, n_items=100)
    result = run(config)
    assert len(result.log) == 2 * 2 * 50
    assert result.world.n_items == 100
    assert "fitted" in result.world.assumed


def test_settings_survive_a_round_trip():
    config = Config(recommender="ItemKNN", options={"neighbours": 7}, update="explore")
    assert Config(**config.as_dict()) == config
    with pytest.raises(dataclasses.FrozenInstanceError):
        config.rounds = 3
