"""How a model is trained, in one frozen record: the options of ``recdiv train`` are made from it."""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

Schedule = Literal["linear", "cosine", "constant"]
Precision = Literal["auto", "float32", "bf16", "fp16"]
Tracker = Literal["none", "tensorboard", "wandb"]


@dataclass(frozen=True, kw_only=True)
class TrainingConfig:
    """Settings of :func:`recdiv.lm.train`, each checked when the record is made.

    Attributes:
        learning_rate: the highest one, reached after the warm-up.
        weight_decay: pull of the weights towards 0 (AdamW); biases and norms are spared.
        batch_size: rows behind one step of the optimiser, over **all** processes and pieces: the same run on more
            processes or in smaller pieces does the same steps.
        accumulation: pieces a batch is cut into, one after the other, to save memory.
        epochs: passes over the rows; ``steps`` goes first where it is given.
        steps: steps of the optimiser.
        warmup: share of the steps in which the rate rises from 0.
        schedule: what the rate does then: fall to 0 linearly, as a cosine, or stay.
        clip: longest gradient; longer ones are shortened to it. 0: none is.
        precision: ``auto`` takes bf16 or else fp16 on a GPU that has it, float32 on a CPU.
        checkpoint_every: steps between two checkpoints, each with a look at the validation loss; None: each epoch.
        keep: checkpoints kept; the best one is kept besides.
        patience: looks at the validation loss without a better one after which training stops; None: it goes on.
        log_every: steps between two records of the loss.
        seed: of the order of rows and of dropout; no global random state is left changed.
        tracker: where the losses go besides: a TensorBoard file, or Weights & Biases (offline unless the variable
            ``WANDB_MODE`` says otherwise), both below the run's folder.
        lora_rank: train low-rank corrections of this rank in place of the weights; None: the weights.
        lora_alpha: corrections are scaled by ``lora_alpha / lora_rank``; None: twice the rank.
        lora_dropout: share of a correction's inputs that is dropped.
        lora_targets: names of the layers corrected, joined by commas; empty: every linear layer but the last.

    Raises:
        ValueError: for a value outside what is allowed, in one sentence.

    >>> TrainingConfig(batch_size=0)
    Traceback (most recent call last):
        ...
    ValueError: batch_size must be a whole number from 1, got 0
    >>> TrainingConfig(schedule="cosine").replace(steps=10).steps
    10
    """

    learning_rate: float = field(default=1e-4, metadata={"help": "Highest learning rate, after the warm-up."})
    weight_decay: float = field(default=0.01, metadata={"help": "Pull of the weights towards 0."})
    batch_size: int = field(default=32, metadata={"help": "Rows a step, over all processes and pieces."})
    accumulation: int = field(default=1, metadata={"help": "Pieces a batch is cut into, to save memory."})
    epochs: float = field(default=3.0, metadata={"help": "Passes over the rows."})
    steps: int | None = field(default=None, metadata={"help": "Steps, in place of epochs."})
    warmup: float = field(default=0.1, metadata={"help": "Share of the steps in which the rate rises."})
    schedule: Schedule = field(
        default="linear", metadata={"help": "Then the rate falls linearly, as a cosine, or is constant."}
    )
    clip: float = field(default=1.0, metadata={"help": "Longest gradient; 0: as long as it is."})
    precision: Precision = field(default="auto", metadata={"help": "auto, float32, bf16 or fp16."})
    checkpoint_every: int | None = field(
        default=None, metadata={"help": "Steps between checkpoints; by default an epoch."}
    )
    keep: int = field(default=2, metadata={"help": "Checkpoints kept besides the best."})
    patience: int | None = field(
        default=None, metadata={"help": "Looks without a lower validation loss before it stops."}
    )
    log_every: int = field(default=10, metadata={"help": "Steps between two records of the loss."})
    seed: int = field(default=0, metadata={"help": "Of the order of rows and of dropout."})
    tracker: Tracker = field(default="none", metadata={"help": "none, tensorboard or wandb (offline)."})
    lora_rank: int | None = field(
        default=None, metadata={"help": "Rank of low-rank corrections; by default all weights are trained."}
    )
    lora_alpha: float | None = field(
        default=None, metadata={"help": "Scale of corrections; by default twice the rank."}
    )
    lora_dropout: float = field(default=0.0, metadata={"help": "Share of a correction's inputs that is dropped."})
    lora_targets: str = field(
        default="", metadata={"help": "Layers corrected, joined by commas; by default every linear one."}
    )

    def __post_init__(self) -> None:
        for name in ("batch_size", "accumulation", "keep", "log_every"):
            self._whole(name, least=1)
        self._whole("seed", least=0)
        for name in ("steps", "checkpoint_every", "patience", "lora_rank"):
            if getattr(self, name) is not None:
                self._whole(name, least=1)
        self._number("learning_rate", above=0)
        self._number("epochs", above=0)
        self._number("weight_decay", least=0)
        self._number("clip", least=0)
        if self.lora_alpha is not None:
            self._number("lora_alpha", above=0)
        for name in ("warmup", "lora_dropout"):
            self._number(name, least=0, below=1)
        for name, kind in (("schedule", Schedule), ("precision", Precision), ("tracker", Tracker)):
            if getattr(self, name) not in get_args(kind):
                raise ValueError(f"{name} must be one of {', '.join(get_args(kind))}, got {getattr(self, name)!r}")
        if self.batch_size % self.accumulation:
            raise ValueError(
                f"accumulation must divide batch_size ({self.batch_size}) into equal pieces, got {self.accumulation}"
            )
        if self.lora_rank is None and (self.lora_alpha is not None or self.lora_targets or self.lora_dropout):
            raise ValueError("lora_alpha, lora_dropout and lora_targets need lora_rank, got None")

    def replace(self, **changes: Any) -> TrainingConfig:  # noqa: ANN401
        """The same settings but for ``changes``."""
        return dataclasses.replace(self, **changes)

    def to_dict(self) -> dict[str, Any]:
        """Settings by name, as JSON holds them."""
        return dataclasses.asdict(self)

    def _whole(self, name: str, *, least: int) -> None:
        value = getattr(self, name)
        if isinstance(value, bool) or not isinstance(value, int) or value < least:
            raise ValueError(f"{name} must be a whole number from {least}, got {value!r}")

    def _number(
        self, name: str, *, least: float | None = None, above: float | None = None, below: float = math.inf
    ) -> None:
        value = getattr(self, name)
        low = above if above is not None else least
        real = isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)
        if not real or value >= below or value < low or (above is not None and value == above):
            bounds = f"a number above {above:g}" if above is not None else f"a number from {least:g}"
            bounds += f" and below {below:g}" if below < math.inf else ""
            raise ValueError(f"{name} must be {bounds}, got {value!r}")


FROM_NOTHING = TrainingConfig(learning_rate=3e-3, batch_size=8, epochs=10, schedule="cosine")  # a small new model
ONWARD = TrainingConfig(learning_rate=5e-5, batch_size=32, epochs=3)  # what a model knows is easily lost
