"""Chance: the bound that a diversity number without accuracy rewards."""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np
import torch
from torch import Tensor

from recdiv.recommend._base import Recommender
from recdiv.tables import Interactions


class Random(Recommender):
    """Items in an order of chance, each user's own, the same each time for one seed.

    Args:
        rng: a seed; the order of a user depends on it and the user's id alone, not on who else is asked for.

    Somebody without history gets chance too, not popularity.
    """

    def __init__(self, *, rng: int = 0) -> None:
        self.rng = rng

    def _learn(self, train: Interactions) -> None:
        self._n_items = train.n_items

    def _state(self) -> dict[str, Tensor]:
        return {}

    def _restore(self, state: dict[str, Tensor]) -> None:
        self._n_items = self._fitted().n_items

    def _score(self, users: list[Any], histories: list[Any]) -> Tensor:
        rows = [
            np.random.default_rng(seed_of(self.rng, user)).random(self._n_items, dtype=np.float32) for user in users
        ]
        return torch.from_numpy(np.stack(rows)) if rows else torch.empty(0, self._n_items)

    def _scores_of(self, users: list[Any], histories: list[Any]) -> Tensor:
        return self._score(users, histories)


def seed_of(rng: int, user: Any) -> int:  # noqa: ANN401
    """A seed of each user's own, which does not depend on who else is asked about."""
    return int.from_bytes(hashlib.sha256(f"{rng} {user!r}".encode()).digest()[:8])
