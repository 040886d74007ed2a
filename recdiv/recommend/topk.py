"""The k best items of each user, exactly, in tiles of bounded memory."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy.typing as npt
import torch
from torch import Tensor

from recdiv.tables import EMPTY

_NUMBERS = 1 << 23  # scores held at once (32 MB of float32)


def topk(
    user_vectors: Tensor | npt.ArrayLike,
    item_vectors: Tensor | npt.ArrayLike,
    k: int,
    *,
    exclude: Sequence[Any] | None = None,
) -> tuple[Tensor, Tensor]:
    """The ``k`` items with the largest inner product, exactly; ties go to the lower item number.

    Args:
        user_vectors: numbers ``[U, d]``.
        item_vectors: numbers ``[I, d]``; the answer is on their device.
        k: how many items a user.
        exclude: items a user must not get, one sequence of item numbers a user ``[U]``.

    Returns:
        Scores ``[U, k]``, best first, and items, int64 ``[U, k]``. Where a user has fewer than ``k`` items left, slots
        hold item -1 with score −∞.

    Raises:
        ValueError: for a wrong shape, a ``k`` below 1, or a vector that holds NaN.

    Memory beyond the answer is one tile of users × items, whatever their numbers.

    >>> scores, items = topk([[1.0, 0.0], [0.0, 1.0]], [[1.0, 0.0], [3.0, 1.0], [3.0, 0.0]], 2, exclude=[[], [0]])
    >>> items.tolist()
    [[1, 2], [1, 2]]
    """
    items = _matrix(item_vectors, "item_vectors")
    users = _matrix(user_vectors, "user_vectors").to(items)
    if users.shape[1] != items.shape[1]:
        raise ValueError(f"user_vectors must have {items.shape[1]} columns as item_vectors has, got {users.shape[1]}")
    banned = _excluded(exclude, len(users), len(items), k)
    step = max(1, _NUMBERS // max(len(items), 1))
    parts = [
        best(users[start : start + step] @ items.T, k, exclude=banned and banned[start : start + step])
        for start in range(0, max(len(users), 1), step)
    ]
    return torch.cat([scores for scores, _ in parts]), torch.cat([rows for _, rows in parts])


def best(scores: Tensor, k: int, *, exclude: Sequence[Any] | None = None) -> tuple[Tensor, Tensor]:
    """The ``k`` largest scores of each row ``[U, I]`` as in :func:`topk`; −∞ is never chosen.

    >>> best(torch.tensor([[1.0, 5.0, 5.0]]), 2)[1].tolist()
    [[1, 2]]
    """
    if exclude is not None and any(len(each) for each in exclude):
        scores = scores.clone()
        rows = torch.repeat_interleave(torch.arange(len(exclude)), torch.tensor([len(each) for each in exclude]))
        columns = torch.cat([torch.as_tensor(each, dtype=torch.int64) for each in exclude])
        scores[rows.to(scores.device), columns.to(scores.device)] = -torch.inf
    taken = min(k, scores.shape[1])
    values, items = scores.topk(taken)
    values, items = _lowest_first(scores, values, items)
    items = torch.where(values > -torch.inf, items, EMPTY)
    if taken < k:
        values = torch.nn.functional.pad(values, (0, k - taken), value=-torch.inf)
        items = torch.nn.functional.pad(items, (0, k - taken), value=EMPTY)
    return values, items


def _lowest_first(scores: Tensor, values: Tensor, items: Tensor) -> tuple[Tensor, Tensor]:
    """Undo the arbitrary order of equal scores: lower item numbers first, at the cut too."""
    if not values.shape[1]:
        return values, items
    last = values[:, -1:]
    cut = ((scores == last).sum(1) > (values == last).sum(1)).nonzero().squeeze(1)  # ties that reach beyond the list
    if len(cut):
        above, level = scores[cut] > last[cut], scores[cut] == last[cut]
        first = level & (level.cumsum(1) <= values.shape[1] - above.sum(1, keepdim=True))
        items[cut] = (above | first).nonzero()[:, 1].reshape(len(cut), -1)
    items = items.sort(1).values
    values = scores.gather(1, items)
    order = values.argsort(dim=1, descending=True, stable=True)
    return values.gather(1, order), items.gather(1, order)


def _matrix(values: Tensor | npt.ArrayLike, name: str) -> Tensor:
    matrix = torch.as_tensor(values)
    if matrix.ndim != 2:
        raise ValueError(f"{name} must have shape [n, d], got {list(matrix.shape)}")
    if matrix.is_floating_point() and bool(matrix.isnan().any()):
        raise ValueError(f"{name} must not hold NaN, got NaN in row {int(matrix.isnan().any(1).nonzero()[0])}")
    return matrix if matrix.is_floating_point() else matrix.float()


def _excluded(exclude: Sequence[Any] | None, n_users: int, n_items: int, k: int) -> Sequence[Any] | None:
    if k < 1:
        raise ValueError(f"k must be at least 1, got {k}")
    if exclude is None:
        return None
    if len(exclude) != n_users:
        raise ValueError(f"exclude must have one sequence a user ({n_users}), got {len(exclude)}")
    banned = [torch.as_tensor(each, dtype=torch.int64) for each in exclude]
    for each in banned:
        if len(each) and not (0 <= int(each.min()) and int(each.max()) < n_items):
            wrong = int(each.max()) if int(each.max()) >= n_items else int(each.min())
            raise ValueError(f"exclude must hold item numbers 0..{n_items - 1}, got {wrong}")
    return banned
