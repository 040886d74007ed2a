"""What every recommender here can do."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable
from typing import Any, Self

import numpy as np
import torch
from torch import Tensor

from recdiv.recommend.topk import best
from recdiv.tables import Interactions, Recommendations

_NUMBERS = 1 << 23  # scores held at once


class Recommender(ABC):
    """A model of who wants what, learnt from interactions.

    ``fit`` sees the training interactions and nothing else, and scores depend on each user's training history only: to
    recommend at a moment, fit on what came before it (``interactions.split_at`` or ``leave_one_out``).

    **Somebody without history** (unknown in training) gets popularity: that is all there is to know about them.
    """

    train: Interactions | None = None

    def fit(self, train: Interactions) -> Self:
        """Learn from ``train``.

        Raises:
            TypeError: if ``train`` is not :class:`~recdiv.Interactions`.
        """
        if not isinstance(train, Interactions):
            raise TypeError(f"train must be Interactions, got {type(train).__name__}")
        self.train = train
        self._learn(train)
        return self

    def scores(self, users: Iterable[Any]) -> Tensor:
        """How much each user is expected to want each item, ``[U, I]``, larger is better; scales are the model's own.

        Raises:
            RuntimeError: before ``fit``.
        """
        users = list(users)
        return self._scores_of(users, self._fitted().histories(users))

    def recommend(self, users: Iterable[Any], *, k: int = 10, exclude_seen: bool = True) -> Recommendations:
        """The ``k`` best items of each user, ties to the lower item number.

        Args:
            users: user ids; those unknown in training get popularity.
            k: slots a list; where fewer items are left, slots stay empty.
            exclude_seen: leave out what the user had in training.

        Raises:
            RuntimeError: before ``fit``.
            ValueError: if ``k`` is below 1.
        """
        train = self._fitted()
        if k < 1:
            raise ValueError(f"k must be at least 1, got {k}")
        users = list(users)
        histories = train.histories(users)
        items = torch.full((len(users), k), -1)
        values = torch.full((len(users), k), -torch.inf)
        step = max(1, _NUMBERS // max(train.n_items, 1))
        for start in range(0, len(users), step):
            part = slice(start, start + step)
            seen = histories[part]
            scores = self._scores_of(users[part], seen)
            values[part], items[part] = best(scores, k, exclude=seen if exclude_seen else None)
        return Recommendations(items, scores=values, users=users)

    @abstractmethod
    def _learn(self, train: Interactions) -> None:
        """Take from ``train`` what scoring needs."""

    @abstractmethod
    def _score(self, users: list[Any], histories: list[np.ndarray[Any, np.dtype[np.int64]]]) -> Tensor:
        """Scores ``[U, I]`` of users given their histories (oldest first)."""

    def _scores_of(self, users: list[Any], histories: list[np.ndarray[Any, np.dtype[np.int64]]]) -> Tensor:
        scores = self._score(users, histories).float().cpu()
        cold = torch.tensor([len(each) == 0 for each in histories], dtype=torch.bool)
        if cold.any():
            scores[cold] = self._fitted().item_counts().float()
        return scores

    def _fitted(self) -> Interactions:
        if self.train is None:
            raise RuntimeError(f"{type(self).__name__} must be fitted before it scores: call .fit(train)")
        return self.train
