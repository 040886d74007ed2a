"""The catalogue as a tree of token prefixes: what a model may write next, and still name an item."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from recdiv.recommend._choices import Rows


@dataclass(frozen=True)
class Trie:
    """Prefixes of some token sequences, numbered level by level; node 0 is the empty prefix.

    Leaves, the whole sequences, are numbered in the order of their tokens, so that those below a node are neighbours.

    Attributes:
        token: last token of each node's prefix, int64 ``[n]``.
        low, high: the leaves below each node are ``low`` to ``high − 1``.
        first, count: its children are the nodes from ``first`` on, ``count`` of them; a leaf has none.
        depth: length of the longest sequence.
        item, start: items of leaf l, in rising order, are ``item[start[l]:start[l + 1]]``: those of equal text.
    """

    token: Tensor
    low: Tensor
    high: Tensor
    first: Tensor
    count: Tensor
    depth: int
    item: Tensor
    start: Tensor

    @property
    def n_leaves(self) -> int:
        """How many different sequences there are."""
        return len(self.start) - 1

    @classmethod
    def of(cls, sequences: Sequence[Sequence[int]], device: torch.device | str = "cpu") -> Trie:
        """The tree of one sequence an item; none may begin another, which an end token sees to.

        An item whose sequence is empty is not in the tree.
        """
        items: dict[tuple[int, ...], list[int]] = {}
        for row, sequence in enumerate(sequences):
            if len(sequence):
                items.setdefault(tuple(sequence), []).append(row)
        leaves = sorted(items)
        lengths = np.array([len(leaf) for leaf in leaves])
        table = np.full((len(leaves), int(lengths.max())), -1)
        for row, leaf in enumerate(leaves):
            table[row, : len(leaf)] = leaf
        nodes = _levels(table, lengths)
        start = np.cumsum([0, *(len(items[leaf]) for leaf in leaves)])
        held = np.array([row for leaf in leaves for row in items[leaf]])
        token, low, high, first, count, item, ends = (
            torch.from_numpy(each).to(device) for each in (*nodes, held, start)
        )
        return cls(token, low, high, first, count, depth=table.shape[1], item=item, start=ends)

    def alive(self, allowed: Tensor) -> Tensor:
        """Which nodes lead to an allowed item: bool ``[U, I]`` -> bool ``[U, n]``."""
        ahead = torch.nn.functional.pad(allowed[:, self.item].long().cumsum(1), (1, 0))
        return ahead[:, self.start[self.high]] > ahead[:, self.start[self.low]]


def _levels(table: Rows, lengths: Rows) -> list[Rows]:
    """Token, low, high, first and count of every node, from sorted sequences padded with -1."""
    low, high, token = [np.zeros(1, dtype=np.int64)], [np.array([len(table)])], [np.array([-1])]
    parent = [np.array([-1])]
    new = np.arange(len(table)) == 0
    above, known = np.zeros(len(table), dtype=np.int64), 1  # the node each sequence is in, and how many there are
    for t in range(table.shape[1]):
        new = new | np.append(True, table[1:, t] != table[:-1, t])
        rows = np.flatnonzero(new & (lengths > t))
        ends = np.append(np.flatnonzero(new), len(table))
        low.append(rows)
        high.append(ends[np.searchsorted(ends, rows, side="right")])
        token.append(table[rows, t])
        parent.append(above[rows])
        above = known + np.cumsum(new & (lengths > t)) - 1
        known += len(rows)
    parents = np.concatenate(parent)[1:]
    count = np.bincount(parents, minlength=known)
    first = np.searchsorted(parents, np.arange(known)) + 1
    return [np.concatenate(each) for each in (token, low, high)] + [first, count]
