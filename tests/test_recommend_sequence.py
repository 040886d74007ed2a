"""The sequence models inside: windows, the fused loss, what a place may see, early stopping, resuming, NaN."""

import math
import os
import signal
import subprocess
import sys
import time

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from recommend_world import TRAIN, USERS, VECTORS, N
from torch.nn.functional import cross_entropy

import recdiv as rd
from recdiv import recommend
from recdiv.recommend import _fit
from recdiv.recommend._cross_entropy import catalogue_cross_entropy
from recdiv.recommend._windows import batches, padded, windows
from recdiv.recommend.sasrec import _Table, principal

SMALL = {"dimension": 16, "layers": 1, "length": 10, "batch_size": 200, "learning_rate": 0.01}


@given(lengths=st.lists(st.integers(0, 23), min_size=1, max_size=5), size=st.integers(1, 9))
@settings(max_examples=80, deadline=None)
def test_windows_predict_each_item_once_from_what_came_just_before(lengths, size):
    histories = [np.arange(n) + 100 * u for u, n in enumerate(lengths)]
    read, predict = windows(histories, size)
    assert read.shape == predict.shape
    assert read.shape[1] <= size
    predicted = []
    for row, target in zip(read.tolist(), predict.tolist(), strict=True):
        for place, item in enumerate(target):
            if item >= 0:
                predicted.append(item)
                before = [each for each in row[: place + 1] if each >= 0]
                assert before == list(range(item - len(before), item))  # gapless, up to the item itself, no further
                assert len(before) >= min(item % 100, size // 2 + size % 2 if size > 1 else 1)  # half a window at least
    assert sorted(predicted) == sorted(item for each in histories for item in each[1:].tolist())


def test_batches_hold_every_window_once():
    read, predict = windows([np.arange(n) for n in (2, 9, 30, 1, 4)], 6)
    got = [rows for part in batches(read, predict, 7, torch.Generator().manual_seed(1)) for rows in part[1].tolist()]
    flat = sorted(item for row in got for item in row if item >= 0)
    assert flat == sorted(item for row in predict.tolist() for item in row if item >= 0)
    again = [part[0].tolist() for part in batches(read, predict, 7, torch.Generator().manual_seed(1))]
    assert again == [part[0].tolist() for part in batches(read, predict, 7, torch.Generator().manual_seed(1))]


@pytest.mark.parametrize("block", [1, 50, 1 << 20])
def test_the_fused_loss_is_cross_entropy_and_so_are_its_gradients(monkeypatch, block):
    monkeypatch.setitem(sys.modules["recdiv.recommend._cross_entropy"]._NUMBERS, "cpu", block)
    generator = torch.Generator().manual_seed(0)
    numbers = [torch.randn(*shape, generator=generator, dtype=torch.float64) for shape in ((9, 4), (21, 4), (21,))]
    targets = torch.randint(21, (9,), generator=generator)
    ours, theirs = ([each.clone().requires_grad_() for each in numbers] for _ in range(2))
    loss = catalogue_cross_entropy(*ours, targets)
    users, items, bias = theirs
    expected = cross_entropy(users @ items.T + bias, targets)
    torch.testing.assert_close(loss, expected)
    (3 * loss).backward()
    (3 * expected).backward()
    for mine, its in zip(ours, theirs, strict=True):
        torch.testing.assert_close(mine.grad, its.grad)


def test_a_place_sees_what_came_before_and_nothing_else():
    torch.manual_seed(0)
    module = _Table(20, 8, layers=2, heads=2, length=6, dropout=0.5).eval()
    rows = torch.tensor([[-1, -1, 3, 4, 5, 6]])
    table = module.table()
    seen = module.read(rows, table)
    for place in range(2, 6):
        changed = rows.clone()
        changed[0, place] = 9
        moved = (module.read(changed, table) - seen).abs().amax(-1)[0] > 1e-6
        assert not moved[:place].any()  # never what came earlier
        assert moved[place:].all()  # and the change does reach all that follows: the test can fail
    alone = module.read(rows[:, 2:], table)
    torch.testing.assert_close(alone, seen[:, 2:])  # padding changes nothing but rounding
    beyond = padded([np.array([7, 7, 1, 2, 3, 4, 5, 6])], 6)
    assert beyond.tolist() == [[1, 2, 3, 4, 5, 6]]


def chain(users=60, items=15, length=12):
    """Everybody walks round a circle of items: the next one follows from the last alone."""
    starts = np.random.default_rng(0).integers(0, items, users)
    frame = pd.DataFrame(
        [(u, f"i{(start + t) % items}", t) for u, start in enumerate(starts) for t in range(length)],
        columns=["user_id", "item_id", "timestamp"],
    )
    return rd.Interactions(frame, rd.Catalog(pd.DataFrame({"item_id": [f"i{i}" for i in range(items)]})))


def test_sasrec_learns_an_order_that_counts_cannot_show():
    train, last = chain().leave_one_out()
    model = recommend.SASRec(**SMALL, epochs=25, dropout=0.0).fit(train)
    users = train.users.tolist()
    target = torch.tensor([rows[0] for rows in last.histories(users)])
    hit = (model.recommend(users, k=1).items[:, 0] == target).double().mean()
    known = recommend.ItemKNN().fit(train).recommend(users, k=1).items[:, 0]
    assert hit > 0.9  # three or four items are left: chance is below 0.35
    assert (known == target).double().mean() < 0.6
    assert model.history[0]["epoch"] == 0
    assert model.history[-1]["ndcg"] > model.history[0]["ndcg"]
    shown = model.recommend(["new"], k=1, histories=[[3, 4, 5]]).items.tolist()
    assert shown == [[6]]


def test_training_stops_when_validation_does_not_improve_and_keeps_the_best():
    model = recommend.SASRec(**SMALL, epochs=40, patience=2, rng=1).fit(TRAIN)
    values = [entry["ndcg"] for entry in model.history]
    best = values.index(max(values))
    assert len(values) - 1 == best + 2 < 40
    held_out = _fit._validators(TRAIN.histories(), 1)
    judge = [(each[:-1], int(each[-1])) for row, each in enumerate(TRAIN.histories()) if row in held_out]
    assert _fit.validate(model._module, judge, 10) == pytest.approx(values[best], abs=1e-6)


def test_without_patience_everything_is_learnt_from_and_the_last_epoch_counts():
    model = recommend.SASRec(**SMALL, epochs=6, patience=None, rng=1).fit(TRAIN)
    assert [entry["epoch"] for entry in model.history] == [0, 1, 2, 3, 4, 5, 6]
    assert not any("ndcg" in entry for entry in model.history)
    longer = recommend.SASRec(**SMALL, epochs=7, patience=None, rng=1).fit(TRAIN)
    assert [entry["loss"] for entry in longer.history[1:7]] == [entry["loss"] for entry in model.history[1:]]
    longer.update_epochs = 1
    assert longer.update(TRAIN).history[-1]["loss"] < model.history[-1]["loss"]


def test_histories_too_short_to_validate_on_are_learnt_from_all_the_same():
    pairs = pd.DataFrame({"user_id": np.repeat(np.arange(20), 2), "item_id": ["i0", "i1"] * 20})
    model = recommend.SASRec(**SMALL, epochs=12, dropout=0.0).fit(rd.Interactions(pairs, TRAIN.catalog))
    assert model.recommend(["new"], k=1, histories=[[0]]).items.tolist() == [[1]]


def test_validation_ranks_among_what_was_not_had():
    class Fixed(_Table):
        def scores(self, rows, table):
            return torch.tensor([[0.0, 5.0, 3.0, 1.0]]).expand(len(rows), -1).clone()

    module = Fixed(4, 8, layers=1, heads=2, length=3, dropout=0.0)
    value = _fit.validate(module, [(np.array([1]), 2), (np.array([2]), 0)], 3)
    assert value == pytest.approx((1 + 1 / np.log2(4)) / 2)  # first of what is left; third, behind items 1 and 3


def test_update_goes_on_from_the_present_weights():
    train, _ = chain().leave_one_out()
    model = recommend.SASRec(**SMALL, epochs=8, update_epochs=1).fit(train)
    model.update(chain())
    assert len(model.history) == 2  # the state it came with, and one epoch
    fresh = recommend.SASRec(**SMALL, epochs=1).fit(chain())
    assert model.history[-1]["loss"] < fresh.history[-1]["loss"]


def test_an_update_is_judged_by_what_was_never_learnt(monkeypatch):
    train, last = chain().leave_one_out()
    new = pd.concat([train.frame, last.frame[last.frame["user_id"] < 20]])  # a third of the people went on
    model = recommend.SASRec(**SMALL, epochs=1, update_epochs=1).fit(train)
    judged, real = [], _fit.validate

    def recorded(module, judge, length):
        judged.append([len(history) + 1 for history, _ in judge])
        return real(module, judge, length)

    monkeypatch.setattr(_fit, "validate", recorded)
    events = rd.Interactions(new, train.catalog)
    model.update(events)
    assert judged == [[12] * 10] * 2  # half of those who went on; the others stand where they stood, at 11
    judged.clear()
    assert "ndcg" not in model.update(events).history[-1]  # nothing new: nobody can judge, the last epoch counts
    assert not judged


def test_a_start_from_vectors_has_their_geometry(tmp_path):
    model = recommend.SASRec(VECTORS, dimension=4, layers=1, epochs=1, learning_rate=1e-9).fit(TRAIN)
    centred = VECTORS - VECTORS.mean(0)
    left, values, _ = np.linalg.svd(centred)
    best = left[:, :4] * values[:4]
    gram = best @ best.T
    table = model._table.detach()
    ours = (table @ table.T).numpy()
    assert np.corrcoef(ours.ravel(), gram.ravel())[0, 1] == pytest.approx(1, abs=1e-4)
    assert principal(torch.ones(3, 2), 4).tolist() == [[0.0] * 4] * 3
    model.save(tmp_path)
    again = recommend.SASRec.load(tmp_path, TRAIN).fit(TRAIN)  # fitted again it has the same start, but for signs
    table = again._table.detach()
    assert np.corrcoef((table @ table.T).numpy().ravel(), gram.ravel())[0, 1] == pytest.approx(1, abs=1e-4)
    with pytest.raises(ValueError, match=r"vectors must have shape \[12, d\], got \[3, 5\]"):
        recommend.SASRec(VECTORS[:3]).fit(TRAIN)
    with pytest.raises(ValueError, match="vectors must be finite, got NaN or infinity in row 1"):
        recommend.SASRec([[1.0], [math.nan], *[[2.0]] * 10]).fit(TRAIN)


def test_a_loss_that_is_no_number_stops_and_the_last_good_weights_stay(monkeypatch):
    whole = recommend.SASRec(**SMALL, epochs=2, patience=9).fit(TRAIN)
    calls = []
    real = _Table.loss

    def poisoned(self, rows, targets):
        calls.append(1)
        return real(self, rows, targets) * (float("nan") if len(calls) > 2 * steps else 1.0)

    monkeypatch.setattr(_Table, "loss", poisoned)
    steps = 10**9
    recommend.SASRec(**SMALL, epochs=1).fit(TRAIN)
    steps = len(calls)
    calls.clear()
    with pytest.warns(RuntimeWarning, match="no number in epoch 3, step 1: training stopped, the best weights so far"):
        model = recommend.SASRec(**SMALL, epochs=9, patience=9).fit(TRAIN)
    assert torch.equal(model.scores(USERS), whole.scores(USERS))


KILLED = """
import sys
sys.path.insert(0, "tests")
from recdiv import recommend
from test_recommend_sequence import SMALL, chain
recommend.SASRec(**SMALL, epochs=60, patience=60, folder=sys.argv[1]).fit(chain())
"""


def test_a_fit_that_was_killed_ends_where_an_uninterrupted_one_does(tmp_path):
    options = {**SMALL, "epochs": 60, "patience": 60}
    root = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    environment = {**os.environ, "PYTHONPATH": root, "OMP_NUM_THREADS": "1"}
    killed = subprocess.Popen([sys.executable, "-c", KILLED, str(tmp_path)], cwd=root, env=environment)
    file = tmp_path / "unfinished.safetensors"
    deadline = time.monotonic() + 60
    while not file.exists() and time.monotonic() < deadline:
        time.sleep(0.01)
    time.sleep(0.3)
    os.kill(killed.pid, signal.SIGKILL)
    killed.wait()
    assert file.exists()
    with pytest.raises(ValueError, match="is of a training with other settings or data; choose another folder"):
        recommend.SASRec(**{**options, "epochs": 3}, folder=tmp_path).fit(chain())
    with pytest.raises(ValueError, match="is of a training with other settings or data; choose another folder"):
        recommend.SASRec(np.eye(15), **options, folder=tmp_path).fit(chain())  # another start
    stopped = _epochs_in(file)
    assert 0 <= stopped < 60
    torch.set_num_threads(1)  # as the killed one had: the order of sums is part of the answer
    resumed = recommend.SASRec(**options, folder=tmp_path).fit(chain())
    whole = recommend.SASRec(**options).fit(chain())
    assert resumed.history == whole.history
    assert torch.equal(resumed.scores(range(60)), whole.scores(range(60)))
    assert list(tmp_path.iterdir()) == []


def _epochs_in(file):
    import json

    from safetensors import safe_open

    with safe_open(str(file), "pt") as store:
        return json.loads(store.metadata()["training"])["history"][-1]["epoch"]


def test_a_damaged_checkpoint_is_refused(tmp_path):
    (tmp_path / "unfinished.safetensors").write_bytes(b"not a checkpoint")
    with pytest.raises(ValueError, match="is no checkpoint that can be read"):
        recommend.SASRec(**SMALL, folder=tmp_path).fit(TRAIN)


def test_histories_of_one_item_train_nothing_but_score():
    frame = pd.DataFrame({"user_id": [1, 2], "item_id": ["i1", "i2"]})
    model = recommend.SASRec(**SMALL).fit(rd.Interactions(frame, TRAIN.catalog))
    assert model.history == []
    assert model.recommend([1, 2], k=N).lengths.tolist() == [N - 1, N - 1]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"layers": 0}, "layers must be at least 1, got 0"),
        ({"epochs": 0}, "epochs must be at least 1, got 0"),
        ({"dimension": 9, "heads": 2}, r"dimension must be a multiple of heads \(2\), got 9"),
        ({"dropout": 1.0}, r"dropout must be from 0 to below 1, got 1\.0"),
        ({"learning_rate": 0}, "learning_rate must be positive and weight_decay not negative, got 0 and"),
    ],
)
def test_wrong_settings(options, message):
    with pytest.raises(ValueError, match=message):
        recommend.SASRec(**options)


@pytest.mark.gpu
def test_on_a_gpu_scores_are_those_of_the_cpu(tmp_path):
    recommend.SASRec(**SMALL, epochs=2, device="cuda").fit(TRAIN).save(tmp_path)
    there = recommend.SASRec.load(tmp_path, TRAIN).scores(USERS)
    here = recommend.SASRec(**SMALL, device="cpu")
    here.train = TRAIN
    from recdiv.recommend import _checkpoint

    here._restore(_checkpoint.read(tmp_path, TRAIN.catalog)[1])
    torch.testing.assert_close(there, here.scores(USERS), rtol=1e-3, atol=1e-3)  # TF32 may be on
