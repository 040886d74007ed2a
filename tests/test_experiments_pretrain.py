"""The pre-training experiment on a made-up set: nothing leaks, parts are kept, encoders are compared as defined."""

import json

import numpy as np
import pandas as pd
import pytest
import torch

pytest.importorskip("transformers")
pytest.importorskip("peft")

import recdiv as rd
from recdiv.experiments import pretrain as experiment
from recdiv.experiments._encoders import auc, compare_encoders, last_items, pair_auc
from recdiv.experiments._sets import Prepared
from recdiv.lm import TrainingConfig
from recdiv.recommend import leave_one_out


@pytest.fixture(scope="module")
def prepared():
    generator = np.random.default_rng(0)
    items = pd.DataFrame({"item_id": range(80), "title": [f"Film number {i}" for i in range(80)]})
    items["text"] = ["A tale of " + ("love" if i % 2 else "war") + "." for i in range(80)]
    items["category"] = ["Romance" if i % 2 else "War" for i in range(80)]
    items.loc[3, ["title", "text"]] = ""
    rows = [(user, item, t) for user in range(60) for t, item in enumerate(generator.choice(80, 14, replace=False))]
    catalog = rd.Catalog(items)
    events = rd.Interactions(pd.DataFrame(rows, columns=["user_id", "item_id", "timestamp"]), catalog)
    return Prepared("movietweetings", catalog, leave_one_out(events), {})


def test_held_out_items_and_people_are_nowhere_in_training(prepared):
    documents = experiment.corpus(prepared)
    texts = prepared.catalog.texts()
    titles = prepared.catalog.frame["title"]
    held = {texts[row] for row in documents.held_out} - {""}
    assert {text for (text,) in documents.items} == held
    in_training = {text for document in documents.train for text in document}
    assert not held & in_training
    assert not {titles[row] for row in documents.held_out} & (in_training - {""})
    in_histories = {title for document in documents.histories for title in document}
    assert not {titles[row] for row in documents.held_out} & (in_histories - {""})
    assert not set(documents.histories) & set(documents.train)
    assert not set(documents.validation) & set(documents.train)
    assert "" not in in_training
    everything = len(documents.items) + sum(len(d) == 1 for d in [*documents.train, *documents.validation])
    assert everything == 79  # each item with text once


def test_parts_are_kept_and_read_again(prepared, tmp_path, monkeypatch):
    monkeypatch.setenv("RECDIV_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(experiment, "prepare", lambda name: prepared)
    monkeypatch.setattr(experiment, "CELLS", experiment.Cells("pretrain", recipe=0))
    monkeypatch.setattr(experiment, "SIZE", {"vocabulary": 300, "hidden": 32, "layers": 1, "window": 32})
    monkeypatch.setattr(experiment, "SCRATCH", TrainingConfig(steps=4, batch_size=4))
    file = experiment.run("movietweetings", tmp_path, ("scratch", "onward"))
    found = json.loads(file.read_text())
    assert found["onward"] == {"not_run": "the model of nemig is not there"}
    scratch = found["scratch"]
    for kind in ("items", "histories"):
        assert scratch["model"][kind]["low"] <= scratch["model"][kind]["value"] <= scratch["model"][kind]["high"]
        for counts in scratch["counts"][kind].values():
            saved = counts["bits_per_byte"] - scratch["model"][kind]["bits_per_byte"]
            assert counts["model_saves"]["saving"] == pytest.approx(saved, abs=2e-5)
    assert len(scratch["sample"]) == 6
    monkeypatch.setattr(experiment, "from_scratch", lambda *_: pytest.fail("computed again"))
    again = json.loads(experiment.run("movietweetings", tmp_path, ("scratch",)).read_text())
    assert again["scratch"] == scratch


def test_auc_counts_pairs():
    generator = np.random.default_rng(1)
    higher, lower = generator.integers(0, 9, 40).astype(float), generator.integers(0, 7, 30).astype(float)
    slow = np.mean([(a > b) + (a == b) / 2 for a in higher for b in lower])
    assert auc(higher, lower) == pytest.approx(slow)


def test_encoders_that_know_categories_win(prepared, monkeypatch):
    rows = np.array([row for row in range(80) if row != 3])
    knows = torch.zeros(80, 2)
    knows[range(80), [row % 2 for row in range(80)]] = 1.0
    assert pair_auc(prepared, rows, knows, rng=0)[0] == 1.0
    noise = torch.nn.functional.normalize(torch.randn(80, 8, generator=torch.Generator().manual_seed(0)), dim=1)
    assert pair_auc(prepared, rows, noise, rng=0)[0] == pytest.approx(0.5, abs=0.03)
    texts = prepared.catalog.texts()

    class Encoder:
        def __init__(self, model):
            self.vectors = knows if model == "knows" else noise

        def encode(self, wanted):
            return torch.stack([self.vectors[texts.index(text)] for text in wanted])

    monkeypatch.setattr("recdiv.experiments._encoders.TextEncoder", Encoder)
    found = compare_encoders(prepared, rows, {"one": "knows", "other": "noise"}, rng=0)
    assert found["one"]["auc_same_category"] == 1.0
    assert found["one"]["gamma"] == pytest.approx(2, abs=0.01)
    assert found["other"]["alpha"] > 4
    assert found["other"]["gamma"] == pytest.approx(found["other"]["alpha"] * found["other"]["beta"], rel=1e-3)


def test_lists_are_as_long_as_enough_people_had_items(prepared):
    rows = [(user, item, item) for user, n in enumerate((3, 5, 5, 2)) for item in range(n)]
    log = rd.Interactions(pd.DataFrame(rows, columns=["user_id", "item_id", "timestamp"]), prepared.catalog)
    short = Prepared("nemig", prepared.catalog, leave_one_out(log), {})  # two of each person held out
    had = sorted(map(len, short.split.train.histories()), reverse=True)
    assert had[:2] == [3, 3]
    assert last_items(short, people=2, slots=10).items.tolist() == [[0, 1, 2], [0, 1, 2]]
    assert last_items(short, people=2, slots=2).items.tolist() == [[1, 2], [1, 2]]
    assert last_items(short, people=3, slots=10).items.shape == (3, had[2])
    assert last_items(short, people=99, slots=10).items.shape == (len(had), had[-1])
    assert last_items(prepared).items.shape == (60, 10)
