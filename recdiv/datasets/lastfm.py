"""Last.fm 2K (HetRec 2011): play counts of artists, and the tags people gave them.

As published: tab-separated ``.dat`` files with a header, no quoting, some with CRLF; names are UTF-8 but ``tags.dat``
is Latin-1. Nothing is dropped. Plays carry no times; tags carry a day, of which five lie before Last.fm existed (1956
to 1979) and are kept as published.
"""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from recdiv.datasets._build import Cleaning, finish, read_fields
from recdiv.datasets._dataset import Dataset
from recdiv.datasets._fetch import fetch

TAGS_PER_ARTIST = 12


def load() -> Dataset:
    """One catalogue row an artist: ``text`` its 12 most given tags, ``category`` the first; an event is a play count.

    Events carry ``plays``. ``extras["tags"]``: user_id, item_id, tag, timestamp (the day).
    """
    paths = fetch("lastfm", ["artists.dat", "tags.dat", "user_artists.dat", "user_taggedartists.dat"])
    artists = read_table(paths["artists.dat"], ["id", "name", "url", "pictureURL"])
    plays = read_table(paths["user_artists.dat"], ["userID", "artistID", "weight"]).astype("int64")
    plays = plays.set_axis(["user_id", "item_id", "plays"], axis=1)
    tags = read_tags(paths["tags.dat"], paths["user_taggedartists.dat"])
    items = describe_artists(artists, tags)
    cleaning = Cleaning()
    cleaning.keep("play counts as published", plays)
    cleaning.note("users", plays["user_id"].nunique())
    cleaning.note("artists", len(items))
    cleaning.note("artists with a tag", int((items["text"] != "").sum()))
    cleaning.note("tag assignments", len(tags))
    cleaning.note("tag assignments of artists in the catalogue", int(tags["item_id"].isin(items["item_id"]).sum()))
    return finish("lastfm", items, plays, cleaning=cleaning, tags=tags)


def read_table(path: Path, columns: list[str], *, encoding: str = "utf-8") -> pd.DataFrame:
    """A tab-separated file whose first line must name ``columns``.

    Raises:
        ValueError: if the header differs or a line has another number of fields.
    """
    frame = read_fields(path, columns, separator="\t", encoding=encoding)
    if list(frame.iloc[0]) != columns:
        raise ValueError(f"{path.name}: the first line must be {columns}, got {list(frame.iloc[0])}")
    return frame.iloc[1:].reset_index(drop=True)


def read_tags(names: Path, given: Path) -> pd.DataFrame:
    """Who gave which artist which tag on which day."""
    words = read_table(names, ["tagID", "tagValue"], encoding="latin-1")
    rows = read_table(given, ["userID", "artistID", "tagID", "day", "month", "year"])
    dates = rows[["year", "month", "day"]].astype("int64")
    return pd.DataFrame(
        {
            "user_id": rows["userID"].astype("int64"),
            "item_id": rows["artistID"].astype("int64"),
            "tag": rows["tagID"].map(words.set_index("tagID")["tagValue"]),
            "timestamp": pd.to_datetime(dates),
        }
    )


def describe_artists(artists: pd.DataFrame, tags: pd.DataFrame) -> pd.DataFrame:
    """Artists with their tags, most often given first (ties by name)."""
    counts = tags.groupby(["item_id", "tag"]).size().reset_index(name="n")
    counts = counts.sort_values(["item_id", "n", "tag"], ascending=[True, False, True])
    by_artist = counts.groupby("item_id")["tag"]
    ids = artists["id"].astype("int64")
    return pd.DataFrame(
        {
            "item_id": ids,
            "title": artists["name"],
            "text": ids.map(by_artist.agg(lambda words: ", ".join(words.iloc[:TAGS_PER_ARTIST]))).fillna(""),
            "category": ids.map(by_artist.first()).fillna("").str.replace("|", "/"),
            "url": artists["url"],
        }
    )
