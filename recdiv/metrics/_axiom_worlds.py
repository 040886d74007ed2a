"""Small random worlds in which an axiom is tried: items with vectors and labels, people with a past, their lists."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from recdiv.kernels import EmbeddingKernel
from recdiv.tables import EMPTY, Catalog, Interactions, Recommendations

N_ITEMS = 9
Pairs = tuple[tuple[int, int], ...]  # of user and item


@dataclass(frozen=True)
class World:
    """Items, what people did with them, and what they are shown.

    Attributes:
        vectors: unit rows ``[I, d]``.
        labels: of each item, joined by ``|``; empty for none.
        train, test: what each user chose before and after.
        lists: items by rank. User u has the lists 2u and 2u + 1, shown one after the other.
        scores: what each slot was scored, falling; None for none.
    """

    vectors: np.ndarray[Any, Any]
    labels: tuple[str, ...]
    train: Pairs
    test: Pairs
    lists: tuple[tuple[int, ...], ...]
    scores: tuple[float, ...] | None = None

    def recs(self) -> Recommendations:
        """The lists, with the times and interest groups that some metrics ask for."""
        k = max(map(len, self.lists))
        items = [[*each, *[EMPTY] * (k - len(each))] for each in self.lists]
        place = np.arange(len(items))
        scores = None if self.scores is None else np.tile(self.scores, (len(items), 1))
        return Recommendations(items, scores=scores, users=place // 2, time=place % 2, groups=place // 2 % 2)

    def known(self) -> dict[str, Any]:
        """What a metric may ask for."""
        labels = [label or None for label in self.labels]
        share = [None if label is None else label.split("|").count("x") / (1 + label.count("|")) for label in labels]
        columns = {"category": labels, "minority": share, "sentiment": share}  # so that copies are alike in all
        catalog = Catalog(pd.DataFrame({"item_id": range(len(labels)), **columns}))
        frames = (pd.DataFrame(pairs, columns=["user_id", "item_id"]) for pairs in (self.train, self.test))
        train, test = (Interactions(frame, catalog) for frame in frames)
        return {"catalog": catalog, "kernel": EmbeddingKernel(self.vectors), "train": train, "test": test}

    def plus(self, vector: np.ndarray[Any, Any], label: str) -> World:
        """One more item, which nobody has seen yet."""
        return replace(self, vectors=np.vstack([self.vectors, vector]), labels=(*self.labels, label))

    def showing(self, which: int, items: tuple[int, ...]) -> World:
        """Another list in the place of one."""
        return replace(self, lists=(*self.lists[:which], items, *self.lists[which + 1 :]))

    def __str__(self) -> str:
        return " ".join(f"[{' '.join('∅' if item < 0 else chr(97 + item) for item in each)}]" for each in self.lists)


def draw(rng: np.random.Generator, *, users: int, k: int) -> World:
    """A world in which every metric has a value: everybody has a past, a list and something wanted in it.

    Cosines are not negative, so that "less alike" has one meaning, and the vectors independent, so that any one cosine
    can be changed a little.
    """
    mixed = rng.uniform(0.3, 0.97)
    subjects = np.eye(3)[rng.integers(3, size=N_ITEMS)]
    rows = subjects + rng.uniform(0, 1) * np.abs(rng.normal(size=(N_ITEMS, 3)))
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    alike = (1 - mixed) * np.eye(N_ITEMS) + mixed * rows @ rows.T
    labels = rng.choice(["x", "y", "z", "x|y", "y|z", ""], N_ITEMS, p=[0.3, 0.25, 0.2, 0.1, 0.05, 0.1])
    labels[:3] = ["x", "y", "z"]
    lists = tuple(tuple(rng.permutation(N_ITEMS)[:k].tolist()) for _ in range(2 * users))
    train = [(user, item) for user in range(users) for item in rng.permutation(3)[:2].tolist()]
    train += [(user, item) for user in range(users) for item in rng.permutation(N_ITEMS)[:2].tolist()]
    test = [(user, item) for user in range(users) for item in {0, *rng.choice(lists[2 * user], 2).tolist()}]
    return World(np.linalg.cholesky(alike), tuple(labels.tolist()), tuple(train), tuple(test), lists)
