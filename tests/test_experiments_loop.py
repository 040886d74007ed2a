"""The record of the closed loop: every arm is a configuration, cells are kept, numbers are those of the loops."""

import json

import pytest

from recdiv.experiments import loop as experiment
from recdiv.experiments._cells import Cells
from recdiv.loop import Config, make_world, run

QUICK = {"kernel": "truth", "recommender": "Popularity"}


@pytest.fixture
def small(tmp_path, monkeypatch):
    cells = Cells("loop", recipe=1)
    cells.folder = tmp_path / "cells"
    monkeypatch.setattr(experiment, "CELLS", cells)
    monkeypatch.setattr(experiment, "ROUNDS", 5)
    arms = {"Popularity, none": QUICK, "Popularity, explore": {**QUICK, "update": "explore", "strength": 0.5}}
    monkeypatch.setattr(experiment, "PARTS", {"small": arms})
    monkeypatch.setattr(experiment, "BASELINES", {"small": ("Popularity, none",)})
    return tmp_path


def test_every_arm_is_a_configuration_and_no_two_are_one():
    for part, arms in experiment.PARTS.items():
        found = [json.dumps(experiment.settings(part, arm, 1), sort_keys=True) for arm in arms]
        assert len(set(found)) == len(found), part
        for base in experiment.BASELINES.get(part, ()):
            assert base in arms


def test_the_record_holds_what_the_loops_gave(small):
    experiment.main(["--part", "small", "--seeds", "2", "--results", str(small)])
    written = json.loads((small / "loop_small.json").read_text())
    assert written["seeds"] == [1, 2]
    both = []
    for seed in (1, 2):
        config = Config(rounds=5, null=1, seed=seed, draw=seed, **QUICK)
        both.append(run(config, world=make_world(config)))
    key = {"arm": "Popularity, none", "view": "shown", "group": "all", "measure": "gamma"}
    [curve] = [row for row in written["curves"] if {name: row[name] for name in key} == key]
    mean = [sum(each.series("gamma")[number] for each in both) / 2 for number in range(1, 6)]
    assert curve["mean"] == pytest.approx(mean, abs=1e-3)
    [change] = [row for row in written["changes"] if {name: row[name] for name in key} == key]
    late = [each.series("gamma").loc[1:5].mean() - each.series("gamma")[1] for each in both]
    assert change["mean"] == pytest.approx(sum(late) / 2, abs=1e-3)
    [paired] = [
        row for row in written["differences"] if row["arm"] == "Popularity, explore" and row["measure"] == "gamma"
        and row["view"] == "shown" and row["group"] == "all"
    ]  # fmt: skip
    assert paired["low"] <= paired["mean"] <= paired["high"]
    assert paired["mean"] > 0
    gaps = {row["group"] for row in written["groups"]}
    assert gaps == {"niche less mainstream"}


def test_a_cell_that_is_there_is_not_run_again(small, monkeypatch):
    experiment.main(["--part", "small", "--seeds", "1", "--results", str(small)])
    monkeypatch.setattr(experiment, "cell", lambda *_: pytest.fail("ran again"))
    experiment.main(["--part", "small", "--seeds", "1", "--results", str(small)])
