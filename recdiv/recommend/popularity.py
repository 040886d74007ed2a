"""The same for everybody: what most people went for."""

from __future__ import annotations

from typing import Any

from torch import Tensor

from recdiv.recommend._base import Recommender
from recdiv.tables import Interactions


class Popularity(Recommender):
    """Items by their number of training interactions.

    >>> import pandas as pd
    >>> from recdiv.tables import Catalog
    >>> events = pd.DataFrame({"user_id": [1, 1, 2, 2], "item_id": ["a", "b", "b", "c"]})
    >>> train = Interactions(events, Catalog(pd.DataFrame({"item_id": ["a", "b", "c"]})))
    >>> Popularity().fit(train).recommend([1, 2, "new"], k=2).items.tolist()
    [[2, -1], [0, -1], [1, 0]]
    """

    def _learn(self, train: Interactions) -> None:
        self._counts = train.item_counts()

    def _state(self) -> dict[str, Tensor]:
        return {"counts": self._counts}

    def _restore(self, state: dict[str, Tensor]) -> None:
        self._counts = state["counts"]

    def _score(self, users: list[Any], histories: list[Any]) -> Tensor:
        return self._counts.expand(len(users), -1).clone()
