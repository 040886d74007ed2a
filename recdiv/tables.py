"""The three tables every floor speaks: items, what people did, what they were shown.

Frames come in and go out at the edges; inside, items and users are row numbers held in tensors.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
import torch
from torch import Tensor

EMPTY = -1  # a slot that holds nothing
UNKNOWN = -2  # a slot that holds something the catalogue does not know

Ids = npt.NDArray[Any]
Rows = npt.NDArray[np.int64]


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
        _require_columns(frame, "catalog", ["item_id"])
        ids = frame["item_id"]
        _refuse_missing(ids, "catalog", "item_id")
        repeated = ids[ids.duplicated()]
        if len(repeated):
            raise ValueError(f"catalog: item_id must be unique, got {repeated.iloc[0]!r} more than once")
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
                    f"item_id {wanted[int(missing.argmax())]!r} is not in the catalog ({int(missing.sum())} of "
                    f"{len(rows)} are not); pass unknown='count' to keep them as unknown slots"
                )
            rows[missing] = UNKNOWN
        return rows

    def texts(self) -> list[str]:
        """What a language model reads of each item: ``title`` and ``text``, joined by a full stop."""
        parts = [
            self.frame[name].fillna("").astype(str).str.strip() for name in ("title", "text") if name in self.frame
        ]
        if not parts:
            raise ValueError("catalog: needs a 'title' or 'text' column to be read as text")
        if len(parts) == 1:
            return list(parts[0])
        return [_sentence(title, text) for title, text in zip(*parts, strict=True)]

    @property
    def categories(self) -> list[tuple[str, ...]]:
        """Labels of each item; an empty tuple where there is none."""
        _require_columns(self.frame, "catalog", ["category"])
        return [labels_of(value) for value in self.frame["category"]]

    def category_matrix(self) -> tuple[Tensor, list[str]]:
        """Items × labels, float32 0/1 ``[I, C]``, and the label names in alphabetical order."""
        labels = self.categories
        names = sorted({name for item in labels for name in item})
        column = {name: j for j, name in enumerate(names)}
        matrix = torch.zeros(len(labels), len(names))
        for i, item in enumerate(labels):
            for name in item:
                matrix[i, column[name]] = 1.0
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
        _require_columns(frame, "interactions", ["user_id", "item_id"])
        for column in ("user_id", "item_id", *(["timestamp"] if "timestamp" in frame else [])):
            _refuse_missing(frame[column], "interactions", column)
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
        return torch.bincount(torch.from_numpy(self.item), minlength=self.n_items)

    def histories(self, users: Iterable[Any] | None = None) -> list[Rows]:
        """Item rows of each user, oldest first; an empty array for somebody unknown."""
        order = np.argsort(self.user, kind="stable")
        parts = np.split(self.item[order], np.cumsum(np.bincount(self.user, minlength=self.n_users))[:-1])
        if users is None:
            return parts if self.n_users else []
        position = pd.Index(self.users).get_indexer(pd.Index(_listed(users)))
        nothing = np.empty(0, dtype=np.int64)
        return [parts[j] if j >= 0 else nothing for j in position]

    def where(self, mask: npt.NDArray[np.bool_]) -> Interactions:
        """The events for which ``mask`` (boolean ``[N]``) is true."""
        return Interactions(self.frame.loc[mask], self.catalog)

    def leave_one_out(self) -> tuple[Interactions, Interactions]:
        """Everyone's last event apart: (the rest, the last ones). A user with one event stays in the rest."""
        last = ~self.frame.duplicated("user_id", keep="last").to_numpy()
        last &= np.bincount(self.user, minlength=self.n_users)[self.user] > 1
        return self.where(~last), self.where(last)

    def split_at(self, timestamp: Any) -> tuple[Interactions, Interactions]:  # noqa: ANN401
        """Events before ``timestamp``, and from it on."""
        _require_columns(self.frame, "interactions", ["timestamp"])
        before = (self.frame["timestamp"] < timestamp).to_numpy()
        return self.where(before), self.where(~before)


