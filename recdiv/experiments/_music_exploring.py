"""Does listening widen? How new each choice is to its person, and how varied the first n are, against chance."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from recdiv._columns import Rows
from recdiv.diversity import conditional_effective_number, partition
from recdiv.kernels import EmbeddingKernel
from recdiv.tables import Interactions


def explored(events: Interactions, kernel: EmbeddingKernel, *, window: int = 20, rng: int = 0) -> pd.DataFrame:
    """How new every choice but the first is to its person: one row a choice.

    Columns: ``user``, position of the person; ``before``, how many choices came before; ``timestamp``; ``new``, the
    share of the item that the latest ``window`` choices do not explain (the residual of
    :func:`recdiv.conditional_effective_number`); ``by_chance``, the same given as many choices of somebody else, so
    that a longer history alone does not pass for repetition. Where those hold the very item, it is left out: nobody's
    own history does, unless they choose an item twice.

    Raises:
        ValueError: if ``window`` is below 1.
    """
    if window < 1:
        raise ValueError(f"window must be at least 1, got {window}")
    before: Rows = np.asarray(events.frame.groupby("user_id").cumcount(), dtype=np.int64)
    asked: Rows = np.flatnonzero(before > 0).astype(np.int64)
    lists, lengths = _padded(events)
    own = _latest(lists, events.user[asked], before[asked], window)
    other = _latest(lists, _others(events.user[asked], before[asked], lengths, rng), before[asked], window)
    items = torch.from_numpy(events.item[asked])[:, None]
    other = torch.where(other == items, -1, other)
    return pd.DataFrame(
        {
            "user": events.user[asked],
            "before": before[asked],
            "timestamp": events.frame["timestamp"].to_numpy()[asked],
            "new": conditional_effective_number(items, own, kernel).residual.numpy(),
            "by_chance": conditional_effective_number(items, other, kernel).residual.numpy(),
        }
    )


def _padded(events: Interactions) -> tuple[Tensor, Rows]:
    """Everybody's choices, oldest first, ``[U, longest]`` with -1 behind, and how many there are."""
    histories = events.histories()
    lists = torch.nn.utils.rnn.pad_sequence([torch.from_numpy(each) for each in histories], True, -1)
    return lists, np.array([len(each) for each in histories])


def _latest(lists: Tensor, users: Rows, before: Rows, window: int) -> Tensor:
    """The latest ``window`` of the first ``before`` choices of each user, -1 where there are fewer."""
    place = torch.from_numpy(before)[:, None] - 1 - torch.arange(window)
    rows = lists[torch.from_numpy(users)[:, None], place.clamp(min=0)]
    return torch.where(place >= 0, rows, -1)


def _others(users: Rows, before: Rows, lengths: Rows, rng: int) -> Rows:
    """Somebody else who made as many choices; the person again where there is nobody."""
    generator = np.random.default_rng(rng)
    order = np.argsort(-lengths, kind="stable")
    enough = np.searchsorted(-lengths[order], -before, side="right")  # people with at least so many choices
    other = order[(generator.random(len(users)) * enough).astype(np.int64)]
    again = order[(generator.random(len(users)) * enough).astype(np.int64)]
    return np.asarray(np.where(other == users, again, other))


def widening(events: Interactions, kernel: EmbeddingKernel, counts: Sequence[int], *, rng: int = 0) -> pd.DataFrame:
    """How many different things the first n choices amount to, for those who made the most of ``counts``.

    Columns: ``n``; ``own``, the geometric mean over people (alpha); ``dealt``, that of the same choices dealt at random
    over the same people, none of whom is dealt an item twice.
    """
    lists, lengths = _padded(events)
    first = lists[torch.from_numpy(lengths >= max(counts))]
    rows = []
    for n in counts:
        parts = partition(first[:, :n], kernel, null=3, rng=rng)
        rows.append({"n": n, "own": parts.alpha, "dealt": parts.gamma / parts.beta_null})
    return pd.DataFrame(rows)
