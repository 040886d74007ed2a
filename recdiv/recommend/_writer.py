"""From what a model has read of each user to a list of items that it wrote inside the catalogue's tree."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor
from tqdm import tqdm

from recdiv.lm import _batches
from recdiv.lm._causal import Causal
from recdiv.recommend._decode import Decoding, Hypotheses, Noise, decode
from recdiv.recommend._trie import Trie

_BAR_FROM = 500  # users from which a progress bar is worth its line


@dataclass(frozen=True)
class Writer:
    """Lists of ``k`` different items a user, written in batches of bounded size.

    Attributes:
        causal, trie: the model, and the catalogue in its tokens.
        how, k: see :class:`Decoding`; slots a list.
        progress: a bar on stderr; None shows one for many users.
    """

    causal: Causal
    trie: Trie
    how: Decoding
    k: int
    progress: bool | None = None

    def write(self, sequences: Sequence[Sequence[int]], allowed: Tensor, seeds: Sequence[int]) -> tuple[Tensor, Tensor]:
        """Items and scores ``[U, k]`` after the token sequences of U users; -1 and −∞ where no item is left.

        Args:
            sequences: what the model reads of each user.
            allowed: items each user may get, bool ``[U, I]``.
            seeds: of each user's draws.
        """
        items = torch.full((len(sequences), self.k), -1)
        scores = torch.full((len(sequences), self.k), -torch.inf, dtype=torch.float64)
        order = sorted(range(len(sequences)), key=lambda row: -len(sequences[row]))  # little is padded
        show = len(order) >= _BAR_FROM if self.progress is None else self.progress
        quiet = {} if show else {"disable": True}
        with self.causal.at_rest(), tqdm(total=len(order), desc="write", unit="list", **quiet) as bar:
            start, most = 0, len(order)
            while start < len(order):
                rows = order[start : start + min(most, self._users_at_once(len(sequences[order[start]])))]
                some = [sequences[row] for row in rows]
                try:
                    items[rows], scores[rows] = self._block(some, allowed[rows], [seeds[row] for row in rows])
                except (torch.OutOfMemoryError, RuntimeError) as error:
                    most = self._fewer(len(rows), error)
                    continue
                start += len(rows)
                bar.update(len(rows))
        return items, scores

    def _fewer(self, users: int, error: RuntimeError) -> int:
        """How many users are written for together after an error that says memory is full."""
        if not _batches.memory_is_full(error):
            raise error
        if users == 1:
            raise MemoryError(f"one list of width {self.how.width} does not fit into memory: lower width") from error
        warnings.warn(f"out of memory with {users} lists at once: going on with {users // 2}", stacklevel=5)
        return users // 2

    def _users_at_once(self, longest: int) -> int:
        return max(1, _batches.budget(self.causal) // (self.how.width * (longest + self.trie.depth)))

    def _block(self, sequences: list[Sequence[int]], allowed: Tensor, seeds: list[int]) -> tuple[Tensor, Tensor]:
        allowed = allowed.to(self.causal.device)
        noise = _gumbel(seeds, len(self.trie.token), self.causal.device) if self.how.method == "sample" else None
        found = self._decoded(sequences, allowed, self.how, noise)
        items, scores = self._listed(found, allowed)
        lacking = (items < 0).any(1) & ((items >= 0).sum(1) < allowed.sum(1))
        if self.how.groups > 1 and lacking.any():  # groups can end at the same items: a beam over the others fills up
            rest = allowed.clone()
            held = (items >= 0).nonzero()
            rest[held[:, 0], items[held[:, 0], held[:, 1]]] = False
            more = self._decoded(
                [each for each, lacks in zip(sequences, lacking.tolist(), strict=True) if lacks],
                rest[lacking],
                replace(self.how, method="beam", groups=1),
                None,
            )
            items[lacking], scores[lacking] = _appended(
                (items[lacking], scores[lacking]), self._listed(more, rest[lacking])
            )
        return items.cpu(), scores.cpu()

    def _decoded(
        self, sequences: list[Sequence[int]], allowed: Tensor, how: Decoding, noise: Noise | None
    ) -> Hypotheses:
        reading = self.causal.read(sequences)
        return decode(self.causal, reading, self.trie, self.trie.alive(allowed), how, noise)

    def _listed(self, found: Hypotheses, allowed: Tensor) -> tuple[Tensor, Tensor]:
        """Items of the leaves that were found, best first, those of one leaf in rising order: ``[U, k]`` twice."""
        value = found.value if self.how.method == "sample" else found.log_p
        leaf = self.trie.low[found.node]
        held = self.trie.start[leaf + 1] - self.trie.start[leaf]
        at = torch.repeat_interleave(held)
        place = torch.arange(len(at), device=at.device) - (held.cumsum(0) - held)[at]
        item, user, score = self.trie.item[self.trie.start[leaf][at] + place], found.user[at], value[at]
        open_ = allowed[user, item]
        item, user, score = item[open_], user[open_], score[open_]
        order = torch.argsort(item, stable=True)
        order = order[torch.argsort(score[order], descending=True, stable=True)]
        order = order[torch.argsort(user[order], stable=True)]
        item, user, score = item[order], user[order].contiguous(), score[order]
        slot = torch.arange(len(user), device=user.device) - torch.searchsorted(user, user)
        fits = slot < self.k
        items = item.new_full((len(allowed), self.k), -1)
        scores = score.new_full((len(allowed), self.k), -torch.inf)
        items[user[fits], slot[fits]] = item[fits]
        scores[user[fits], slot[fits]] = score[fits]
        return items, scores


def _appended(lists: tuple[Tensor, Tensor], more: tuple[Tensor, Tensor]) -> tuple[Tensor, Tensor]:
    """Lists with other items behind, filled slots first."""
    items, scores = (torch.cat(pair, 1) for pair in zip(lists, more, strict=True))
    order = torch.argsort((items < 0).long(), dim=1, stable=True)[:, : lists[0].shape[1]]
    return items.gather(1, order), scores.gather(1, order)


def _gumbel(seeds: list[int], n: int, device: torch.device) -> Noise:
    """Standard Gumbel numbers of each user and node, which depend on the user's seed and on nothing else."""
    drawn = np.stack([np.random.default_rng(seed).gumbel(size=n) for seed in seeds])
    table = torch.from_numpy(drawn).to(device)
    return lambda user, node: table[user, node]