class Recommendations:
    """What was shown: U lists of at most K slots, best first.

    Args:
        items: integers ``[U, K]``, rows of the catalogue; -1 marks an empty slot, -2 something not in the catalogue.
        scores: ``[U, K]`` or None.
        users: whose list it is, ``[U]`` (default 0..U-1); a user may own several lists, one a time.
        time: when it was shown, ``[U]`` or None.
        groups: any label of each list, ``[U]`` or None (an interest group, a session, ...).

    Raises:
        ValueError: if a shape does not fit or an item is below -2.

    A repeated item stays where it is: each metric states what it makes of it.

    >>> recs = Recommendations([[3, 1, -1], [0, -2, 3]])
    >>> recs.n_lists, recs.k, recs.lengths.tolist(), recs.n_unknown
    (2, 3, [2, 2], 1)
    """

    def __init__(
        self,
        items: Tensor | npt.ArrayLike,
        *,
        scores: Tensor | npt.ArrayLike | None = None,
        users: Iterable[Any] | None = None,
        time: Iterable[Any] | None = None,
        groups: Iterable[Any] | None = None,
    ) -> None:
        self.items = integers(items, "items")
        if self.items.ndim != 2:
            raise ValueError(f"items must have shape [U, K], got {list(self.items.shape)}")
        if self.items.numel() and int(self.items.min()) < UNKNOWN:
            raise ValueError(f"items must be catalogue rows, -1 (empty) or -2 (unknown), got {int(self.items.min())}")
        self.scores = None if scores is None else torch.as_tensor(scores, device=self.items.device)
        if self.scores is not None and self.scores.shape != self.items.shape:
            raise ValueError(
                f"scores must be shaped like items {list(self.items.shape)}, got {list(self.scores.shape)}"
            )
        self.users = self._labels(users, "users") if users is not None else np.arange(self.n_lists)
        self.time = None if time is None else self._labels(time, "time")
        self.groups = None if groups is None else self._labels(groups, "groups")

    def _labels(self, values: Iterable[Any], name: str) -> Ids:
        labels = _listed(values)
        if len(labels) != self.n_lists:
            raise ValueError(f"{name} must have one label a list ({self.n_lists}), got {len(labels)}")
        if pd.isna(pd.Series(labels)).any():
            raise ValueError(f"{name} must not be missing, got a missing label")
        return labels

    @classmethod
    def from_frame(
        cls,
        frame: pd.DataFrame,
        catalog: Catalog,
        *,
        user: str = "user_id",
        item: str = "item_id",
        rank: str | None = None,
        score: str | None = None,
        time: str | None = None,
        unknown: Literal["raise", "count"] = "raise",
    ) -> Recommendations:
        """Lists from one row a recommended item: by ``rank`` upwards, else ``score`` downwards, else row order.

        With ``time``, each (user, time) is a list of its own. A missing ``item`` is an empty slot.

        Raises:
            ValueError: if a column is absent, a user, rank, score or time is missing, or (``unknown="raise"``) an item
                is not in the catalogue. ``unknown="count"`` keeps such a slot as -2.
        """
        named = [name for name in (user, item, rank, score, time) if name is not None]
        _require_columns(frame, "recommendations", named)
        for name in named:
            if name != item:
                _refuse_missing(frame[name], "recommendations", name)
        keys = [user] if time is None else [user, time]
        if rank is not None:
            frame = frame.sort_values(rank, kind="stable")
        elif score is not None:
            frame = frame.sort_values(score, ascending=False, kind="stable")
        lists = frame.groupby(keys, sort=True)
        row = lists.ngroup().to_numpy()
        slot = lists.cumcount().to_numpy()
        shape = (int(lists.ngroups), int(slot.max()) + 1 if len(slot) else 0)
        items = np.full(shape, EMPTY, dtype=np.int64)
        present = frame[item].notna().to_numpy()
        items[row[present], slot[present]] = catalog.rows(frame[item][present], unknown=unknown)
        scores = None
        if score is not None:
            scores = np.full(shape, np.nan)
            scores[row, slot] = frame[score].to_numpy(dtype=float)
        owner = frame.iloc[np.unique(row, return_index=True)[1]]
        return cls(items, scores=scores, users=owner[user], time=None if time is None else owner[time])

    def __repr__(self) -> str:
        return f"Recommendations({self.n_lists:,} lists of up to {self.k})"

    def __len__(self) -> int:
        return self.n_lists

    @property
    def n_lists(self) -> int:
        """U, the number of lists."""
        return int(self.items.shape[0])

    @property
    def k(self) -> int:
        """K, the number of slots a list."""
        return int(self.items.shape[1])

    @property
    def device(self) -> torch.device:
        """Where ``items`` lives."""
        return self.items.device

    @property
    def valid(self) -> Tensor:
        """Which slots hold an item of the catalogue, bool ``[U, K]``."""
        return self.items >= 0

    @property
    def lengths(self) -> Tensor:
        """How many slots of each list hold an item of the catalogue, int64 ``[U]``."""
        return self.valid.sum(1)

    @property
    def n_unknown(self) -> int:
        """How many slots hold something that is not in the catalogue."""
        return int((self.items == UNKNOWN).sum())

    def check(self, n_items: int) -> Recommendations:
        """Self, after making sure that every item is below ``n_items``."""
        if self.items.numel() and int(self.items.max()) >= n_items:
            raise ValueError(f"items must be rows of the catalogue, 0..{n_items - 1}, got {int(self.items.max())}")
        return self

    def counts(self, n_items: int) -> Tensor:
        """How often each item is recommended, int64 ``[n_items]``; a repeat counts again."""
        return torch.bincount(self.check(n_items).items[self.valid], minlength=n_items)

    def head(self, k: int) -> Recommendations:
        """The first ``k`` slots of each list (all of them where there are fewer)."""
        if k < 1:
            raise ValueError(f"k must be at least 1, got {k}")
        return self._take(slice(None), slice(k))

    def where(self, mask: Tensor | npt.NDArray[np.bool_] | Sequence[int]) -> Recommendations:
        """Some of the lists, by boolean mask ``[U]`` or positions."""
        index = np.asarray(mask)
        return self._take(np.flatnonzero(index) if index.dtype == bool else index.astype(np.int64), slice(None))

    def _take(self, lists: Any, slots: slice) -> Recommendations:  # noqa: ANN401
        index = torch.as_tensor(lists, device=self.device) if isinstance(lists, np.ndarray) else lists
        return Recommendations(
            self.items[index][:, slots],
            scores=None if self.scores is None else self.scores[index][:, slots],
            users=self.users[lists],
            time=None if self.time is None else self.time[lists],
            groups=None if self.groups is None else self.groups[lists],
        )

    def to(self, device: torch.device | str) -> Recommendations:
        """The same lists on another device."""
        scores = None if self.scores is None else self.scores.to(device)
        return Recommendations(
            self.items.to(device), scores=scores, users=self.users, time=self.time, groups=self.groups
        )

    def to_frame(self, catalog: Catalog) -> pd.DataFrame:
        """One row a filled slot: user_id, rank (from 1), item_id (missing where unknown), score and time if any."""
        items = self.check(len(catalog)).items.cpu().numpy()
        row, slot = np.nonzero(items != EMPTY)
        rows = items[row, slot]
        ids = catalog.item_ids.astype(object)
        named = np.where(rows >= 0, ids[np.maximum(rows, 0)] if len(ids) else None, None)
        frame = pd.DataFrame({"user_id": self.users[row], "rank": slot + 1, "item_id": named})
        if self.scores is not None:
            frame["score"] = self.scores.cpu().numpy()[row, slot]
        if self.time is not None:
            frame["time"] = self.time[row]
        return frame


