"""Chance, to the degree asked for: what diversity costs when nobody thinks about it."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from recdiv.reranking._greedy import greedy
from recdiv.reranking._pool import Pool
from recdiv.reranking._registry import register


@register(
    formula="(1−δ) rᵢ + δ zᵢ,  zᵢ uniform on [0, 1)",
    maps="the share of chance in what items are ordered by",
    bound="the best itself",
    prefix=True,
)
def random(pool: Pool, *, seed: int = 0) -> Tensor:
    r"""The k largest of :math:`(1 - \delta) r_i + \delta z_i` with :math:`z_i` uniform, one a user and item.

    At ``diversity`` 1 every candidate is as likely as any other, whoever asks: the bound that a method must beat to be
    worth it. A draw belongs to the user's row and the item (``random@seed=1`` draws others), so it does not depend on
    which other candidates there are. O(k n) a user.
    """
    luck = _uniform(seed, pool.users.cpu().numpy()[:, None], pool.items.cpu().numpy())
    return greedy(pool, _Luck(pool, torch.from_numpy(luck).to(pool.items.device)))


def _uniform(seed: int, user: npt.NDArray[np.int64], item: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
    """A number in [0, 1) for each user and item, by mixing their bits (SplitMix64), so that no draw needs another."""
    bits = np.asarray(np.int64(seed), dtype=np.uint64)
    for each in (user, item):
        bits = _mixed(bits + each.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15))
    return (bits >> np.uint64(11)).astype(np.float64) / 2.0**53


def _mixed(bits: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
    bits = bits + np.uint64(0x9E3779B97F4A7C15)
    bits = (bits ^ (bits >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    bits = (bits ^ (bits >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return bits ^ (bits >> np.uint64(31))


class _Luck:
    """Relevance mixed with a draw."""

    def __init__(self, pool: Pool, luck: Tensor) -> None:
        self.mixed = (1 - pool.diversity) * pool.relevance + pool.diversity * luck

    def gain(self) -> Tensor:
        return self.mixed

    def add(self, place: Tensor) -> None:
        """A draw does not depend on what is chosen."""
