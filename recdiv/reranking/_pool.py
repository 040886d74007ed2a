"""What a re-ranker chooses from: candidates in order of relevance, and how alike they are."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from torch import Tensor

from recdiv._spectra import cross
from recdiv.kernels import EmbeddingKernel, Kernel
from recdiv.reranking._labels import label_shares
from recdiv.tables import EMPTY


@dataclass(frozen=True)
class Pool:
    """Some users' candidates, the most relevant first, ties by the lower row of the catalogue.

    Attributes:
        items: rows of the catalogue, int64 ``[u, n]``; -1 after the last candidate.
        users: whose they are, rows of what was given, int64 ``[u]``.
        scores: what the recommender said, float64 ``[u, n]``; −∞ where there is no candidate.
        k: slots a list.
        diversity: δ.
        kernel: when two items are the same.
        history: what each user knows, int64 ``[u, H]``, -1 where nothing.
        interests: how much each user cares for each label, float64 ``[u, F]`` rows summing to 1.
        popularity: of every item of the catalogue, float64 ``[I]``.
    """

    items: Tensor
    users: Tensor
    scores: Tensor
    k: int
    diversity: float
    kernel: Kernel | None = None
    history: Tensor | None = None
    interests: Tensor | None = None
    popularity: Tensor | None = None

    @property
    def known(self) -> Kernel:
        """The kernel, of methods that need one."""
        if self.kernel is None:
            raise ValueError("kernel must be given for this method, got None")
        return self.kernel

    @cached_property
    def open(self) -> Tensor:
        """Which places hold a candidate, bool ``[u, n]``."""
        return self.items >= 0

    @cached_property
    def relevance(self) -> Tensor:
        """Scores from 0 (the worst candidate) to 1 (the best), float64 ``[u, n]``; 1 each where all are equal."""
        top = self.scores.amax(1, keepdim=True)
        low = torch.where(self.open, self.scores, torch.inf).amin(1, keepdim=True)
        flat = ~(top > low)
        scaled = (self.scores - low) / torch.where(flat, 1.0, top - low)
        return torch.where(self.open, torch.where(flat, 1.0, scaled), 0.0)

    @cached_property
    def shares(self) -> Tensor:
        """How each candidate spreads over the labels of the kernel, float64 ``[u, n, C]``, 0 where it has none."""
        return label_shares(self.known, self.items)

    @property
    def wanted(self) -> Tensor:
        """The interests, of methods that need them."""
        if self.interests is None:
            raise ValueError("interests or history must be given for this method, got neither")
        return self.interests

    def similar(self, rows: Tensor) -> Tensor:
        """Similarity of every candidate to one item a user, ``[u] -> [u, n]`` float64; 0 where either is missing."""
        if isinstance(self.known, EmbeddingKernel):
            theirs = _unit(self.known, rows)
            return (self._vectors @ theirs[:, :, None]).squeeze(2)
        pairs = torch.stack([self.items, rows[:, None].expand_as(self.items)], 2)
        return self.known.gram(pairs)[..., 0, 1].double()

    def similar_to(self, place: Tensor) -> Tensor:
        """Similarity of every candidate to the one in ``place``, ``[u] -> [u, n]``."""
        return self.similar(self.items.gather(1, place[:, None]).squeeze(1))

    def similar_to_history(self) -> Iterator[Tensor]:
        """Similarity of every candidate to each slot of the history, one ``[u, n]`` at a time; slots may be empty."""
        return iter(()) if self.history is None else map(self.similar, self.history.unbind(1))

    @cached_property
    def _vectors(self) -> Tensor:
        kernel = self.known
        if not isinstance(kernel, EmbeddingKernel):
            raise TypeError(f"kernel must be an EmbeddingKernel, got {type(kernel).__name__}")
        return _unit(kernel, self.items)

    def similar_between(self, some: slice) -> Tensor:
        """Similarity of some candidates to every one, float64 ``[u, m, n]``; 0 where either is missing."""
        if isinstance(self.known, EmbeddingKernel):
            return self._vectors[:, some] @ self._vectors.mT
        return torch.stack([cross(self.known, rows[some], rows).double() for rows in self.items])


def _unit(kernel: EmbeddingKernel, rows: Tensor) -> Tensor:
    """Unit vectors in float64, ``[...] -> [..., d]``; zeros for a missing item."""
    found = kernel.vectors.index_select(0, rows.clamp(min=0).flatten().to(kernel.device)).double()
    found /= torch.linalg.vector_norm(found, dim=1, keepdim=True)
    return found.reshape(*rows.shape, -1) * (rows >= 0)[..., None].to(found.device)


def ordered(scores: Tensor, candidates: Tensor | None, most: int | None) -> tuple[Tensor, Tensor]:
    """Items and scores by score downwards, ties by the lower row; without what is missing or scored −∞."""
    if candidates is not None:
        rows, scores = candidates, torch.where(candidates >= 0, scores, -torch.inf)
    elif most is not None and most < scores.shape[1]:
        rows = _largest(scores, most)
        scores = scores.gather(1, rows)
    else:
        rows = torch.arange(scores.shape[1], device=scores.device).expand_as(scores)
    place = _downwards(scores, rows) if scores.device.type == "cpu" else _downwards_anywhere(scores, rows)
    scores, rows = scores.gather(1, place), rows.gather(1, place)
    return rows.masked_fill(scores == -torch.inf, EMPTY), scores


def _downwards(scores: Tensor, rows: Tensor) -> Tensor:
    """Places by score downwards, ties by the lower row."""
    below, theirs = -scores.numpy(), rows.numpy()
    place = np.argsort(below, axis=1)  # several times faster than any stable sort, which few users need
    line = np.take_along_axis(below, place, 1)
    tied = ((line[:, 1:] == line[:, :-1]) & (line[:, 1:] < np.inf)).any(1)
    if tied.any():
        place[tied] = np.lexsort((theirs[tied], below[tied]))
    return torch.from_numpy(place)


def _downwards_anywhere(scores: Tensor, rows: Tensor) -> Tensor:
    """The same on any device."""
    by_row = rows.argsort(1)
    return by_row.gather(1, scores.gather(1, by_row).argsort(dim=1, descending=True, stable=True))


def _largest(scores: Tensor, most: int) -> Tensor:
    """Columns of the so many largest scores of each user, ties by the lower one, in order of column."""
    n = scores.shape[1]
    if scores.device.type == "cpu":
        least = torch.from_numpy(np.partition(scores.numpy(), n - most, axis=1)[:, n - most, None])
    else:
        least = scores.topk(most, dim=1).values[:, -1:]
    above, even = scores > least, scores == least
    wanted = most - above.sum(1, keepdim=True)
    chosen = above | (even & (even.cumsum(1) <= wanted))
    return chosen.nonzero()[:, 1].reshape(len(scores), most)
