"""The page of the four applications: statements are put to records, and can come out either way."""

import importlib.util
import json
from pathlib import Path

import pytest

from recdiv.experiments import applications
from recdiv.experiments.applications import READER, STATEMENTS, carries, read

ROOT = Path(__file__).parents[1]
SYSTEMS = ("Popularity", "Item kNN", "ALS", "Text (mean)", READER, "Random")
# per system: nDCG, alpha, gamma, chi excess, mutual information excess, coverage
NUMBERS = {
    "Popularity": (0.02, 6.0, 7.0, 0.0, 0.00, 0.01),
    "Item kNN": (0.03, 5.5, 20.0, 0.1, 0.01, 0.30),
    "ALS": (0.03, 5.4, 21.0, 0.2, -0.01, 0.31),
    "Text (mean)": (0.01, 3.0, 30.0, 0.9, 0.02, 0.60),
    READER: (0.04, 5.0, 25.0, 0.4, 0.01, 0.50),
    "Random": (0.00, 8.0, 60.0, 0.0, 0.00, 0.90),
}
METRICS = ("ndcg@10", "alpha", "gamma", "chi", "mutual_information", "item_coverage")


def recorded(**changes):
    """A record on which every statement holds, with numbers changed as asked."""
    numbers = {**NUMBERS, **changes.pop("numbers", {})}
    systems = []
    for system, values in numbers.items():
        for metric, value in zip(METRICS, values, strict=True):
            row = {"system": system, "metric": metric, "value": value, "low": value * 0.9, "high": value * 1.1}
            systems.append({**row, "null": 0.0, "excess": value})
        for metric in ("semantic_coverage", "novelty", "calibration_qjsd"):
            systems.append({"system": system, "metric": metric, "value": 0.5, "low": 0.4, "high": 0.6, "excess": None})
    rows = [
        {"metric": "ndcg@10", "plain": 0.04, "re-ranked": 0.039, "difference": -0.001, "low": -0.003, "high": 0.001},
        {"metric": "alpha", "plain": 5.0, "re-ranked": 6.0, "difference": 1.0, "low": 0.9, "high": 1.1},
        {"metric": "gamma", "plain": 25.0, "re-ranked": 26.0, "difference": 1.0, "low": -0.5, "high": 2.5},
        {"metric": "chi_excess", "plain": 1.4, "re-ranked": 1.3, "difference": -0.1, "low": -0.2, "high": -0.05},
        {"metric": "semantic_coverage", "plain": 0.5, "re-ranked": 0.5, "difference": 0.0, "low": -0.1, "high": 0.1},
        {"metric": "calibration_qjsd", "plain": 0.5, "re-ranked": 0.5, "difference": 0.0, "low": -0.1, "high": 0.1},
    ]
    moved = {"Popularity": 0.0, "Item kNN": 0.1, "ALS": 0.1, "Text (mean)": 0.3, READER: 0.4, "Random": 0.0}
    one_more = [
        {"system": name, "moved": far, "gain": 0.02, "low": 0.01, "high": 0.03, "milliseconds": 2.0}
        for name, far in moved.items()
    ]
    again = {"rows": rows, "note": "", "method": "mmr", "diversity": 0.3, "low": 0.1, "high": 0.4}
    return {"systems": systems, "re_ranked": again, "one_more": one_more, **changes}


def test_every_statement_holds_where_it_was_made_to():
    found = carries({"made up": read(recorded())})
    assert found["made up"].tolist() == [True] * len(STATEMENTS)


FALSE = {  # a change to the record, and the statements that no longer hold
    "identities tell": ({"ALS": (0.03, 5.4, 21.0, 0.2, 0.30, 0.31)}, {0}),
    "lists are the same for all": ({READER: (0.04, 5.0, 25.0, 0.01, 0.01, 0.50)}, {1}),
    "counting is best": ({"Item kNN": (0.05, 5.5, 20.0, 0.1, 0.01, 0.30)}, {2}),
    "as varied as chance": ({READER: (0.04, 7.9, 25.0, 0.4, 0.01, 0.50)}, {3}),
    "another is narrowest": ({"ALS": (0.03, 2.4, 21.0, 0.2, 0.01, 0.31)}, {4}),
    "popularity is varied": ({"Popularity": (0.02, 6.0, 22.0, 0.0, 0.00, 0.32)}, {5}),
    "coverage disagrees": ({"ALS": (0.03, 5.4, 21.0, 0.2, 0.01, 0.29)}, {6}),
}


@pytest.mark.parametrize("name", FALSE)
def test_a_statement_fails_alone_where_its_number_says_so(name):
    numbers, wrong = FALSE[name]
    found = carries({"x": read(recorded(numbers=numbers))})["x"].tolist()
    assert {place for place, holds in enumerate(found) if holds is False} == wrong


def test_updates_can_fail_and_can_be_unknown():
    bad = recorded()
    for row in bad["re_ranked"]["rows"]:
        row["low"], row["high"] = (-9.0, -8.0) if row["metric"] == "ndcg@10" else (-0.1, 0.1)
    for row in bad["one_more"]:
        row.update(moved=0.2, low=-0.01)
    assert carries({"x": read(bad)})["x"].tolist()[7:] == [False] * 5
    nothing = recorded(re_ranked={**bad["re_ranked"], "rows": [], "note": "no list held anything"})
    assert carries({"x": read(nothing)})["x"].tolist()[7:10] == [None] * 3


def test_where_nobody_beats_chance_nothing_is_said_of_accuracy():
    numbers = {name: (0.001, *values[1:]) for name, values in NUMBERS.items()}
    found = carries({"x": read(recorded(numbers=numbers))})["x"].tolist()
    assert [place for place, holds in enumerate(found) if holds is None] == [2, 8, 11]


@pytest.fixture(scope="module")
def page():
    pytest.importorskip("sphinx")
    spec = importlib.util.spec_from_file_location("application_tables", ROOT / "book/_ext/application_tables.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_tables_have_a_cell_for_everything(page):
    note = "no list held anything"
    records = {"nemig": read(recorded()), "lastfm": read(recorded())}
    unknown = recorded()
    unknown["re_ranked"].update(rows=[], note=note)
    records["movielens"] = read(unknown)
    for name, draw in page._PARTS.items():
        tables = [line for line in draw(records) if line.startswith("|")]
        assert tables, name
        assert len({line.replace("\\|", "").count("|") for line in tables}) == 1, name
    assert f"Video: MovieLens: {note}." in list(page.re_ranked(records))
    drawn = page.figure(records)
    assert "<svg" in drawn
    assert "Text Transformer" in drawn


def test_what_is_recorded_can_be_read():
    for name in applications.SETS:
        file = ROOT / "results" / f"pipeline_{name}.json"
        record = read(json.loads(file.read_text()))
        assert set(record.systems.index.unique("system")) == set(SYSTEMS)
        assert set(record.one_more.index) == set(SYSTEMS)
        assert record.re_ranked.empty == bool(record.note)
