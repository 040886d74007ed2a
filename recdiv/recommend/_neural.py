"""What the sequence models share: settings, training, scoring in batches, saving."""

from __future__ import annotations

import os
from abc import abstractmethod
from typing import Any, ClassVar

import numpy as np
import torch
from torch import Tensor

from recdiv.recommend._base import Recommender
from recdiv.recommend._choices import Rows
from recdiv.recommend._factors import seed_of
from recdiv.recommend._fit import History, Plan, fit, seeded
from recdiv.recommend._transformer import NextItem
from recdiv.recommend._windows import padded
from recdiv.tables import Interactions

_USERS = 256  # users scored at once


class NeuralRecommender(Recommender):
    """A :class:`NextItem` behind the interface; a subclass builds it.

    Attributes:
        history: what each epoch of the last training came to: ``epoch``, ``loss``, ``ndcg`` of those who validate.
    """

    unsaved: ClassVar[tuple[str, ...]] = ("device", "folder", "progress")

    def __init__(
        self,
        *,
        dimension: int,
        layers: int,
        heads: int,
        length: int,
        dropout: float,
        epochs: int,
        update_epochs: int,
        patience: int | None,
        batch_size: int,
        learning_rate: float,
        weight_decay: float,
        rng: int | np.random.Generator,
        device: str | torch.device | None,
        folder: str | os.PathLike[str] | None,
        progress: bool,
    ) -> None:
        sizes = {"dimension": dimension, "layers": layers, "heads": heads, "length": length, "epochs": epochs}
        sizes |= {"update_epochs": update_epochs, "batch_size": batch_size}
        sizes |= {} if patience is None else {"patience": patience}
        for name, value in sizes.items():
            if value < 1:
                raise ValueError(f"{name} must be at least 1, got {value}")
        if dimension % heads:
            raise ValueError(f"dimension must be a multiple of heads ({heads}), got {dimension}")
        if not 0 <= dropout < 1:
            raise ValueError(f"dropout must be from 0 to below 1, got {dropout}")
        if not learning_rate > 0 or not weight_decay >= 0:
            raise ValueError(
                f"learning_rate must be positive and weight_decay not negative, got {learning_rate} and {weight_decay}"
            )
        self.dimension, self.layers, self.heads, self.length, self.dropout = dimension, layers, heads, length, dropout
        self.epochs, self.update_epochs, self.patience, self.batch_size = epochs, update_epochs, patience, batch_size
        self.learning_rate, self.weight_decay, self.rng = learning_rate, weight_decay, seed_of(rng)
        self.device, self.folder, self.progress = device, folder, progress
        self.history: History = []

    @abstractmethod
    def _build(self, train: Interactions) -> NextItem:
        """The module before training."""

    def _learn(self, train: Interactions) -> None:
        with seeded(self.rng):
            self._module = self._build(train).to(self._device())
        self._train(train, self.epochs)

    def _go_on(self, train: Interactions, before: Interactions) -> None:
        self._train(train, self.update_epochs, learnt=[len(history) for history in before.histories(train.users)])

    def _train(self, train: Interactions, epochs: int, *, learnt: list[int] | None = None) -> None:
        plan = Plan(
            epochs=epochs,
            patience=self.patience,
            batch_size=self.batch_size,
            learning_rate=self.learning_rate,
            weight_decay=self.weight_decay,
            length=self.length,
            rng=self.rng,
            progress=self.progress,
        )
        self.history = fit(
            self._module,
            train.histories(),
            plan,
            name=type(self).__name__,
            folder=self.folder,
            settings=self._settings(),
            learnt=learnt,
        )
        self._ready()

    def _ready(self) -> None:
        """Compute the item table once for all scoring to come."""
        self._module.eval()
        with torch.no_grad():
            self._table = self._module.table().detach()

    def _device(self) -> torch.device:
        return torch.device(self.device or ("cuda" if torch.cuda.is_available() else "cpu"))

    @torch.no_grad()
    def _score(self, users: list[Any], histories: list[Rows]) -> Tensor:
        scores = torch.empty(len(users), len(self._table))
        for start in range(0, len(users), _USERS):
            rows = padded(histories[start : start + _USERS], self.length).to(self._table.device)
            scores[start : start + _USERS] = self._module.scores(rows, self._table).cpu()
        return scores

    def _state(self) -> dict[str, Tensor]:
        return dict(self._module.kept())

    def _restore(self, state: dict[str, Tensor]) -> None:
        with seeded(self.rng):
            self._module = self._build(self._fitted()).to(self._device())
        self._module.take(state)
        self._ready()
