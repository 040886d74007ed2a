"""How much of each item is left when all that lies along the chosen ones is taken out, in plain torch."""

from __future__ import annotations

import torch
from torch import Tensor

from recdiv.reranking._pool import Pool

EXHAUSTED = 1e-8  # what is left of an item whose direction is spanned already; float32 vectors tell no finer


class Volume:
    """What is left of each item, ``left`` ``[u, n]``: the squared pivots of an incremental Cholesky factor.

    A history is taken out first. ``recent`` rows of the factor can be dropped again; those of the history cannot.
    """

    def __init__(self, pool: Pool) -> None:
        self.pool = pool
        self.left = torch.ones_like(pool.relevance)
        self.factors: list[Tensor] = []  # rows of the Cholesky factor, [u, n] each
        if pool.history is not None:
            self._know(pool, pool.history)
        self.known = list(self.factors), self.left

    def take_out(self, place: Tensor, similarity: Tensor) -> None:
        """Take out what lies along the item in a place, or along what the rows so far leave of it."""
        at = place[:, None]
        along = similarity
        for row in self.factors:
            along = along - row * row.gather(1, at)
        self._append(along, self.left.gather(1, at))

    def _append(self, along: Tensor, pivot: Tensor) -> None:
        row = torch.where(pivot > EXHAUSTED, along / pivot.clamp(min=EXHAUSTED).sqrt(), 0.0)
        self.factors.append(row)
        self.left = self.left - row**2

    def _know(self, pool: Pool, history: Tensor) -> None:
        """Take the history out: its own Gram matrix tells how much of each slot is new."""
        own = pool.known.gram(history).double()
        mine: list[Tensor] = []  # rows of the factor of the history itself, [u, H] each
        for slot, similarity in enumerate(pool.similar_to_history()):
            along, rest = similarity, own[:, slot]
            for row, earlier in zip(self.factors, mine, strict=True):
                along = along - row * earlier[:, slot, None]
                rest = rest - earlier * earlier[:, slot, None]
            pivot = rest[:, slot, None].masked_fill(history[:, slot, None] < 0, 0.0)
            self._append(along, pivot)
            mine.append(torch.where(pivot > EXHAUSTED, rest / pivot.clamp(min=EXHAUSTED).sqrt(), 0.0))
