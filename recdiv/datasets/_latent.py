"""The truth behind the bundled sample: written first, so that a metric can be marked against it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Words = npt.NDArray[np.str_]


@dataclass(frozen=True)
class Latent:
    """What the generator decided before it wrote a word. Rows follow the catalogue and ``Interactions.users``.

    Attributes:
        topics: names of the T leaf topics, ``[T]``.
        parents: the parent topic of each leaf, ``[T]``.
        tail: whether a leaf belongs to the long tail: few items exposed, wanted by a minority, ``[T]`` bool.
        neighbour: for each leaf, the leaf of the head that lies nearest to it (itself for a head leaf), ``[T]``.
        item_topics: topic mixture of each item, ``[I, T]``, rows sum to 1.
        thing: identity of each item, ``[I]``: two rows of one thing are near-duplicates.
        variant: how the row differs from the first of its thing (``"original"`` for the first itself), ``[I]``.
        true_category: category before noise, ``[I]``; ``catalog.frame.category`` is the noisy one.
        prominence: popularity bias of each item, ``[I]``, mean 1: multiplies the propensity, says nothing of taste.
        segments: start of each time segment in days, ``[S]``, the first 0.
        interests: topic interests of each user in each segment, ``[S, U, T]``, rows sum to 1.
        drift: day on which a user's interests change, ``[U]``; NaN where they never do.
        position_bias: chance that slot 1, 2, ... is looked at, ``[K]``, the first 1.
    """

    topics: Words
    parents: Words
    tail: npt.NDArray[np.bool_]
    neighbour: Ints
    item_topics: Floats
    thing: Ints
    variant: Words
    true_category: Words
    prominence: Floats
    segments: Floats
    interests: Floats
    drift: Floats
    position_bias: Floats

    @property
    def leaf(self) -> Ints:
        """The main leaf topic of each item, ``[I]``."""
        return np.asarray(self.item_topics.argmax(axis=1), dtype=np.int64)

    def propensity(self, segment: int = -1) -> Floats:
        """Chance that each user would choose each item on meeting it, before popularity and position bias, ``[U, I]``.

        ``1 - exp(-2 T / 4 · interests · item_topics)``: above 0, below 1, higher is keener.
        """
        affinity = self.interests[segment] @ self.item_topics.T
        return np.asarray(1.0 - np.exp(-0.5 * len(self.topics) * affinity))

    def interests_at(self, day: float) -> Floats:
        """Interests of each user on a day, ``[U, T]``."""
        return np.asarray(self.interests[int(np.searchsorted(self.segments, day, side="right")) - 1])
