"""Items that the same people went for."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from scipy import sparse
from torch import Tensor

from recdiv.recommend._base import Recommender
from recdiv.tables import Interactions

_BLOCK = 1024  # items whose neighbours are looked for at once


class ItemKNN(Recommender):
    r"""Item-based nearest neighbours with shrunk cosine similarity of who had the items.

    .. math:: s_{ij} = \frac{|U_i \cap U_j|}{\sqrt{|U_i| |U_j|} + \text{shrink}}, \qquad
        \text{score}(u, j) = \sum_{i \in \text{history}(u)} s_{ij}

    over the ``neighbours`` items j most similar to i. A repeated interaction counts once. Items that share nobody with
    the history come after all others, by popularity, with scores from −1 to 0.

    Args:
        neighbours: how many similar items each item keeps (ties to the lower item number).
        shrink: pulls similarities that rest on few people towards zero.

    Raises:
        ValueError: if ``neighbours`` is below 1 or ``shrink`` below 0.

    Source: Sarwar et al. 2001; Deshpande & Karypis 2004.

    >>> import pandas as pd
    >>> from recdiv.tables import Catalog
    >>> events = pd.DataFrame({"user_id": [1, 1, 2, 2, 3], "item_id": ["a", "b", "a", "b", "a"]})
    >>> train = Interactions(events, Catalog(pd.DataFrame({"item_id": ["a", "b", "c"]})))
    >>> ItemKNN(shrink=0).fit(train).recommend([3], k=1).items.tolist()
    [[1]]
    """

    def __init__(self, *, neighbours: int = 100, shrink: float = 10.0) -> None:
        if neighbours < 1:
            raise ValueError(f"neighbours must be at least 1, got {neighbours}")
        if not shrink >= 0:
            raise ValueError(f"shrink must not be negative, got {shrink}")
        self.neighbours, self.shrink = neighbours, shrink

    def _learn(self, train: Interactions) -> None:
        shape = (train.n_users, train.n_items)
        self._popularity = train.item_counts().float() / max(len(train), 1)
        had = sparse.csr_matrix((np.ones(len(train), dtype=np.float32), (train.user, train.item)), shape=shape)
        had.data[:] = 1.0
        root = np.sqrt(np.asarray(had.sum(0)).ravel())
        blocks = [
            self._similar(had, root, np.arange(start, min(start + _BLOCK, train.n_items)))
            for start in range(0, train.n_items, _BLOCK)
        ]
        self.similarity = sparse.vstack(blocks, format="csr") if blocks else sparse.csr_matrix((0, 0))

    def _similar(self, had: Any, root: np.ndarray[Any, Any], rows: np.ndarray[Any, Any]) -> Any:  # noqa: ANN401
        """The nearest neighbours of some items, sparse ``[n, I]``."""
        together = (had[:, rows].T @ had).tocoo()
        row, column = together.row, together.col
        value = together.data / np.maximum(root[rows[row]] * root[column] + self.shrink, np.finfo(np.float32).tiny)
        value[rows[row] == column] = 0.0
        order = np.lexsort((column, -value, row))
        first = np.searchsorted(row[order], np.arange(len(rows)))
        kept = order[np.arange(len(order)) - first[row[order]] < self.neighbours]
        return sparse.csr_matrix((value[kept], (row[kept], column[kept])), shape=together.shape)

    def _state(self) -> dict[str, Tensor]:
        parts = {name: torch.from_numpy(getattr(self.similarity, name)) for name in ("data", "indices", "indptr")}
        return {**parts, "popularity": self._popularity}

    def _restore(self, state: dict[str, Tensor]) -> None:
        self._popularity = state["popularity"]
        parts = tuple(state[name].numpy() for name in ("data", "indices", "indptr"))
        self.similarity = sparse.csr_matrix(parts, shape=(len(self._popularity),) * 2)

    def _score(self, users: list[Any], histories: list[Any]) -> Tensor:
        had = [np.unique(each) for each in histories]
        lengths = np.cumsum([0, *map(len, had)])
        items = np.concatenate([np.empty(0, dtype=np.int64), *had])
        profile = sparse.csr_matrix(
            (np.ones(len(items), dtype=np.float32), items, lengths), shape=(len(users), self.similarity.shape[0])
        )
        scores = torch.from_numpy((profile @ self.similarity).toarray())
        return torch.where(scores > 0, scores, self._popularity - 1.0)
