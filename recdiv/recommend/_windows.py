"""Histories as windows of equal length, left-padded: what a sequence model trains on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import torch
from torch import Tensor

from recdiv.recommend._choices import Rows

PAD = -1


def padded(histories: Sequence[Rows], length: int) -> Tensor:
    """The last ``length`` items of each history, int64 ``[n, T]``, right-aligned; -1 where there is none.

    T is the longest that is needed, so that short histories cost little.

    >>> padded([np.array([5, 6, 7]), np.array([8])], 2).tolist()
    [[6, 7], [-1, 8]]
    """
    kept = [each[-length:] for each in histories]
    rows = np.full((len(kept), max([1, *map(len, kept)])), PAD, dtype=np.int64)
    for row, each in zip(rows, kept, strict=True):
        row[len(row) - len(each) :] = each
    return torch.from_numpy(rows)


def windows(histories: Sequence[Rows], length: int) -> tuple[Tensor, Tensor]:
    """What to read and what to predict at each place, int64 ``[W, T]`` twice, -1 where there is nothing.

    A window reads at most ``length`` items. Windows of one history end half a window apart, counted from its end; each
    item is predicted once, in the window that shows most of what came before it, and from nothing that came after.

    >>> read, predict = windows([np.array([1, 2, 3, 4, 5])], 2)
    >>> read.tolist(), predict.tolist()
    ([[3, 4], [2, 3], [1, 2]], [[-1, 5], [-1, 4], [2, 3]])
    """
    read, predict = [], []
    stride = max(1, length // 2)
    for history in histories:
        end = len(history) - 1
        while end > 0:
            start = max(0, end - length)
            first = 0 if start == 0 else end - stride - start  # earlier places are predicted by earlier windows
            read.append(history[start:end])
            predict.append(np.concatenate([np.full(first, PAD), history[start + 1 + first : end + 1]]))
            end = end - stride if start else 0
    width = max([1, *map(len, read)])
    return padded(read, width), padded(predict, width)


def batches(read: Tensor, predict: Tensor, size: int, generator: torch.Generator) -> Iterator[tuple[Tensor, Tensor]]:
    """Windows in random order, in batches that hold about ``size`` items to predict, cut to the longest of each."""
    order = torch.randperm(len(read), generator=generator)
    wanted = (predict[order] >= 0).sum(1).cumsum(0)
    full = torch.arange(size, max(size, int(wanted[-1])), size)
    for rows in torch.tensor_split(order, torch.searchsorted(wanted, full) + 1):
        if len(rows):
            width = int((read[rows] >= 0).sum(1).max())
            yield read[rows, -width:], predict[rows, -width:]
