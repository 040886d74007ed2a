"""The questions of video on made-up films with known answers; nothing real is loaded and nothing encoded."""

import json
import math

import numpy as np
import pandas as pd
import pytest
import torch

import recdiv as rd
from recdiv.experiments import _video_people as people
from recdiv.experiments import _video_series as films
from recdiv.experiments import _video_texts as texts
from recdiv.experiments import _video_years as years
from recdiv.experiments import video
from recdiv.experiments._cells import Cells


def test_auc_is_the_share_of_pairs_put_right():
    rng = np.random.default_rng(0)
    values, similar = rng.integers(0, 5, 40).astype(float), rng.random(40) < 0.4
    weight = rng.integers(0, 3, 40).astype(float)
    right = total = 0.0
    for i in np.flatnonzero(similar):
        for j in np.flatnonzero(~similar):
            total += weight[i] * weight[j]
            right += weight[i] * weight[j] * (float(values[i] > values[j]) + 0.5 * float(values[i] == values[j]))
    assert people.weighted_auc(values[None], similar, weight)[0] == pytest.approx(right / total)


def test_films_that_share_judgements_make_wider_intervals_than_pairs_alone():
    rng = np.random.default_rng(0)
    n = 400
    hub = np.stack([np.arange(n) % 8, 8 + np.arange(n)], 1)  # eight films are in all pairs
    apart = np.stack([2 * np.arange(n), 2 * np.arange(n) + 1], 1)
    similar = rng.random(n) < np.where(hub[:, 0] % 2, 0.8, 0.2)  # some of the eight go well with most others
    values = (rng.normal(size=n) + 2 * rng.normal(size=8)[hub[:, 0]])[None]
    spread = {
        name: np.nanstd(people.film_bootstrap(values, rows, similar, draws=200, rng=0))
        for name, rows in {"hub": hub, "apart": apart}.items()
    }
    assert spread["hub"] > 1.3 * spread["apart"]


def test_co_watching_is_the_cosine_of_who_watched():
    watched = np.array([[1.0, 1, 0], [1, 0, 0], [0, 1, 0]])
    rows = np.array([[0, 1], [0, 2]])
    assert people.co_watching(watched, rows).tolist() == pytest.approx([0.5, 0.0])


def test_who_watched_is_found_by_title_and_year():
    catalog = rd.Catalog(
        pd.DataFrame({"item_id": [7, 8, 9], "title": ["Up", "Saw", "Saw"], "year": [2009, 2004, 1990]})
    )
    frame = pd.DataFrame({"user_id": ["a", "a", "b"], "item_id": [8, 7, 9]})
    asked = pd.DataFrame({"title": ["saw", "up", "heat"], "year": [2004, 2009, 1995]})
    assert people.who_watched(rd.Interactions(frame, catalog), asked).tolist() == [[1, 1, 0], [0, 0, 0]]


def test_series_are_counted_among_the_judgements():
    rows = np.array([[0, 1], [0, 2], [2, 3]])
    found = people.said_of_series(["saw", "saw ii", "up", "up"], rows, np.array([True, False, True]))
    assert {kind: (each["pairs"], each["similar"]) for kind, each in found.items()} == {
        "same title, other year": (1, 1), "same series": (1, 1), "others": (1, 0),
    }  # fmt: skip


def test_slots_that_repeat_a_group():
    group = np.array([0, 0, 1, 1, 2])
    items = torch.tensor([[0, 2, 1, 3], [0, 4, 2, -1]])
    assert films.repeated(items, group).tolist() == [[False, False, True, True], [False] * 4]
    assert films.merged(items, group).tolist() == [[0, 2, 0, 2], [0, 4, 2, -1]]
    kernel = rd.EmbeddingKernel(torch.eye(5))
    recs = {"x": rd.Recommendations(items[:1])}
    found = films.slots(recs, ["Saw", "Saw II", "Thor", "Thor: The Dark World", "Up"], kernel)["x"]
    assert found["series"] == {"slots": 0.5, "lists": 1.0}
    assert found["title"] == {"slots": 0.0, "lists": 0.0}
    assert found["alpha"] == pytest.approx(4)
    assert found["merged"] == pytest.approx(2)


def test_kinds_of_pairs():
    titles = ["Saw", "Saw II", "Up", "Up", *(f"film number {chr(97 + at)}" for at in range(6))]
    genres = pd.Series(["h", "h", "a", "b", "c", "c", "", "", "d", "d"])
    pairs = films.catalog_pairs(titles, genres, rng=0)
    assert pairs["sequels"].tolist() == [[0, 1]]
    assert pairs["same title, other year"].tolist() == [[2, 3]]
    drawn = {tuple(sorted(pair)) for pair in pairs["same genres"].tolist() if pair[0] != pair[1]}
    assert drawn == {(4, 5), (8, 9)}  # films without a genre share none, and those of a series are no usual pair


