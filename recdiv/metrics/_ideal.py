"""The greedy ideal of alpha-nDCG: what a list could gain at best from some candidates."""

from __future__ import annotations

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from recdiv._inputs import BLOCK
from recdiv.metrics._categories import Labels
from recdiv.tables import Interactions, Recommendations


def catalogue_ideal(topics: Labels, discount: Tensor, alpha: float) -> Tensor:
    """Ideal over all items of the catalogue, a scalar."""
    sets, _, copies = label_sets(topics)
    everything = torch.arange(len(sets))[None]
    return greedy(everything, copies[None], sets, topics.n, discount.cpu(), alpha)[0]


def user_ideals(recs: Recommendations, test: Interactions, topics: Labels, discount: Tensor, alpha: float) -> Tensor:
    """Ideal over the different test items of each list's user, float64 ``[U]``; 0 where none has a topic."""
    sets, set_of, _ = label_sets(topics)
    pairs = np.unique(test.user * test.n_items + test.item)
    user, which = pairs // max(test.n_items, 1), set_of.numpy()[pairs % max(test.n_items, 1)]
    keys, copies = np.unique(user * len(sets) + which, return_counts=True)  # items with equal topics: one candidate
    user, which = keys // max(len(sets), 1), keys % max(len(sets), 1)
    width = np.bincount(user, minlength=test.n_users)
    start = np.cumsum(width) - width
    ideals = torch.zeros(test.n_users + 1, dtype=torch.float64)
    order = np.argsort(-width, kind="stable")  # users with about as many candidates together
    while len(order):
        some = order[: max(1, BLOCK // max(int(width[order[0]]) * sets.shape[1] * 8, topics.n, 1))]
        widest = int(width[some[0]])
        at = start[some, None] + np.arange(widest)
        there = np.arange(widest) < width[some, None]
        at = np.where(there, at, 0)
        found = torch.from_numpy(which[at]), torch.from_numpy(np.where(there, copies[at], 0))
        ideals[torch.from_numpy(some)] = greedy(*found, sets, topics.n, discount.cpu(), alpha)
        order = order[len(some) :]
    row = pd.Index(test.users).get_indexer(pd.Index(recs.users))  # -1, somebody without test items, reads the last
    return ideals[torch.from_numpy(row)].to(recs.device)


def label_sets(topics: Labels) -> tuple[Tensor, Tensor, Tensor]:
    """Different label sets ``[S, L]`` in the order of their labels, the set of each item ``[I]``, items a set."""
    sets, set_of, copies = torch.unique(topics.table, dim=0, return_inverse=True, return_counts=True)
    return sets, set_of, copies


def greedy(candidates: Tensor, copies: Tensor, sets: Tensor, n: int, discount: Tensor, alpha: float) -> Tensor:
    """Gain of taking the best next item again and again, ``[u]``, one step a rank.

    ``candidates`` are sets ``[u, T]`` with so many ``copies`` each; of equally good ones the first in the order of
    ``sets`` is taken, so that the ideal does not hang on the order of the catalogue.
    """
    total = torch.zeros(len(candidates), dtype=torch.float64)
    if not candidates.shape[1]:
        return total
    held = torch.where(sets[candidates] >= 0, sets[candidates], n)  # [u, T, L]; topic n stands for none
    worth = torch.ones(len(candidates), n + 1, dtype=torch.float64)  # of each topic: (1 − alpha)^(times taken)
    worth[:, n] = 0
    left = copies.clone()
    for weight in discount[: int(copies.sum(1).max())]:
        gain = worth.gather(1, held.flatten(1)).reshape(held.shape).sum(2)
        best = torch.where(left > 0, gain, -1.0).argmax(1, keepdim=True)
        total += weight * torch.where(left > 0, gain, 0.0).gather(1, best).squeeze(1)
        taken = held.gather(1, best[:, :, None].expand(-1, 1, held.shape[2])).squeeze(1)
        worth.scatter_(1, taken, worth.gather(1, taken) * (1 - alpha))
        left.scatter_add_(1, best, -torch.ones_like(best))
    return total
