"""``fit_loop.py {own|trainer} model data epochs``: one training of a sequence model, by either loop.

Both get the same untrained module, the same windows, the same batches in the same order and the same seed before each
epoch. Building the module and importing do not count. Prints seconds and the mean loss of each epoch.
"""

import json
import os
import sys
import tempfile
import time

import torch
from torch.optim import AdamW
from torch.optim.lr_scheduler import LambdaLR
from torch.utils.data import DataLoader, Dataset

import recdiv as rd
from recdiv.experiments._sets import prepare
from recdiv.recommend import make
from recdiv.recommend._fit import _RISE, Plan, fit, seeded
from recdiv.recommend._windows import batches, windows


class Batches(Dataset):
    """The batches of one epoch, drawn as the own loop draws them."""

    def __init__(self, histories, plan):
        self.windows = windows(histories, plan.length)
        self.plan = plan
        self.draw(1)

    def draw(self, epoch):
        """Those of an epoch; torch's own random state is then what the own loop has after drawing them."""
        with seeded(self.plan.rng, epoch) as generator:
            self.held = list(batches(*self.windows, self.plan.batch_size, generator))
            return torch.get_rng_state()

    def __len__(self):
        return len(self.held)

    def __getitem__(self, row):
        return dict(zip(("rows", "targets"), self.held[row], strict=True))


class Loss(torch.nn.Module):
    """The module as the Trainer wants it: a call gives the loss."""

    def __init__(self, module):
        super().__init__()
        self.module = module

    def forward(self, rows, targets):
        """The loss of a batch."""
        return {"loss": self.module.loss(rows, targets)}


def by_trainer(module, histories, plan):
    """The same training through ``transformers.Trainer``; the mean loss of each epoch."""
    from transformers import Trainer, TrainerCallback, TrainingArguments

    data = Batches(histories, plan)
    optimizer = AdamW(module.groups(plan.learning_rate, plan.weight_decay), fused=True)
    first = len(data)
    for group in optimizer.param_groups:
        group["lr"] = group.pop("peak")
    rising = LambdaLR(optimizer, lambda step: min(1.0, (step + 1) / _RISE) if step < first else 1.0)

    class Redrawn(TrainerCallback):
        def on_epoch_begin(self, args, state, control, **_):
            torch.set_rng_state(data.draw(round(state.epoch) + 1))

    class Given(Trainer):
        def get_train_dataloader(self):
            return DataLoader(data, batch_size=None, collate_fn=None, generator=torch.Generator())

    with tempfile.TemporaryDirectory() as folder:
        arguments = TrainingArguments(
            output_dir=folder,
            num_train_epochs=plan.epochs,
            max_grad_norm=1.0,
            save_strategy="no",
            logging_strategy="epoch",
            report_to=[],
            disable_tqdm=True,
            use_cpu=True,
            remove_unused_columns=False,
        )
        trainer = Given(
            Loss(module), arguments, train_dataset=data, callbacks=[Redrawn()], optimizers=(optimizer, rising)
        )
        trainer.train()
    return [entry["loss"] for entry in trainer.state.log_history if "loss" in entry]


def by_own(module, histories, plan):
    """The training as the library does it; the mean loss of each epoch."""
    return [entry["loss"] for entry in fit(module, histories, plan, name="own") if "loss" in entry]


def prepared(data):
    """Catalogue and training events of a bundled domain or a real set."""
    if data in rd.datasets.SAMPLES:
        sample = rd.load(data)
        return sample.catalog, sample.interactions
    found = prepare(data)
    return found.catalog, found.split.train


def main(side, model, data, epochs):
    """Train, and print what it took."""
    torch.set_num_threads(int(os.environ["OMP_NUM_THREADS"]))
    catalog, train = prepared(data)
    given = {"source": rd.EmbeddingKernel.from_text(catalog)} if model == "text_transformer" else {}
    made = make(model, **given)
    made._seen = train.item_counts() > 0
    with seeded(made.rng):
        module = made._build(train)
    plan = Plan(
        epochs=epochs,
        patience=None,
        batch_size=made.batch_size,
        learning_rate=made.learning_rate,
        weight_decay=made.weight_decay,
        length=made.length,
        rng=made.rng,
        progress=False,
    )
    began = time.process_time()
    if side == "trainer":
        from transformers import Trainer  # noqa: F401
    took = {"start": time.process_time() - began}
    loop = {"own": by_own, "trainer": by_trainer}[side]
    with seeded(0):
        wall, cpu = time.perf_counter(), time.process_time()
        losses = loop(module, train.histories(), plan)
        took |= {"wall": time.perf_counter() - wall, "cpu": time.process_time() - cpu}
    steps = len(Batches(train.histories(), plan))
    sys.stdout.write("\n" + json.dumps({**took, "loss": losses[-1], "steps": steps}) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:4], int(sys.argv[4]))
