"""Fine-tuning a tagger, twice: the loop written out, and the same by ``transformers.Trainer``.

Both shuffle with a generator of their own and leave the global random state as they found it.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import torch
from torch.nn.functional import cross_entropy
from torch.optim import AdamW, Optimizer
from torch.optim.lr_scheduler import LambdaLR, LRScheduler
from torch.utils.data import DataLoader
from tqdm import tqdm

from recdiv._extras import require
from recdiv.lm._random import seeded
from recdiv.lm.tag_scores import tag_scores
from recdiv.lm.tagging import IGNORED, Batch, Sentence, Tagger

History = list[dict[str, float]]


def optimizer_and_schedule(
    model: torch.nn.Module,
    *,
    learning_rate: float,
    weight_decay: float,
    steps: int,
    warmup: float,
) -> tuple[Optimizer, LRScheduler]:
    """AdamW, and a rate that rises linearly for ``warmup`` × ``steps`` and then falls linearly to 0.

    Weight decay spares biases and layer norms: they are scales and offsets, which have no reason to be near 0.
    """
    decayed = [weight for weight in model.parameters() if weight.ndim > 1]
    spared = [weight for weight in model.parameters() if weight.ndim <= 1]
    groups = [{"params": decayed, "weight_decay": weight_decay}, {"params": spared, "weight_decay": 0.0}]
    rising = max(1, round(warmup * steps))
    optimizer = AdamW(groups, lr=learning_rate, fused=True)  # one pass over the weights: 9 times faster on a CPU
    return optimizer, LambdaLR(optimizer, lambda t: min((t + 1) / rising, (steps - t) / max(1, steps - rising)))


def train_epoch(model: torch.nn.Module, batches: Iterable[Batch], optimizer: Optimizer, schedule: LRScheduler) -> float:
    """One pass over the batches; returns the mean loss of its steps."""
    model.train()
    device = next(model.parameters()).device
    losses = []
    for batch in batches:
        batch = {name: values.to(device) for name, values in batch.items()}
        logits = model(input_ids=batch["input_ids"], attention_mask=batch["attention_mask"]).logits
        loss = cross_entropy(logits.flatten(0, 1), batch["labels"].flatten(), ignore_index=IGNORED)
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        schedule.step()
        optimizer.zero_grad()
        losses.append(loss.item())
    return sum(losses) / len(losses)


class SimilarLengths:
    """Batches of rows of similar length, in an order drawn anew each epoch: less padding, as random as it needs to be.

    Rows are shuffled, sorted by length within every ``16 × batch_size`` of them, and the batches shuffled.

    >>> sampler = SimilarLengths([5, 1, 4, 2], 2, torch.Generator().manual_seed(0))
    >>> sorted(sorted(batch) for batch in sampler)
    [[0, 2], [1, 3]]
    """

    def __init__(self, lengths: Sequence[int], batch_size: int, generator: torch.Generator) -> None:
        self.lengths, self.batch_size, self.generator = lengths, batch_size, generator

    def __len__(self) -> int:
        return -(-len(self.lengths) // self.batch_size)

    def __iter__(self) -> Iterator[list[int]]:
        order = self._shuffled(len(self.lengths))
        pool = 16 * self.batch_size
        for start in range(0, len(order), pool):
            order[start : start + pool] = sorted(order[start : start + pool], key=lambda row: self.lengths[row])
        batches = [order[start : start + self.batch_size] for start in range(0, len(order), self.batch_size)]
        return (batches[position] for position in self._shuffled(len(batches)))

    def _shuffled(self, n: int) -> list[int]:
        return [int(i) for i in torch.randperm(n, generator=self.generator)]


def fit(
    tagger: Tagger,
    train: Sequence[Sentence],
    dev: Sequence[Sentence] = (),
    *,
    epochs: int = 3,
    batch_size: int = 16,
    learning_rate: float = 1e-4,
    weight_decay: float = 0.01,
    warmup: float = 0.1,
    rng: int = 0,
    progress: bool = True,
    report: Callable[[dict[str, float]], None] | None = None,
) -> History:
    """Train ``tagger`` in place with the explicit loop; one entry an epoch: loss, and the scores on ``dev``.

    Raises:
        ValueError: if ``train`` is empty, or ``epochs`` or ``batch_size`` is below 1.
    """
    _check_sizes(train, epochs, batch_size)
    rows = tagger.dataset(train)
    lengths = [len(row["input_ids"]) for row in rows.rows]
    sampler = SimilarLengths(lengths, batch_size, torch.Generator().manual_seed(rng))
    loader = DataLoader(rows, batch_sampler=sampler, collate_fn=tagger.collate)
    steps = epochs * len(loader)
    history: History = []
    quiet = {} if progress else {"disable": True}  # said only to silence: what is said overrides TQDM_DISABLE
    with seeded(rng), tqdm(total=steps, desc="train", unit="step", **quiet) as bar:
        optimizer, schedule = optimizer_and_schedule(
            tagger.model, learning_rate=learning_rate, weight_decay=weight_decay, steps=steps, warmup=warmup
        )
        for epoch in range(1, epochs + 1):
            loss = train_epoch(tagger.model, _counted(loader, bar), optimizer, schedule)
            history.append({"epoch": epoch, "loss": loss, **validate(tagger, dev)})
            bar.set_postfix({name: f"{value:.3f}" for name, value in history[-1].items() if name in ("loss", "f1")})
            if report is not None:
                report(history[-1])
    return history


def validate(tagger: Tagger, sentences: Sequence[Sentence]) -> dict[str, float]:
    """Entity-level precision, recall and F1, and word-level accuracy; nothing where there are no sentences."""
    if not sentences:
        return {}
    scores = tag_scores([tags for _, tags in sentences], tagger.predict([words for words, _ in sentences]))
    return {name: getattr(scores, name) for name in ("precision", "recall", "f1", "token_accuracy")}


def fit_with_trainer(
    tagger: Tagger,
    train: Sequence[Sentence],
    dev: Sequence[Sentence] = (),
    *,
    folder: str | os.PathLike[str],
    epochs: int = 3,
    batch_size: int = 16,
    learning_rate: float = 1e-4,
    weight_decay: float = 0.01,
    warmup: float = 0.1,
    rng: int = 0,
    progress: bool = True,
    callbacks: Sequence[Any] = (),
) -> History:
    """Train ``tagger`` in place with ``transformers.Trainer``, which keeps a checkpoint an epoch in ``folder``.

    Started again with the same ``folder``, it resumes from the last checkpoint. Same data, loss and optimiser as
    :func:`fit`; the order of titles and the dropout are drawn otherwise, so scores agree only as two seeds do.

    Raises:
        ValueError: as :func:`fit`.
    """
    _check_sizes(train, epochs, batch_size)
    transformers = require("transformers", "lm")
    rows = tagger.dataset(train)
    steps = epochs * -(-len(rows) // batch_size)
    arguments = transformers.TrainingArguments(
        output_dir=str(folder),
        num_train_epochs=epochs,
        per_device_train_batch_size=batch_size,
        learning_rate=learning_rate,
        weight_decay=weight_decay,
        warmup_steps=max(1, round(warmup * steps)),
        seed=rng,
        use_cpu=tagger.device.type == "cpu",
        save_strategy="epoch",
        save_total_limit=1,
        logging_strategy="epoch",
        report_to=[],
        disable_tqdm=not progress,
        dataloader_pin_memory=False,
    )
    with seeded(rng):
        trainer = transformers.Trainer(
            model=tagger.model, args=arguments, train_dataset=rows, data_collator=tagger.collate, callbacks=[*callbacks]
        )
        trainer.remove_callback(transformers.PrinterCallback)  # numbers come back to the caller, not to the screen
        trainer.train(resume_from_checkpoint=_last_checkpoint(Path(folder)))
    losses = [entry for entry in trainer.state.log_history if "loss" in entry]
    history: History = [{"epoch": round(entry["epoch"]), "loss": entry["loss"]} for entry in losses]
    if history:
        history[-1].update(validate(tagger, dev))
    return history


def _last_checkpoint(folder: Path) -> str | None:
    """The newest complete checkpoint: the state file is the last one that the Trainer writes."""
    found = [path for path in folder.glob("checkpoint-*") if (path / "trainer_state.json").is_file()]
    return str(max(found, key=lambda path: int(path.name.split("-")[1]))) if found else None


def _counted(batches: Iterable[Batch], bar: Any) -> Iterator[Batch]:  # noqa: ANN401
    for batch in batches:
        yield batch
        bar.update()


def _check_sizes(train: Sequence[Sentence], epochs: int, batch_size: int) -> None:
    if not train:
        raise ValueError("train must hold at least one sentence, got none")
    if epochs < 1 or batch_size < 1:
        raise ValueError(f"epochs and batch_size must be at least 1, got {epochs} and {batch_size}")
