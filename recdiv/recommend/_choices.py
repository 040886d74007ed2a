"""What a caller may say about each list: the history it follows, and the items it may hold."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from recdiv._columns import integers

Rows = npt.NDArray[np.int64]


def checked_histories(histories: Sequence[Any], n_users: int, n_items: int) -> list[Rows]:
    """One int64 array of item rows a user, or a sentence that says which is not."""
    if len(histories) != n_users:
        raise ValueError(f"histories must have one sequence a user ({n_users}), got {len(histories)}")
    return [_rows(each, "histories", n_items) for each in histories]


def allowed(candidates: Tensor | npt.ArrayLike | Sequence[Any], n_users: int, n_items: int) -> Tensor:
    """Which items each list may hold, boolean ``[1, I]`` (the same for all) or ``[U, I]``."""
    each_user = len(candidates) > 0 and hasattr(candidates[0], "__len__") and np.ndim(candidates[0]) > 0  # type: ignore[arg-type,index]
    lists = list(candidates) if each_user else [candidates]  # type: ignore[arg-type]
    if each_user and len(lists) != n_users:
        raise ValueError(f"candidates must be item rows, or have one sequence a user ({n_users}), got {len(lists)}")
    mask = torch.zeros(len(lists), n_items, dtype=torch.bool)
    for row, each in enumerate(lists):
        mask[row, torch.from_numpy(_rows(each, "candidates", n_items))] = True
    return mask


def _rows(values: Any, name: str, n_items: int) -> Rows:  # noqa: ANN401
    rows: Rows = integers(values, name).cpu().numpy()
    if rows.ndim != 1:
        raise ValueError(f"{name} must be one-dimensional, got shape {list(rows.shape)}")
    wrong = rows[(rows < 0) | (rows >= n_items)]
    if len(wrong):
        raise ValueError(f"{name} must hold item rows 0..{n_items - 1}, got {wrong[0]}")
    return rows
