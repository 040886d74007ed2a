"""Table files as people have them: read, checked, and refused in one sentence that names the file."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

_SHOWN = 200  # letters of another library's message, or of the column names, that one sentence can hold


def read_table(path: Path, ids: Sequence[str], *, needs: Sequence[str] = ()) -> pd.DataFrame:
    """A CSV or Parquet file with at least one row, its ``ids`` columns as text so that files agree on them.

    Raises:
        ValueError: if the file is absent, empty or not such a table, or lacks a column of ``ids`` or ``needs``.
    """
    if not path.is_file():
        raise ValueError(f"{path} must be a CSV or Parquet file, got no such file")
    frame = _parquet(path) if path.suffix.lower() in (".parquet", ".pq") else _csv(path, ids)
    for name in (*ids, *needs):
        if name not in frame:
            found = _short(", ".join(map(repr, frame.columns)))
            raise ValueError(f"{path} needs a {name!r} column, got {found}{_separator(frame)}")
    if frame.empty:
        raise ValueError(f"{path} must hold a header line and rows, got no rows")
    for name in ids:
        frame[name] = _as_text(frame[name])
    return frame


def _parquet(path: Path) -> pd.DataFrame:
    import pandas as pd

    from recdiv._extras import require

    arrow = require("pyarrow", "data")
    try:
        return pd.read_parquet(path)
    except arrow.ArrowInvalid as error:
        raise ValueError(f"{path} must be a Parquet file, got one that cannot be read: {_short(error)}") from None


def _csv(path: Path, ids: Sequence[str]) -> pd.DataFrame:
    import pandas as pd

    try:
        return pd.read_csv(path, dtype=dict.fromkeys(ids, "string"), sep="\t" if path.suffix == ".tsv" else ",")
    except pd.errors.EmptyDataError:
        raise ValueError(f"{path} must hold a header line and rows, got an empty file") from None
    except (UnicodeError, pd.errors.ParserError) as error:
        raise ValueError(f"{path} must be a CSV file in UTF-8, got one that cannot be read: {_short(error)}") from None


def _as_text(ids: pd.Series[Any]) -> pd.Series[Any]:
    """Identifiers as text; a column of whole numbers that a missing value turned into 7.0, 8.0 is 7, 8 again."""
    whole = ids.convert_dtypes()
    text = whole.astype("string")
    if text.str.fullmatch(r"\d+\.0").fillna(True).all():
        text = text.str.removesuffix(".0")
    return text.astype(object).where(whole.notna(), None)


def as_numbers(values: pd.Series[Any], path: Path) -> pd.Series[Any]:
    """A column to sort by; text would put 10 before 9."""
    import pandas as pd

    numbers = pd.to_numeric(values, errors="coerce")
    wrong = values[numbers.isna() & values.notna()]
    if len(wrong):
        raise ValueError(f"{path}: {values.name} must hold numbers, got {_short(repr(wrong.iloc[0]))}")
    return numbers


def as_times(values: pd.Series[Any], path: Path) -> pd.Series[Any]:
    """A column of times: numbers as they are, text as dates."""
    import pandas as pd

    if pd.api.types.is_numeric_dtype(values):
        return values
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # that dates of no known format are read one by one
            return pd.to_datetime(values)
    except (ValueError, TypeError) as error:
        raise ValueError(f"{path}: {values.name} must hold numbers or dates, got: {_short(error)}") from None


def _separator(frame: pd.DataFrame) -> str:
    """What to do when the whole header line became one column."""
    line = str(frame.columns[0])
    seen = next((name for mark, name in {";": "semicolons", "\t": "tabs", "|": "bars"}.items() if mark in line), None)
    return f"; write it with commas, not {seen}" if seen and len(frame.columns) == 1 else ""


def _short(text: object) -> str:
    """One printable line of bounded length."""
    line = " ".join("".join(letter if letter.isprintable() else " " for letter in str(text)).split())
    return line if len(line) <= _SHOWN else line[:_SHOWN] + "…"
