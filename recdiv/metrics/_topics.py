"""Category labels as topics that a list covers again and again: what alpha_ndcg, err_ia and their like share."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
import torch
from scipy import sparse
from torch import Tensor

from recdiv._inputs import sorted_rows
from recdiv.metrics._categories import Labels
from recdiv.metrics._relevance import hits, repeats
from recdiv.tables import Interactions, Recommendations


def counted_slots(recs: Recommendations, test: Interactions | None) -> tuple[Tensor, Tensor | None]:
    """Slots that may gain, bool ``[U, K]``: test items of the list's user, or every item; a repeat gains nothing.

    With ``test`` also the number of different test items of each list's user ``[U]``.
    """
    if test is None:
        return recs.valid & ~repeats(recs.items), None
    return hits(recs, test)


def faded_gains(held: Tensor, slot_weight: Tensor, decay: float, topic_weight: Tensor | None = None) -> Tensor:
    """Sum over slots and their topics of slot weight × topic weight × decay^(times the topic came before), ``[u]``.

    ``held`` are topics ``[u, K, L]``, -1 where there is none; ``topic_weight`` is ``[u, C]``, by default 1 each.
    """
    ordered, order = sorted_rows(held.flatten(1))
    place = torch.arange(ordered.shape[1], device=ordered.device).expand_as(ordered)
    starts = torch.ones_like(ordered, dtype=torch.bool)
    starts[:, 1:] = ordered[:, 1:] != ordered[:, :-1]
    before = place - torch.where(starts, place, 0).cummax(1).values  # equal topics keep the order of their slots
    gain = slot_weight[order // held.shape[2]] * decay ** before.double() * (ordered >= 0)
    if topic_weight is not None:
        gain = gain * topic_weight.gather(1, ordered.clamp(min=0))
    return gain.sum(1)


@dataclass(frozen=True)
class Tastes:
    """How often each user chose each topic.

    Attributes:
        counts: events with an item of the topic, ``[users + 1, C]``; the last row stands for everybody unknown.
        events: events of each user, float64 ``[users + 1]``, 0 in the last.
        row: row of each list's user.
    """

    counts: sparse.csr_matrix
    events: Tensor
    row: np.ndarray

    def of(self, lists: slice, device: torch.device) -> Tensor:
        """Counts for the users of some lists, float64 ``[u, C]``."""
        return torch.from_numpy(self.counts[self.row[lists]].toarray()).to(device)

    def n_events(self, lists: slice, device: torch.device) -> Tensor:
        """Events of the users of some lists, float64 ``[u]``."""
        return self.events[torch.from_numpy(self.row[lists])].to(device)


def tastes(recs: Recommendations, train: Interactions, topics: Labels) -> Tastes:
    """What the users of some lists chose, by topic; an item with several topics counts for each."""
    recs.check(train.n_items)
    table = topics.table.numpy()
    item, column = np.nonzero(table >= 0)
    has = sparse.csr_matrix((np.ones(len(item)), (item, table[item, column])), shape=(train.n_items, max(topics.n, 1)))
    shape = (train.n_users + 1, train.n_items)
    chose = sparse.csr_matrix((np.ones(len(train)), (train.user, train.item)), shape=shape)
    row = pd.Index(train.users).get_indexer(pd.Index(recs.users))
    events = torch.from_numpy(np.bincount(train.user, minlength=train.n_users + 1).astype(np.float64))
    return Tastes((chose @ has).tocsr(), events, np.where(row < 0, train.n_users, row))


def topic_counts(held: Tensor, n_topics: int) -> Tensor:
    """How many slots of each list hold each topic, float64 ``[u, C]``."""
    flat = held.flatten(1)
    counts = torch.zeros(len(flat), max(n_topics, 1), dtype=torch.float64, device=flat.device)
    return counts.scatter_add_(1, flat.clamp(min=0), (flat >= 0).double())
