"""One run of ``transformers.Trainer``: its arguments, where it goes on from, and what it does when memory runs out."""

from __future__ import annotations

import gc
import json
import math
import os
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from accelerate.utils.memory import should_reduce_batch_size
from transformers import EarlyStoppingCallback, PrinterCallback, TrainingArguments

from recdiv.lm import _checkpoints as checkpoints
from recdiv.lm._callbacks import Bar, CheckedTrainer, NotFiniteError, Seals, tracked
from recdiv.lm._random import seeded
from recdiv.lm.training_config import TrainingConfig
from recdiv.lm.weights import quiet

_SCHEDULES = {"linear": "linear", "cosine": "cosine", "constant": "constant_with_warmup"}
_NAMES = {"eval_loss": "validation_loss", "loss": "loss", "learning_rate": "learning_rate", "grad_norm": "grad_norm"}


@dataclass
class Job:
    """What is to be trained on what, and where; ``pieces`` and ``state`` change as it goes."""

    model: Any
    dataset: Any
    config: TrainingConfig
    validation: Any
    collate: Callable[[list[Any]], Any] | None
    folder: Path
    kept: bool  # whether the folder outlives this call
    progress: bool
    callbacks: Sequence[Any]
    resumed_from: int | None = None

    def __post_init__(self) -> None:
        self.pieces = self.config.accumulation
        self.processes = int(os.environ.get("WORLD_SIZE", "1"))
        per_epoch = math.ceil(len(self.dataset) / self.config.batch_size)
        self.total = self.config.steps or max(1, math.ceil(self.config.epochs * per_epoch))
        self.every = self.config.checkpoint_every or per_epoch
        if self.config.batch_size % (self.pieces * self.processes):
            share = f"{self.processes} processes × {self.pieces} pieces"
            raise ValueError(f"batch_size must be a multiple of {share}, got {self.config.batch_size}")
        if self.processes > 1 and not self.kept and self.validation is not None:
            raise ValueError("folder must be given where several processes share a validation set, got None")

    def run(self) -> dict[str, Any]:
        """Train to the end; returns the Trainer's state, the weights being in ``model``."""
        start = {name: w.detach().cpu().clone() for name, w in self.model.named_parameters() if w.requires_grad}
        start |= {name: values.detach().cpu().clone() for name, values in self.model.named_buffers()}
        found, _ = checkpoints.newest(self.folder)
        self.resumed_from = None if found is None else checkpoints.step_of(found)
        while True:
            try:
                return self._attempt()
            except (RuntimeError, MemoryError) as error:
                if not (isinstance(error, MemoryError) or should_reduce_batch_size(error)):
                    raise
            self._halve()  # outside of the handler: the error holds on to the memory that ran out
            self.model.load_state_dict(start, strict=False)

    def _attempt(self) -> dict[str, Any]:
        found = self._checkpoint()
        if found is not None:
            state = json.loads((found / "trainer_state.json").read_text("utf-8"))
            if self._finished(state):
                checkpoints.load_weights(self.model, self._best(state) or found)
                return dict(state)
        bar = [Bar()] if self.progress else []
        with seeded(self.config.seed), quiet(), tracked(self.config, self.folder) as trackers:
            trainer = CheckedTrainer(
                model=self.model,
                args=self._arguments(),
                train_dataset=self.dataset,
                eval_dataset=self.validation,
                data_collator=self.collate,
                callbacks=[*self._patience(), Seals(), *bar, *trackers, *self.callbacks],
            )
            trainer.remove_callback(PrinterCallback)
            try:
                trainer.train(resume_from_checkpoint=None if found is None else str(found))
            except NotFiniteError as error:
                raise ArithmeticError(self._where(error)) from None
            finally:
                for each in bar:
                    each.close()
            trainer.accelerator.unwrap_model(trainer.model_wrapped, keep_fp32_wrapper=False)
        return dict(vars(trainer.state))

    def _checkpoint(self) -> Path | None:
        """The one to go on from; what was passed over is said aloud."""
        found, faults = checkpoints.newest(self.folder)
        for wrong in faults:
            onward = "starting from the beginning" if found is None else f"going on from {found.name}"
            warnings.warn(f"checkpoint {self.folder.name}/{wrong}; {onward}", stacklevel=5)
        return found

    def _finished(self, state: dict[str, Any]) -> bool:
        if state["global_step"] >= self.total:
            return True
        early = state.get("stateful_callbacks", {}).get("EarlyStoppingCallback", {})
        waited = early.get("attributes", {}).get("early_stopping_patience_counter", 0)
        return self.config.patience is not None and waited >= self.config.patience

    def _best(self, state: dict[str, Any]) -> Path | None:
        """The best checkpoint, by its name: the folder may have moved."""
        path = state.get("best_model_checkpoint")
        here = self.folder / Path(path).name if path else None
        return here if here is not None and here.is_dir() else None

    def _patience(self) -> list[Any]:
        patience = self.config.patience
        return [] if patience is None else [EarlyStoppingCallback(early_stopping_patience=patience)]

    def _arguments(self) -> Any:  # noqa: ANN401
        config, looks = self.config, self.validation is not None
        device = next(self.model.parameters()).device.type
        rows = config.batch_size // (self.pieces * self.processes)
        return TrainingArguments(
            output_dir=str(self.folder),
            per_device_train_batch_size=rows,
            per_device_eval_batch_size=rows,
            gradient_accumulation_steps=self.pieces,
            max_steps=self.total,
            learning_rate=config.learning_rate,
            weight_decay=config.weight_decay,
            max_grad_norm=config.clip,
            lr_scheduler_type=_SCHEDULES[config.schedule],
            warmup_steps=round(config.warmup * self.total),
            optim="adamw_torch_fused",
            seed=config.seed,
            data_seed=config.seed,
            use_cpu=device == "cpu",
            save_strategy="steps" if self.kept or looks else "no",
            save_steps=self.every,
            save_total_limit=config.keep + looks,
            eval_strategy="steps" if looks else "no",
            eval_steps=self.every if looks else None,
            load_best_model_at_end=looks,
            metric_for_best_model="eval_loss" if looks else None,
            greater_is_better=False if looks else None,
            restore_callback_states_from_checkpoint=True,
            logging_steps=config.log_every,
            logging_nan_inf_filter=False,
            report_to=[],
            disable_tqdm=True,
            dataloader_pin_memory=device == "cuda",
            remove_unused_columns=False,
            **precision_of(config.precision, device),
        )

    def _halve(self) -> None:
        rows = self.config.batch_size // (self.pieces * self.processes)
        if self.processes > 1:
            advice = "raise accumulation"
            raise MemoryError(
                f"memory does not suffice for {rows} rows on each of {self.processes} processes; {advice}"
            )
        if rows == 1:
            raise MemoryError("memory does not suffice for a batch of one row; take a smaller model or shorter rows")
        fewer = max(n for n in range(1, rows // 2 + 1) if rows % n == 0)
        self.pieces *= rows // fewer
        gc.collect()
        if torch.cuda.is_available():
            torch.cuda.empty_cache()
        warnings.warn(
            f"memory does not suffice for {rows} rows at once; going on with {self.pieces} pieces of {fewer}, "
            f"{self.config.batch_size} rows a step as before",
            stacklevel=4,
        )

    def _where(self, error: NotFiniteError) -> str:
        good, _ = checkpoints.newest(self.folder) if self.kept else (None, [])
        last = f"the last good checkpoint is {os.fspath(good)}" if good else "no checkpoint was written before"
        return f"{error} (learning_rate={self.config.learning_rate:g}); {last}; lower learning_rate"


def precision_of(wanted: str, device: str) -> dict[str, bool]:
    """Arguments of the Trainer for a precision on a kind of device.

    >>> precision_of("auto", "cpu"), precision_of("bf16", "cpu")
    ({}, {'bf16': True})
    """
    if wanted == "fp16" and device != "cuda":
        raise ValueError(f"precision must be auto, float32 or bf16 on a {device}, got 'fp16'")
    if wanted == "auto":
        wanted = "float32" if device != "cuda" else "bf16" if torch.cuda.is_bf16_supported() else "fp16"
    return {} if wanted == "float32" else {wanted: True}


def history(entries: Sequence[dict[str, Any]]) -> list[dict[str, float]]:
    """The Trainer's records, one a step, in the names used here."""
    steps: dict[int, dict[str, float]] = {}
    for entry in entries:
        found = {new: entry[old] for old, new in _NAMES.items() if old in entry}
        if found:
            place = steps.setdefault(entry["step"], {"step": entry["step"], "epoch": entry["epoch"]})
            place.update(found)
    return [steps[step] for step in sorted(steps)]
