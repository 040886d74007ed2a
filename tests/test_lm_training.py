"""Training: killed and resumed, shared and cut, watched and stopped, on a model of two layers."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import torch

transformers = pytest.importorskip("transformers")
pytest.importorskip("peft")

from safetensors.torch import load_file  # noqa: E402
from training_worker import CONFIG, rows, tiny, weights  # noqa: E402

import recdiv as rd  # noqa: E402
from recdiv.lm._checkpoints import SEAL, newest, seal  # noqa: E402
from recdiv.lm.training import train  # noqa: E402
from recdiv.lm.training_config import TrainingConfig  # noqa: E402

WORKER = Path(__file__).with_name("training_worker.py")


def same(one, other, **tolerance):
    assert one.keys() == other.keys()
    for name in one:
        torch.testing.assert_close(one[name], other[name], msg=name, **(tolerance or {"rtol": 0, "atol": 0}))


def legacy_state():
    return np.random.get_state()[1].tolist()  # noqa: NPY002


def worker(*arguments, launcher=()):
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(WORKER.parents[1])}
    return subprocess.run(
        [sys.executable, *launcher, str(WORKER), *map(str, arguments)],
        capture_output=True,
        text=True,
        env=environment,
        check=False,
        timeout=240,
    )


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """The run that nothing interrupts."""
    folder = tmp_path_factory.mktemp("whole")
    return train(tiny(), rows(90), CONFIG, validation=rows(16, 1), folder=folder, progress=False), folder


# It learns, repeats itself, and leaves no trace


def test_it_learns_and_says_how(whole):
    run, _ = whole
    losses = [entry["loss"] for entry in run.history if "loss" in entry]
    assert losses[-1] < losses[0] / 1.4
    assert [entry["step"] for entry in run.history] == [4, 6, 8, 12, 16, 18, 20, 24]
    looks = {entry["step"]: entry["validation_loss"] for entry in run.history if "validation_loss" in entry}
    assert list(looks) == [6, 12, 18, 24]
    assert run.best_step == min(looks, key=looks.get)
    assert run.best_validation_loss == min(looks.values())
    assert (run.steps, run.stopped, run.resumed_from, run.accumulation) == (24, "steps", None, 1)
    assert not run.model.training


def test_validation_loss_is_that_of_the_model_it_returns(whole):
    run, _ = whole
    ids = torch.stack([row["input_ids"] for row in rows(16, 1)])
    with torch.no_grad():
        assert run.model(input_ids=ids, labels=ids).loss.item() == pytest.approx(run.best_validation_loss, rel=1e-5)


def test_the_seed_decides_and_global_randomness_is_left_alone(whole):
    before = (torch.get_rng_state(), random.getstate(), legacy_state())
    again = train(tiny(), rows(90), CONFIG, validation=rows(16, 1), progress=False)
    assert torch.equal(torch.get_rng_state(), before[0])
    assert random.getstate() == before[1]
    assert legacy_state() == before[2]
    same(weights(again), weights(whole[0]))
    other = train(tiny(), rows(90), CONFIG.replace(seed=1), validation=rows(16, 1), progress=False)
    assert other.history != again.history


def test_generation_keeps_its_cache(whole):
    assert whole[0].model.config.use_cache == tiny().config.use_cache


# Interrupted


def test_after_kill_9_it_ends_where_the_uninterrupted_run_does(whole, tmp_path):
    done = worker("kill", tmp_path)
    assert done.returncode == -signal.SIGKILL, done.stderr
    assert newest(tmp_path)[0].name == "checkpoint-12"
    run = train(tiny(7), rows(90), CONFIG, validation=rows(16, 1), folder=tmp_path, progress=False)
    assert run.resumed_from == 12
    assert run.history == whole[0].history
    same(weights(run), weights(whole[0]))


def test_a_finished_run_is_read_not_repeated(whole):
    run, folder = whole
    again = train(tiny(7), rows(90), CONFIG, validation=rows(16, 1), folder=folder, progress=False)
    assert (again.resumed_from, again.steps, again.history) == (24, 24, run.history)
    same(weights(again), weights(run))


def stopped_at(step):
    class Stop(transformers.TrainerCallback):
        def on_step_end(self, args, state, control, **kwargs):
            if state.global_step == step:
                raise KeyboardInterrupt

    return Stop()


@pytest.mark.parametrize(
    ("harm", "said"),
    [
        (
            lambda c: os.truncate(c / "model.safetensors", 1000),
            r"checkpoint-12 is truncated \(model.safetensors has 1,0",
        ),
        (lambda c: (c / "optimizer.pt").unlink(), r"checkpoint-12 is truncated \(optimizer.pt is missing"),
        (lambda c: (c / SEAL).unlink(), "checkpoint-12 was not written to its end"),
        (lambda c: (c / SEAL).write_text("{"), "checkpoint-12 is damaged"),
    ],
)
def test_a_broken_checkpoint_is_passed_over_aloud(whole, tmp_path, harm, said):
    arguments = {"validation": rows(16, 1), "folder": tmp_path, "progress": False}
    with pytest.raises(KeyboardInterrupt):
        train(tiny(), rows(90), CONFIG, callbacks=[stopped_at(14)], **arguments)
    harm(tmp_path / "checkpoint-12")
    with pytest.warns(UserWarning, match=f"{said}.*going on from checkpoint-6"):
        run = train(tiny(), rows(90), CONFIG, **arguments)
    assert run.resumed_from == 6
    same(weights(run), weights(whole[0]))
    assert newest(tmp_path)[1] == []


def test_with_no_whole_checkpoint_it_begins_again_aloud(whole, tmp_path):
    (tmp_path / "checkpoint-6").mkdir()
    with pytest.warns(UserWarning, match="checkpoint-6 was not written to its end; starting from the beginning"):
        run = train(tiny(), rows(90), CONFIG, validation=rows(16, 1), folder=tmp_path, progress=False)
    assert run.resumed_from is None
    same(weights(run), weights(whole[0]))


class Tokens:
    def __init__(self, *words):
        self.words = words

    def get_vocab(self):
        return {word: i for i, word in enumerate(self.words)}


def test_a_folder_belongs_to_one_run(tmp_path):
    config = CONFIG.replace(steps=6)
    common = {"folder": tmp_path, "progress": False}
    train(tiny(), rows(32), config, tokenizer=Tokens("a", "b"), **common)
    with pytest.raises(ValueError, match="holds checkpoints of another vocabulary; pass another folder"):
        train(tiny(), rows(32), config, tokenizer=Tokens("b", "a"), **common)
    with pytest.raises(ValueError, match="holds checkpoints of a model of another shape"):
        train(tiny(vocabulary=60), rows(32), config, tokenizer=Tokens("a", "b"), **common)
    with pytest.raises(ValueError, match="holds a run on 32 rows, got 33"):
        train(tiny(), rows(33), config, tokenizer=Tokens("a", "b"), **common)
    with pytest.raises(ValueError, match=r"holds a run with learning_rate=0.01, got 0.1"):
        train(tiny(), rows(32), config.replace(learning_rate=0.1), tokenizer=Tokens("a", "b"), **common)
    train(tiny(), rows(32), config.replace(log_every=1, keep=1), tokenizer=Tokens("a", "b"), **common)


def test_seals_name_every_file(tmp_path):
    for step in (9, 10):
        (tmp_path / f"checkpoint-{step}").mkdir()
        (tmp_path / f"checkpoint-{step}" / "model.safetensors").write_bytes(b"12345")
        seal(tmp_path / f"checkpoint-{step}")
    assert newest(tmp_path) == (tmp_path / "checkpoint-10", [])  # by number, not by name
    assert json.loads((tmp_path / "checkpoint-10" / SEAL).read_text())["files"] == {"model.safetensors": 5}


# Cut, shared, short of memory: the same steps


def test_pieces_and_processes_do_the_same_steps(tmp_path):
    """Sums in another order differ in the last digits of float32, and 24 steps of AdamW carry that on: 1e-3."""
    one = train(tiny(dropout=0), rows(96), CONFIG, validation=rows(16, 1), progress=False)
    cut = train(tiny(dropout=0), rows(96), CONFIG.replace(accumulation=4), validation=rows(16, 1), progress=False)
    same(weights(cut), weights(one), rtol=1e-3, atol=1e-3)
    losses = [[entry["loss"] for entry in run.history if "loss" in entry] for run in (one, cut)]
    assert losses[1] == pytest.approx(losses[0], abs=1e-4)
    other = train(tiny(dropout=0), rows(96), CONFIG.replace(seed=1), validation=rows(16, 1), progress=False)
    apart = max((weights(other)[name] - each).abs().max().item() for name, each in weights(one).items())
    assert apart > 0.01  # another order of rows is told apart from another order of sums


@pytest.mark.slow
def test_two_processes_train_as_one_does(tmp_path):
    """The same batches, each shared by two processes (gloo); the tolerance is that of the pieces."""
    launcher = ("-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2")
    done = worker("share", tmp_path, launcher=launcher)
    assert done.returncode == 0, done.stderr
    one = train(tiny(dropout=0), rows(96), CONFIG, validation=rows(16, 1), progress=False)
    same(load_file(tmp_path / "weights.safetensors"), weights(one), rtol=1e-3, atol=1e-3)
    shared = json.loads((tmp_path / "history.json").read_text())
    for name in ("loss", "validation_loss"):
        mine = [entry[name] for entry in one.history if name in entry]
        assert [entry[name] for entry in shared if name in entry] == pytest.approx(mine, abs=1e-4)
    assert newest(tmp_path / "run") == (tmp_path / "run" / "checkpoint-24", [])


class Cramped(torch.nn.Module):
    """Has room for so many rows; past a step for fewer."""

    def __init__(self, room):
        super().__init__()
        self.model, self.room = tiny(dropout=0), room

    def forward(self, input_ids, labels, **kwargs):
        if self.training and len(input_ids) > self.room:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB.")
        return {"loss": self.model(input_ids=input_ids, labels=labels, **kwargs).loss}


class Fills(transformers.TrainerCallback):
    def __init__(self, model, at):
        self.model, self.at = model, at

    def on_step_end(self, args, state, control, **kwargs):
        if state.global_step == self.at:
            self.model.room = 8


@pytest.mark.filterwarnings("ignore:memory does not suffice for 8 rows")
@pytest.mark.parametrize("fills_at", [None, 3, 9])
def test_out_of_memory_halves_aloud_and_keeps_the_batch(tmp_path, fills_at):
    config = CONFIG.replace(steps=12)
    one = train(Cramped(16), rows(96), config, progress=False)
    model = Cramped(5 if fills_at is None else 16)
    fills = [] if fills_at is None else [Fills(model, fills_at)]
    with pytest.warns(UserWarning, match="for 16 rows at once; going on with 2 pieces of 8, 16 rows a step as before"):
        run = train(model, rows(96), config, folder=tmp_path, progress=False, callbacks=fills)
    assert run.accumulation == (4 if fills_at is None else 2)
    assert (run.steps, run.resumed_from) == (12, None)
    same(weights(run), weights(one), rtol=1e-3, atol=1e-3)


def test_memory_for_not_one_row():
    with pytest.raises(MemoryError, match="for a batch of one row; take a smaller model"):
        train(Cramped(0), rows(8), CONFIG.replace(batch_size=1, steps=1), progress=False)


# Stopped


def test_patience_stops_and_the_best_is_kept(tmp_path):
    """Rows of noise: what is learnt of 16 of them by heart does not hold for others."""
    noise = [{"input_ids": (ids := torch.randint(50, (12,))), "labels": ids} for _ in range(32)]
    config = CONFIG.replace(patience=2, steps=200, checkpoint_every=4)
    arguments = {"validation": noise[16:], "folder": tmp_path, "progress": False}
    run = train(tiny(), noise[:16], config, **arguments)
    looks = {entry["step"]: entry["validation_loss"] for entry in run.history if "validation_loss" in entry}
    assert run.stopped == "patience"
    assert run.steps == max(looks) == run.best_step + 8 < 200
    again = train(tiny(3), noise[:16], config, **arguments)  # finished: read, not gone on with
    assert (again.steps, again.stopped) == (run.steps, "patience")
    same(weights(again), weights(run))


class Spoils(torch.nn.Module):
    """Its loss is NaN from a step on."""

    def __init__(self, after):
        super().__init__()
        self.model, self.left = tiny(dropout=0), after

    def forward(self, input_ids, labels, **kwargs):
        self.left -= self.training
        loss = self.model(input_ids=input_ids, labels=labels, **kwargs).loss
        return {"loss": loss * (float("nan") if self.left < 0 else 1.0)}


def test_nan_stops_and_says_where(tmp_path):
    model = Spoils(after=8)
    with pytest.raises(ArithmeticError) as caught:
        train(model, rows(96), CONFIG, folder=tmp_path, progress=False)
    assert str(caught.value) == (
        f"loss became nan at step 9 (learning_rate=0.01); the last good checkpoint is {tmp_path}/checkpoint-6; "
        "lower learning_rate"
    )
    assert newest(tmp_path) == (tmp_path / "checkpoint-6", [])
    kept = load_file(tmp_path / "checkpoint-6" / "model.safetensors")
    assert all(bool(torch.isfinite(each).all()) for each in kept.values())
    assert all(bool(torch.isfinite(each).all()) for each in model.parameters())
    with pytest.raises(ArithmeticError, match="no checkpoint was written before"):
        train(Spoils(after=0), rows(96), CONFIG, progress=False)
    steep = tiny()
    with pytest.raises(ArithmeticError, match="lower learning_rate"):
        train(steep, rows(96), CONFIG.replace(learning_rate=1e30, clip=0), progress=False)
    assert steep.config.use_cache is True


def test_weights_that_are_not_finite_are_not_kept(tmp_path):
    class Breaks(transformers.TrainerCallback):
        def on_optimizer_step(self, args, state, control, model=None, **kwargs):
            if state.global_step == 11:  # the step after which a checkpoint is due
                next(model.parameters()).data[0, 0] = float("inf")

    with pytest.raises(ArithmeticError, match=r"became NaN or infinite by step 12.*checkpoint-6"):
        train(tiny(), rows(96), CONFIG, folder=tmp_path, progress=False, callbacks=[Breaks()])


# LoRA, precision, trackers


def test_lora_trains_corrections_and_returns_an_ordinary_model(tmp_path):
    config = CONFIG.replace(lora_rank=4)
    start = weights(train(tiny(), rows(90), config.replace(learning_rate=1e-12), progress=False))
    same(start, dict(tiny().named_parameters()), rtol=1e-6, atol=1e-6)  # B = 0: it starts where the model stood
    run = train(tiny(), rows(90), config, validation=rows(16, 1), folder=tmp_path, progress=False)
    assert type(run.model).__name__ == "GPT2LMHeadModel"
    changed = {name for name, each in weights(run).items() if (each - start[name]).abs().max() > 1e-3}
    assert changed == {name for name in start if name.endswith(("c_attn.weight", "c_proj.weight", "c_fc.weight"))}
    assert not list(tmp_path.glob("checkpoint-*/model.safetensors"))
    again = train(tiny(), rows(90), config, validation=rows(16, 1), folder=tmp_path, progress=False)
    same(weights(again), weights(run))
    one = train(tiny(), rows(90), config.replace(lora_targets="c_attn"), progress=False)
    moved = {name for name, each in weights(one).items() if (each - start[name]).abs().max() > 1e-3}
    assert moved == {name for name in start if name.endswith("c_attn.weight")}
    with pytest.raises(ValueError, match="lora_targets must name layers of the model, got 'nothing'"):
        train(tiny(), rows(90), config.replace(lora_targets="c_attn, nothing"), progress=False)


def test_bfloat16_keeps_weights_in_float32_and_gives_the_model_back_as_it_was():
    run = train(tiny(dropout=0), rows(90), CONFIG.replace(precision="bf16"), progress=False)
    full = train(tiny(dropout=0), rows(90), CONFIG, progress=False)
    assert {each.dtype for each in weights(run).values()} == {torch.float32}
    ids = rows(1)[0]["input_ids"][None]
    assert run.model(input_ids=ids).logits.dtype == torch.float32
    assert not hasattr(run.model.forward, "__wrapped__")
    last = [r.history[-1]["loss"] for r in (run, full)]
    assert last[0] != last[1]
    assert last[0] == pytest.approx(last[1], rel=0.05)  # eight bits of mantissa
    with pytest.raises(ValueError, match="precision must be auto, float32 or bf16 on a cpu, got 'fp16'"):
        train(tiny(), rows(90), CONFIG.replace(precision="fp16"), progress=False)


def test_tensorboard_holds_the_losses(tmp_path):
    pytest.importorskip("tensorboard")
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    config = CONFIG.replace(tracker="tensorboard")
    run = train(tiny(), rows(90), config, validation=rows(16, 1), folder=tmp_path, progress=False)
    events = EventAccumulator(str(tmp_path / "tensorboard"))
    events.Reload()
    logged = [(event.step, event.value) for event in events.Scalars("eval/loss")]
    mine = [(entry["step"], entry["validation_loss"]) for entry in run.history if "validation_loss" in entry]
    assert [step for step, _ in logged] == [step for step, _ in mine]
    assert [value for _, value in logged] == pytest.approx([value for _, value in mine])


def test_weights_and_biases_writes_offline(tmp_path, monkeypatch):
    pytest.importorskip("wandb")
    monkeypatch.delenv("WANDB_MODE", raising=False)
    config = CONFIG.replace(tracker="wandb", steps=8)
    run = train(tiny(), rows(90), config, validation=rows(16, 1), folder=tmp_path, progress=False)
    [log] = (tmp_path / "wandb").glob("offline-run-*/run-*.wandb")
    until = time.monotonic() + 60  # another process writes it, and on a busy machine it comes late
    while b"eval/loss" not in (written := log.read_bytes()) and time.monotonic() < until:
        time.sleep(0.2)
    assert b"eval/loss" in written
    assert repr(run.history[-1]["validation_loss"]).encode() in written
    import wandb

    assert wandb.run is None  # what was opened is closed


def test_a_bar_shows_the_loss_and_silence_is_silent(capfd):
    train(tiny(), rows(32), CONFIG.replace(steps=4), progress=False)
    assert capfd.readouterr() == ("", "")
    train(tiny(), rows(32), CONFIG.replace(steps=4))
    out, err = capfd.readouterr()
    assert out == ""
    assert "4/4" in err
    assert "loss=" in err


# Settings


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"learning_rate": 0}, "learning_rate must be a number above 0, got 0"),
        ({"learning_rate": float("nan")}, "learning_rate must be a number above 0, got nan"),
        ({"epochs": -1}, "epochs must be a number above 0, got -1"),
        ({"warmup": 1}, "warmup must be a number from 0 and below 1, got 1"),
        ({"weight_decay": -0.1}, "weight_decay must be a number from 0, got -0.1"),
        ({"clip": "1"}, "clip must be a number from 0, got '1'"),
        ({"batch_size": 2.5}, "batch_size must be a whole number from 1, got 2.5"),
        ({"accumulation": 0}, "accumulation must be a whole number from 1, got 0"),
        ({"batch_size": 10, "accumulation": 4}, r"accumulation must divide batch_size \(10\) into equal pieces, got 4"),
        ({"steps": 0}, "steps must be a whole number from 1, got 0"),
        ({"checkpoint_every": 0}, "checkpoint_every must be a whole number from 1, got 0"),
        ({"patience": True}, "patience must be a whole number from 1, got True"),
        ({"seed": -1}, "seed must be a whole number from 0, got -1"),
        ({"schedule": "step"}, "schedule must be one of linear, cosine, constant, got 'step'"),
        ({"precision": "half"}, "precision must be one of auto, float32, bf16, fp16, got 'half'"),
        ({"tracker": "mlflow"}, "tracker must be one of none, tensorboard, wandb, got 'mlflow'"),
        ({"lora_rank": 0}, "lora_rank must be a whole number from 1, got 0"),
        ({"lora_rank": 4, "lora_alpha": 0}, "lora_alpha must be a number above 0, got 0"),
        ({"lora_alpha": 8}, "lora_alpha, lora_dropout and lora_targets need lora_rank, got None"),
        ({"lora_rank": 4, "lora_dropout": 1.0}, "lora_dropout must be a number from 0 and below 1, got 1.0"),
    ],
)
def test_a_wrong_setting_is_one_sentence(settings, said):
    with pytest.raises(ValueError, match=f"^{said}$"):
        TrainingConfig(**settings)


def test_every_setting_is_documented_and_has_its_help():
    import dataclasses

    for each in dataclasses.fields(TrainingConfig):
        assert each.metadata["help"].endswith(".")
        assert each.name in (TrainingConfig.__doc__ or "")
    with pytest.raises(dataclasses.FrozenInstanceError):
        TrainingConfig().seed = 1
    assert rd.lm.TrainingConfig is TrainingConfig
    assert rd.lm.train is train


def test_nothing_to_train_on():
    with pytest.raises(ValueError, match="dataset must hold at least one row, got none"):
        train(tiny(), [])
    with pytest.raises(ValueError, match="validation must hold at least one row, got none"):
        train(tiny(), rows(2), validation=[])
    with pytest.raises(ValueError, match="patience needs validation rows, got none"):
        train(tiny(), rows(2), TrainingConfig(patience=1))


def test_schedules_end_where_they_should():
    def rates(schedule):
        config = TrainingConfig(learning_rate=1.0, steps=10, warmup=0.2, schedule=schedule, log_every=1, batch_size=8)
        return [entry["learning_rate"] for entry in train(tiny(), rows(16), config, progress=False).history]

    assert rates("linear") == pytest.approx([0, 0.5, 1, 7 / 8, 6 / 8, 5 / 8, 4 / 8, 3 / 8, 2 / 8, 1 / 8])
    assert rates("constant") == pytest.approx([0, 0.5, *[1] * 8])
    falling = [(1 + np.cos(np.pi * t / 8)) / 2 for t in range(8)]
    assert rates("cosine") == pytest.approx([0, 0.5, *falling])


@pytest.mark.gpu
def test_it_trains_on_cuda(whole):
    run = train(tiny().cuda(), rows(90), CONFIG, validation=rows(16, 1), progress=False)
    assert run.model.device.type == "cuda"
    assert run.best_validation_loss == pytest.approx(whole[0].best_validation_loss, rel=0.1)
