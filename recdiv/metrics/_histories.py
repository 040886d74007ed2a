"""Lists beside what their users did before: what the metrics against history share."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from recdiv._columns import label_hashes
from recdiv._inputs import BLOCK
from recdiv.metrics._chance import NULL_LISTS
from recdiv.metrics._registry import Result, per_list_result
from recdiv.metrics._shared import Shared, deals
from recdiv.tables import EMPTY, Interactions, Recommendations

Measure = Callable[[Tensor, Tensor], Tensor]  # (which lists [n], their histories [n, H]) -> values [n]
UNDEFINED = "a list holds no item of the catalogue, or its user has no training interaction: NaN"
_ODD = np.uint64(0xBF58476D1CE4E5B9)  # a multiplier that mixes all bits
_PADDING = 512  # numbers a slot of a list and history costs while it is measured


@dataclass(frozen=True)
class Histories:
    """Training items of the user of each list: ``length`` of them from ``start`` on in ``items``, oldest first."""

    items: Tensor
    start: Tensor
    length: Tensor

    @classmethod
    def of(cls, recs: Recommendations, train: Interactions, longest: int) -> Histories:
        """The latest ``longest`` interactions of each list's user; all of them where it is 0."""
        if longest < 0:
            raise ValueError(f"longest must be 0 (all) or a number of interactions, got {longest}")
        recs.check(train.n_items)
        counts = np.append(np.bincount(train.user, minlength=train.n_users), 0)
        user = pd.Index(train.users).get_indexer(pd.Index(recs.users))  # -1, somebody unknown, reads the last
        end, length = np.cumsum(counts)[user], counts[user]
        length = np.minimum(length, longest) if longest else length
        items = train.item[np.argsort(train.user, kind="stable")]
        tensors = (torch.from_numpy(each).to(recs.device) for each in (items, end - length, length))
        return cls(*tensors)

    def rows(self, lists: Tensor) -> Tensor:
        """Histories of some lists, padded with -1, int64 ``[n, H]``."""
        length = self.length[lists]
        place = torch.arange(int(length.max()) if len(lists) else 0, device=lists.device)
        held = place < length[:, None]
        return torch.where(held, self.items[(self.start[lists][:, None] + place) * held], EMPTY)

    def measure(self, lists: Tensor, k: int, measure: Measure) -> Tensor:
        """``measure`` of some lists, in parts of bounded memory with histories of about one length, float64 ``[n]``."""
        values = torch.full(lists.shape, torch.nan, dtype=torch.float64, device=lists.device)
        order = self.length[lists].argsort(stable=True)
        start = 0
        while start < len(order):
            # the longest history of a part is not known before its end: guess, then shrink
            width = int(self.length[lists[order[start]]]) + k
            stop = min(len(order), start + max(1, BLOCK // (_PADDING * 2 * width)))
            while stop - start > 1 and int(self.length[lists[order[stop - 1]]]) + k > 2 * width:
                stop = start + (stop - start) // 2
            some = order[start:stop]
            values[some] = measure(lists[some], self.rows(lists[some])).to(values)
            start = stop
        return values


def against_history(
    recs: Recommendations,
    train: Interactions,
    measure_of: Callable[[Recommendations], Measure],
    *,
    longest: int,
    sample: int = 0,
    null: int = 0,
    rng: int | np.random.Generator = 0,
    shared: Shared | None = None,
    among: Tensor | None = None,
) -> Result:
    """Mean of a measure over lists whose user has a history, and of re-dealt lists beside the same histories.

    Args:
        recs, train: as they are.
        measure_of: from lists to what is measured of them.
        longest: latest interactions looked at, 0 for all.
        sample: lists measured where there are more, drawn at random; 0 for all.
        null, rng, shared: draws of chance, where chance comes from, what metrics share. The lists are spread over the
            draws, at least ``NULL_LISTS`` in each where there are so many: all of them are measured once or more.
        among: lists that can have a value, bool ``[U]``; default all.
    """
    if sample < 0:
        raise ValueError(f"sample must be 0 (all) or a number of lists, got {sample}")
    histories = Histories.of(recs, train, longest)
    defined = (recs.lengths > 0) & (histories.length > 0) & (True if among is None else among)
    lists = _some(recs, defined.nonzero().squeeze(1), sample, rng)
    values = torch.full((recs.n_lists,), torch.nan, dtype=torch.float64, device=recs.device)
    values[lists] = histories.measure(lists, recs.k, measure_of(recs))
    found = per_list_result(values)
    undefined = recs.n_lists - int(defined.sum()) + int(values[lists].isnan().sum())
    result = replace(found, n_undefined=undefined)
    if not null or not found.n:
        return result
    chance = []
    for (items, _), some in zip(deals(recs, null, rng, shared), spread(lists, null, rng), strict=True):
        dealt = Recommendations(items, users=recs.users)
        chance.append(float(histories.measure(some, recs.k, measure_of(dealt)).nanmean()))
    return replace(result, null=float(np.mean(chance)))


def _some(recs: Recommendations, lists: Tensor, n: int, rng: int | np.random.Generator) -> Tensor:
    """``n`` of the lists by their user and time: the same of every system, so that systems can be paired."""
    if not n or len(lists) <= n:
        return lists
    salt = np.random.default_rng(rng).integers(1 << 63, dtype=np.uint64)
    mixed = label_hashes(recs.users) + (0 if recs.time is None else _ODD * label_hashes(recs.time)) + salt
    for shift in (30, 27):  # neighbouring numbers fall far apart
        mixed = (mixed ^ (mixed >> np.uint64(shift))) * _ODD
    order = np.argsort(mixed[lists.cpu().numpy()], kind="stable")[:n]
    return lists[torch.from_numpy(np.sort(order)).to(lists.device)]


def spread(lists: Tensor, draws: int, rng: int | np.random.Generator) -> Iterator[Tensor]:
    """Lists for each draw, equally many: together all of them, or all in each where they are few."""
    order = torch.from_numpy(np.random.default_rng(rng).permutation(len(lists))).to(lists.device)
    size = min(len(lists), max(NULL_LISTS, -(-len(lists) // draws)))
    for draw in range(draws):
        at = torch.arange(draw * size, (draw + 1) * size, device=lists.device) % len(lists)
        yield lists[order[at].sort().values]
