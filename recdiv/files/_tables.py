"""Table files as people have them: read, checked, and refused in one sentence that names the file."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

_SHOWN = 200  # letters of another library's message, or of the column names, that one sentence can hold


def read_table(path: Path) -> pd.DataFrame:
    """A CSV, TSV or Parquet file with at least one row; every column of a text file still text, so that 007 stays.

    Raises:
        ValueError: if the file is absent, empty or not such a table.
    """
    if not path.is_file():
        raise ValueError(f"{path} must be a CSV or Parquet file, got {'a folder' if path.is_dir() else 'no such file'}")
    frame = _parquet(path) if is_parquet(path) else _csv(path)
    if frame.empty:
        raise ValueError(f"{path} must hold a header line and rows, got no rows")
    return frame


def is_parquet(path: Path) -> bool:
    """Whether the name says Parquet."""
    return path.suffix.lower() in (".parquet", ".pq")


def need(held: Sequence[Any], names: Iterable[str | None], where: str | Path) -> None:
    """Refuse a table whose columns, ``held``, lack one of these."""
    for name in names:
        if name is not None and name not in held:
            raise ValueError(
                f"{where} needs a {name!r} column, got {short(', '.join(map(repr, held)))}{_separator(held)}"
            )


def _parquet(path: Path) -> pd.DataFrame:
    import pandas as pd

    from recdiv._extras import require

    arrow = require("pyarrow", "data")
    try:
        return pd.read_parquet(path)
    except (arrow.ArrowInvalid, arrow.ArrowNotImplementedError) as error:
        raise ValueError(f"{path} must be a Parquet file, got one that cannot be read: {short(error)}") from None


def _csv(path: Path) -> pd.DataFrame:
    import pandas as pd

    try:
        return pd.read_csv(path, dtype="string", sep="\t" if path.suffix in (".tsv", ".inter", ".item") else ",")
    except pd.errors.EmptyDataError:
        raise ValueError(f"{path} must hold a header line and rows, got an empty file") from None
    except (UnicodeError, pd.errors.ParserError) as error:
        raise ValueError(f"{path} must be a CSV file in UTF-8, got one that cannot be read: {short(error)}") from None


def as_text(ids: pd.Series[Any]) -> pd.Series[Any]:
    """Identifiers as text; a column of whole numbers that a missing value turned into 7.0, 8.0 is 7, 8 again."""
    whole = ids.convert_dtypes()
    text = whole.astype("string")
    if text.str.fullmatch(r"\d+\.0").fillna(True).all():
        text = text.str.removesuffix(".0")
    return text.astype(object).where(whole.notna(), None)


def as_numbers(values: pd.Series[Any], path: Path | str) -> pd.Series[Any]:
    """A column to sort by; text would put 10 before 9, and what is missing has no place."""
    import pandas as pd

    numbers = pd.to_numeric(values, errors="coerce")
    wrong = values[numbers.isna() & values.notna()]
    if len(wrong):
        raise ValueError(f"{path}: {values.name} must hold numbers, got {short(repr(wrong.iloc[0]))}")
    missing = int(numbers.isna().sum())
    if missing:
        raise ValueError(f"{path}: {values.name} must be a number in every row, got {missing:,} of {len(values):,} NaN")
    return numbers


def as_times(values: pd.Series[Any], path: Path | str) -> pd.Series[Any]:
    """A column of times: numbers as they are, text as dates."""
    import pandas as pd

    if pd.api.types.is_numeric_dtype(values):
        return values
    numbers = pd.to_numeric(values, errors="coerce")
    if numbers.notna().all():
        return numbers
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # that dates of no known format are read one by one
            return pd.to_datetime(values)
    except (ValueError, TypeError) as error:
        raise ValueError(f"{path}: {values.name} must hold numbers or dates, got: {short(error)}") from None


def _separator(held: Sequence[Any]) -> str:
    """What to do when the whole header line became one column."""
    marks = {";": "semicolons", "\t": "tabs", "|": "bars"}
    seen = next((name for mark, name in marks.items() if mark in str(held[0])), None) if len(held) == 1 else None
    return f"; write it with commas, not {seen}" if seen else ""


def short(text: object) -> str:
    """One printable line of bounded length."""
    line = " ".join("".join(letter if letter.isprintable() else " " for letter in str(text)).split())
    return line if len(line) <= _SHOWN else line[:_SHOWN] + "…"
