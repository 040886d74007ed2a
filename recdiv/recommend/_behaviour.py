"""Histories as token sequences: what a generative model is fine-tuned on, and what it reads of a user."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import torch
from torch import Tensor

from recdiv.lm._causal import Causal
from recdiv.recommend._choices import Rows

_IGNORED = -100  # a label that no loss is taken of


def readable(items: Sequence[Sequence[int]], history: Iterable[int]) -> list[int]:
    """The items of a history that have tokens: what has no text says nothing and cannot be foretold.

    >>> readable([[5, 1], []], [1, 0, 1])
    [0]
    """
    return [int(item) for item in history if items[item]]


def fitting(items: Sequence[Sequence[int]], history: Sequence[int], room: int | None) -> list[int]:
    """The latest items of a history whose tokens, with a begin token, take no more than ``room`` (None: any).

    >>> fitting([[5, 1], [6, 7, 1]], [0, 1, 0], 6)
    [1, 0]
    """
    kept: list[int] = []
    used = 1
    for item in reversed(history):
        used += len(items[item])
        if room is not None and used > room:
            break
        kept.append(item)
    return kept[::-1]


def training_rows(
    causal: Causal,
    items: Sequence[Sequence[int]],
    histories: Sequence[Sequence[int] | Rows],
    *,
    longest: int,
    learnt: Sequence[int] | None = None,
) -> list[dict[str, list[int]]]:
    """Windows over histories in which each event is predicted once, from up to ``longest`` events before it.

    Windows hold ``longest + 1`` events and overlap by half; what an earlier window predicted is only read, so that an
    event is predicted from half of ``longest`` at least, or from all there is. ``learnt`` are the first events of each
    history that shall not be predicted (again).
    """
    rows = []
    step = longest // 2 + 1
    for number, history in enumerate(histories):
        done = 0 if learnt is None else learnt[number]
        for start in range(0, max(len(history) - longest - 1, 0) + step, step):
            part = history[start : start + longest + 1]
            if start + len(part) > done:
                rows.append(_row(causal, [items[item] for item in part], max(done - start, 0)))
                done = start + len(part)
    return rows


def _row(causal: Causal, items: list[Sequence[int]], read: int) -> dict[str, list[int]]:
    """Tokens, and labels for all but the first ``read`` items; the oldest items go where the window is too small."""
    while causal.window is not None and 1 + sum(map(len, items)) > causal.window and len(items) > 1:
        items, read = items[1:], max(read - 1, 0)
    tokens = [causal.begin, *(token for item in items for token in item)]
    silent = 1 + sum(len(item) for item in items[:read])
    return {"input_ids": tokens, "labels": [_IGNORED] * silent + tokens[silent:]}


def collate(rows: list[dict[str, list[int]]]) -> dict[str, Tensor]:
    """A batch, padded on the right; padding has no label and is not looked at."""
    width = max(len(row["input_ids"]) for row in rows)

    def padded(name: str, value: int) -> Tensor:
        return torch.tensor([row[name] + [value] * (width - len(row[name])) for row in rows])

    mask = torch.tensor([[1] * len(row["input_ids"]) + [0] * (width - len(row["input_ids"])) for row in rows])
    return {"input_ids": padded("input_ids", 0), "attention_mask": mask, "labels": padded("labels", _IGNORED)}
