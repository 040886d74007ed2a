"""Encoding and top-k beside their peers: what is measured, how sides agree, and the tables made of the record."""

import json
import sys

import numpy as np
import pytest
import torch

from benchmarks import encode, fit, topk
from benchmarks.speed.rounds import by_turns, side, with_others
from recdiv._provenance import processor


def test_texts_are_of_mixed_length_and_the_same_each_time():
    texts = encode.mixed_texts(300)
    lengths = np.array([len(text.split()) for text in texts])
    assert texts == encode.mixed_texts(300)
    assert 20 <= np.median(lengths) <= 30
    assert lengths.min() >= 3
    assert 100 < lengths.max() <= 220


def test_sides_run_by_turns_with_the_threads_they_are_told(tmp_path):
    order = tmp_path / "order"
    told = "import os, sys; open(sys.argv[1], 'a').write(sys.argv[2]); "
    code = told + "print('{\"n\":', os.environ['OMP_NUM_THREADS'], '}')"
    commands = {name: [sys.executable, "-c", code, str(order), name] for name in "ab"}
    found = by_turns(commands, rounds=3, n_threads=7)
    assert order.read_text() == "ababab"
    assert found == {"a": {"n": [7, 7, 7]}, "b": {"n": [7, 7, 7]}}
    with pytest.raises(RuntimeError, match=r"b failed: .*boom"):
        by_turns({"b": [sys.executable, "-c", "raise ValueError('boom')"]}, rounds=1, n_threads=1)


def test_a_side_is_its_fastest_run_and_its_most_memory():
    found = side({"wall": [3.0, 1.0, 2.0], "gigabytes": [0.1, 0.3, 0.2]})
    assert (found["wall"], found["gigabytes"]) == (1.0, 0.3)
    assert found["runs"]["wall"] == [3.0, 1.0, 2.0]


def test_rows_of_other_processors_stay_and_those_of_this_one_are_replaced(tmp_path):
    """What was measured elsewhere cannot be measured again here."""
    target = tmp_path / "record.json"
    old = [{"processor": "b", "threads": 1, "ratio": 1.0}, {"processor": "a", "threads": 1, "ratio": 2.0}]
    assert with_others(target, old) == old[::-1]
    target.write_text(json.dumps({"rows": old}))
    new = [{"processor": "b", "threads": n, "ratio": 3.0} for n in (2, 1)]
    assert with_others(target, new) == [old[1], new[1], new[0]]


def test_the_record_says_on_which_processor():
    for module in (encode, topk):
        rows = json.loads(module.TARGET.read_text(encoding="utf-8"))["rows"]
        assert {row["processor"].partition(",")[0].partition("(")[0] for row in rows} == {"AMD", "Intel"}
    assert "\n" not in processor()


def test_scores_that_do_not_agree_are_refused(tmp_path):
    scores, rows = np.ones((2, 3), np.float32), np.arange(6).reshape(2, 3)
    np.savez(tmp_path / "ours.npz", scores=scores, rows=rows)
    np.savez(tmp_path / "faiss.npz", scores=scores, rows=rows[:, ::-1])
    assert topk.agreement(tmp_path) == {"apart": 0.0, "same_items": pytest.approx(1 / 3)}
    np.savez(tmp_path / "faiss.npz", scores=scores + 0.01, rows=rows)
    with pytest.raises(ValueError, match=r"scores must agree to 0\.0001, got a difference of 0\.01"):
        topk.agreement(tmp_path)


@pytest.mark.parametrize("name", ["encode", "topk"])
def test_the_record_holds_what_the_page_says_of_it(name):
    """Same vectors to 1e-4; the same items but for rounding; the memory that is promised."""
    module = {"encode": encode, "topk": topk}[name]
    recorded = json.loads(module.TARGET.read_text(encoding="utf-8"))
    assert recorded["config"]["peer"] == module.PEER.package
    for row in recorded["rows"]:
        assert row["apart"] <= module.AGREE
        assert row["ratio"] == pytest.approx(row["theirs"]["wall"] / row["ours"]["wall"], abs=1e-3)
        assert row["ratio"] > 1
        if name == "topk":
            assert recorded["config"]["items"] == 1_000_000
            assert row["same_items"] > 0.999
            assert row["ours"]["gigabytes"] < 2


def test_both_training_loops_do_the_same_steps():
    """Order of windows, dropout, rates, clipping: were one of them another, losses of later epochs would part."""
    pytest.importorskip("transformers")
    from recommend_world import TRAIN

    from benchmarks.speed.runners.fit_loop import by_own, by_trainer
    from recdiv.recommend import SASRec
    from recdiv.recommend._fit import Plan, seeded

    found, weights = [], []
    for loop in (by_own, by_trainer):
        with seeded(0):
            module = SASRec(dimension=16, layers=1, length=10, dropout=0.3)._build(TRAIN)
            plan = Plan(3, None, 20, 0.01, 0.01, 10, 0, progress=False)
            found.append(loop(module, TRAIN.histories(), plan))
            weights.append(module.state_dict())
    assert found[0] == pytest.approx(found[1], abs=1e-5)  # their mean in float32 and float64
    assert all(torch.equal(each, weights[1][name]) for name, each in weights[0].items())
    assert len({round(loss, 4) for loss in found[0]}) == 3


def test_the_record_of_both_loops_holds_what_the_page_says_of_it():
    rows = json.loads(fit.TARGET.read_text(encoding="utf-8"))["rows"]
    assert [(row["model"], row["data"], row["epochs"]) for row in rows] == list(fit.CASES)
    for row in rows:
        assert row["apart"] <= fit.AGREE
        assert row["ratio"] == pytest.approx(row["trainer"]["cpu"] / row["own"]["cpu"], abs=1e-3)
    assert all(0.8 < row["ratio"] < 1.05 for row in rows[:-1])  # no time is bought there
    assert 1 < rows[-1]["ratio"] < 1.3  # a little where one epoch is all
    assert rows[0]["trainer"]["start"] > 1 > 0.5 > max(row["trainer"]["start"] for row in rows[1:])
