"""What every recommender here can do."""

from __future__ import annotations

import inspect
import os
from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from typing import Any, ClassVar, Self

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from recdiv._columns import plain
from recdiv.recommend import _checkpoint
from recdiv.recommend._choices import Rows, among, checked_candidates, checked_histories
from recdiv.recommend._registry import class_called
from recdiv.recommend.topk import best
from recdiv.tables import Interactions, Recommendations

_NUMBERS = 1 << 23  # scores held at once


class Recommender(ABC):
    """A model of who wants what, learnt from interactions.

    ``fit`` sees the training interactions and nothing else, and scores depend on each user's history only: to recommend
    at a moment, fit on what came before it (``interactions.split_at`` or ``leave_one_out``).

    **Somebody without history** (unknown in training) gets popularity: that is all there is to know about them.

    A class of your own says ``_learn`` and ``_score``; ``_state`` and ``_restore`` make it savable, ``_go_on`` makes
    ``update`` cheaper than fitting again.
    """

    train: Interactions | None = None
    unsaved: ClassVar[tuple[str, ...]] = ()  # arguments that are data or belong to one machine: no settings to save

    def fit(self, train: Interactions) -> Self:
        """Learn from ``train``, from the beginning.

        Raises:
            TypeError: if ``train`` is not :class:`~recdiv.Interactions`.
        """
        self._learn(_interactions(train))
        self.train = train  # last: what could not be learnt is not fitted
        return self

    def update(self, train: Interactions) -> Self:
        """Go on from the present state to ``train``: all that is known by now, the earlier interactions included.

        What is not said to start warm fits again, and so does a model that was never fitted.

        Raises:
            TypeError: if ``train`` is not :class:`~recdiv.Interactions`.
            ValueError: if its catalogue is not the one of ``fit``.
        """
        before, _ = self.train, _interactions(train)
        if before is None:
            return self.fit(train)
        if train.catalog is not before.catalog and _ids(train) != _ids(before):
            raise ValueError(
                f"train must be of the catalogue that was fitted ({before.n_items} items), got another "
                f"({train.n_items} items)"
            )
        self.train = train
        self._go_on(train, before)
        return self

    def scores(self, users: Iterable[Any], *, histories: Sequence[Any] | None = None) -> Tensor:
        """How much each user is expected to want each item, ``[U, I]``, larger is better; scales are the model's own.

        Args:
            users: user ids.
            histories: item rows of each user, oldest first, taken in place of the training ones ``[U]``.

        Raises:
            RuntimeError: before ``fit``.
            ValueError: if ``histories`` do not fit ``users`` or the catalogue.
        """
        users = list(users)
        return self._scores_of(users, self._histories(users, histories))

    def recommend(
        self,
        users: Iterable[Any],
        *,
        k: int = 10,
        exclude_seen: bool = True,
        histories: Sequence[Any] | None = None,
        candidates: Tensor | npt.ArrayLike | Sequence[Any] | None = None,
    ) -> Recommendations:
        """The ``k`` best items of each user, ties to the lower item number.

        Args:
            users: user ids; those unknown in training get popularity.
            k: slots a list; where fewer items are left, slots stay empty.
            exclude_seen: leave out what the user's history holds.
            histories: item rows of each user, oldest first, taken in place of the training ones ``[U]``: what somebody
                did a moment ago, or what somebody unknown did.
            candidates: the item rows that lists may hold, for all users (one-dimensional) or one sequence a user.

        Raises:
            RuntimeError: before ``fit``.
            ValueError: if ``k`` is below 1, or ``histories`` or ``candidates`` do not fit users or catalogue.
        """
        n_items = self._fitted().n_items
        if k < 1:
            raise ValueError(f"k must be at least 1, got {k}")
        users = list(users)
        known = self._histories(users, histories)
        chosen = None if candidates is None else checked_candidates(candidates, len(users), n_items)
        items = torch.full((len(users), k), -1)
        values = torch.full((len(users), k), -torch.inf)
        step = max(1, _NUMBERS // max(n_items, 1))
        for start in range(0, len(users), step):
            part = slice(start, start + step)
            scores = self._scores_of(users[part], known[part])
            if chosen is not None:
                mask = among(chosen if len(chosen) == 1 else chosen[part], n_items)
                scores = scores.masked_fill(~mask, -torch.inf)
            values[part], items[part] = best(scores, k, exclude=known[part] if exclude_seen else None)
        return Recommendations(items, scores=values, users=users)

    def save(self, folder: str | os.PathLike[str]) -> None:
        """Write what was learnt into ``folder``: ``config.json`` (class, settings, versions, SHA-256 of the item ids)
        and ``model.safetensors``. The training interactions are not written.

        Raises:
            RuntimeError: before ``fit``.
        """
        catalog = self._fitted().catalog
        _checkpoint.write(folder, type(self).__name__, self._settings(), catalog, self._state())

    @classmethod
    def load(cls, folder: str | os.PathLike[str], train: Interactions) -> Self:
        """The recommender that was saved in ``folder``; ``Recommender.load`` finds the class out.

        Args:
            folder: where ``save`` wrote.
            train: whose histories it recommends from, of the same catalogue; nothing is learnt from it.

        Raises:
            FileNotFoundError: if ``folder`` holds no recommender.
            ValueError: if it is of another class or catalogue, cut short, or was not written by ``save``.
        """
        config, state = _checkpoint.read(folder, _interactions(train).catalog)
        kind = cls if cls.__name__ == config["class"] else class_called(config["class"])
        if kind is None or not issubclass(kind, cls):
            raise ValueError(f"folder {str(folder)!r} holds a {config['class']}, which is no {cls.__name__}")
        model = kind(**config["parameters"])
        model.train = train
        model._restore(state)
        return model

    @classmethod
    def settings(cls) -> tuple[str, ...]:
        """Names of what the class takes; each is an attribute of the same name."""
        return tuple(inspect.signature(cls).parameters)

    def _settings(self) -> dict[str, Any]:
        """What the constructor must be given to make this model again, as JSON has it."""
        return {name: plain(getattr(self, name)) for name in self.settings() if name not in self.unsaved}

    @abstractmethod
    def _learn(self, train: Interactions) -> None:
        """Take from ``train`` what scoring needs."""

    def _go_on(self, train: Interactions, before: Interactions) -> None:
        """Learn ``train`` from where ``before`` left off."""
        self._learn(train)

    @abstractmethod
    def _score(self, users: list[Any], histories: list[Rows]) -> Tensor:
        """Scores ``[U, I]`` of users given their histories (oldest first)."""

    def _state(self) -> dict[str, Tensor]:
        """What was learnt, by name."""
        raise NotImplementedError(f"{type(self).__name__} cannot be saved: it has no _state and _restore")

    def _restore(self, state: dict[str, Tensor]) -> None:
        """Take back what ``_state`` gave; ``self.train`` is set already."""
        raise NotImplementedError(f"{type(self).__name__} cannot be loaded: it has no _state and _restore")

    def _scores_of(self, users: list[Any], histories: list[Rows]) -> Tensor:
        scores = self._score(users, histories).float().cpu()
        cold = torch.tensor([len(each) == 0 for each in histories], dtype=torch.bool)
        if cold.any():
            scores[cold] = self._fitted().item_counts().float()
        return scores

    def _histories(self, users: list[Any], histories: Sequence[Any] | None) -> list[Rows]:
        train = self._fitted()
        if histories is None:
            return train.histories(users)
        return checked_histories(histories, len(users), train.n_items)

    def _fitted(self) -> Interactions:
        if self.train is None:
            raise RuntimeError(f"{type(self).__name__} must be fitted before it scores: call .fit(train)")
        return self.train


def _interactions(train: Any) -> Interactions:  # noqa: ANN401
    if not isinstance(train, Interactions):
        raise TypeError(f"train must be Interactions, got {type(train).__name__}")
    return train


def _ids(train: Interactions) -> list[Any]:
    return list(np.asarray(train.catalog.item_ids).tolist())
