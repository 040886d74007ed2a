"""What was shown."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
import torch
from torch import Tensor

from recdiv._columns import Ids, integers, listed, plain, refuse_missing, require_columns

if TYPE_CHECKING:
    from recdiv.tables import Catalog

EMPTY = -1  # a slot that holds nothing
UNKNOWN = -2  # a slot that holds something the catalogue does not know
_PART = 1 << 18  # slots looked at together: 2 MB, near the cache


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

    A repeated item stays where it is: each metric states what it makes of it. NumPy input is copied.

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
        self._made: dict[str, tuple[Tensor, int, Any]] = {}
        if self.reach[0] < UNKNOWN:
            raise ValueError(f"items must be catalogue rows, -1 (empty) or -2 (unknown), got {self.reach[0]}")
        self.scores = None if scores is None else torch.as_tensor(_plain(scores), device=self.items.device)
        if self.scores is not None and self.scores.shape != self.items.shape:
            raise ValueError(
                f"scores must be shaped like items {list(self.items.shape)}, got {list(self.scores.shape)}"
            )
        self.users = self._labels(users, "users") if users is not None else np.arange(self.n_lists)
        self.time = None if time is None else self._labels(time, "time")
        self.groups = None if groups is None else self._labels(groups, "groups")

    def _labels(self, values: Iterable[Any], name: str) -> Ids:
        labels = listed(values)
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
        group: str | None = None,
        unknown: Literal["raise", "count"] = "raise",
    ) -> Recommendations:
        """Lists from one row a recommended item: by ``rank`` upwards, else ``score`` downwards, else row order.

        With ``time``, each (user, time) is a list of its own. A missing ``item`` is an empty slot. ``group`` labels
        lists, so all rows of a list hold the same one.

        Raises:
            ValueError: if a column is absent, a user, rank, score, time or group is missing, a list holds two groups,
                or (``unknown="raise"``) an item is not in the catalogue. ``unknown="count"`` keeps such a slot as -2.
        """
        named = [name for name in (user, item, rank, score, time, group) if name is not None]
        require_columns(frame, "recommendations", named)
        for name in named:
            if name != item:
                refuse_missing(frame[name], "recommendations", name)
        keys = [user] if time is None else [user, time]
        if rank is not None:
            frame = frame.sort_values(rank, kind="stable")
        elif score is not None:
            frame = frame.sort_values(score, ascending=False, kind="stable")
        lists = frame.groupby(keys, sort=True, observed=True)
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
        if group is not None:
            _refuse_two_groups(frame, owner, row, user, group)
        time_of, group_of = (None if name is None else owner[name] for name in (time, group))
        return cls(items, scores=scores, users=owner[user], time=time_of, groups=group_of)

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
        if self.reach[0] >= 0:
            return torch.full((self.n_lists,), self.k, dtype=torch.int64, device=self.device)
        made: Tensor = self._once("lengths", lambda: self.valid.sum(1, dtype=torch.int32).long())  # int64 sums are slow
        return made.clone()

    @property
    def n_filled(self) -> int:
        """How many lists hold at least one item of the catalogue."""
        return self.n_lists if self.k and self.reach[0] >= 0 else int((self.lengths > 0).sum())

    @property
    def n_unknown(self) -> int:
        """How many slots hold something that is not in the catalogue."""
        return int((self.items == UNKNOWN).sum())

    def check(self, n_items: int) -> Recommendations:
        """Self, after making sure that every item is below ``n_items``."""
        if self.reach[1] >= n_items:
            raise ValueError(f"items must be rows of the catalogue, 0..{n_items - 1}, got {self.reach[1]}")
        return self

    def counts(self, n_items: int) -> Tensor:
        """How often each item is recommended, int64 ``[n_items]``; a repeat counts again."""
        counted: Tensor = self.check(n_items)._once("counts", self._count)
        counts = torch.zeros(n_items, dtype=torch.int64, device=self.device)
        counts[: len(counted)] = counted
        return counts

    def _count(self) -> Tensor:
        """Counts of the rows up to the largest there is; part by part, as a shifted copy of all costs more."""
        low, high = self.reach
        if low >= 0:
            return torch.bincount(self.items.flatten())
        total = torch.zeros(max(high + 1, 0), dtype=torch.int64, device=self.device)
        for some in torch.split(self.items.flatten(), max(_PART, len(total))):
            total += torch.bincount(some - UNKNOWN, minlength=len(total) - UNKNOWN)[-UNKNOWN:]
        return total

    @property
    def reach(self) -> tuple[int, int]:
        """Smallest and largest number in ``items``; (0, -1) where there is no slot."""
        reach: tuple[int, int] = self._once("reach", lambda: _ends(self.items))
        return reach

    def _once(self, name: str, make: Callable[[], Any]) -> Any:  # noqa: ANN401
        """What follows from the items alone, made once; and again if somebody wrote into them."""
        if self.items.is_inference():  # torch keeps no version of these
            return make()
        items, version, value = self._made.get(name, (None, -1, None))
        if items is not self.items or version != self.items._version:
            value = make()
            self._made[name] = self.items, self.items._version, value
        return value

    def head(self, k: int) -> Recommendations:
        """The first ``k`` slots of each list (all of them where there are fewer)."""
        if k < 1:
            raise ValueError(f"k must be at least 1, got {k}")
        return self._take(slice(None), slice(k))

    def where(self, mask: Tensor | npt.NDArray[np.bool_] | Sequence[int]) -> Recommendations:
        """Some of the lists, by boolean mask ``[U]`` or positions."""
        index = mask.cpu().numpy() if isinstance(mask, Tensor) else np.asarray(mask)
        if index.dtype != bool:
            return self._take(integers(index, "mask").numpy(), slice(None))
        if index.shape != (self.n_lists,):
            raise ValueError(f"mask must have one truth value a list [{self.n_lists}], got shape {list(index.shape)}")
        return self._take(np.flatnonzero(index), slice(None))

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
        """One row a filled slot: user_id, rank (from 1), item_id (missing where unknown), score, time, group if any.

        ``from_frame(..., rank="rank")`` reads it back, except that lists without any filled slot are not in it, and
        that an unknown slot comes back as an empty one.
        """
        items = self.check(len(catalog)).items.cpu().numpy()
        row, slot = np.nonzero(items != EMPTY)
        rows = items[row, slot]
        ids = catalog.item_ids.astype(object)
        named = np.full(len(rows), None, dtype=object)
        named[rows >= 0] = ids[rows[rows >= 0]]
        item = pd.Series(named, dtype=object).infer_objects()
        frame = pd.DataFrame({"user_id": self.users[row], "rank": slot + 1, "item_id": item})
        if self.scores is not None:
            frame["score"] = self.scores.cpu().numpy()[row, slot]
        if self.time is not None:
            frame["time"] = self.time[row]
        if self.groups is not None:
            frame["group"] = self.groups[row]
        return frame


def _refuse_two_groups(frame: pd.DataFrame, owner: pd.DataFrame, row: Any, user: str, group: str) -> None:  # noqa: ANN401
    """Refuse lists (numbered by ``row``) of which some rows name another group than the first does."""
    first, each = owner[group].to_numpy(dtype=object)[row], frame[group].to_numpy(dtype=object)
    other = np.flatnonzero(first != each)
    if len(other):
        at = int(other[0])
        raise ValueError(
            f"recommendations: {group!r} must be the same in all rows of a list, got {plain(first[at])!r} and "
            f"{plain(each[at])!r} in that of {user} {plain(frame[user].iloc[at])!r}"
        )


def _ends(items: Tensor) -> tuple[int, int]:
    if not items.numel():
        return 0, -1
    low, high = torch.aminmax(items)
    return int(low), int(high)


def _plain(scores: Tensor | npt.ArrayLike) -> Tensor | npt.NDArray[Any]:
    """Scores as given, if they are an array already; else float64."""
    return scores if isinstance(scores, Tensor) else np.array(scores, dtype=getattr(scores, "dtype", np.float64))
