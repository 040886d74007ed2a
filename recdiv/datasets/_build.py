"""What the real loaders share: counted cleaning, text fields as published, and the finished Dataset."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from recdiv.datasets._dataset import Dataset
from recdiv.datasets._sources import source
from recdiv.tables import Catalog, Interactions


class Cleaning:
    """Counts the rows left after each step, so that a rule is never applied silently.

    >>> cleaning = Cleaning()
    >>> frame = cleaning.keep("as published", pd.DataFrame({"price": [1.0, 0.0]}))
    >>> frame = cleaning.keep("price above 0", frame, frame["price"] > 0)
    >>> cleaning.table()["rows"].tolist()
    [2, 1]
    """

    def __init__(self) -> None:
        self._steps: list[tuple[str, int]] = []

    def keep(self, step: str, frame: pd.DataFrame, mask: pd.Series[bool] | None = None) -> pd.DataFrame:
        """The rows of ``frame`` where ``mask`` is true (all of them without one), noted under ``step``."""
        kept = frame if mask is None else frame[mask.to_numpy(dtype=bool)]
        self.note(step, len(kept))
        return kept

    def note(self, step: str, rows: int) -> None:
        """Note a count that is no filter: rows joined, say."""
        self._steps.append((step, rows))

    def table(self) -> pd.DataFrame:
        """Columns ``step`` and ``rows``, in the order they were applied."""
        return pd.DataFrame(self._steps, columns=["step", "rows"])


def finish(
    name: str,
    items: pd.DataFrame,
    events: pd.DataFrame | None = None,
    *,
    cleaning: Cleaning,
    **extras: Any,  # noqa: ANN401
) -> Dataset:
    """The Dataset of a real set; ``extras`` always holds ``cleaning``, ``licence`` and ``citation``."""
    known = source(name)
    catalog = Catalog(items)
    return Dataset(
        name=name,
        source=known.line(),
        catalog=catalog,
        interactions=None if events is None else Interactions(events, catalog),
        extras={"cleaning": cleaning.table(), "licence": known.licence, "citation": known.citation, **extras},
    )


def read_fields(path: Path, columns: Sequence[str], *, separator: str, encoding: str = "utf-8") -> pd.DataFrame:
    """Lines of ``separator``-joined fields as strings, without quoting rules: a quote is a character like any other.

    Raises:
        ValueError: if a line has another number of fields; it names the file and the line.
    """
    with path.open(encoding=encoding, newline="") as stream:
        lines = stream.read().replace("\r\n", "\n").rstrip("\n").split("\n")
    rows = [line.split(separator) for line in lines]
    for number, row in enumerate(rows, 1):
        if len(row) != len(columns):
            raise ValueError(f"{path.name}: line {number} has {len(row)} fields, expected {len(columns)}")
    return pd.DataFrame(rows, columns=list(columns))


def seconds(values: pd.Series[Any]) -> pd.Series[Any]:
    """Unix seconds as timestamps in UTC, without a zone attached."""
    return pd.to_datetime(values.astype("int64"), unit="s")
