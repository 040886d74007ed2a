"""One item after the other: what every greedy re-ranker shares."""

from __future__ import annotations

from typing import Protocol

import torch
from torch import Tensor

from recdiv.reranking._pool import Pool
from recdiv.tables import EMPTY

SAME = 1e-10  # gains no further apart are equal: round-off must not decide between copies


class Objective(Protocol):
    """What a list is worth, told by what each candidate would add to it."""

    def gain(self) -> Tensor:
        """What each candidate adds to the list as it stands, float64 ``[u, n]``."""
        ...

    def add(self, place: Tensor) -> None:
        """Put the candidate in ``place`` ``[u]`` on the list."""
        ...


def greedy(pool: Pool, objective: Objective) -> Tensor:
    """Places of the candidates chosen, int64 ``[u, k]``, each time the one that adds most.

    Candidates that add the same (to 1e-10) are taken by relevance, then by the lower row of the catalogue: the order
    in which the pool holds them.
    """
    left = pool.open.clone()
    chosen = torch.full((len(left), pool.k), EMPTY, device=left.device)
    for slot in range(min(pool.k, left.shape[1])):
        place = first_best(objective.gain(), left)
        chosen[:, slot] = torch.where(left.any(1), place, EMPTY)
        left.scatter_(1, place[:, None], False)
        objective.add(place)
    return chosen


def first_best(gain: Tensor, left: Tensor) -> Tensor:
    """The first of the places with the largest gain, ``[u]``; any where nothing is left.

    >>> first_best(torch.tensor([[0.0, 2.0, 2.0]]), torch.tensor([[True, True, True]])).tolist()
    [1]
    """
    gain = torch.where(left, gain, -torch.inf)
    best = gain.amax(1, keepdim=True)
    every = torch.arange(gain.shape[1], device=gain.device)
    return torch.where((gain >= best - SAME) & left, every, gain.shape[1] - 1).amin(1)
