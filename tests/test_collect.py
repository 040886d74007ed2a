"""What a set holds and lacks: anonymity against a slow reference, the description of a set against one made by hand."""

import itertools

import numpy as np
import pandas as pd
import pytest

import recdiv as rd
from recdiv.datasets import Dataset, anonymity
from recdiv.experiments import collect

GENERATOR = np.random.default_rng(5)


def events(pairs, n_items, **columns):
    catalog = rd.Catalog(pd.DataFrame({"item_id": range(n_items), "title": "a b", "category": "x"}))
    frame = pd.DataFrame(pairs, columns=["user_id", "item_id"]).assign(**columns)
    return rd.Interactions(frame, catalog)


def expected(acts, known):
    """By sets, averaged over every choice of the known items of each person."""
    had = {u: {int(i) for i in acts.item[acts.user == u]} for u in range(acts.n_users)}
    return [
        np.mean(
            [
                sum(set(some) <= other for other in had.values())
                for some in itertools.combinations(items, min(known, len(items)))
            ]
        )
        for items in had.values()
    ]


@pytest.mark.parametrize("known", [1, 2, 3])
def test_anonymity_is_that_of_sets(known):
    pairs = {(int(u), int(i)) for u, i in zip(GENERATOR.integers(0, 9, 60), GENERATOR.integers(0, 7, 60), strict=True)}
    acts = events([*pairs, *list(pairs)[:10]], 7)  # some had an item twice
    draws = np.stack([anonymity(acts, known=known, rng=draw) for draw in range(400)])
    spread = draws.std(0) / np.sqrt(400)
    assert (np.abs(draws.mean(0) - expected(acts, known)) <= 4.5 * spread + 1e-12).all()
    assert draws.min() >= 1


def test_whole_histories_are_known_exactly():
    acts = events([("a", 0), ("a", 1), ("b", 0), ("b", 1), ("b", 2), ("c", 3)], 4)
    assert anonymity(acts, known=9).tolist() == [2, 1, 1]  # all that a had, b had too


def test_more_people_than_are_looked_up_at_once(monkeypatch):
    pairs = [(u, i) for u in range(40) for i in GENERATOR.choice(15, 4, replace=False)]
    acts = events(pairs, 15)
    whole = anonymity(acts, known=2, rng=1)
    monkeypatch.setattr("recdiv.datasets._anonymity._TOGETHER", 7)
    assert (anonymity(acts, known=2, rng=1) == whole).all()
    assert whole.max() > 1


def test_nobody_and_wrong_input():
    assert anonymity(events([], 3)).tolist() == []
    with pytest.raises(ValueError, match="known must be at least 1, got 0"):
        anonymity(events([("a", 0)], 1), known=0)


def test_a_set_is_described_as_it_is(monkeypatch):
    monkeypatch.setattr(collect, "LEAST", 2)
    monkeypatch.setattr(
        collect, "source", lambda name: type("Source", (), {"title": name, "domain": "d", "licence": "l"})
    )
    when = pd.to_datetime(["2020-01-01", "2020-01-02", "2020-01-03", "2020-01-05", "2020-01-11"])
    acts = events([("a", 0), ("a", 1), ("b", 0), ("b", 0), ("b", 2)], 4, timestamp=when)
    shown = pd.DataFrame({"position": [1, 2, 1, 2], "clicked": [True, False, False, False]})
    found = collect.described(Dataset("toy", "toy", acts.catalog, acts, extras={"impressions": shown}), "toy")
    assert (found["items"], found["users"], found["events"], found["days"]) == (4, 2, 5, 10)
    assert found["density"] == 4 / 8
    assert found["again"] == pytest.approx(1 / 5)
    assert found["half_on"] == 1 / 4  # item 0 has three of five events
    assert found["never"] == 1 / 4
    assert (found["with_text"], found["with_label"], found["words"]) == (0, 1, 2)
    # last events: a's on day 2, b's on day 11; of the three others two lie after day 2 and none after day 11
    assert found["future"] == pytest.approx((2 / 3 + 0) / 2)
    assert found["clicks_by_position"] == [0.5, 0.0]
    assert found["unique"]["people"] == 2
    assert found["unique"]["share"]["2"] == 1  # {0, 1} and {0, 2}


@pytest.mark.real
def test_the_record_is_what_the_sets_hold():
    import json
    from pathlib import Path

    recorded = json.loads((Path(__file__).parents[1] / "results" / "collect.json").read_text(encoding="utf-8"))["sets"]
    found = collect.described(rd.datasets.load("nemig"), "nemig")
    assert json.loads(json.dumps(found)) == recorded["nemig"]
