"""What listens to ``transformers.Trainer``: seals of checkpoints, a bar, a check of weights, trackers."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from tqdm import tqdm
from transformers import Trainer, TrainerCallback

from recdiv._extras import require
from recdiv.lm._checkpoints import SEAL, seal
from recdiv.lm.training_config import TrainingConfig


class NotFiniteError(ArithmeticError):
    """A loss or weight is NaN or infinite."""


class CheckedTrainer(Trainer):  # type: ignore[misc]
    """The Trainer, which stops before a step that a NaN or infinite loss would spoil."""

    def training_step(self, model: Any, inputs: Any, num_items_in_batch: Any = None) -> Any:  # noqa: ANN401
        loss = super().training_step(model, inputs, num_items_in_batch)
        if not bool(torch.isfinite(loss)):
            raise NotFiniteError(f"loss became {loss.item()} at step {self.state.global_step + 1}")
        return loss

    def prediction_step(
        self,
        model: Any,  # noqa: ANN401
        inputs: Any,  # noqa: ANN401
        prediction_loss_only: bool,
        ignore_keys: list[str] | None = None,
    ) -> tuple[Any, None, None]:
        """The loss, whatever the labels are called; nothing else is kept."""
        with torch.no_grad():
            return self.compute_loss(model, self._prepare_inputs(inputs)).detach().mean(), None, None

    def _save(self, output_dir: str | None = None, state_dict: Any = None) -> None:  # noqa: ANN401
        """A plain module may hold a weight under two names, which safetensors refuses: it gets a copy of it."""
        if state_dict is None and not hasattr(self.model, "save_pretrained"):
            own = {name for name, _ in [*self.model.named_parameters(), *self.model.named_buffers()]}
            state_dict = {name: each if name in own else each.clone() for name, each in self.model.state_dict().items()}
        super()._save(output_dir, state_dict)


class Seals(TrainerCallback):  # type: ignore[misc]
    """Checkpoints are written from finite weights only, and sealed once every process has written its part."""

    def on_step_end(self, args: Any, state: Any, control: Any, model: Any = None, **_: Any) -> None:  # noqa: ANN401
        if not control.should_save:
            return
        for name, weight in model.named_parameters():
            if weight.requires_grad and not bool(torch.isfinite(weight).all()):
                raise NotFiniteError(f"weight {name} became NaN or infinite by step {state.global_step}")
        if args.should_save:  # one of this step may be there, broken: it is no longer sealed while it is rewritten
            (_folder(args, state) / SEAL).unlink(missing_ok=True)

    def on_save(self, args: Any, state: Any, control: Any, **_: Any) -> None:  # noqa: ANN401
        if args.world_size > 1:
            torch.distributed.barrier()
        if args.should_save:
            seal(_folder(args, state))


class Bar(TrainerCallback):  # type: ignore[misc]
    """One line on stderr: steps, the loss and the validation loss."""

    def on_train_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:  # noqa: ANN401
        self.shown: dict[str, str] = {}
        quiet = {} if state.is_world_process_zero else {"disable": True}
        self.bar = tqdm(total=state.max_steps, initial=state.global_step, desc="train", unit="step", **quiet)

    def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:  # noqa: ANN401
        self.bar.update(state.global_step - self.bar.n)

    def on_log(self, args: Any, state: Any, control: Any, logs: Any = None, **_: Any) -> None:  # noqa: ANN401
        said = {"loss": "loss", "eval_loss": "validation"}
        self.shown |= {said[name]: f"{value:.3f}" for name, value in (logs or {}).items() if name in said}
        self.bar.set_postfix(self.shown)

    def close(self) -> None:
        """Leave the line as it is, also when training was broken off."""
        if hasattr(self, "bar"):
            self.bar.close()


@contextmanager
def tracked(config: TrainingConfig, folder: Path) -> Iterator[list[Any]]:
    """The callbacks that tell the configuration's tracker; what they opened is closed at the end."""
    if int(os.environ.get("RANK", "0")) or config.tracker == "none":
        yield []
    elif config.tracker == "tensorboard":
        from transformers.integrations import TensorBoardCallback

        require("tensorboard", "track")
        from torch.utils.tensorboard import SummaryWriter

        writer = SummaryWriter(str(folder / "tensorboard"))
        try:
            yield [TensorBoardCallback(tb_writer=writer)]
        finally:
            writer.close()
    else:
        wandb = require("wandb", "track")
        from transformers.integrations import WandbCallback

        mode = os.environ.get("WANDB_MODE", "offline")
        settings = wandb.Settings(silent=True)
        run = wandb.init(project="recdiv", dir=str(folder), mode=mode, config=config.to_dict(), settings=settings)
        try:
            yield [WandbCallback()]
        finally:
            run.finish()


def _folder(args: Any, state: Any) -> Path:  # noqa: ANN401
    return Path(args.output_dir) / f"checkpoint-{state.global_step}"
