"""Who the users of a loop are: what they wish, what they had, what there is for them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from recdiv.datasets import SAMPLES, Dataset, Latent, load
from recdiv.kernels import EmbeddingKernel
from recdiv.loop._config import Config
from recdiv.tables import Catalog, Interactions

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

HISTORY = 0.5  # share of the sample's days that lie before the loop


@dataclass(frozen=True)
class World:
    """People whose wishes are known, and a catalogue that fills up.

    Attributes:
        name, source: as of the data set.
        catalog: all items that will ever be there, ``I``.
        history: what people did before the first round.
        users: their ids, ``[U]``.
        item_topics: topic mixture of each item, ``[I, T]``, rows sum to 1.
        interests: topic interests of each user from each of S days on, ``[S, U, T]``, rows sum to 1.
        since: those days, ``[S]``.
        rarity: how much a match on each topic counts, ``[T]``: T in the sample, 1 / the topic's share where fitted.
        prominence: how easily each item is come across, ``[I]``, mean 1; says nothing of taste.
        release: the day on which each item appears, ``[I]``.
        thing: rows with the same number list the same thing, ``[I]``.
        look: chance that slot 1, 2, ... of a list is looked at, ``[K]``, the first 1.
        first, last: days on which the loop begins and ends.
        niche: whose interests lie far from everybody's, bool ``[U]``.
        assumed: what had to be assumed, one sentence.
    """

    name: str
    source: str
    catalog: Catalog
    history: Interactions
    users: npt.NDArray[np.object_]
    item_topics: Floats
    interests: Floats
    since: Floats
    rarity: Floats
    prominence: Floats
    release: Floats
    thing: Ints
    look: Floats
    first: float
    last: float
    niche: npt.NDArray[np.bool_]
    assumed: str

    @property
    def n_users(self) -> int:
        """U."""
        return len(self.users)

    @property
    def n_items(self) -> int:
        """I."""
        return len(self.catalog)

    @cached_property
    def text(self) -> EmbeddingKernel:
        """What a language model makes of the catalogue, read once."""
        return EmbeddingKernel.from_text(self.catalog)

    @cached_property
    def past_topics(self) -> Floats:
        """Topics of all each user had before the loop, summed, ``[U, T]``."""
        return np.array([self.item_topics[rows].sum(0) for rows in self.history.histories(self.users)])

    def interests_at(self, day: float) -> Floats:
        """Interests of each user on a day, ``[U, T]``."""
        return np.asarray(self.interests[max(int(np.searchsorted(self.since, day, side="right")) - 1, 0)])

    def wish(self, day: float) -> Floats:
        """Chance that each user would choose each item on meeting it for the first time, ``[U, I]``, in [0, 1).

        ``1 − exp(−½ Σ_t rarity_t · interests_t · item_topics_t)``; in the bundled sample its propensity.
        """
        affinity = (self.interests_at(day) * self.rarity) @ self.item_topics.T
        return np.asarray(1.0 - np.exp(-0.5 * affinity))

    def rows_of(self, users: npt.NDArray[np.object_]) -> Ints:
        """Rows of some user ids."""
        row = {user: number for number, user in enumerate(self.users.tolist())}
        return np.array([row[user] for user in users.tolist()], dtype=np.int64)

    def days(self, rounds: int) -> Floats:
        """The day of each round."""
        return np.linspace(self.first, self.last, rounds, endpoint=False)

    def neighbours(self) -> Ints:
        """The other user whose interests on the first day are most alike, ``[U]`` (cosine; ties to the lower row)."""
        mine = self.interests_at(self.first)
        unit = mine / np.linalg.norm(mine, axis=1, keepdims=True)
        alike = unit @ unit.T
        np.fill_diagonal(alike, -np.inf)
        return np.asarray(alike.argmax(1), dtype=np.int64)


def make_world(config: Config) -> World:
    """The world a configuration asks for: a draw of the sample, or a real set's users fitted to what they did."""
    if config.data not in SAMPLES:
        from recdiv.loop._fitted import fitted_world

        return fitted_world(config)
    if config.draw:
        from recdiv.datasets.sample import generate

        return sample_world(generate(config.data, seed=config.draw), config)
    return sample_world(load(config.data), config)


def sample_world(data: Dataset, config: Config) -> World:
    """People and shelf of the bundled sample, from the middle of its days on."""
    truth, events = data.latent, data.interactions
    if truth is None or events is None:
        raise ValueError(f"data must be a domain of the bundled sample, whose truth is known, got {data.name!r}")
    last = float(truth.segments[1] * len(truth.segments))
    first = HISTORY * last
    interests = truth.interests_at(first)
    return World(
        name=data.name,
        source=data.source,
        catalog=data.catalog,
        history=events.split_at(first)[0],
        users=np.array([f"u{row:04d}" for row in range(interests.shape[0])], dtype=object),
        item_topics=truth.item_topics,
        interests=truth.interests,
        since=truth.segments,
        rarity=np.full(len(truth.topics), float(len(truth.topics))),
        prominence=truth.prominence,
        release=data.catalog.frame["timestamp"].to_numpy(dtype=float),
        thing=truth.thing,
        look=look(config.k, truth),
        first=first,
        last=last,
        niche=far_from_most(interests, config.niche),
        assumed="none: interests, drift, prominence and what is the same thing are the generator's own",
    )


def look(k: int, truth: Latent | None = None) -> Floats:
    """Chance that each slot is looked at: the sample's slot ** −0.7, gone on with for longer lists."""
    known = np.arange(1, k + 1) ** -0.7
    if truth is not None:
        known[: len(truth.position_bias)] = truth.position_bias[:k]
    return np.asarray(known, dtype=np.float64)


def far_from_most(interests: Floats, share: float) -> npt.NDArray[np.bool_]:
    """The share of users whose interests are least like the mean of all (cosine; ties to the higher row), ``[U]``."""
    mean = interests.mean(0)
    alike = interests @ mean / (np.linalg.norm(interests, axis=1) * np.linalg.norm(mean))
    far = np.zeros(len(alike), dtype=bool)
    far[np.argsort(alike, kind="stable")[: round(share * len(alike))]] = True
    return far
