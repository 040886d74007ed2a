"""The k best items of each user, exactly, in tiles of bounded memory."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy.typing as npt
import torch
from torch import Tensor

from recdiv.recommend._tiles import Pairs, search
from recdiv.recommend._tiles import best as unmasked_best

_USERS = 1_024  # users searched for together: each such block reads all items once


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

    Memory beyond the answer is a few tiles of users × items, whatever their numbers. On a CUDA device float32 is
    multiplied in bfloat16 first, and what rounding could decide is computed again in float32: the answer is the same.

    >>> scores, items = topk([[1.0, 0.0], [0.0, 1.0]], [[1.0, 0.0], [3.0, 1.0], [3.0, 0.0]], 2, exclude=[[], [0]])
    >>> items.tolist()
    [[1, 2], [1, 2]]
    """
    items = _matrix(item_vectors, "item_vectors")
    users = _matrix(user_vectors, "user_vectors").to(items)
    if users.shape[1] != items.shape[1]:
        raise ValueError(f"user_vectors must have {items.shape[1]} columns as item_vectors has, got {users.shape[1]}")
    banned = _excluded(exclude, len(users), len(items), k)
    # tensor cores multiply bfloat16 many times faster; what is infinite has no bound on its rounding
    half = items.is_cuda and items.dtype == torch.float32 and bool(users.isfinite().all() & items.isfinite().all())
    parts = []
    for start in range(0, max(len(users), 1), _USERS):
        part = slice(start, start + _USERS)
        pairs = None if banned is None else _pairs(banned[part], items.device)
        parts.append(search(users[part], items, k, pairs, half=half))
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
    return unmasked_best(scores, k)


def _matrix(values: Tensor | npt.ArrayLike, name: str) -> Tensor:
    matrix = torch.as_tensor(values)
    if matrix.ndim != 2:
        raise ValueError(f"{name} must have shape [n, d], got {list(matrix.shape)}")
    if matrix.is_floating_point() and bool(matrix.isnan().any()):
        raise ValueError(f"{name} must not hold NaN, got NaN in row {int(matrix.isnan().any(1).nonzero()[0])}")
    return matrix if matrix.is_floating_point() else matrix.float()


def _pairs(banned: Sequence[Tensor], device: torch.device) -> Pairs | None:
    """(item, user) of all that is excluded, sorted by item, so that a tile finds its own."""
    item = torch.cat([torch.empty(0, dtype=torch.int64), *banned])
    user = torch.repeat_interleave(
        torch.arange(len(banned)), torch.tensor([len(each) for each in banned], dtype=torch.int64)
    )
    order = item.argsort()
    return (item[order].to(device), user[order].to(device)) if len(item) else None


def _excluded(exclude: Sequence[Any] | None, n_users: int, n_items: int, k: int) -> list[Tensor] | None:
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
