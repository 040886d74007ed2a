"""The lists of a Parquet file larger than memory, some at a time."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from types import ModuleType
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from recdiv._extras import require
from recdiv.files._checks import kinds, unknown_items
from recdiv.files._formats import Columns, FormatName, named_columns
from recdiv.files._lists import Hashes, Reading, key_hashes, lists_of, rows_of, run_starts, whole_lists
from recdiv.files._tables import is_parquet, short
from recdiv.tables import Catalog, Recommendations

_ROWS = 1 << 20  # rows read at a time
_PART = 1 << 21  # rows of a part on disk, where the rows of a list are scattered
_KINDS = 10_000  # different unknown items that are counted by name


class Batches:
    """Lists of a Parquet file, some at a time: iterate over them, as often as you like.

    Attributes:
        n_rows: rows of the file.
        n_lists: its lists.
        slots: K, the number of slots of the longest.
        scattered: whether rows of one list stand apart, so that they are first brought together on disk.
    """

    def __init__(self, path: Path, reading: Reading, *, folder: Path | None) -> None:
        self.path, self.reading, self.folder = path, reading, folder
        self._parquet = require("pyarrow.parquet", "data")
        with _opened(self._parquet, path) as file:
            self.n_rows = int(file.metadata.num_rows)
        self.n_lists, self.slots, self.scattered = self._survey()

    def __iter__(self) -> Iterator[Recommendations]:
        if not self.scattered:
            tables = whole_lists(self._tables(self.reading.needed), self.reading)
            yield from (lists_of(table, self.reading) for table in tables)
            return
        with tempfile.TemporaryDirectory(dir=self.folder, prefix="recdiv-") as name:
            for part in self._parts(Path(name)):
                keys = key_hashes(part, self.reading.keys)
                yield lists_of(part.take(np.argsort(keys, kind="stable")), self.reading)

    def _tables(self, columns: list[str]) -> Iterator[Any]:
        """The file as Arrow tables of a million rows."""
        arrow = require("pyarrow", "data")
        with _opened(self._parquet, self.path) as file:
            try:
                for batch in file.iter_batches(batch_size=_ROWS, columns=columns):
                    yield arrow.Table.from_batches([batch])
            except (arrow.ArrowInvalid, OSError) as error:
                raise ValueError(f"{self.path} must be a whole Parquet file, got: {short(error)}") from None

    def _survey(self) -> tuple[int, int, bool]:
        """Number of lists, slots of the longest, whether rows of a list stand apart; unknown items are refused here."""
        starts: list[Hashes] = []
        lengths: list[npt.NDArray[np.int64]] = []
        unknown: dict[Any, int] = {}
        n_unknown = n_present = 0
        for table in self._tables(self.reading.needed):
            for name in self.reading.keys:
                if missing := table[name].null_count:
                    raise ValueError(f"{self.path}: {name} must not be missing, got {missing:,} missing rows")
            keys = key_hashes(table, self.reading.keys)
            begin = run_starts(keys)
            starts.append(keys[begin])
            lengths.append(np.diff(np.append(begin, len(keys))))
            if self.reading.unknown == "raise":
                strange, present = self._strangers(table, unknown)
                n_unknown, n_present = n_unknown + strange, n_present + present
        if n_unknown:
            counts = pd.Series(unknown).sort_values(ascending=False, kind="stable")
            said = unknown_items(counts, n_unknown, n_present, str(self.path))
            raise ValueError(
                f"{said}{kinds(pd.Series(counts.index), self.reading.catalog)}; pass unknown='count' to keep them"
            )
        if not starts:
            raise ValueError(f"{self.path} must hold rows, got none")
        return _lists_in(np.concatenate(starts), np.concatenate(lengths))

    def _strangers(self, table: Any, unknown: dict[Any, int]) -> tuple[int, int]:  # noqa: ANN401
        """Rows of items that the catalogue does not hold, counted by item, and rows that hold an item."""
        column = table[self.reading.names.item]
        strange = rows_of(column, self.reading) < 0
        strange &= ~np.asarray(column.is_null())
        if strange.any():
            for name, count in pd.Series(column.filter(strange).to_pandas()).value_counts().items():
                if name in unknown or len(unknown) < _KINDS:
                    unknown[name] = unknown.get(name, 0) + int(count)
        return int(strange.sum()), len(column) - column.null_count

    def _parts(self, folder: Path) -> Iterator[Any]:
        """The rows dealt by list over files on disk, each small enough to hold; then each read back."""
        n = -(-self.n_rows // _PART)
        with ExitStack() as open_files:
            writers: dict[int, Any] = {}
            for table in self._tables(self.reading.needed):
                part = (key_hashes(table, self.reading.keys) >> np.uint64(32)) % np.uint64(n)
                for number in np.unique(part).tolist():
                    if number not in writers:
                        writer = self._parquet.ParquetWriter(folder / f"{number}.parquet", table.schema)
                        writers[number] = open_files.enter_context(writer)
                    writers[number].write_table(table.filter(part == number))
        for number in sorted(writers):
            yield self._parquet.read_table(folder / f"{number}.parquet")


def read_batches(
    path: str | Path,
    catalog: Catalog,
    *,
    format: FormatName = "auto",
    user: str | None = None,
    item: str | None = None,
    rank: str | None = None,
    score: str | None = None,
    time: str | None = None,
    unknown: Literal["raise", "count"] = "raise",
    repeats: Literal["raise", "keep"] = "raise",
    ids: Literal["native", "text"] = "native",
    folder: Path | None = None,
) -> Batches:
    """The lists of a Parquet file, a million rows at a time, for :func:`recdiv.evaluation.stream`.

    Args:
        path: one row a recommended item. Best with the rows of a list together; where they stand apart, the needed
            columns are first written to parts in a temporary folder, which costs disk and about twice the time.
        catalog, format, user, item, rank, score, time, unknown, repeats, ids: as for :func:`read_recommendations`.
        folder: where the temporary folder is made; by default where the system wants it.

    Raises:
        ValueError: as :func:`read_recommendations` does; unknown items are counted over the whole file before anything
            is measured, what is wrong with the order of a list is found when it is read.
    """
    where = Path(path)
    if not where.is_file():
        raise ValueError(f"{where} must be a Parquet file, got {'a folder' if where.is_dir() else 'no such file'}")
    with _opened(require("pyarrow.parquet", "data"), where) as file:
        held = list(file.schema_arrow.names)
    names = named_columns(held, format, Columns(user or "", item or "", score, rank), time, where)
    return Batches(where, Reading(str(where), catalog, names, time, unknown, repeats, ids), folder=folder)


def parquet_rows(path: Path) -> int | None:
    """Number of rows, if it is a Parquet file by its name; nothing of it is read."""
    if not (path.is_file() and is_parquet(path)):
        return None
    with _opened(require("pyarrow.parquet", "data"), path) as file:
        return int(file.metadata.num_rows)


def _lists_in(starts: Hashes, lengths: npt.NDArray[np.int64]) -> tuple[int, int, bool]:
    """From the runs of all batches, of which the last of one and the first of the next may be of one list."""
    new = run_starts(starts)
    lengths = np.add.reduceat(lengths, new)
    starts = starts[new]
    keys, code = np.unique(starts, return_inverse=True)
    whole = np.bincount(code, lengths)
    return len(keys), int(whole.max()), len(keys) < len(starts)


def _opened(parquet: ModuleType, path: Path) -> Any:  # noqa: ANN401
    arrow = require("pyarrow", "data")
    try:
        return parquet.ParquetFile(path)
    except (arrow.ArrowInvalid, arrow.ArrowNotImplementedError, OSError) as error:
        raise ValueError(f"{path} must be a Parquet file, got one that cannot be read: {short(error)}") from None
