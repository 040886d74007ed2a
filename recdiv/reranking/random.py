"""Chance, to the degree asked for: what diversity costs when nobody thinks about it."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from recdiv.reranking._greedy import greedy
from recdiv.reranking._pool import Pool
from recdiv.reranking._registry import register


@register(formula="(1−δ) rᵢ + δ zᵢ,  zᵢ uniform on [0, 1)", prefix=True)
def random(pool: Pool, *, seed: int = 0) -> Tensor:
    r"""The k largest of :math:`(1 - \delta) r_i + \delta z_i` with :math:`z_i` drawn from [0, 1), one draw an item.

    At ``diversity`` 1 every candidate is as likely as any other: the bound that a method must beat to be worth it.
    A draw belongs to the item (``random@seed=1`` draws others), so all users share it and an item's luck does not
    depend on who else is there. O(k n) a user.
    """
    draws = np.random.default_rng(seed).random(int(pool.items.max()) + 1 if pool.items.numel() else 0)
    luck = torch.from_numpy(draws).to(pool.items.device)
    return greedy(pool, _Luck(pool, luck))


class _Luck:
    """Relevance mixed with a draw."""

    def __init__(self, pool: Pool, luck: Tensor) -> None:
        mine = luck[pool.items.clamp(min=0)] if len(luck) else torch.zeros_like(pool.relevance)
        self.mixed = (1 - pool.diversity) * pool.relevance + pool.diversity * mine

    def gain(self) -> Tensor:
        return self.mixed

    def add(self, place: Tensor) -> None:
        """A draw does not depend on what is chosen."""
