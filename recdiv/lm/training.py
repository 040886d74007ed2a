"""Training of any model that gives a loss, on ``transformers.Trainer``: resumed, halved, watched, in one call."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from recdiv._extras import require
from recdiv._provenance import write_json
from recdiv.lm import _checkpoints as checkpoints
from recdiv.lm.lora import merged, with_lora
from recdiv.lm.training_config import TrainingConfig

_SAME_RESULT = ("accumulation", "keep", "log_every", "tracker")  # may change when a run goes on


@dataclass(frozen=True)
class TrainingRun:
    """What training came to.

    Attributes:
        model: the trained model: the last one, or with validation rows the one with the lowest validation loss.
        history: what was recorded, oldest first: ``step``, ``epoch`` and any of ``loss`` (mean since the record
            before), ``learning_rate``, ``grad_norm``, ``validation_loss``.
        steps: steps done, those before an interruption included.
        stopped: ``"steps"`` (all done) or ``"patience"`` (validation got no better).
        best_step, best_validation_loss: where validation was lowest; None without validation rows.
        resumed_from: the step of the checkpoint that this call began from; None for the beginning.
        accumulation: pieces a batch was cut into, more than asked for where memory ran out.
        seconds: how long this call took.
    """

    model: Any
    history: list[dict[str, float]]
    steps: int
    stopped: str
    best_step: int | None
    best_validation_loss: float | None
    resumed_from: int | None
    accumulation: int
    seconds: float


def train(
    model: torch.nn.Module,
    dataset: Sequence[Mapping[str, Any]] | Any,  # noqa: ANN401
    config: TrainingConfig | None = None,
    *,
    validation: Sequence[Mapping[str, Any]] | Any | None = None,  # noqa: ANN401
    collate: Callable[[list[Any]], Mapping[str, Any]] | None = None,
    tokenizer: Any = None,  # noqa: ANN401
    folder: str | os.PathLike[str] | None = None,
    progress: bool = True,
    callbacks: Sequence[Any] = (),
) -> TrainingRun:
    """Train ``model`` where it is (on its device) to a low loss on ``dataset``.

    Called again after an interruption with the same arguments and ``folder``, it goes on from the last whole
    checkpoint and ends where the uninterrupted run does. Under ``torchrun`` each process takes its share of every
    batch. Where memory runs out, batches are cut into smaller pieces and the steps stay the same.

    Args:
        model: gives ``loss`` first or by that name when called with what ``collate`` returns.
        dataset: rows; anything with a length and positions.
        config: settings; None takes the defaults.
        validation: rows whose loss is looked at; the best model is then the one that is kept.
        collate: makes a batch of rows; None stacks what the rows hold by name.
        tokenizer: its vocabulary must be the one that ``folder`` was begun with.
        folder: where checkpoints and the tracker's files go; None keeps nothing.
        progress: a bar on stderr.
        callbacks: more ``transformers.TrainerCallback``.

    Raises:
        ArithmeticError: if the loss becomes NaN or infinite; says at which step, and which checkpoint is good.
        MemoryError: if memory does not suffice for one row.
        ValueError: if there are no rows, a batch cannot be shared out, or ``folder`` holds another run.

    A checkpoint that is truncated is passed over with a warning, in favour of the one before it.
    """
    config = config or TrainingConfig()
    require("transformers", "lm")
    if len(dataset) == 0 or (validation is not None and len(validation) == 0):
        raise ValueError(f"{'dataset' if len(dataset) == 0 else 'validation'} must hold at least one row, got none")
    if config.patience is not None and validation is None:
        raise ValueError("patience needs validation rows, got none")
    began = time.perf_counter()
    from recdiv.lm._job import Job, history

    with ExitStack() as stack:
        home = Path(folder) if folder else Path(stack.enter_context(tempfile.TemporaryDirectory()))
        _claim(home, model, dataset, config, tokenizer)
        before = _use_cache(model)
        subject = model if config.lora_rank is None else with_lora(model, config)
        job = Job(subject, dataset, config, validation, collate, home, folder is not None, progress, callbacks)
        try:
            state = job.run()
        finally:
            _use_cache(model, before)
    trained = merged(subject).eval()
    best = state.get("best_metric")
    return TrainingRun(
        model=trained,
        history=history(state["log_history"]),
        steps=state["global_step"],
        stopped="steps" if state["global_step"] >= job.total else "patience",
        best_step=None if best is None else state["best_global_step"],
        best_validation_loss=best,
        resumed_from=job.resumed_from,
        accumulation=job.pieces,
        seconds=time.perf_counter() - began,
    )


def _claim(
    home: Path,
    model: torch.nn.Module,
    dataset: Any,  # noqa: ANN401
    config: TrainingConfig,
    tokenizer: Any,  # noqa: ANN401
) -> None:
    """Write down what is trained in ``home``, or refuse it where that is something else."""
    settings = {name: value for name, value in config.to_dict().items() if name not in _SAME_RESULT}
    mine = checkpoints.identity(model, settings, dataset, tokenizer)
    checkpoints.refuse_another(home, mine)
    if int(os.environ.get("RANK", "0")) == 0 and not (home / checkpoints.RUN).is_file():
        write_json(home / checkpoints.RUN, mine)


def _use_cache(model: Any, value: bool | None = None) -> bool | None:  # noqa: ANN401
    """Whether the model keeps keys and values as it generates: the Trainer switches that off and leaves it so."""
    config = getattr(model, "config", None)
    if value is not None and config is not None:
        config.use_cache = value
    found: bool | None = getattr(config, "use_cache", None)
    return found
