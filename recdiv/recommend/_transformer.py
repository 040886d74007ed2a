"""A small causal Transformer over histories, and the next item as the one whose vector fits best."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import embedding, scaled_dot_product_attention

from recdiv.recommend._cross_entropy import catalogue_cross_entropy
from recdiv.recommend._windows import PAD


class Block(nn.Module):
    """Attention to what came before, then a feed-forward layer; each after a norm and beside a shortcut."""

    def __init__(self, dimension: int, heads: int, dropout: float) -> None:
        super().__init__()
        self.heads, self.rate = heads, dropout
        self.before_attention, self.before_feed = nn.LayerNorm(dimension), nn.LayerNorm(dimension)
        self.project, self.out = nn.Linear(dimension, 3 * dimension), nn.Linear(dimension, dimension)
        self.feed = nn.Sequential(nn.Linear(dimension, 4 * dimension), nn.GELU(), nn.Linear(4 * dimension, dimension))
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        parts = self.project(self.before_attention(x)).unflatten(-1, (3, self.heads, -1)).permute(2, 0, 3, 1, 4)
        query, key, value = parts.unbind(0)
        rate = self.rate if self.training else 0.0
        mixed = scaled_dot_product_attention(query, key, value, attn_mask=mask, dropout_p=rate)
        x = x + self.dropout(self.out(mixed.transpose(1, 2).flatten(2)))
        fed: Tensor = x + self.dropout(self.feed(self.before_feed(x)))
        return fed


class NextItem(nn.Module):
    """What a history calls for next: a vector at each place that has seen that place and those before it, nothing else.

    A subclass says by ``table`` where item vectors come from.
    """

    def __init__(self, dimension: int, *, layers: int, heads: int, length: int, dropout: float) -> None:
        super().__init__()
        self.place = nn.Parameter(0.02 * torch.randn(length, dimension))
        self.blocks = nn.ModuleList(Block(dimension, heads, dropout) for _ in range(layers))
        self.norm, self.dropout = nn.LayerNorm(dimension), nn.Dropout(dropout)

    @abstractmethod
    def table(self) -> Tensor:
        """The vectors of all items ``[I, d]``."""

    def read(self, rows: Tensor, table: Tensor) -> Tensor:
        """Item rows ``[B, T]``, left-padded by -1, to vectors ``[B, T, d]``. Places count from the right."""
        width = rows.shape[1]
        present = rows >= 0
        x = self.incoming(embedding(rows.clamp(min=0), table)) + self.place[-width:]
        itself = torch.eye(width, dtype=torch.bool, device=rows.device)  # padding attends to itself: never to nothing
        causal = itself.new_ones(width, width).tril()
        mask = (present[:, None, None, :] & causal) | itself
        x = self.dropout(x)
        for block in self.blocks:
            x = block(x, mask)
        out: Tensor = self.norm(x)
        return out

    def incoming(self, vectors: Tensor) -> Tensor:
        """Item vectors as the Transformer reads them."""
        scaled: Tensor = vectors * vectors.shape[-1] ** 0.5
        return scaled

    def bias(self, table: Tensor) -> Tensor:
        """What each item has in its favour whoever reads ``[I]``."""
        return table.new_zeros(len(table))

    def groups(self, learning_rate: float, weight_decay: float) -> list[dict[str, Any]]:
        """Weights for the optimiser; decay spares biases and norms, which have no reason to be near 0."""
        weights = [each for each in self.parameters() if each.requires_grad]
        return [
            {
                "params": [each for each in weights if each.ndim > 1],
                "peak": learning_rate,
                "weight_decay": weight_decay,
            },
            {"params": [each for each in weights if each.ndim <= 1], "peak": learning_rate, "weight_decay": 0.0},
        ]

    def refresh(self) -> None:
        """Bring up to date what steps of training leave stale; called before scoring."""

    def kept(self) -> dict[str, Tensor]:
        """What must be saved: all that training changes, and buffers; not the frozen weights of something published."""
        frozen = {name for name, weight in self.named_parameters() if not weight.requires_grad}
        return {name: value for name, value in self.state_dict().items() if name not in frozen}

    def take(self, state: dict[str, Tensor]) -> None:
        """Take back what ``kept`` gave.

        Raises:
            ValueError: if it is of a module of another make.
        """
        own = self.kept()
        wrong = [name for name in own.keys() | state.keys() if _shape(own, name) != _shape(state, name)]
        if wrong:
            raise ValueError(f"the weights do not fit this model: {min(wrong)} has another shape or is not there")
        self.load_state_dict(state, strict=False)

    def loss(self, rows: Tensor, targets: Tensor) -> Tensor:
        """Mean cross-entropy over the whole catalogue at the places that have a target."""
        table = self.table()
        wanted = targets != PAD
        users = self.read(rows, table)[wanted]
        return catalogue_cross_entropy(users, table, self.bias(table), targets[wanted])

    def scores(self, rows: Tensor, table: Tensor) -> Tensor:
        """How well each item fits after each history, ``[B, I]``."""
        return torch.addmm(self.bias(table), self.read(rows, table)[:, -1], table.T)


def _shape(state: dict[str, Tensor], name: str) -> tuple[int, ...] | None:
    return tuple(state[name].shape) if name in state else None
