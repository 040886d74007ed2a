"""A Transformer over what somebody had, item by item."""

from __future__ import annotations

import os

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from recdiv.recommend._neural import NeuralRecommender
from recdiv.recommend._transformer import NextItem
from recdiv.tables import Interactions


class SASRec(NeuralRecommender):
    r"""Self-attentive sequential recommendation with the cross-entropy of the next item over the whole catalogue.

    .. math:: \min \; -\ln \frac{\exp(h_t \cdot v_{i_{t+1}})}{\sum_j \exp(h_t \cdot v_j)}, \qquad
        h_t = \text{Transformer}(v_{i_1}, \ldots, v_{i_t})

    at every place t of every history; score :math:`h_n \cdot v_j` at its end. The published SASRec scores one sampled
    wrong item against each right one; over the whole catalogue the same network does far better.

    Args:
        vectors: item vectors ``[I, d]`` (of texts, say) that the table starts from: their ``dimension`` principal
            components, scaled to the usual start; training goes on from there. None starts at random.
        dimension: length of an item's vector.
        layers, heads: of the Transformer.
        length: how many of the last items are read; longer histories are trained on in sliding windows.
        dropout: share of numbers left out in training.
        epochs: passes over the data at most.
        update_epochs: passes at most when ``update`` goes on.
        patience: epochs without a better validation nDCG (the last item of up to 1,000 users and half of all, held
            out; in an update, of users with new events, whose last item was never learnt) after which training stops;
            the best epoch counts. None: nobody is held out, all is learnt and the last epoch counts.
        batch_size: items to predict a step.
        learning_rate, weight_decay: of AdamW.
        rng: seed of everything drawn; equal seeds give equal models on one device and number of threads.
        device: where to compute; None takes a CUDA device where there is one.
        folder: where each epoch leaves a checkpoint, so that a killed ``fit`` called again goes on; None for none.
        progress: show a progress bar.

    Raises:
        ValueError: for a setting out of its range, or ``vectors`` that are not those of the catalogue.

    Items that nobody had in training are pushed down as wrong answers: they are recommended last. A loss that becomes
    NaN stops the training with a warning; the best weights so far are kept.

    Source: Kang & McAuley 2018; Klenitskiy & Vasilev 2023 for the loss.
    """

    unsaved = ("vectors", *NeuralRecommender.unsaved)

    def __init__(
        self,
        vectors: Tensor | npt.ArrayLike | None = None,
        *,
        dimension: int = 64,
        layers: int = 2,
        heads: int = 2,
        length: int = 50,
        dropout: float = 0.3,
        epochs: int = 20,
        update_epochs: int = 3,
        patience: int | None = 3,
        batch_size: int = 1024,
        learning_rate: float = 2e-3,
        weight_decay: float = 0.01,
        rng: int | np.random.Generator = 0,
        device: str | torch.device | None = None,
        folder: str | os.PathLike[str] | None = None,
        progress: bool = False,
    ) -> None:
        super().__init__(
            dimension=dimension,
            layers=layers,
            heads=heads,
            length=length,
            dropout=dropout,
            epochs=epochs,
            update_epochs=update_epochs,
            patience=patience,
            batch_size=batch_size,
            learning_rate=learning_rate,
            weight_decay=weight_decay,
            rng=rng,
            device=device,
            folder=folder,
            progress=progress,
        )
        self.vectors = vectors

    def _build(self, train: Interactions) -> NextItem:
        module = _Table(
            train.n_items,
            self.dimension,
            layers=self.layers,
            heads=self.heads,
            length=self.length,
            dropout=self.dropout,
        )
        if self.vectors is not None:
            vectors = torch.as_tensor(self.vectors).float()
            if vectors.ndim != 2 or len(vectors) != train.n_items:
                raise ValueError(f"vectors must have shape [{train.n_items}, d], got {list(vectors.shape)}")
            wrong = (~vectors.isfinite()).any(1).nonzero()
            if len(wrong):
                raise ValueError(f"vectors must be finite, got NaN or infinity in row {int(wrong[0])}")
            self._start = principal(vectors, self.dimension)
            module.items.data.copy_(self._start * _START)
        return module

    def _state(self) -> dict[str, Tensor]:
        return {**super()._state(), **({} if self.vectors is None else {"start": self._start})}

    def _restore(self, state: dict[str, Tensor]) -> None:
        self.vectors = state.pop("start", None)  # fitted again, it starts from the same
        super()._restore(state)


_START = 0.02  # spread of the table's first numbers


class _Table(NextItem):
    """Each item has a vector of its own."""

    def __init__(self, n_items: int, dimension: int, *, layers: int, heads: int, length: int, dropout: float) -> None:
        super().__init__(dimension, layers=layers, heads=heads, length=length, dropout=dropout)
        self.items = nn.Parameter(_START * torch.randn(n_items, dimension))

    def table(self) -> Tensor:
        return self.items


def principal(vectors: Tensor, dimension: int) -> Tensor:
    """The first ``dimension`` principal components ``[I, dimension]``, scaled to standard deviation 1 over all numbers.

    Components beyond the rank of the vectors are zero.

    >>> principal(torch.tensor([[1.0, 5.0], [3.0, 5.0]]), 1).abs().tolist()
    [[1.0], [1.0]]
    """
    centred = (vectors - vectors.mean(0)).double()
    _, directions = torch.linalg.eigh(centred.T @ centred)
    parts = centred @ directions.flip(1)[:, :dimension]
    parts = torch.nn.functional.pad(parts, (0, dimension - parts.shape[1]))
    return (parts / parts.std(correction=0).clamp(min=1e-12)).float()
