"""Users and items as vectors, fitted so that what somebody had outranks what they did not."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from recdiv._columns import plain
from recdiv._extras import require
from recdiv.recommend._base import Recommender
from recdiv.recommend._choices import Rows
from recdiv.recommend._factors import Factors, counts, one_blas_thread, seed_of
from recdiv.tables import Interactions


class BPR(Recommender):
    r"""Matrix factorisation by Bayesian personalised ranking (the library ``implicit``).

    .. math:: \max_{x, y, b} \sum_{u, i, j} \ln \sigma(x_u \cdot (y_i - y_j) + b_i - b_j)
        - \lambda (\|x_u\|^2 + \|y_i\|^2 + \|y_j\|^2 + b_i^2 + b_j^2)

    by stochastic gradient steps over what u had (i) and an item that u did not have (j), drawn as often as people had
    it; score :math:`x_u \cdot y_i + b_i`. A history other than the one trained on gets a vector of its own, with the
    items held still: one step an epoch over all of the history, against items drawn evenly from the catalogue.

    Args:
        factors: length of a vector.
        learning_rate: size of a step.
        regularization: λ.
        epochs: passes over the interactions; ``update`` goes on from the present vectors with as many.
        rng: seed; one thread, so that the answer depends on nothing else.
        progress: show a progress bar.

    Raises:
        ValueError: if ``factors`` or ``epochs`` is below 1, ``learning_rate`` is not positive, or ``regularization``
            is below 0.
        ImportError: (in ``fit``) without the extra ``recommend``.

    Source: Rendle et al. 2009.
    """

    def __init__(
        self,
        *,
        factors: int = 64,
        learning_rate: float = 0.05,
        regularization: float = 0.01,
        epochs: int = 100,
        rng: int | np.random.Generator = 0,
        progress: bool = False,
    ) -> None:
        if factors < 1 or epochs < 1:
            raise ValueError(f"factors and epochs must be at least 1, got {factors} and {epochs}")
        if not learning_rate > 0:
            raise ValueError(f"learning_rate must be positive, got {learning_rate}")
        if not regularization >= 0:
            raise ValueError(f"regularization must not be negative, got {regularization}")
        self.factors, self.learning_rate, self.regularization = factors, learning_rate, regularization
        self.epochs, self.rng, self.progress = epochs, seed_of(rng), progress

    def _learn(self, train: Interactions) -> None:
        self._items = self._start(train.n_items)
        self._improve(train, self._start(train.n_users))

    def _go_on(self, train: Interactions, before: Interactions) -> None:
        users = self._start(train.n_users)
        rows = self._rows(train.users, before.histories(train.users))
        users[rows >= 0] = self._users[rows[rows >= 0]]
        self._improve(train, users)

    def _start(self, n: int) -> Factors:
        """First vectors, small; the last column is the bias of an item, and of a user the 1 it is multiplied by."""
        generator = np.random.default_rng([self.rng, n])
        return (generator.random((n, self.factors + 1), dtype=np.float32) - np.float32(0.5)) / np.float32(self.factors)

    def _improve(self, train: Interactions, users: Factors) -> None:
        users[:, -1] = 1.0
        histories = train.histories()
        if len(train):
            with one_blas_thread():
                model = require("implicit.bpr", "recommend").BayesianPersonalizedRanking(
                    factors=self.factors,
                    learning_rate=self.learning_rate,
                    regularization=self.regularization,
                    iterations=self.epochs,
                    num_threads=1,
                    random_state=self.rng % (1 << 31),
                    use_gpu=False,
                )
                model.user_factors, model.item_factors = users, self._items
                model.fit(counts(histories, train.n_items), show_progress=self.progress)
        self._users, self._keys = users, _keys(train.users, histories)

    def _rows(self, users: Iterable[Any], histories: Sequence[Rows]) -> Rows:
        """Whose vector was trained on exactly this history: its row, else -1."""
        place = {int(key): row for row, key in enumerate(self._keys)}
        return np.array([place.get(int(key), -1) for key in _keys(users, histories)], dtype=np.int64)

    def _state(self) -> dict[str, Tensor]:
        parts = {"users": self._users, "items": self._items, "keys": self._keys}
        return {name: torch.from_numpy(values) for name, values in parts.items()}

    def _restore(self, state: dict[str, Tensor]) -> None:
        self._users, self._items, self._keys = (state[name].numpy() for name in ("users", "items", "keys"))

    def _score(self, users: list[Any], histories: list[Rows]) -> Tensor:
        rows = self._rows(users, histories)
        vectors = torch.zeros(len(users), self.factors + 1)
        known = np.flatnonzero(rows >= 0)
        vectors[known] = torch.from_numpy(self._users[rows[known]])
        for user in np.flatnonzero(rows < 0):
            vectors[user] = self._folded_in(torch.from_numpy(histories[user]))
        return vectors @ torch.from_numpy(self._items).T

    def _folded_in(self, history: Tensor) -> Tensor:
        """The vector of somebody with this history, by the steps of training with the items held still."""
        items = torch.from_numpy(self._items)
        generator = torch.Generator().manual_seed(self.rng)
        vector = torch.zeros(items.shape[1])
        vector[-1] = 1.0
        for _ in range(self.epochs if len(history) else 0):
            others = torch.randint(len(items), (len(history),), generator=generator)
            apart = items[history] - items[others]
            apart[torch.isin(others, history)] = 0.0  # not an item that was not had
            pull = torch.sigmoid(-(apart @ vector)) @ apart - self.regularization * len(history) * vector
            vector[:-1] += self.learning_rate * pull[:-1]
        return vector


def _keys(users: Iterable[Any], histories: Sequence[Rows]) -> Rows:
    """64 bits that tell a user with a history from others: a user whose history has changed is somebody else."""
    digests = [
        hashlib.sha256(f"{plain(user)!r}:".encode() + each.tobytes()).digest()[:8]
        for user, each in zip(users, histories, strict=True)
    ]
    return np.array([int.from_bytes(each, "little", signed=True) for each in digests], dtype=np.int64)
