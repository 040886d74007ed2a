"""What a column, a label and an array of rows look like once they have been checked; shared by the tables."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import torch
from pandas.util import hash_array
from torch import Tensor

_WHOLE = 2.0**53  # below it every whole number is a float

Ids = npt.NDArray[Any]
Rows = npt.NDArray[np.int64]


def listed(values: Iterable[Any]) -> Ids:
    """A one-dimensional array that keeps tuples and strings as they are."""
    if isinstance(values, Tensor):
        return values.cpu().numpy()
    return pd.Series(values if isinstance(values, (np.ndarray, pd.Series, pd.Index)) else list(values)).to_numpy()


def label_hashes(labels: Ids) -> npt.NDArray[np.uint64]:
    """A number for each label that is the same wherever it is met: user 7.0 of one file is user 7 of another.

    >>> bool((label_hashes(np.array([7.0, 8.0])) == label_hashes(np.array([7, 8]))).all())
    True
    """
    found = np.asarray(pd.Series(labels).infer_objects())  # of any kind, sortable or not
    if found.dtype.kind == "f" and np.all(np.abs(found) < _WHOLE) and np.all(found == np.trunc(found)):
        found = found.astype(np.int64)
    return hash_array(found if found.dtype.kind in "iufM" else found.astype(object))


def require_columns(frame: pd.DataFrame, table: str, columns: list[str]) -> None:
    if not isinstance(frame, pd.DataFrame):
        raise TypeError(f"{table} must be a pandas DataFrame, got {type(frame).__name__}")
    if not frame.columns.is_unique:
        twice = frame.columns[frame.columns.duplicated()][0]
        raise ValueError(f"{table}: column names must be unique, got {twice!r} more than once")
    for column in columns:
        if column not in frame:
            raise ValueError(f"{table}: needs a {column!r} column, got {', '.join(map(repr, frame.columns)) or 'none'}")


def refuse_missing(values: pd.Series[Any], table: str, column: str) -> None:
    missing = values.isna()
    if missing.any():
        raise ValueError(f"{table}: {column} must not be missing, got {int(missing.sum())} missing of {len(values)}")


def sentence(title: str, text: str) -> str:
    if not title or not text:
        return title or text
    return f"{title} {text}" if title[-1] in ".!?:…" else f"{title}. {text}"


def plain(value: Any) -> Any:  # noqa: ANN401
    """A NumPy scalar as Python's own, so that a message shows 7 and not np.int64(7)."""
    return value.item() if isinstance(value, np.generic) else value


def labels_of(value: Any) -> tuple[str, ...]:  # noqa: ANN401
    """Labels in one cell: a list of them, or a string that joins them by ``|``; empty where there is none."""
    if isinstance(value, (list, tuple, set, frozenset, np.ndarray)):
        parts = ["" if part is None or part != part else str(part).strip() for part in value]  # NaN differs from itself
    elif isinstance(value, str) and value.lstrip().startswith(("['", '["')):
        raise ValueError(f"category must join labels by | or be a list, got a list written as text: {value[:60]!r}")
    else:
        parts = [] if pd.isna(value) else [part.strip() for part in str(value).split("|")]
    return tuple(dict.fromkeys(part for part in parts if part))


def integers(values: Tensor | npt.ArrayLike, name: str) -> Tensor:
    """Whole numbers as int64; anything else is refused by ``name``."""
    if isinstance(values, Tensor):
        whole = not (values.is_floating_point() or values.is_complex() or values.dtype == torch.bool)
        kind, tensor = str(values.dtype).removeprefix("torch."), values
    else:
        try:
            array = np.array(values)
        except ValueError:  # lists of different lengths
            raise ValueError(f"{name} must be of one length, got lists of several: pad short ones with -1") from None
        whole, kind = array.dtype.kind in "iu", str(array.dtype)
        tensor = torch.from_numpy(array.astype(np.int64)) if whole or not array.size else torch.empty(1)
    if tensor.numel() and not whole:
        raise ValueError(f"{name} must be integers, got {kind}")
    return tensor.to(torch.int64)
