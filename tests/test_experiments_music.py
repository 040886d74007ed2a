"""Music: repeats, tags as text, who pays, what people say; each on made-up people whose answer is known."""

import json
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import torch
from scipy import sparse

import recdiv as rd
from recdiv.experiments import (
    _music_doubles,
    _music_halves,
    _music_lists,
    _music_people,
    _music_tags,
    _music_tail,
    music,
)
from recdiv.experiments import _music_listening as hearing
from recdiv.experiments._cells import Cells
from recdiv.experiments._music_exploring import explored, widening
from recdiv.recommend import ItemKNN, Popularity, leave_one_out

N = 12


@pytest.fixture
def catalog():
    return rd.Catalog(pd.DataFrame({"item_id": range(N), "title": [f"artist {i}" for i in range(N)]}))


@pytest.fixture
def events(catalog):
    """Ten people in two camps; in each the first artist is played 99 times for each other's once."""
    rows = []
    for person in range(10):
        own = np.arange(6) * 2 + person % 2
        for place, item in enumerate(np.roll(own, -(person // 2))[:5]):
            rows.append((person, int(item), 96 if place == 0 else 1))
    return rd.Interactions(pd.DataFrame(rows, columns=["user_id", "item_id", "plays"]), catalog)


def test_artists_come_by_plays_and_short_rows_are_padded(catalog):
    frame = pd.DataFrame({"user_id": [1, 1, 2], "item_id": [4, 5, 6], "plays": [1, 3, 7]})
    own = hearing.played(rd.Interactions(frame, catalog))
    assert own.items.tolist() == [[5, 4], [6, -1]]
    assert own.shares.tolist() == [[0.75, 0.25], [1.0, 0.0]]


@pytest.mark.filterwarnings("error")  # all play alike here, so that ranks say nothing
def test_variety_of_listening_shrinks_where_one_artist_is_played_most(events):
    found = hearing.listening(hearing.played(events), rd.IdentityKernel(N))
    assert found["repeats"] == pytest.approx(1 - 5 / 100)
    assert found["identity, artists"]["p50"] == pytest.approx(5)
    p = np.array([0.96, 0.01, 0.01, 0.01, 0.01])
    assert found["identity, plays"]["p50"] == pytest.approx(np.exp(-(p * np.log(p)).sum()), rel=1e-5)
    assert found["identity, plays"] == found["meaning, plays"]  # the kernel of meaning is identity here
    assert found["first_artist_share"] == pytest.approx(0.96)
    assert found["rank_correlation"] == {"artists": None, "plays": None}


def test_known_slots_are_worth_what_is_played_there_and_new_ones_what_is_found(events, catalog):
    split = leave_one_out(events, validation=False, rng=0)
    own = hearing.played(split.train)
    known = own.items[:, :3]
    assert hearing.known_share(known, own.items).tolist() == [1.0] * 10
    assert hearing.next_known(own.items, own) == pytest.approx(torch.ones(10).double())
    new = Popularity().fit(split.train).recommend(own.users, k=3).items
    assert hearing.known_share(new, own.items).tolist() == [0.0] * 10
    assert hearing.next_known(new, own).tolist() == [0.0] * 10


def test_a_list_of_known_artists_finds_nobody_new_and_says_so_given_the_history(events, catalog, monkeypatch):
    monkeypatch.setattr(hearing, "K", 3)
    split = leave_one_out(events, validation=False, rng=0)
    kernel = rd.IdentityKernel(N)
    models = {"item kNN": ItemKNN(shrink=0).fit(split.train)}
    found = hearing.slates(models, split, catalog, kernel, new_from="item kNN")
    first, last = found["by_known"][0], found["by_known"][-1]
    assert [line["known_slots"] for line in found["by_known"]] == [0, 1, 2, 3]
    assert (first["known_share"]["value"], last["known_share"]["value"]) == (0, 1)
    assert (first["recall@10"]["value"], last["recall@10"]["value"]) == (1, 0)  # two of a camp are new, one held out
    residual = "conditional_effective_number@part=residual"
    assert first[residual]["value"] == pytest.approx(1)
    assert last[residual]["value"] == pytest.approx(0, abs=2e-3)  # the ridge of 0.001
    # three known things count as one, nearly: the ridge leaves 0.001, so eigenvalues are 2.98 / 3 and twice 0.01 / 3
    assert last["conditional_effective_number"]["value"] == pytest.approx(1.0456, abs=1e-3)
    for line in found["by_known"]:
        told = line["alpha"], line["chi_excess"], line["recall@10"], line[residual]
        assert all(each["low"] <= each["value"] <= each["high"] for each in told)
    parts = rd.partition(hearing.played(split.train).items[:, :3], kernel, null=5)
    assert last["chi_excess"]["value"] == pytest.approx(parts.chi_excess, abs=1e-6)
    refused = found["refusing"]["item kNN, new only"]
    assert refused["known_share"]["value"] == 0
    assert found["refusing"]["item kNN, known allowed"]["known_share"]["value"] > 0


def test_thirds_follow_the_popularity_of_what_people_had(catalog):
    rows = [(u, 0) for u in range(6)] + [(0, 1), (1, 1), (2, 2), (3, 2), (4, 3), (5, 4)]
    train = rd.Interactions(pd.DataFrame(rows, columns=["user_id", "item_id"]), catalog)
    assert _music_tail.mainstream(train).tolist() == [1, 1, 2, 2, 0, 0]
    # tail: artists 3 and 4, played once each, 2 of 12 events; two of the niche third's four events are theirs
    assert _music_tail.profile_tail(train, np.array([False] * 4 + [True] * 2)) == pytest.approx(0.5)


def test_a_quota_moves_the_tail_share_of_every_group(events, catalog):
    split = leave_one_out(events, validation=False, rng=0)
    found = _music_tail.who_pays(
        {"popularity": Popularity().fit(split.train)}, split, catalog, rd.IdentityKernel(N), quota_of="popularity"
    )
    assert set(found["models"]["popularity"]) == {"all", *_music_tail.GROUPS}
    assert [each["quota"] for each in found["quotas"]] == list(_music_tail.QUOTAS)
    assert sum(found["models"]["popularity"][name]["people"] for name in _music_tail.GROUPS) == 10


def test_tags_that_one_person_gave_stand_only_where_there_is_no_other():
    tags = pd.DataFrame({"row": [0, 0, 2], "tag": ["rock", "mine", "own"], "n": [2, 1, 1]})
    assert _music_halves.template(tags, ["A", "B", "C"], most=9, least=2) == ["A. rock", "B", "C. own"]
    assert _music_halves.template(tags, ["A", "B", "C"], most=0) == ["A", "B", "C"]
    assert _music_halves.template(tags, ["A", "B", "C"], most=1, named=False) == ["rock", "B", "own"]


def camps():
    """Four hundred people, half of whom write and half listen; artists of a camp share people and a tag."""
    generator = np.random.default_rng(0)
    plays, tags = [], []
    for person in range(400):
        for item in generator.permutation(60)[:12] * 2 + person % 2:
            plays.append((person, int(item), 1))
            tags.append((person, int(item), ["folk", "techno"][person % 2]))
    catalog = rd.Catalog(pd.DataFrame({"item_id": range(120), "title": [f"a{i}" for i in range(120)]}))
    events = rd.Interactions(pd.DataFrame(plays, columns=["user_id", "item_id", "plays"]), catalog)
    given = pd.DataFrame(tags, columns=["user_id", "item_id", "tag"])
    return SimpleNamespace(name="camps", catalog=catalog, interactions=events, extras={"tags": given})


def heard(texts):
    """A made-up encoder: one direction a tag, and one that all share."""
    return torch.tensor([[0.1, "folk" in text, "techno" in text] for text in texts], dtype=torch.float32)


def test_halves_share_nobody():
    data = camps()
    both = _music_halves.halves(data, rng=0)
    assert len(both.listeners) == 200
    written = data.extras["tags"][~data.extras["tags"]["user_id"].isin(both.listeners)]
    assert both.tags["n"].sum() == len(written)
    assert both.heard.sum() + len(written) == len(data.interactions)


def test_text_that_says_the_camp_tells_who_is_listened_to_together_and_a_name_does_not():
    lines = {(line["text"], line["kernel"]): line for line in _music_tags.tags_as_text(camps(), heard, rng=0)["lines"]}
    assert lines["name and 12 tags", "plain"]["listening"]["value"] == pytest.approx(
        0.75, abs=0.06
    )  # other camp, or tie
    assert lines[_music_tags.COUNTED, ""]["listening"]["value"] > 0.65
    for check in ("listening", "held_out_tags"):
        assert lines["name", "plain"][check]["value"] == 0.5  # nothing but ties
        low, high = (lines["name and 12 tags of another artist", "centred"][check][end] for end in ("low", "high"))
        assert low <= 0.55
        assert high >= 0.45


def test_the_third_of_a_triplet_is_about_as_popular_and_belongs_elsewhere():
    popularity = np.arange(200.0)
    near = _music_tags.nearest(sparse.csr_matrix(np.kron(np.eye(100), np.full((2, 2), 5.0))), np.ones(200), least=1)
    rows = _music_tags.triplets(near, popularity, np.arange(200), rng=0)
    assert (rows[:, 1] // 2 == rows[:, 0] // 2).all()
    assert (rows[:, 2] // 2 != rows[:, 0] // 2).all()
    assert np.abs(popularity[rows[:, 1]] - popularity[rows[:, 2]]).max() <= _music_tags.ALIKE


def answers(signs):
    said = {1: "A", -1: "B", 0: "unsure"}
    rows = [("artist", f"Q{j}", person, said[sign]) for person, line in enumerate(signs) for j, sign in enumerate(line)]
    return pd.DataFrame(rows, columns=["block", "question", "participant", "answer"])


@pytest.mark.filterwarnings("error")  # draws of questions that all have no answer are among them
def test_agreement_counts_ties_half_and_leaves_out_what_is_not_answered():
    given = _music_people.votes(answers([[1, 1, -1, -1]] * 9 + [[-1, 0, -1, -1]]))
    assert given.majority.tolist() == [1, 1, -1, -1]
    right = _music_people.agreement(np.array([1.0, 0.5, -2.0, -1.0]), given)
    assert (right["majority"], right["questions"]) == (4, 4)
    assert right["people"]["value"] == pytest.approx(38 / 39, abs=1e-4)  # one of 39 decided answers differs
    assert _music_people.agreement(-given.majority.astype(float), given)["majority"] == 0
    tied = _music_people.agreement(np.array([0.0, np.nan, 1.0, np.nan]), given)
    assert (tied["majority"], tied["questions"], tied["by_question"]) == (0.5, 2, [0.5, None, 0.0, None])


def test_human_agreement_of_one_mind_and_of_a_coin():
    one = _music_people.human_agreement(_music_people.votes(answers([[1, -1]] * 20)))
    assert (one["against_the_others"]["value"], one["two_people"], one["best"]) == (1.0, 1.0, 1.0)
    split = _music_people.human_agreement(_music_people.votes(answers([[1, 1]] * 15 + [[-1, -1]] * 15)))
    assert split["best"] == 0.5
    assert split["two_people"] == pytest.approx(2 * 15 * 14 / (30 * 29), abs=1e-4)


def test_low_sounds_are_as_alike_as_high_ones():
    frame = pd.DataFrame({"x": [0.0, 0.0, 1.0], "y": [2.0, 2.0, 4.0]})
    gram = rd.EmbeddingKernel(_music_lists.scaled(frame)).gram(torch.arange(3))
    assert gram[0].tolist() == pytest.approx([1, 1, 0])


def test_words_of_a_sound_are_the_likelier_of_each_pair():
    frame = pd.DataFrame({"happy": [0.9], "not_happy": [0.1], "bright": [0.2], "dark": [0.8]})
    assert _music_lists.sound_words(frame) == ["happy, dark"]


def test_metrics_choose_the_list_of_different_things():
    given = _music_people.votes(answers([[1, -1]] * 3))
    copies, apart = torch.eye(4)[[0, 0, 0, 0]], torch.eye(4)
    kernel = rd.EmbeddingKernel(torch.cat([apart, copies, copies, apart]))
    for metric in _music_lists.METRICS.values():
        assert np.sign(_music_lists.choices({"artist": kernel}, metric, given)).tolist() == [1, -1], metric
    assert np.isnan(_music_lists.choices({}, "ild", given)).all()


def test_a_run_goes_on_where_it_stopped(tmp_path, monkeypatch):
    monkeypatch.setenv("RECDIV_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(music, "CELLS", Cells("music", recipe=1))
    done = []

    def part(name):
        return lambda encoder: (done.append(name), {"answer": name})[1]

    monkeypatch.setattr(music, "PARTS", {name: part(name) for name in ("people", "tags")})
    music.main(["--parts", "people", "--results", str(tmp_path)])
    target = music.main(["--results", str(tmp_path)])
    assert done == ["people", "tags"]
    recorded = json.loads(target.read_text())
    assert recorded["people"] == {"answer": "people"}
    assert set(recorded["data"]) == {"lastfm", "human_music"}
    assert set(recorded["config"]["encoding_cpu_seconds"]) == {"people", "tags"}


def test_a_choice_is_new_where_no_earlier_one_explains_it():
    catalog = rd.Catalog(pd.DataFrame({"item_id": range(4)}))
    frame = pd.DataFrame({"user_id": [1, 1, 1, 2, 2, 2], "item_id": [0, 1, 2, 3, 3, 3], "timestamp": range(6)})
    kernel = rd.EmbeddingKernel(torch.eye(4)[[0, 0, 1, 2]])  # 0 and 1 are one thing
    found = explored(rd.Interactions(frame, catalog), kernel)
    assert found["before"].tolist() == [1, 2, 1, 2]
    assert found["new"].tolist() == pytest.approx([0, 1, 0, 0], abs=2e-3)  # the ridge of 0.001
    assert found["by_chance"].tolist() != found["new"].tolist()


def test_first_choices_widen_as_far_as_they_differ():
    catalog = rd.Catalog(pd.DataFrame({"item_id": range(4)}))
    frame = pd.DataFrame({"user_id": [1, 1, 2, 2, 3], "item_id": [0, 1, 2, 3, 0], "timestamp": range(5)})
    found = widening(rd.Interactions(frame, catalog), rd.EmbeddingKernel(torch.eye(4)[[0, 0, 1, 1]]), (1, 2))
    assert found["own"].tolist() == pytest.approx([1, 1])  # either person has two copies; the third has too few
    assert found["dealt"].tolist()[0] == pytest.approx(1)
    assert 1 <= found["dealt"].tolist()[1] <= 2


def test_pairs_found_are_marked_against_the_truth():
    truth = np.array([0, 0, 1, 1, 2])
    marked = _music_doubles.marked(torch.tensor([0, 0, 0, 3, 4]), truth)
    assert marked == {"precision": 0.3333, "recall": 0.5, "things": 3, "true_things": 3}
    assert _music_doubles.marked(torch.arange(5), truth)["precision"] is None


def test_a_kernel_of_the_true_topics_tells_the_truth():
    data = rd.load("music")
    told = _music_doubles.truth_told(rd.EmbeddingKernel(data.latent.item_topics), data)
    assert told["lists"] == pytest.approx(1)
    assert told["same_leaf"] > 0.99
    blind = _music_doubles.truth_told(rd.EmbeddingKernel(np.random.default_rng(0).normal(size=(600, 50))), data)
    assert abs(blind["lists"]) < 0.2
    assert blind["same_leaf"] == pytest.approx(0.5, abs=0.05)
