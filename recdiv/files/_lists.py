"""From Arrow rows, those of a list together, to lists of catalogue rows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
from pandas.util import hash_array

from recdiv._columns import plain
from recdiv._extras import require
from recdiv.files._formats import Columns
from recdiv.files._tables import as_text
from recdiv.tables import EMPTY, UNKNOWN, Catalog, Recommendations

Rows = npt.NDArray[np.int64]
Hashes = npt.NDArray[np.uint64]


@dataclass(frozen=True)
class Reading:
    """How the rows of a file become lists.

    Attributes:
        where: the file, for messages.
        catalog, names, time, unknown, repeats, ids: as ``read_recommendations`` takes them.
    """

    where: str
    catalog: Catalog
    names: Columns
    time: str | None
    unknown: Literal["raise", "count"]
    repeats: Literal["raise", "keep"]
    ids: Literal["native", "text"]

    @property
    def keys(self) -> list[str]:
        """Columns that say whose list it is."""
        return [self.names.user, *([self.time] if self.time else [])]

    @property
    def needed(self) -> list[str]:
        """All columns that are read."""
        names = (*self.keys, self.names.item, self.names.rank, self.names.score)
        return list(dict.fromkeys(name for name in names if name))

    @cached_property
    def texts(self) -> Any:  # noqa: ANN401
        """Item ids of the catalogue as Arrow text."""
        return require("pyarrow", "data").array(as_text(pd.Series(self.catalog.item_ids)).tolist(), "string")

    @cached_property
    def numbers(self) -> tuple[Any, Rows]:
        """Item ids of the catalogue that are whole numbers, as Arrow integers, and their rows."""
        text = as_text(pd.Series(self.catalog.item_ids)).astype("string")
        whole = text.str.fullmatch(r"-?(?:0|[1-9]\d{0,17})").fillna(False).to_numpy(dtype=bool)
        return require("pyarrow", "data").array(text[whole].astype("int64").to_numpy()), np.flatnonzero(whole)


def rows_of(column: Any, reading: Reading) -> Rows:  # noqa: ANN401
    """Catalogue rows of a column of item ids: -2 where unknown, -1 where missing."""
    compute, kind = require("pyarrow.compute", "data"), require("pyarrow.types", "data")
    column = column.combine_chunks() if hasattr(column, "combine_chunks") else column
    if kind.is_dictionary(column.type):
        column = column.dictionary_decode()
    if kind.is_floating(column.type) and compute.all(compute.equal(column, compute.trunc(column))).as_py():
        column = column.cast("int64")
    if kind.is_integer(column.type):
        ids, rows = reading.numbers
        found = compute.index_in(column.cast("int64"), ids).fill_null(-1).to_numpy(zero_copy_only=False)
        known: Rows = np.append(rows, UNKNOWN)[found]  # -1 reads the last
    else:
        found = compute.index_in(column.cast("string"), reading.texts).fill_null(-1).to_numpy(zero_copy_only=False)
        known = np.where(found < 0, UNKNOWN, found).astype(np.int64)
    known[np.asarray(column.is_null())] = EMPTY
    return known


def whole_lists(tables: Iterable[Any], reading: Reading) -> Iterator[Any]:
    """Tables cut where lists end, from tables cut anywhere; the rows of a list follow one another."""
    arrow = require("pyarrow", "data")
    rest = None
    for each in tables:
        batch = arrow.Table.from_batches([each]) if isinstance(each, arrow.RecordBatch) else each
        table = batch if rest is None else arrow.concat_tables([rest, batch]).combine_chunks()
        if not len(table):
            continue
        last = int(run_starts(key_hashes(table, reading.keys))[-1])
        if last:
            yield table.slice(0, last)
        rest = table.slice(last)
    if rest is not None:
        yield rest


def lists_of(table: Any, reading: Reading) -> Recommendations:  # noqa: ANN401
    """The lists of some rows, all rows of a list together."""
    for name in reading.keys:
        if missing := table[name].null_count:
            raise ValueError(f"{reading.where}: {name} must not be missing, got {missing:,} missing rows")
    keys = key_hashes(table, reading.keys)
    start = run_starts(keys)
    length = np.diff(np.append(start, len(keys)))
    code = np.repeat(np.arange(len(start)), length)
    slot = np.arange(len(keys)) - start[code]
    order, scores = _order(table, reading, code)
    items = np.full((len(start), int(length.max())), EMPTY, dtype=np.int64)
    items[code, slot] = rows_of(table[reading.names.item], reading)[order]
    held = None
    if scores is not None:
        held = np.full(items.shape, np.nan)
        held[code, slot] = scores[order]
    first = table.take(start)
    users = _users(first[reading.names.user], reading)
    recs = Recommendations(
        items,
        scores=held,
        users=users,
        time=None if reading.time is None else first[reading.time].to_pandas(),
    )
    if reading.repeats == "raise":
        _refuse_repeats(recs, reading)
    return recs


def _order(table: Any, reading: Reading, code: Rows) -> tuple[Rows, npt.NDArray[np.float64] | None]:  # noqa: ANN401
    """Order of the rows within their lists, and their scores."""
    rank, score = reading.names.rank, reading.names.score
    scores = None if score is None else _numbers(table[score], score, reading)
    if rank is not None:
        places = _numbers(table[rank], rank, reading)
        order = np.lexsort((places, code))
        tied = (places[order][1:] == places[order][:-1]) & (code[1:] == code[:-1])
        if tied.any():
            row = table.slice(int(order[1:][tied][0]), 1)
            raise ValueError(
                f"{reading.where} must hold a {rank} once a list, got {reading.names.user} "
                f"{row[reading.names.user][0].as_py()!r}, {rank} {row[rank][0].as_py()!r} again"
            )
        return order, scores
    if scores is not None:
        return np.lexsort((-scores, code)), scores
    return np.arange(len(code)), None


def _numbers(column: Any, name: str, reading: Reading) -> npt.NDArray[np.float64]:  # noqa: ANN401
    """A column to sort by."""
    arrow = require("pyarrow", "data")
    try:
        values = np.asarray(column.cast("float64").to_numpy(zero_copy_only=False), dtype=np.float64)
    except (arrow.ArrowInvalid, arrow.ArrowNotImplementedError):
        raise ValueError(f"{reading.where}: {name} must hold numbers, got {column.type}") from None
    missing = int(np.isnan(values).sum())
    if missing:
        raise ValueError(
            f"{reading.where}: {name} must be a number in every row, got {missing:,} NaN among {len(values):,} rows"
        )
    return values


def _users(column: Any, reading: Reading) -> npt.NDArray[Any]:  # noqa: ANN401
    """Whose list it is, as text where files are to agree on it."""
    users = column.to_pandas()
    return np.asarray(as_text(users) if reading.ids == "text" else users)


def _refuse_repeats(recs: Recommendations, reading: Reading) -> None:
    ordered = np.sort(recs.items.numpy(), axis=1)
    again = (ordered[:, 1:] == ordered[:, :-1]) & (ordered[:, 1:] >= 0)
    if again.any():
        row, slot = np.argwhere(again)[0]
        item = reading.catalog.item_ids[int(ordered[row, slot])]
        raise ValueError(
            f"{reading.where} must hold an item once a list, got {reading.names.user} {plain(recs.users[row])!r}, "
            f"{reading.names.item} {plain(item)!r} again; pass repeats='keep' to keep them"
        )


def key_hashes(table: Any, keys: list[str]) -> Hashes:  # noqa: ANN401
    """A number for each row that is the same where user (and time) are."""
    total = np.zeros(len(table), dtype=np.uint64)
    for name in keys:
        column = table[name].combine_chunks()
        column = column.dictionary_decode() if hasattr(column, "dictionary") else column
        kind = require("pyarrow.types", "data")
        if kind.is_integer(column.type) or kind.is_floating(column.type):
            each = hash_array(column.to_numpy(zero_copy_only=False))
        else:
            coded = column.dictionary_encode()
            each = hash_array(np.asarray(coded.dictionary.cast("string").to_pylist(), dtype=object))[coded.indices]
        total = total * np.uint64(0x9E3779B97F4A7C15) + each  # so that (a, b) is not (b, a)
    return total


def run_starts(keys: Hashes) -> npt.NDArray[np.int64]:
    """Where a new list begins."""
    return np.flatnonzero(np.append(True, keys[1:] != keys[:-1])).astype(np.int64)
