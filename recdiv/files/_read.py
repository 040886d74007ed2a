"""From a file, or what another library hands over, to the tables of recdiv."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from recdiv._columns import refuse_missing
from recdiv.files._checks import as_catalog_writes, refuse_repeats, refuse_ties, refuse_unknown
from recdiv.files._formats import Columns, FormatName, as_frame, exploded, named_columns
from recdiv.files._tables import as_numbers, as_text, as_times, need, read_table, short
from recdiv.tables import Catalog, Interactions, Recommendations

Ids = Literal["native", "text"]


def read_recommendations(
    recs: Any,  # noqa: ANN401
    catalog: Catalog,
    *,
    format: FormatName = "auto",
    user: str | None = None,
    item: str | None = None,
    rank: str | None = None,
    score: str | None = None,
    time: str | None = None,
    group: str | None = None,
    users: Iterable[Any] | None = None,
    unknown: Literal["raise", "count"] = "raise",
    repeats: Literal["raise", "keep"] = "raise",
    ids: Ids = "native",
) -> Recommendations:
    """Lists from a file, a frame, or what LensKit, RecBole, Recommenders or RePlay hand over.

    Args:
        recs: a CSV or Parquet file; a frame of pandas, polars or Spark with one row a recommended item; LensKit's
            ``ItemListCollection`` (or its Parquet file, of either layout); RecBole's ``(topk_scores, external_items)``.
        catalog: the items. An id agrees whether it is written 7, "7" or 7.0.
        format: whose names the columns go by; ``"auto"`` looks at them.

            * ``"plain"``, ``"lenskit"``: user_id, item_id, and rank or score
            * ``"recbole"``: user_id:token, item_id:token, score:float, or two arrays; masked slots (−inf) are empty
            * ``"recommenders"``: userID, itemID, prediction (rank goes first, where there is one)
            * ``"replay"``: query_id, item_id, rating, or the older user_idx, item_idx, relevance
        user, item, rank, score, time: columns that go by other names. Lists are in order of rank upwards, else score
            downwards, else of rows. With ``time``, each (user, time) is a list of its own.
        group: column that labels each list (an interest group, say), the same in all its rows.
        users: whose lists they are, beside two arrays (default 0..U−1).
        unknown: refuse items outside the catalogue, or ``"count"`` them as slots that hold something unknown.
        repeats: refuse an item that stands in a list twice, or ``"keep"`` it.
        ids: ``"text"`` makes users text, as :func:`read_interactions` may, so that files agree on them.

    Returns:
        :class:`~recdiv.Recommendations`.

    Raises:
        ValueError: in one sentence, for a file that is no such table, a column that is absent, a rank or score that is
            missing or no number, two equal ranks in a list, and what ``unknown`` and ``repeats`` refuse.
        TypeError: if ``recs`` is none of the above.

    >>> catalog = Catalog(pd.DataFrame({"item_id": ["tea", "mug", "pot"]}))
    >>> frame = pd.DataFrame({"userID": [1, 1, 2], "itemID": ["mug", "tea", "pot"], "prediction": [0.2, 0.9, 0.5]})
    >>> read_recommendations(frame, catalog).items.tolist()
    [[0, 1], [2, -1]]
    """
    where = str(recs) if isinstance(recs, (str, Path)) else "recs"
    frame = exploded(read_table(Path(recs))) if isinstance(recs, (str, Path)) else as_frame(recs, users)
    names = named_columns(list(frame), format, Columns(user or "", item or "", score, rank), time, where)
    if group is not None:
        need(list(frame), [group], where)
    wanted = [name for name in (names.user, names.item, names.score, names.rank, time, group) if name]
    frame = frame[list(dict.fromkeys(wanted))].copy()
    frame[names.user] = _identifiers(frame[names.user], where, ids)
    frame[names.item] = as_catalog_writes(frame[names.item], catalog)
    for column in (names.rank, names.score):
        if column is not None:
            frame[column] = as_numbers(frame[column], where)
    if time is not None:
        frame[time] = as_times(frame[time], where)
    refuse_missing(frame[names.user], where, names.user)
    keys = [names.user, *([time] if time else [])]
    if unknown == "raise":
        refuse_unknown(frame[names.item], catalog, where)
    if names.rank is not None:
        refuse_ties(frame, keys, names.rank, where)
    if repeats == "raise":
        refuse_repeats(frame, keys, names.item, where)
    if group is not None:
        refuse_missing(frame[group], where, group)
    order = {"rank": names.rank, "score": names.score, "time": time, "group": group}
    named = {key: value for key, value in order.items() if value}
    try:
        return Recommendations.from_frame(frame, catalog, user=names.user, item=names.item, unknown=unknown, **named)
    except ValueError as error:
        raise ValueError(str(error).replace("recommendations", where, 1)) from None


def read_interactions(
    path: str | Path, catalog: Catalog, *, user: str | None = None, item: str | None = None, ids: Ids = "native"
) -> Interactions:
    """Events from a CSV or Parquet file, under the column names of any known format; ``timestamp`` if it is there.

    Raises:
        ValueError: in one sentence, for a file that is no such table or holds an item outside the catalogue.
    """
    where = Path(path)
    frame = read_table(where)
    names = named_columns(list(frame), "auto", Columns(user or "", item or ""), None, where)
    time = next((name for name in ("timestamp", "timestamp:float") if name in frame), None)
    found = {
        "user_id": _identifiers(frame[names.user], str(path), ids),
        "item_id": as_catalog_writes(frame[names.item], catalog),
    }
    if time is not None:
        found["timestamp"] = as_times(frame[time], str(path))
    for name, values in found.items():
        refuse_missing(values, str(path), name)
    refuse_unknown(found["item_id"], catalog, str(path))
    return Interactions(pd.DataFrame(found), catalog)


def read_catalog(path: str | Path, *, item: str | None = None, columns: Mapping[str, str] | None = None) -> Catalog:
    """Items from a CSV or Parquet file.

    Args:
        path: one row an item.
        item: column of the id; by default the first there is of ``item_id``, ``itemID``, ``item_idx`` and
            ``item_id:token``. Ids become text.
        columns: which column of the file is the ``title``, ``text`` or ``category``, where it goes by another name.

    Raises:
        ValueError: in one sentence, for a file that is no such table, or an id that is missing or there twice.
    """
    where = Path(path)
    frame = read_table(where)
    usual = ("item_id", "itemID", "item_idx", "item_id:token")
    name = item or next((each for each in usual if each in frame), "item_id")
    other = {had: wanted for wanted, had in (columns or {}).items() if had != wanted}
    need(list(frame), [name, *other], where)
    frame[name] = as_text(frame[name])
    for column in frame.columns.difference([name, "title", "text", "category", *other]):
        if str(frame[column].dtype) == "string":
            numbers = pd.to_numeric(frame[column], errors="coerce")
            frame[column] = numbers if numbers.notna().equals(frame[column].notna()) else frame[column]
    renamed = other if name == "item_id" else {name: "item_id", **other}
    frame = frame.drop(columns=[wanted for wanted in renamed.values() if wanted in frame])  # the one named is meant
    try:
        return Catalog(frame.rename(columns=renamed))
    except ValueError as error:
        raise ValueError(str(error).replace("catalog", str(path), 1)) from None


def read_vectors(path: str | Path, catalog: Catalog) -> npt.NDArray[np.float32]:
    """One vector an item ``[I, d]`` from a ``.npy`` file in the catalogue's order, or a ``.npz`` file.

    A ``.npz`` file holds ``vectors`` and may hold ``item_id``, which puts them in the catalogue's order.

    Raises:
        ValueError: in one sentence, if it cannot be read or an item of the catalogue has no vector.
    """
    try:
        loaded = np.load(Path(path), allow_pickle=False)
        found = {name: loaded[name] for name in loaded.files} if hasattr(loaded, "files") else {"vectors": loaded}
    except (ValueError, OSError, EOFError) as error:
        raise ValueError(f"{path} must be a .npy or .npz file of numbers, got: {short(error)}") from None
    if "vectors" not in found:
        raise ValueError(f"{path} must hold an array 'vectors', got {', '.join(found) or 'none'}")
    vectors = found["vectors"]
    if "item_id" in found:
        rows = pd.Index(as_text(pd.Series(found["item_id"]))).get_indexer(pd.Index(as_text(catalog.frame["item_id"])))
        if (rows < 0).any():
            lost = catalog.item_ids[int((rows < 0).argmax())]
            raise ValueError(
                f"{path} must hold a vector of every item, got none of {lost!r} ({(rows < 0).sum():,} lack)"
            )
        vectors = vectors[rows]
    if len(vectors) != len(catalog):
        raise ValueError(f"{path} must hold one vector an item ({len(catalog):,}), got {len(vectors):,}")
    return np.asarray(vectors, dtype=np.float32)


def _identifiers(values: pd.Series[Any], where: str, ids: Ids) -> pd.Series[Any]:
    """User ids as text, or as the numbers they are where a text file wrote nothing but whole numbers."""
    if ids == "text":
        return as_text(values)
    if ids != "native":
        raise ValueError(f"ids must be 'native' or 'text', got {ids!r}")
    if str(values.dtype) == "string" and values.str.fullmatch(r"0|[1-9]\d{0,17}").fillna(False).all():
        return values.astype("int64")
    return values.astype(object) if str(values.dtype) == "string" else values
