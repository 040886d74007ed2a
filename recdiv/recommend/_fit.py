"""The training loop of the sequence models: full catalogue cross-entropy, early stopping, a kill costs one epoch.

Not ``transformers.Trainer``, which ends at the same weights bit for bit and takes as long (``benchmarks/fit.py``): it
would make a model of item numbers need transformers, whose import takes longer than many of these trainings, and it
seeds the random state of the whole process.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.nn.utils import clip_grad_norm_
from torch.optim import AdamW, Optimizer
from tqdm import tqdm

from recdiv.recommend._choices import Rows
from recdiv.recommend._resume import Checkpoint
from recdiv.recommend._transformer import NextItem
from recdiv.recommend._windows import batches, padded, windows

History = list[dict[str, float]]

_HELD_OUT = 1_000  # users whose last item validates, at most; never more than half of those who can
_USERS = 256  # users scored at once
_RISE = 100  # steps of warm-up


@dataclass(frozen=True)
class Plan:
    """How to train.

    Attributes:
        epochs: passes at most.
        patience: epochs without a better validation nDCG after which to stop; None: nobody validates, all epochs count.
        batch_size: items to predict a step.
        learning_rate, weight_decay: of AdamW, the rate after a short warm-up constant.
        length: items of a history that are read.
        rng: seed of order, dropout and who validates.
        progress: show a bar.
    """

    epochs: int
    patience: int | None
    batch_size: int
    learning_rate: float
    weight_decay: float
    length: int
    rng: int
    progress: bool


def fit(
    module: NextItem,
    histories: Sequence[Rows],
    plan: Plan,
    *,
    name: str,
    folder: str | os.PathLike[str] | None = None,
    settings: Mapping[str, Any] | None = None,
    learnt: Sequence[int] | None = None,
) -> History:
    """Train ``module`` in place; it ends with the weights of its best epoch, the state it came in with being epoch 0.

    The last item of some users is held out to find the best epoch; where nobody can be spared the last epoch counts.
    ``learnt`` is how many of the first items of each history the module may have been trained on before: then only
    those validate who have more. A loss that is no number ends the training with the best weights so far and a warning.
    With ``folder``, each epoch leaves a checkpoint there, and a training that was killed goes on from the last one as
    if nothing had happened; one that began otherwise (``settings``, weights, histories) is refused.
    """
    held_out = set() if plan.patience is None else _validators(histories, plan.rng, learnt)
    known = [each[:-1] if row in held_out else each for row, each in enumerate(histories)]
    read, predict = windows(known, plan.length)
    if not len(read):
        module.refresh()
        return []
    judge = [(histories[row][:-1], int(histories[row][-1])) for row in sorted(held_out)]
    optimizer = AdamW(module.groups(plan.learning_rate, plan.weight_decay), fused=True)
    key = (
        replace(plan, progress=False),
        settings,
        sorted(held_out),
        [each.tobytes() for each in [*histories, *_numbers(module)]],
    )
    state = Checkpoint(module, optimizer, folder, key)
    if not state.resume():
        state.keep({"epoch": 0, **_judged(module, judge, plan)})
    quiet = {} if plan.progress else {"disable": True}  # said only to silence: what is said overrides TQDM_DISABLE
    with tqdm(total=plan.epochs, initial=state.epoch, desc=name, unit="epoch", **quiet) as bar:
        while state.epoch < plan.epochs and state.epoch - state.best_epoch < (plan.patience or plan.epochs):
            loss = _epoch(module, optimizer, read, predict, plan, state.epoch + 1)
            if loss is None:
                break
            state.keep({"epoch": state.epoch + 1, "loss": loss, **_judged(module, judge, plan)})
            bar.set_postfix({key: f"{value:.4f}" for key, value in state.history[-1].items() if key != "epoch"})
            bar.update()
    return state.finish()


def _epoch(
    module: NextItem, optimizer: Optimizer, read: Tensor, predict: Tensor, plan: Plan, epoch: int
) -> float | None:
    """One pass; the mean loss, or None where it is no number."""
    module.train()
    device = module.place.device
    losses: list[float] = []
    with seeded(plan.rng, epoch) as generator:
        for step, (rows, targets) in enumerate(batches(read, predict, plan.batch_size, generator)):
            for group in optimizer.param_groups:
                group["lr"] = group["peak"] * min(1.0, (len(losses) + 1) / _RISE if epoch == 1 else 1.0)
            optimizer.zero_grad()
            loss = module.loss(rows.to(device), targets.to(device))
            loss.backward()  # type: ignore[no-untyped-call]
            norm = clip_grad_norm_(module.parameters(), 1.0)
            if not bool(torch.isfinite(loss + norm)):
                warnings.warn(
                    f"loss or gradient is no number in epoch {epoch}, step {step + 1}: training stopped, the best "
                    "weights so far are kept (a smaller learning_rate may help)",
                    RuntimeWarning,
                    stacklevel=4,
                )
                return None
            optimizer.step()
            losses.append(float(loss.detach()))
    return float(np.mean(losses))


def _numbers(module: NextItem) -> list[npt.NDArray[Any]]:
    return [value.detach().cpu().numpy() for value in module.kept().values()]


def _judged(module: NextItem, judge: Sequence[tuple[Rows, int]], plan: Plan) -> dict[str, float]:
    module.refresh()
    return {"ndcg": validate(module, judge, plan.length)} if judge else {}


@torch.no_grad()
def validate(module: NextItem, judge: Sequence[tuple[Rows, int]], length: int) -> float:
    """Mean of 1 / log₂(rank + 1) of each user's next item among all that the user has not had: nDCG without a cut.

    Where the cut-off at 10 sees only who was served well, this one sees everybody: the same judge, less noisy.
    """
    module.eval()
    device = module.place.device
    table = module.table()
    gains = [0.0]
    for start in range(0, len(judge), _USERS):
        part = judge[start : start + _USERS]
        scores = module.scores(padded([history for history, _ in part], length).to(device), table)
        targets = torch.tensor([target for _, target in part], device=device)
        right = scores.gather(1, targets[:, None]).clone()
        for row, (history, _) in enumerate(part):
            scores[row, torch.from_numpy(history).to(device)] = -torch.inf
        rank = 1 + (scores > right).sum(1)  # a target that was had before competes with the unseen only
        gains.append(float((1 / torch.log2(rank + 1.0)).sum()))
    return sum(gains) / max(len(judge), 1)


def _validators(histories: Sequence[Rows], rng: int, learnt: Sequence[int] | None = None) -> set[int]:
    known = [0] * len(histories) if learnt is None else learnt
    able = [row for row, each in enumerate(histories) if len(each) > max(2, known[row])]
    order = np.random.default_rng(rng).permutation(able)
    return set(order[: min(_HELD_OUT, len(able) // 2)].tolist())


@contextmanager
def seeded(*rng: int) -> Iterator[torch.Generator]:
    """A generator, and torch's own random state seeded alike for what draws from it; put back afterwards."""
    seed = int(np.random.SeedSequence([each % (1 << 63) for each in rng]).generate_state(1)[0])
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        yield torch.Generator().manual_seed(seed)
