"""A language model reads the items, a Transformer reads what somebody had: the text recommender."""

from __future__ import annotations

import math
import os
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from recdiv.kernels import EmbeddingKernel
from recdiv.lm import TextEncoder
from recdiv.recommend._choices import Rows
from recdiv.recommend._neural import NeuralRecommender
from recdiv.recommend._text_items import TextItems
from recdiv.recommend._transformer import NextItem
from recdiv.recommend._tuned_items import Reader, TunedItems
from recdiv.tables import Interactions


class TextTransformer(NeuralRecommender):
    r"""Items are what an encoder makes of their texts, users what a Transformer makes of their histories.

    .. math:: \text{score}(u, j) = s \, \hat h_u \cdot (\hat v_j + o_j) + b_j, \qquad
        \hat v_j = \frac{W \varphi_j}{\|W \varphi_j\|}, \quad
        h_u = \text{Transformer}(\hat v_{i_1} + o_{i_1}, \ldots, \hat v_{i_n} + o_{i_n})

    with φ the encoder's vectors and s a learnt scale; trained like :class:`SASRec` by the cross-entropy of the next
    item, over all items that training knows.

    **New items work**: what nobody had in training is scored by its text. Known items have a vector o and a bias b of
    their own besides; at random, an item at a time, these are left out in training (``own_dropout``), so that text
    alone is used to standing in for them. For a new item o is 0 and b the mean one.

    Args:
        source: item vectors ``[I, D]``, an :class:`~recdiv.EmbeddingKernel`, an encoder (anything with
            ``encode(texts)``), the folder or hub name of one, or None for the default language model. An encoder reads
            the catalogue in ``fit``.
        tune: ``"frozen"`` leaves the encoder alone; ``"lora"`` trains small additions to it (peft), ``"full"`` all its
            weights. These need a ``source`` that is an encoder, and time: a text is read in some 10 ms on one CPU core
            and learnt from in three times that, ``live`` texts a step and the whole catalogue each epoch.
        rank: of the additions that ``"lora"`` trains.
        live: texts read with gradients a step; what bounds memory.
        encoder_learning_rate: of the encoder's weights.
        own: whether known items have a vector and a bias of their own.
        own_dropout: how often, from 0 to below 1, an item's own is left out in a step of training.
        favour_new: added to the score of every item that nobody had in training, in nats. How much is right depends on
            how new items are shown, which the training part cannot say, for it holds none. May be changed on the fitted
            model: turn it up on a validation part, where there are new items too, until nDCG falls by more than you
            are ready to pay.
        dimension, layers, heads, length, dropout: of the Transformer, as for :class:`SASRec`.
        epochs, update_epochs, patience, batch_size, learning_rate, weight_decay: of training, likewise.
        rng, device, folder, progress: likewise.

    Raises:
        ValueError: for a setting out of its range, vectors that are not those of the catalogue, or a ``source`` that
            cannot be tuned.

    Saved, a tuned model holds what training changed; loading it needs the same encoder.

    Source: Hou et al. 2022 and Li et al. 2023 for text in place of ids; Volkovs, Yu & Poutanen 2017 for leaving out
    what is an item's own.
    """

    unsaved = ("source", *NeuralRecommender.unsaved)

    def __init__(
        self,
        source: Tensor | npt.ArrayLike | EmbeddingKernel | str | os.PathLike[str] | Any = None,  # noqa: ANN401
        *,
        tune: Literal["frozen", "lora", "full"] = "frozen",
        rank: int = 8,
        live: int = 64,
        encoder_learning_rate: float = 1e-4,
        own: bool = True,
        own_dropout: float = 0.2,
        favour_new: float = 0.0,
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
        if tune not in ("frozen", "lora", "full"):
            raise ValueError(f"tune must be 'frozen', 'lora' or 'full', got {tune!r}")
        if rank < 1 or live < 1:
            raise ValueError(f"rank and live must be at least 1, got {rank} and {live}")
        if not 0 <= own_dropout < 1:
            raise ValueError(f"own_dropout must be from 0 to below 1, got {own_dropout}")
        if not encoder_learning_rate > 0:
            raise ValueError(f"encoder_learning_rate must be positive, got {encoder_learning_rate}")
        self.source, self.tune, self.rank, self.live = source, tune, rank, live
        self.encoder_learning_rate, self.own, self.own_dropout = encoder_learning_rate, own, own_dropout
        if not math.isfinite(favour_new):
            raise ValueError(f"favour_new must be a finite number, got {favour_new}")
        self.favour_new = favour_new

    def _learn(self, train: Interactions) -> None:
        self._seen = train.item_counts() > 0
        super()._learn(train)

    def _go_on(self, train: Interactions, before: Interactions) -> None:
        self._seen |= train.item_counts() > 0
        self._module.register_buffer("seen", self._seen.to(self._device()))
        super()._go_on(train, before)

    def _build(self, train: Interactions) -> NextItem:
        options: dict[str, Any] = {
            "own": self.own,
            "own_dropout": self.own_dropout,
            "layers": self.layers,
            "heads": self.heads,
            "length": self.length,
            "dropout": self.dropout,
        }
        if self.tune == "frozen":
            return TextItems(self._vectors(train), self._seen, self.dimension, **options)
        encoder = self._encoder()
        self._weights = encoder.weights
        reader = Reader(encoder, train.catalog.texts(), rank=self.rank if self.tune == "lora" else None)
        options |= {"live": self.live, "reader_rate": self.encoder_learning_rate}
        vectors = torch.zeros(train.n_items, reader.dimension)
        return TunedItems(reader, vectors, self._seen, self.dimension, **options)

    def _score(self, users: list[Any], histories: list[Rows]) -> Tensor:
        scores = super()._score(users, histories)
        return torch.where(self._seen, scores, scores + self.favour_new)

    def _settings(self) -> dict[str, Any]:
        return {**super()._settings(), **({} if self.tune == "frozen" else {"source": self._weights.name})}

    def _state(self) -> dict[str, Tensor]:
        mark = {} if self.tune == "frozen" else {_MARK: _bytes(self._weights.fingerprint)}
        return {**super()._state(), **mark}

    def _restore(self, state: dict[str, Tensor]) -> None:
        self._seen = state["seen"].clone()
        mark = state.pop(_MARK, None)
        if mark is None:
            self.source = EmbeddingKernel(state["vectors"])  # fitted again, it takes the same vectors
        super()._restore(state)
        if mark is not None and not torch.equal(mark, _bytes(self._weights.fingerprint)):
            raise ValueError(
                f"the model was tuned from other weights than those that {self._weights.name} has now; put them back"
            )

    def _vectors(self, train: Interactions) -> Tensor:
        source = self._encoder() if self.source is None or isinstance(self.source, (str, os.PathLike)) else self.source
        if isinstance(source, EmbeddingKernel):
            kernel = source
        elif hasattr(source, "encode"):
            kernel = EmbeddingKernel.from_text(train.catalog, encoder=source)
        else:
            kernel = EmbeddingKernel(source)
        if kernel.n_items != train.n_items:
            raise ValueError(f"source must have one vector an item ({train.n_items}), got {kernel.n_items}")
        return kernel.vectors.cpu().clone()

    def _encoder(self) -> TextEncoder:
        if isinstance(self.source, TextEncoder):
            return self.source
        if self.source is not None and not isinstance(self.source, (str, os.PathLike)):
            raise ValueError(
                f"source must be an encoder, its folder or its hub name for tune={self.tune!r}, got "
                f"{type(self.source).__name__}"
            )
        return TextEncoder(self.source, device=self.device)


_MARK = "encoder_fingerprint"


def _bytes(text: str) -> Tensor:
    return torch.tensor(list(text.encode()), dtype=torch.uint8)
