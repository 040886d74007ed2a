"""Items that read like what the user had."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from recdiv.kernels import EmbeddingKernel
from recdiv.recommend._base import Recommender
from recdiv.tables import Interactions


class Text(Recommender):
    r"""Cosine similarity of an item to the mean of the user's history, by what the items say.

    .. math:: \text{score}(u, j) = \varphi_j \cdot \frac{m_u}{\|m_u\|}, \qquad
        m_u = \sum_{i \in \text{history}(u)} 2^{-a_i / h} \varphi_i

    with :math:`a_i` how many interactions ago i was (0 is the last) and h the half-life.

    Args:
        source: item vectors ``[I, d]``, an :class:`~recdiv.EmbeddingKernel`, an encoder (anything with
            ``encode(texts)``), or None for the default language model. An encoder reads the catalogue once, in ``fit``.
        half_life: number of interactions after which one weighs half; None weighs all alike.

    Raises:
        ValueError: if ``half_life`` is not positive, or (in ``fit``) the vectors are not those of the catalogue.

    >>> import pandas as pd
    >>> from recdiv.tables import Catalog
    >>> events = pd.DataFrame({"user_id": [1], "item_id": ["a"]})
    >>> train = Interactions(events, Catalog(pd.DataFrame({"item_id": ["a", "b", "c"]})))
    >>> model = Text([[1.0, 0.0], [0.0, 1.0], [3.0, 4.0]]).fit(train)
    >>> [round(score, 4) for score in model.scores([1])[0].tolist()]
    [1.0, 0.0, 0.6]
    """

    unsaved = ("source",)

    def __init__(
        self,
        source: Tensor | npt.ArrayLike | EmbeddingKernel | Any = None,  # noqa: ANN401
        *,
        half_life: float | None = None,
    ) -> None:
        if half_life is not None and not half_life > 0:
            raise ValueError(f"half_life must be positive or None, got {half_life}")
        self.source, self.half_life = source, half_life

    def _learn(self, train: Interactions) -> None:
        kernel = self._kernel(train)
        if kernel.n_items != train.n_items:
            raise ValueError(f"source must have one vector an item ({train.n_items}), got {kernel.n_items}")
        self._vectors = kernel.vectors

    def _kernel(self, train: Interactions) -> EmbeddingKernel:
        if isinstance(self.source, EmbeddingKernel):
            return self.source
        if self.source is None or hasattr(self.source, "encode"):
            return EmbeddingKernel.from_text(train.catalog, encoder=self.source)
        return EmbeddingKernel(self.source)

    def _state(self) -> dict[str, Tensor]:
        return {"vectors": self._vectors}

    def _restore(self, state: dict[str, Tensor]) -> None:
        self.source = EmbeddingKernel(state["vectors"])  # fitted again, it takes the same vectors
        self._vectors = state["vectors"]

    def _score(self, users: list[Any], histories: list[Any]) -> Tensor:
        lengths = np.array([len(each) for each in histories], dtype=np.int64)
        ends = np.cumsum(lengths)
        items = np.concatenate([np.empty(0, dtype=np.int64), *histories])
        age = np.repeat(ends, lengths) - 1 - np.arange(len(items))
        weights = np.ones(len(items)) if self.half_life is None else 0.5 ** (age / self.half_life)
        device = self._vectors.device
        mean = torch.nn.functional.embedding_bag(
            torch.from_numpy(items).to(device),
            self._vectors,
            torch.from_numpy(ends - lengths).to(device),
            mode="sum",
            per_sample_weights=torch.from_numpy(weights).to(self._vectors),
        )
        return torch.nn.functional.normalize(mean, dim=1) @ self._vectors.T
