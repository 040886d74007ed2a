"""How other libraries name what they recommend: columns, layouts, and the frame behind each."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pandas as pd
from torch import Tensor

from recdiv.files._tables import need

FormatName = Literal["auto", "plain", "lenskit", "recbole", "recommenders", "replay"]
_PAD = "[PAD]"  # RecBole's token of no item


@dataclass(frozen=True)
class Columns:
    """Names of the columns of a frame with one row a recommended item."""

    user: str
    item: str
    score: str | None = None
    rank: str | None = None


# The first whose user and item columns are there is meant; rank goes before score where both are there.
FORMATS: dict[str, tuple[Columns, ...]] = {
    "plain": (Columns("user_id", "item_id", "score", "rank"),),
    "lenskit": (Columns("user_id", "item_id", "score", "rank"),),  # ItemListCollection.to_df and save_parquet
    "recbole": (Columns("user_id:token", "item_id:token", "score:float"), Columns("user_id", "item_id", "score")),
    "recommenders": (Columns("userID", "itemID", "prediction", "rank"),),
    "replay": (
        Columns("query_id", "item_id", "rating"),
        Columns("user_id", "item_id", "rating"),
        Columns("user_idx", "item_idx", "relevance"),  # before 0.16
        Columns("user_idx", "item_idx", "rating"),
        Columns("user_id", "item_id", "relevance"),
    ),
}


def columns_of(names: Iterable[Any], form: str) -> Columns:
    """The columns that hold user, item and order in a frame with these column names.

    Raises:
        ValueError: for an unknown format.

    >>> columns_of(["userID", "itemID", "prediction"], "auto")
    Columns(user='userID', item='itemID', score='prediction', rank=None)
    """
    if form != "auto" and form not in FORMATS:
        raise ValueError(f"format must be one of auto, {', '.join(FORMATS)}, got {form!r}")
    known = [each for name in (FORMATS if form == "auto" else (form,)) for each in FORMATS[name]]
    held = set(names)
    found = [each for each in known if each.user in held and each.item in held]
    whole = next((each for each in found if {each.score, each.rank} & held), None)
    if whole is None and form not in ("auto", "plain"):
        return known[0]  # it was named: what it lacks is to be said
    best = whole or (found[0] if found else known[0])
    return Columns(
        best.user,
        best.item,
        best.score if best.score in held else None,
        best.rank if best.rank in held else None,
    )


def named_columns(held: Sequence[Any], form: str, given: Columns, time: str | None, where: str | Path) -> Columns:
    """The columns to read: those named (an empty name names none), else those of the format.

    Raises:
        ValueError: if one of them is not ``held``.
    """
    found = columns_of(held, form)
    ordered = given.rank or given.score
    names = Columns(
        given.user or found.user,
        given.item or found.item,
        given.score if ordered else (None if found.rank else found.score),
        given.rank if ordered else found.rank,
    )
    need(held, (names.user, names.item, names.score, names.rank, time), where)
    return names


def as_frame(recs: Any, users: Iterable[Any] | None) -> pd.DataFrame:  # noqa: ANN401
    """A pandas frame of whatever a library hands over: a frame of any kind, a collection of lists, or two arrays."""
    if isinstance(recs, tuple):
        return _arrays(recs, users)
    if users is not None:
        raise ValueError("users must be given only beside the two arrays (scores, items), got users and a frame")
    for method in ("to_df", "to_pandas", "toPandas"):  # LensKit's collections; polars; Spark
        if not isinstance(recs, pd.DataFrame) and hasattr(recs, method):
            recs = getattr(recs, method)()
    if not isinstance(recs, pd.DataFrame):
        raise TypeError(f"recs must be a file, a frame or (scores, items), got {type(recs).__name__}")
    return exploded(recs)


def exploded(frame: pd.DataFrame) -> pd.DataFrame:
    """One row an item, where LensKit's own Parquet layout has one row a list; empty lists keep a row without item."""
    if "items" not in frame or "item_id" in frame or not len(frame):
        return frame
    if not isinstance(frame["items"].iloc[0], (list, np.ndarray)):
        return frame
    whose = frame.drop(columns="items").loc[frame.index.repeat(frame["items"].str.len().clip(lower=1))]
    rows = [row for cell in frame["items"] for row in (cell if len(cell) else [{"item_id": None}])]
    inner = pd.DataFrame(rows, index=whose.index).drop(columns=list(whose.columns), errors="ignore")
    return pd.concat([whose, inner], axis=1).reset_index(drop=True)


def _arrays(pair: tuple[Any, ...], users: Iterable[Any] | None) -> pd.DataFrame:
    """RecBole's ``full_sort_topk`` with external item ids: scores ``[U, K]`` and items ``[U, K]``.

    What RecBole masks (the history, the padding item) has score −inf: such a slot recommends nothing.
    """
    if len(pair) != 2:
        raise ValueError(f"recs must be two arrays (scores, items), got {len(pair)}")
    scores, items = (np.asarray(each.cpu() if isinstance(each, Tensor) else each) for each in pair)
    if items.ndim != 2 or scores.shape != items.shape:
        raise ValueError(f"scores and items must share a shape [U, K], got {scores.shape} and {items.shape}")
    whose = np.arange(len(items)) if users is None else pd.Series(list(users)).to_numpy()
    if len(whose) != len(items):
        raise ValueError(f"users must be one a list ({len(items)}), got {len(whose)}")
    empty = np.isneginf(scores.astype(float)) | (items.astype(object) == _PAD)
    width = items.shape[1]
    return pd.DataFrame(
        {
            "user_id": np.repeat(whose, width),
            "item_id": pd.Series(items.ravel()).where(~empty.ravel(), None),
            "rank": np.tile(np.arange(1, width + 1), len(items)),
        }
    )
