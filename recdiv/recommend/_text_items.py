"""Items by what they say, for a Transformer over histories: projected text, and something own for known items."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import normalize

from recdiv.recommend._cross_entropy import catalogue_cross_entropy
from recdiv.recommend._transformer import NextItem
from recdiv.recommend._windows import PAD

_FIRST_SCALE = 10.0


class TextItems(NextItem):
    """Item j is the unit vector of its projected text, plus (where ``own``) a vector and a bias of its own.

    What is its own exists for the items seen in training. In training it is left out now and then, an item at a time
    (``own_dropout``): what remains must then do, and that is what a new item has. A new item's bias is the mean one.
    """

    vectors: Tensor
    seen: Tensor

    def __init__(
        self,
        vectors: Tensor,
        seen: Tensor,
        dimension: int,
        *,
        own: bool,
        own_dropout: float,
        layers: int,
        heads: int,
        length: int,
        dropout: float,
    ) -> None:
        super().__init__(dimension, layers=layers, heads=heads, length=length, dropout=dropout)
        self.register_buffer("vectors", vectors)
        self.register_buffer("seen", seen)
        self.project = nn.Linear(vectors.shape[1], dimension)
        self.log_scale = nn.Parameter(torch.tensor(_FIRST_SCALE).log())
        self.own = nn.Parameter(torch.zeros(len(vectors), dimension)) if own else None
        self.favour = nn.Parameter(torch.zeros(len(vectors))) if own else None
        self.own_dropout = own_dropout
        self.known = seen  # whose own part counts just now

    def table(self) -> Tensor:
        items: Tensor = normalize(self.project(self.texts()), dim=-1)
        return items if self.own is None else items + self.own * self._present()[:, None]

    def texts(self) -> Tensor:
        """What the encoder made of each item ``[I, D]``."""
        return self.vectors

    def _present(self) -> Tensor:
        return self.known if self.training else self.seen

    def bias(self, table: Tensor) -> Tensor:
        if self.favour is None:
            return super().bias(table)
        mean = self.favour[self.seen].mean() if bool(self.seen.any()) else self.favour.mean()
        return torch.where(self._present(), self.favour, mean)

    def incoming(self, vectors: Tensor) -> Tensor:
        scaled: Tensor = vectors * vectors.shape[-1] ** 0.5  # numbers of about 1, as the places have them
        return scaled

    def read(self, rows: Tensor, table: Tensor) -> Tensor:
        return normalize(super().read(rows, table), dim=-1) * self.log_scale.exp()

    def loss(self, rows: Tensor, targets: Tensor) -> Tensor:
        """As for any, but over the items seen: one that nobody could have had must not be learnt to be wrong."""
        chance = torch.rand(len(self.vectors), device=rows.device)
        self.known = self.seen & (chance >= self.own_dropout)
        table = self.table()
        wanted = targets != PAD
        users = self.read(rows, table)[wanted]
        place = self.seen.cumsum(0) - 1
        return catalogue_cross_entropy(users, table[self.seen], self.bias(table)[self.seen], place[targets[wanted]])

    def groups(self, learning_rate: float, weight_decay: float) -> list[dict[str, Any]]:
        """What is an item's own starts at nothing and is not decayed: dropout holds it back."""
        groups = super().groups(learning_rate, weight_decay)
        decayed = [each for each in groups[0]["params"] if each is not self.own]
        spared = [*groups[1]["params"], *([self.own] if self.own is not None else [])]
        return [{**groups[0], "params": decayed}, {**groups[1], "params": spared}]
