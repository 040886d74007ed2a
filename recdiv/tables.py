"""The three tables every floor speaks: items, what people did, what they were shown.

Frames come in and go out at the edges; inside, items and users are row numbers held in tensors.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
import torch
from torch import Tensor

from recdiv._columns import Ids, Rows, integers, labels_of, listed, plain, refuse_missing, require_columns, sentence
from recdiv._recommendations import EMPTY, UNKNOWN, Recommendations

__all__ = ["EMPTY", "UNKNOWN", "Catalog", "Interactions", "Recommendations", "integers", "labels_of"]


class Catalog:
    """The items: one row each, known by ``item_id``.

    Args:
        frame: needs ``item_id`` (unique, not missing) and any of ``title``, ``text``, ``category``, ``timestamp``, ...
            ``category`` may hold one label, several joined by ``|``, or a list; missing or empty means *no label*.

    Raises:
        TypeError: if ``frame`` is not a DataFrame.
        ValueError: if ``item_id`` is absent, missing somewhere or repeated.

    >>> frame = pd.DataFrame({"item_id": ["a", "b"], "title": ["Tea", "Mug"], "category": ["Food", "Home|Gift"]})
    >>> catalog = Catalog(frame)
    >>> len(catalog), catalog.texts(), catalog.categories
    (2, ['Tea', 'Mug'], [('Food',), ('Home', 'Gift')])
    """

    def __init__(self, frame: pd.DataFrame) -> None:
        require_columns(frame, "catalog", ["item_id"])
        ids = frame["item_id"]
        refuse_missing(ids, "catalog", "item_id")
        repeated = ids[ids.duplicated()]
        if len(repeated):
            raise ValueError(f"catalog: item_id must be unique, got {plain(repeated.iloc[0])!r} more than once")
        self.frame = frame.reset_index(drop=True)
        self._index = pd.Index(self.frame["item_id"])

    def __len__(self) -> int:
        return len(self.frame)

    def __repr__(self) -> str:
        return f"Catalog({len(self):,} items; {', '.join(map(str, self.frame.columns))})"

    @property
    def item_ids(self) -> Ids:
        """Item identifiers, in row order."""
        return np.asarray(self._index)

    def rows(self, item_ids: Iterable[Any], *, unknown: Literal["raise", "count"] = "raise") -> Rows:
        """Row numbers of ``item_ids``, int64 ``[n]``; an unknown one raises, or with ``"count"`` becomes -2."""
        if unknown not in ("raise", "count"):
            raise ValueError(f"unknown must be 'raise' or 'count', got {unknown!r}")
        wanted = pd.Index(item_ids if isinstance(item_ids, (pd.Series, pd.Index, np.ndarray)) else list(item_ids))
        rows: Rows = np.asarray(self._index.get_indexer(wanted), dtype=np.int64)
        missing = rows < 0
        if missing.any():
            if unknown == "raise":
                raise ValueError(
                    f"item_id {plain(wanted[int(missing.argmax())])!r} is not in the catalog ({int(missing.sum())} of "
                    f"{len(rows)} are not); pass unknown='count' to keep them as unknown slots"
                )
            rows[missing] = UNKNOWN
        return rows

    def texts(self) -> list[str]:
        """What a language model reads of each item: ``title`` and ``text``, joined by a full stop; "" if neither."""
        parts = [
            [str(value).strip() if present else "" for value, present in zip(column, column.notna(), strict=True)]
            for column in (self.frame[name] for name in ("title", "text") if name in self.frame)
        ]
        if not parts:
            raise ValueError("catalog: needs a 'title' or 'text' column to be read as text")
        if len(parts) == 1:
            return parts[0]
        return [sentence(title, text) for title, text in zip(*parts, strict=True)]

    @property
    def categories(self) -> list[tuple[str, ...]]:
        """Labels of each item; an empty tuple where there is none."""
        require_columns(self.frame, "catalog", ["category"])
        return [labels_of(value) for value in self.frame["category"]]

    def category_matrix(self) -> tuple[Tensor, list[str]]:
        """Items × labels, float32 0/1 ``[I, C]``, and the label names in alphabetical order."""
        labels = self.categories
        names = sorted({name for item in labels for name in item})
        column = {name: j for j, name in enumerate(names)}
        held = np.repeat(np.arange(len(labels)), np.array([len(item) for item in labels], dtype=np.int64))
        which = np.fromiter((column[name] for item in labels for name in item), dtype=np.int64, count=len(held))
        matrix = torch.zeros(len(labels), len(names))
        matrix[torch.from_numpy(held), torch.from_numpy(which)] = 1.0
        return matrix, names


class Interactions:
    """What people did: one row an event, oldest first.

    Args:
        frame: needs ``user_id`` and ``item_id``; ``timestamp`` (number or date) orders events, else row order does.
        catalog: every ``item_id`` must be in it.

    Raises:
        TypeError: if ``frame`` is not a DataFrame.
        ValueError: if a column is absent, an id or timestamp is missing, or an item is not in the catalogue.

    Attributes:
        frame: the events, sorted by time (ties keep their order).
        users: the distinct user ids, sorted.
        user, item: int64 arrays ``[N]``, positions in ``users`` and rows of ``catalog``.

    >>> catalog = Catalog(pd.DataFrame({"item_id": ["a", "b", "c"]}))
    >>> frame = pd.DataFrame({"user_id": [1, 1, 2], "item_id": ["b", "a", "c"], "timestamp": [9, 5, 7]})
    >>> events = Interactions(frame, catalog)
    >>> [rows.tolist() for rows in events.histories([1, 2])]
    [[0, 1], [2]]
    """

    def __init__(self, frame: pd.DataFrame, catalog: Catalog) -> None:
        require_columns(frame, "interactions", ["user_id", "item_id"])
        for column in ("user_id", "item_id", *(["timestamp"] if "timestamp" in frame else [])):
            refuse_missing(frame[column], "interactions", column)
        if "timestamp" in frame:
            frame = frame.sort_values("timestamp", kind="stable")
        self.frame = frame.reset_index(drop=True)
        self.catalog = catalog
        codes, users = pd.factorize(self.frame["user_id"], sort=True)
        self.users: Ids = np.asarray(users)
        self.user: Rows = codes.astype(np.int64)
        self.item: Rows = catalog.rows(self.frame["item_id"])

    def __len__(self) -> int:
        return len(self.frame)

    def __repr__(self) -> str:
        return f"Interactions({len(self):,} events, {len(self.users):,} users, {len(self.catalog):,} items)"

    @property
    def n_users(self) -> int:
        """Number of distinct users."""
        return len(self.users)

    @property
    def n_items(self) -> int:
        """Number of items in the catalogue, seen or not."""
        return len(self.catalog)

    def item_counts(self) -> Tensor:
        """How often each item was interacted with, int64 ``[I]``."""
        return torch.from_numpy(self._item_counts.copy())

    @cached_property
    def _item_counts(self) -> Rows:
        return np.bincount(self.item, minlength=self.n_items)

    def item_users(self) -> Tensor:
        """How many different users interacted with each item, int64 ``[I]``."""
        pairs = np.unique(self.user * self.n_items + self.item)
        return torch.from_numpy(np.bincount(pairs % max(self.n_items, 1), minlength=self.n_items))

    @cached_property
    def _user_index(self) -> pd.Index[Any]:
        return pd.Index(self.users)

    def positions(self, users: Iterable[Any]) -> Rows:
        """Position in ``users`` of each of some users, int64 ``[n]``; -1 for somebody unknown."""
        wanted = users if isinstance(users, np.ndarray) else listed(users)
        return np.asarray(self._user_index.get_indexer(pd.Index(wanted)), dtype=np.int64)

    def histories(self, users: Iterable[Any] | None = None) -> list[Rows]:
        """Item rows of each user, oldest first; an empty array for somebody unknown."""
        order = np.argsort(self.user, kind="stable")
        parts = np.split(self.item[order], np.cumsum(np.bincount(self.user, minlength=self.n_users))[:-1])
        if users is None:
            return parts if self.n_users else []
        nothing = np.empty(0, dtype=np.int64)
        return [parts[j] if j >= 0 else nothing for j in self.positions(users)]

    def where(self, mask: npt.NDArray[np.bool_]) -> Interactions:
        """The events for which ``mask`` (boolean ``[N]``) is true."""
        if np.asarray(mask).dtype != bool or len(mask) != len(self):
            raise ValueError(f"mask must have one truth value an event [{len(self)}], got {np.asarray(mask).dtype}")
        return Interactions(self.frame.loc[mask], self.catalog)

    def leave_one_out(self) -> tuple[Interactions, Interactions]:
        """Everyone's last event apart: (the rest, the last ones). A user with one event stays in the rest."""
        last = ~self.frame.duplicated("user_id", keep="last").to_numpy()
        last &= np.bincount(self.user, minlength=self.n_users)[self.user] > 1
        return self.where(~last), self.where(last)

    def split_at(self, timestamp: Any) -> tuple[Interactions, Interactions]:  # noqa: ANN401
        """Events before ``timestamp``, and from it on."""
        require_columns(self.frame, "interactions", ["timestamp"])
        before = (self.frame["timestamp"] < timestamp).to_numpy()
        return self.where(before), self.where(~before)
