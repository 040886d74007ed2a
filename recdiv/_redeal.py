"""What chance alone would make of the same exposures."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from recdiv._inputs import sorted_rows

ROUNDS = 12  # an exposure has then stayed in its list with probability 2^-12
_COMPARISONS = 1 << 18  # at once: stays near the cache
_CHANCE = 1 << 32


def redeal(items: Tensor, mass: Tensor, classes: Tensor, rng: np.random.Generator) -> tuple[Tensor, Tensor]:
    """Deal the same exposures at random over the same list lengths.

    An exposure is an item together with its mass. Lists meet in random pairs; what one of the two holds and the other
    does not is shuffled and dealt again to the same slots, over ``ROUNDS`` rounds (the curveball algorithm of Strona
    et al. 2014). So every list keeps its length, every exposure its item and mass (hence gamma stays), and no list
    gains a repeated item: without that rule a popular item would be dealt twice to one list, which no recommender
    does, and chance would look too similar inside lists.

    Args:
        items, mass: ``[U, K]``; negative slots stay where they are.
        classes: which slots may trade with which, int64 ``[U, K]``: only equal numbers do.
        rng: where chance comes from.

    Returns:
        The dealt items and masses. The weight of a list is now the mass it was dealt.
    """
    items, mass = items.clone(), mass.clone()
    step = max(1, _COMPARISONS // max(1, items.shape[1] ** 2))
    for _ in range(ROUNDS):
        order = torch.from_numpy(rng.permutation(len(items))).to(items.device)
        half = len(items) // 2
        for start in range(0, half, step):
            left = order[start : min(start + step, half)]
            right = order[half + start : half + min(start + step, half)]
            _trade(items, mass, classes, torch.stack([left, right]), rng)
    return items, mass


def _trade(items: Tensor, mass: Tensor, classes: Tensor, pairs: Tensor, rng: np.random.Generator) -> None:
    left, right = items[pairs[0]], items[pairs[1]]
    both = left[:, :, None] == right[:, None, :]
    stays = torch.cat([both.any(2), both.any(1)], 1)
    hand = torch.cat([left, right], 1)
    stays |= hand < 0
    group = torch.cat([classes[pairs[0]], classes[pairs[1]]], 1)
    alone = group.max() + 1 + torch.arange(hand.shape[1], device=items.device)
    group = torch.where(stays, alone, group)
    chance = torch.from_numpy(rng.random(hand.shape)).to(items.device)
    target = sorted_rows(group)[1]
    source = sorted_rows(group * _CHANCE + (chance * _CHANCE).long())[1]
    for table in (items, mass):
        before = torch.cat([table[pairs[0]], table[pairs[1]]], 1)
        after = torch.empty_like(before).scatter_(1, target, before.gather(1, source))
        table[pairs[0]], table[pairs[1]] = after.chunk(2, 1)
