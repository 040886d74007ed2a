"""Lists one by one, as other libraries walk them: what the conventions share."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Sequence

import numpy as np
import torch
from torch import Tensor

from recdiv.kernels import Kernel
from recdiv.metrics._registry import Result, per_list_result
from recdiv.tables import EMPTY, Interactions, Recommendations

Items = list[int]


def lists(recs: Recommendations) -> list[Items]:
    """The filled slots of each list, best first; something outside the catalogue stays, as -2."""
    return [[item for item in row if item != EMPTY] for row in recs.items.tolist()]


def wanted(recs: Recommendations, test: Interactions) -> list[Items]:
    """The different test items of each list's user, in order of time."""
    return [list(dict.fromkeys(rows.tolist())) for rows in test.histories(recs.users)]


def per_list(values: Sequence[float]) -> Tensor:
    """One number a list; NaN are left out of their mean."""
    return torch.tensor(values, dtype=torch.float64)


def accuracy(recs: Recommendations, test: Interactions, score: Callable[[Items, Items], float]) -> Tensor:
    """``score(list, test items)`` of each list; NaN where the user has no test item."""
    pairs = zip(lists(recs), wanted(recs, test), strict=True)
    return per_list([score(shown, relevant) if relevant else math.nan for shown, relevant in pairs])


def accuracy_of_all(recs: Recommendations, test: Interactions, score: Callable[[Items, Items], float]) -> Tensor:
    """The same, asked of users without a test item too."""
    return per_list([score(shown, relevant) for shown, relevant in zip(lists(recs), wanted(recs, test), strict=True)])


def over_test_users(recs: Recommendations, test: Interactions, score: Callable[[Items, Items], float]) -> Result:
    """The same, averaged over all users with a test item: one who was shown nothing scores 0."""
    return mean_over(accuracy(recs, test, score), test.n_users)


def mean_over(values: Tensor, n: int) -> Result:
    """The defined values summed and divided by ``n``."""
    result = per_list_result(values)
    return Result(float(values.nansum()) / n if n else math.nan, result.per_list, result.n, result.n_undefined)


def poisoned(values: Tensor) -> Result:
    """A mean that is NaN as soon as one list has no value."""
    result = per_list_result(values)
    return Result(float(values.mean()), result.per_list, result.n, result.n_undefined)


def hits(shown: Items, relevant: Items) -> list[bool]:
    """Which slots hold a test item; a repeat hits again."""
    return [item in relevant for item in shown]


def first_hits(shown: Items, relevant: Items) -> list[bool]:
    """Which slots hold a test item for the first time."""
    return [item in relevant and item not in shown[:slot] for slot, item in enumerate(shown)]


def average_precision(hit: Sequence[bool]) -> float:
    """Sum over hits of the precision up to them: what mean average precisions divide by different numbers."""
    return sum(sum(hit[: slot + 1]) / (slot + 1) for slot, one in enumerate(hit) if one)


def discounted(hit: Sequence[bool]) -> float:
    """Sum over hits of 1 / log₂(rank + 1)."""
    return sum(1 / math.log2(slot + 2) for slot, one in enumerate(hit) if one)


def reciprocal_rank(hit: Sequence[bool]) -> float:
    """1 / rank of the first hit, 0 without one."""
    return 1 / (hit.index(True) + 1) if True in hit else 0.0


def interactions(train: Interactions) -> Counter[int]:
    """How often each item was interacted with, items never seen absent."""
    return Counter(train.item.tolist())


def users_of(train: Interactions) -> Counter[int]:
    """How many different users each item had."""
    pairs = np.unique(np.stack([train.user, train.item], axis=1), axis=0)
    return Counter(pairs[:, 1].tolist())


def shown_counts(recs: Recommendations) -> Counter[int]:
    """How often each item of the catalogue is shown."""
    return Counter(recs.items[recs.valid].tolist())


def catalogue_size(n_items: int, train: Interactions | None) -> int:
    """What most libraries take for the catalogue: items with a training interaction, where there is training data."""
    return n_items if train is None else len(interactions(train))


def gram(kernel: Kernel, shown: Items) -> list[list[float]]:
    """Similarities between the items of one list."""
    found: list[list[float]] = kernel.gram(torch.tensor([shown], dtype=torch.int64))[0].double().tolist()
    return found


def mean(values: Sequence[float]) -> float:
    """Of no values NaN."""
    return sum(values) / len(values) if values else math.nan
