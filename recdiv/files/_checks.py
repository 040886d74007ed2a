"""What can be wrong with the rows of a file, each said in one sentence with numbers and examples."""

from __future__ import annotations

from typing import Any

import pandas as pd

from recdiv.files._tables import as_text
from recdiv.tables import Catalog

_NAMED = 3  # examples in a sentence


def as_catalog_writes(items: pd.Series[Any], catalog: Catalog) -> pd.Series[Any]:
    """Item ids in the catalogue's own form, so that 7, "7" and 7.0 agree; an unknown one stays as text."""
    own = pd.Series(catalog.item_ids)
    if pd.api.types.is_integer_dtype(items) and pd.api.types.is_integer_dtype(own):
        return items
    index = pd.Index(as_text(own))
    if not index.is_unique:  # a catalogue that holds both 7 and "7" means it
        return items
    text = as_text(items)
    rows = index.get_indexer(pd.Index(text))
    return text.where(rows < 0, own.astype(object).to_numpy()[rows])


def refuse_unknown(items: pd.Series[Any], catalog: Catalog, where: str) -> None:
    """Refuse items that the catalogue does not hold, the most frequent first; a missing item is an empty slot."""
    present = items[items.notna()]
    if not len(present):
        raise ValueError(f"{where} must hold items, got none in any row")
    unknown = present[catalog.rows(present, unknown="count") < 0]
    if not len(unknown):
        return
    said = unknown_items(unknown.value_counts(), len(unknown), len(present), where)
    raise ValueError(f"{said}{kinds(present, catalog)}; pass unknown='count' to keep them")


def unknown_items(counts: pd.Series[Any], n_unknown: int, n_rows: int, where: str) -> str:
    """What a file holds that the catalogue does not, the most frequent first."""
    names = ", ".join(f"{str(name)!r} in {rows:,} rows" for name, rows in counts.head(_NAMED).items())
    more = f", and {len(counts) - _NAMED:,} more" if len(counts) > _NAMED else ""
    return (
        f"{where} must hold items of the catalog, got {len(counts):,} it does not know ({names}{more}; "
        f"{n_unknown:,} of {n_rows:,} rows)"
    )


def refuse_repeats(frame: pd.DataFrame, keys: list[str], item: str, where: str) -> None:
    """Refuse an item that stands in the same list twice."""
    held = frame[frame[item].notna()]
    twice = held.duplicated([*keys, item])
    if twice.any():
        raise ValueError(
            f"{where} must hold an item once a list, got {_example(held[twice], [*keys, item])} again "
            f"({int(twice.sum()):,} such rows); pass repeats='keep' to keep them"
        )


def refuse_ties(frame: pd.DataFrame, keys: list[str], rank: str, where: str) -> None:
    """Refuse two slots of a list at the same rank: which comes first is not said."""
    tied = frame.duplicated([*keys, rank])
    if tied.any():
        raise ValueError(
            f"{where} must hold a {rank} once a list, got {_example(frame[tied], [*keys, rank])} again "
            f"({int(tied.sum()):,} such rows)"
        )


def _example(rows: pd.DataFrame, columns: list[str]) -> str:
    """What the first of some rows holds: user_id '7', rank 1."""
    return ", ".join(f"{name} {_plain(rows[name].iloc[0])!r}" for name in columns)


def _plain(value: Any) -> Any:  # noqa: ANN401
    value = value.item() if hasattr(value, "item") else value
    return int(value) if isinstance(value, float) and value.is_integer() else value


def kinds(items: pd.Series[Any], catalog: Catalog) -> str:
    """That one side is numbers and the other text, where it is so: the likeliest reason that nothing agrees."""
    said = []
    for values in (items, pd.Series(catalog.item_ids)):
        whole = as_text(values).astype("string").str.fullmatch(r"-?\d+")
        said.append("numbers" if whole.all() else "text" if not whole.any() else "both")
    return f"; it holds {said[0]} and the catalog {said[1]}" if set(said) == {"numbers", "text"} else ""
