"""A small training run as a process of its own: killed at a step, or shared by several processes."""

from __future__ import annotations

import json
import os
import signal
import sys
from pathlib import Path
from typing import Any

import torch
import transformers
from safetensors.torch import save_file

from recdiv.lm.training import TrainingRun, train
from recdiv.lm.training_config import TrainingConfig

CONFIG = TrainingConfig(learning_rate=1e-2, batch_size=16, steps=24, checkpoint_every=6, log_every=4)


def tiny(seed: int = 0, *, dropout: float = 0.1, vocabulary: int = 50) -> Any:
    """A GPT-2 of two layers, untrained."""
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        config = transformers.GPT2Config(
            vocab_size=vocabulary,
            n_embd=32,
            n_layer=2,
            n_head=2,
            n_positions=16,
            resid_pdrop=dropout,
            embd_pdrop=dropout,
            attn_pdrop=dropout,
            bos_token_id=0,
            eos_token_id=0,
        )
        return transformers.GPT2LMHeadModel(config).eval()


def rows(n: int, seed: int = 0) -> list[dict[str, torch.Tensor]]:
    """Sequences that go up by 1 to 4, so that there is something to learn."""
    generator = torch.Generator().manual_seed(seed)
    steps, starts = (torch.randint(1, high, (n,), generator=generator) for high in (5, 50))
    ids = (starts[:, None] + torch.arange(12) * steps[:, None]) % 50
    return [{"input_ids": each, "labels": each.clone()} for each in ids]


class KillAt(transformers.TrainerCallback):
    """SIGKILL, which nothing can catch, after a step."""

    def __init__(self, step: int) -> None:
        self.step = step

    def on_step_end(self, args, state, control, **kwargs):
        if state.global_step == self.step:
            os.kill(os.getpid(), signal.SIGKILL)


def weights(run: TrainingRun) -> dict[str, torch.Tensor]:
    """The trained numbers, tied ones once."""
    return {name: each.detach().clone() for name, each in run.model.named_parameters()}


def main(what: str, folder: str) -> None:
    if what == "kill":
        train(tiny(), rows(90), CONFIG, validation=rows(16, 1), folder=folder, progress=False, callbacks=[KillAt(15)])
    elif what == "share":
        run = train(
            tiny(dropout=0), rows(96), CONFIG, validation=rows(16, 1), folder=Path(folder) / "run", progress=False
        )
        if os.environ["RANK"] == "0":
            save_file(weights(run), Path(folder) / "weights.safetensors")
            (Path(folder) / "history.json").write_text(json.dumps(run.history), "utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
