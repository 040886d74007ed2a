"""Dials: one training a value, or one for all values of a dial that is turned afterwards."""

import json

import pytest
from test_experiments_recommenders import cells, small  # noqa: F401

import recdiv as rd
from recdiv.experiments import _models, finetune
from recdiv.experiments._cells import Cells
from recdiv.experiments._dials import Dial, readings

DIALS = {
    "neighbours": Dial("Neighbours", "item_knn", "neighbours", (1, 5), {"shrink": 0.0}),
    "temperature": Dial("Temperature", "text_mean", "temperature", (0.01, 50.0), decoding=True),
    "half_life": Dial("Half-life", "text_mean", "half_life", (1.0, None), decoding=True),
    "width": Dial("Beam width", "generative", "width", (10,), decoding=True),
}


@pytest.fixture
def run(cells, small, tmp_path, monkeypatch):  # noqa: F811
    fitted = []

    def build(entry, options, kernel, *, seed):
        fitted.append((entry.model, dict(options), seed))
        return _models.build(entry, options, kernel, seed=seed)

    only = _models.Entry("Generative", "generative", only=("nemig",), why="too slow")
    monkeypatch.setitem(_models.MODELS, "generative", only)
    monkeypatch.setattr(finetune, "prepare", lambda name: small)
    monkeypatch.setattr(finetune, "build", build)
    monkeypatch.setattr(finetune, "DIALS", DIALS)
    monkeypatch.setattr(finetune, "CELLS", Cells("finetune", recipe=1))
    return lambda: (json.loads(finetune.main(["--seeds", "0", "1", "--results", str(tmp_path)])[0].read_text()), fitted)


def test_every_value_is_read_and_nothing_trained_twice(run, small):  # noqa: F811
    found, fitted = run()
    knn = [("item_knn", {"shrink": 0.0, "neighbours": n}, seed) for seed in (0, 1) for n in (1, 5)]
    assert fitted == knn + [("text", {}, seed) for _ in range(2) for seed in (0, 1)]
    dials = found["dials"]
    assert dials["width"]["not_run"] == "too slow"
    assert [(p["seed"], p["value"]) for p in dials["neighbours"]["points"]] == [(0, 1), (0, 5), (1, 1), (1, 5)]
    model = rd.recommend.ItemKNN(neighbours=5, shrink=0.0).fit(small.split.train)
    kernel = rd.EmbeddingKernel.from_text(small.catalog)
    assert (
        dials["neighbours"]["points"][1]["gamma"]
        == readings(small.split.recommend(model, k=10), small.split, small.catalog, kernel)["gamma"]
    )
    cool, hot = dials["temperature"]["points"][:2]
    assert cool["gamma"]["value"] <= hot["gamma"]["value"]
    assert cool["ndcg@10"] != hot["ndcg@10"]
    assert [p["value"] for p in dials["half_life"]["points"]] == [1.0, None, 1.0, None]
    assert dials["half_life"]["points"][0]["ndcg@10"]["low"] is not None
    before = len(fitted)
    assert run()[0]["dials"] == dials
    assert len(fitted) == before