def _listed(values: Iterable[Any]) -> Ids:
    """A one-dimensional array that keeps tuples and strings as they are."""
    if isinstance(values, Tensor):
        return values.cpu().numpy()
    return pd.Series(values if isinstance(values, (np.ndarray, pd.Series, pd.Index)) else list(values)).to_numpy()


def _require_columns(frame: pd.DataFrame, table: str, columns: list[str]) -> None:
    if not isinstance(frame, pd.DataFrame):
        raise TypeError(f"{table} must be a pandas DataFrame, got {type(frame).__name__}")
    for column in columns:
        if column not in frame:
            raise ValueError(f"{table}: needs a {column!r} column, got {', '.join(map(repr, frame.columns)) or 'none'}")


def _refuse_missing(values: pd.Series[Any], table: str, column: str) -> None:
    missing = values.isna()
    if missing.any():
        raise ValueError(f"{table}: {column} must not be missing, got {int(missing.sum())} missing of {len(values)}")


def _sentence(title: str, text: str) -> str:
    if not title or not text:
        return title or text
    return f"{title} {text}" if title[-1] in ".!?:…" else f"{title}. {text}"


def labels_of(value: Any) -> tuple[str, ...]:  # noqa: ANN401
    """Labels in one cell: a list of them, or a string that joins them by ``|``; empty where there is none."""
    if isinstance(value, (list, tuple, set, frozenset, np.ndarray)):
        parts = [str(part).strip() for part in value]
    else:
        parts = [] if pd.isna(value) else [part.strip() for part in str(value).split("|")]
    return tuple(dict.fromkeys(part for part in parts if part))


def integers(values: Tensor | npt.ArrayLike, name: str) -> Tensor:
    """Whole numbers as int64; anything else is refused by ``name``."""
    tensor = torch.as_tensor(values)
    if tensor.numel() == 0:
        return tensor.to(torch.int64)
    if tensor.is_floating_point() or tensor.is_complex() or tensor.dtype == torch.bool:
        raise ValueError(f"{name} must be integers, got {str(tensor.dtype).removeprefix('torch.')}")
    return tensor.to(torch.int64)
