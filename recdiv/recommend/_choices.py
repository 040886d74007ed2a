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


def checked_candidates(candidates: Tensor | npt.ArrayLike | Sequence[Any], n_users: int, n_items: int) -> list[Rows]:
    """The item rows that lists may hold: one array for all, or one a user."""
    given: Any = candidates if isinstance(candidates, (Tensor, np.ndarray)) else list(candidates)  # type: ignore[arg-type]
    if not len(given) or np.ndim(given[0]) == 0:
        return [_rows(given, "candidates", n_items)]
    if len(given) != n_users:
        raise ValueError(f"candidates must be item rows, or have one sequence a user ({n_users}), got {len(given)}")
    return [_rows(each, "candidates", n_items) for each in given]


def allowed(candidates: Tensor | npt.ArrayLike | Sequence[Any], n_users: int, n_items: int) -> Tensor:
    """Which items each list may hold, boolean ``[1, I]`` (the same for all) or ``[U, I]``."""
    return among(checked_candidates(candidates, n_users, n_items), n_items)


def among(candidates: Sequence[Rows], n_items: int) -> Tensor:
    """True at the candidates, boolean ``[n, I]``."""
    mask = torch.zeros(len(candidates), n_items, dtype=torch.bool)
    for row, each in enumerate(candidates):
        mask[row, torch.from_numpy(each)] = True
    return mask


def _rows(values: Any, name: str, n_items: int) -> Rows:  # noqa: ANN401
    rows: Rows = integers(values, name).cpu().numpy()
    if rows.ndim != 1:
        raise ValueError(f"{name} must be one-dimensional, got shape {list(rows.shape)}")
    wrong = rows[(rows < 0) | (rows >= n_items)]
    if len(wrong):
        raise ValueError(f"{name} must hold item rows 0..{n_items - 1}, got {wrong[0]}")
    return rows