def test_agreement_counts_pairs():
    assert films.agreement(np.array([0, 0, 0, 1]), np.array([5, 5, 6, 6])) == {
        "pairs": 3, "precision": 0.333333, "recall": 0.5,
    }  # fmt: skip


@pytest.fixture
def described():
    """Twelve films in three kinds at right angles: full texts say the film, short ones only the kind."""
    catalog = rd.Catalog(pd.DataFrame({"item_id": range(12), "title": "t", "category": list("abc") * 4}))
    full = torch.eye(12, 24)
    short = torch.eye(24)[12 + torch.arange(12) % 3]
    lists = {"wide": rd.Recommendations([[0, 1, 2], [3, 4, 5]]), "narrow": rd.Recommendations([[0, 3, 6], [1, 4, 7]])}
    genres = rd.CategoryKernel(catalog.frame["category"])
    return texts.Described(
        catalog, rd.EmbeddingKernel(full), rd.EmbeddingKernel(short), genres, lists, torch.arange(12)
    )


@pytest.mark.parametrize(
    ("rule", "wide", "narrow"),
    [("title and genres", 3, 1), ("same", 1, 1), ("own", 3, 3), ("left out", math.nan, math.nan)],
)
def test_each_rule_at_its_end(described, rule, wide, narrow):
    every, empty = np.arange(12), torch.eye(24)[23]
    kernel, demand = texts.under_rule(rule, described, every, empty, np.random.default_rng(0))
    for name, expected in (("wide", wide), ("narrow", narrow)):
        found = texts.readings(described.lists[name], kernel, demand, seed=0) if demand.any() else {"alpha": math.nan}
        assert found["alpha"] == pytest.approx(expected, rel=0.12, nan_ok=True)  # random directions in 24: near 3
    few = np.array([0])
    kernel, demand = texts.under_rule(rule, described, few, empty, np.random.default_rng(0))
    assert torch.equal(kernel.vectors[1:], described.full.vectors[1:])
    assert demand.tolist() == [float(rule != "left out"), *[1.0] * 11]


def test_a_stand_in_by_genre_is_described_and_of_that_genre(described):
    blank = np.array([0, 1, 2, 3])
    kernel, _ = texts.under_rule("stand-in by genre", described, blank, torch.zeros(24), np.random.default_rng(0))
    took = kernel.vectors[blank].argmax(1)
    assert (took % 3 == torch.from_numpy(blank) % 3).all()
    assert (took > 3).all()


def test_which_films_are_blanked():
    watched, rng = torch.tensor([5, 0, 9, 1]), np.random.default_rng(0)
    assert texts.blanked(4, 0.5, "least watched first", watched, rng).tolist() == [1, 3]
    assert texts.blanked(4, 0.5, "most watched first", watched, rng).tolist() == [2, 0]
    assert len(texts.blanked(4, 0.75, "random", watched, rng)) == 3
    with pytest.raises(ValueError, match="order must be one of random"):
        texts.blanked(4, 0.5, "newest first", watched, rng)


def test_pairs_of_systems_that_are_put_wrongly():
    truth = [{"alpha": 2.0}, {"alpha": 4.0}, {"alpha": 3.0}]
    line = texts._line("alpha", truth, [[{"alpha": 2.0}, {"alpha": 3.0}, {"alpha": 6.0}]])
    assert line == {"error": pytest.approx((0 - 0.25 + 1) / 3, abs=1e-6), "worst": 1.0, "turned": 0.333333}


def events(rows, *, year=1990):
    """Events of ten films; ``rows`` of user, film, month."""
    catalog = rd.Catalog(pd.DataFrame({"item_id": range(10), "title": "t", "year": year}))
    frame = pd.DataFrame(rows, columns=["user_id", "item_id", "month"])
    frame["timestamp"] = pd.Timestamp("2013-01-01") + pd.to_timedelta(31 * frame.pop("month"), unit="D")
    return rd.Interactions(frame, catalog)


KERNEL = rd.EmbeddingKernel(torch.eye(10))


def test_what_never_changes_does_not_drift_and_what_changes_wholly_does(monkeypatch):
    monkeypatch.setattr(years, "LEAST", {"M": 2})
    same = events([(user, film, month) for user in range(4) for film in (0, 1) for month in range(3)])
    found = years.years(same, KERNEL, every="M", reading="observed", only="all", draws=1, seed=0)
    assert found["chi"] == pytest.approx(0, abs=1e-9)
    assert found["step"] == pytest.approx([0, 0], abs=1e-6)
    new = events([(user, month, month) for user in range(4) for month in range(3)])
    found = years.years(new, KERNEL, every="M", reading="observed", only="all", draws=1, seed=0)
    assert found["windows"] == ["2013-01", "2013-02", "2013-03"]
    assert found["chi"] == pytest.approx(math.log(3))
    assert found["from first"] == pytest.approx([math.sqrt(math.log(2))] * 2)


def test_over_time_is_the_partition_of_the_library(monkeypatch):
    monkeypatch.setattr(years, "LEAST", {"M": 1})
    rng = np.random.default_rng(0)
    some = events([(user, int(film), int(rng.integers(3))) for user in range(20) for film in rng.permutation(10)[:6]])
    kernel = rd.EmbeddingKernel(rng.normal(size=(10, 4)))
    lists = years.Lists(some, every="M")
    found = years.over_time(lists.items, lists.window, kernel)
    assert found["chi"] == pytest.approx(rd.partition(lists.items, kernel, by=lists.window).chi)
    of = [rd.Recommendations(lists.items[torch.from_numpy(lists.window == at)]) for at in range(3)]
    assert found["step"] == pytest.approx([rd.drift(of[0], of[1], kernel), rd.drift(of[1], of[2], kernel)])


def test_a_calendar_explains_releases_and_not_taste(monkeypatch):
    monkeypatch.setattr(years, "LEAST", {"M": 2})
    releases = np.repeat(np.arange(2000, 2005), 2)  # in window t, films of year t: of two, one and then the other
    rows = [(user, 2 * month + user % 2, month) for user in range(20) for month in range(5)]
    calendar = events(rows, year=releases)
    monkeypatch.setattr(years, "came_out", lambda events, every: releases)
    seen = {
        reading: years.years(calendar, KERNEL, every="M", reading=reading, only="all", draws=3, seed=0)["chi"]
        for reading in years.READINGS
    }
    assert seen["observed"] == pytest.approx(math.log(5))
    assert seen["calendar"] == pytest.approx([math.log(5)] * 3)
    assert max(seen["people"]) < 0.4  # (5 - 1)(10 - 1) / 2 / 100 lists = 0.18 is what chance makes of so few
    assert max(seen["events"]) < 0.4
    assert seen["meaning"] == pytest.approx([math.log(5)] * 3)  # right angles: a name is as good as another
    monkeypatch.setattr(years, "came_out", lambda events, every: np.zeros(10, dtype=int))
    taste = years.years(calendar, KERNEL, every="M", reading="calendar", only="all", draws=3, seed=0)["chi"]
    assert max(taste) < 0.4


def test_the_number_of_a_film_s_release():
    rows = [(user, film, film) for film in (0, 1) for user in range(6)] + [(9, 2, 0)]
    year = [2013, 2013, 2013, *[1990] * 7]
    found = years.came_out(events(rows, year=year), "M")
    assert found[0] != found[1]  # two films of the first year, first seen in two months
    assert found[2] not in (found[0], found[1])  # seen too seldom to tell the month
    assert len(set(found[3:].tolist())) == 1
    assert years.came_out(events(rows, year=year), "Y").tolist() == year
    assert years.older(events(rows, year=year)).tolist() == [False] * 3 + [True] * 7


def test_films_of_a_window_are_young_or_old(monkeypatch):
    monkeypatch.setattr(years, "LEAST", {"M": 10})
    rows = [(user, film, 0) for user in range(12) for film in (0, 1)]
    [row] = years.by_window(events(rows, year=[2013, 1990, *[1990] * 8]), "M")
    assert row["people"] == 12
    assert row["events"] == 24
    assert row["new"] == 0.5
    assert row["age"] == pytest.approx(11.5)
    with pytest.raises(ValueError, match="reading must be one of observed"):
        years.years(events(rows), KERNEL, every="M", reading="taste", only="all", draws=1, seed=0)


def test_cells_become_one_file(tmp_path, monkeypatch):
    monkeypatch.setenv("RECDIV_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(video, "CELLS", Cells("video", recipe=0))
    done = []
    works = [
        ({"part": "people"}, lambda: done.append(1) or {"x": 1}),
        ({"part": "years", "data": "movielens", "films": "old", "reading": "people"}, lambda: {"chi": [1.0]}),
        ({"part": "texts", "data": "movielens", "rule": "own", "order": "random"}, lambda: {"lines": []}),
    ]
    monkeypatch.setattr(video, "works", lambda: works)
    monkeypatch.setattr(video, "source", lambda _name: type("S", (), {"files": ()}))
    for _ in range(2):
        file = video.main(["--results", str(tmp_path)])
    assert done == [1]
    found = json.loads(file.read_text())
    assert found["people"] == {"x": 1}
    assert found["years"]["movielens"]["old"]["people"]["chi"] == [1.0]
    assert found["texts"]["movielens"]["own"]["random"]["lines"] == []


def test_every_cell_has_settings_of_its_own():
    settings = [json.dumps(each, sort_keys=True) for each, _ in video.works()]
    assert len(set(settings)) == len(settings)
    assert len(settings) == 3 + len(video.SETS) * (
        2 + len(texts.RULES) * len(texts.ORDERS) + 1 + 2 * len(years.READINGS)
    )
