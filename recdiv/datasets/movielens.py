"""MovieLens latest-small (September 2018): ratings, genres, free-text tags; descriptions joined where a film has one.

As published: comma-separated files with CRLF line ends, films named ``Title, The (year)``. Nothing is dropped. For the
join of :mod:`recdiv.datasets.streaming` a trailing article moves to the front and what stands in brackets before the
year (other names of the film) is left out; films without a year are not joined. ``text`` is the description, else the
film's tags, most often given first (``text_source`` says which): some tags were given after the ratings they would help
to predict.
"""

from __future__ import annotations

import re
from pathlib import Path

import pandas as pd

from recdiv.datasets._build import Cleaning, finish, seconds
from recdiv.datasets._dataset import Dataset
from recdiv.datasets._fetch import fetch
from recdiv.datasets.streaming import describe

_ARTICLE = re.compile(r"^(.*), (The|A|An|Le|La|Les|L'|Il|El|Los|Las|Der|Die|Das|I|Lo)$")
NO_GENRE = "(no genres listed)"


def load() -> Dataset:
    """One catalogue row a film (``category`` its genres); events are ratings; ``extras["tags"]``: who tagged what."""
    paths = fetch("movielens", ["movies.csv", "ratings.csv", "tags.csv"])
    ratings, tags = _events(paths["ratings.csv"]), _events(paths["tags.csv"])
    films = parse_films(pd.read_csv(paths["movies.csv"], dtype={"title": str, "genres": str}, keep_default_na=False))
    films = _with_text(films, tags)
    cleaning = Cleaning()
    cleaning.keep("ratings as published", ratings)
    cleaning.note("users", ratings["user_id"].nunique())
    cleaning.note("films", len(films))
    cleaning.note("tags", len(tags))
    cleaning.note("films whose text is a description", int((~films["text_source"].isin(["", "tags"])).sum()))
    cleaning.note("films whose text is their tags", int((films["text_source"] == "tags").sum()))
    return finish("movielens", films, ratings, cleaning=cleaning, tags=tags)


def _events(path: Path) -> pd.DataFrame:
    frame = pd.read_csv(path, keep_default_na=False).rename(columns={"userId": "user_id", "movieId": "item_id"})
    return frame.assign(timestamp=seconds(frame["timestamp"]))


def parse_films(raw: pd.DataFrame) -> pd.DataFrame:
    """Title (as spoken: article first), year (missing in a few) and genres of ``movieId,title,genres`` rows."""
    parts = raw["title"].str.strip().str.extract(r"^(?P<name>.*?)(?: \((?P<year>\d{4})(?:[–-]\d{0,4})?\))?$")
    return pd.DataFrame(
        {
            "item_id": raw["movieId"].astype("int64"),
            "title": parts["name"].map(spoken_title),
            "year": parts["year"].astype("Int64"),
            "category": raw["genres"].mask(raw["genres"] == NO_GENRE, ""),
        }
    )


def spoken_title(name: str) -> str:
    """The title as people say it.

    >>> spoken_title("Matrix, The"), spoken_title("City of Lost Children, The (Cité des enfants perdus, La)")
    ('The Matrix', 'The City of Lost Children (Cité des enfants perdus, La)')
    """
    main, bracket, rest = name.partition(" (")
    match = _ARTICLE.match(main)
    if match:
        gap = "" if match[2].endswith("'") else " "
        main = f"{match[2]}{gap}{match[1]}"
    return main + bracket + rest


def _with_text(films: pd.DataFrame, tags: pd.DataFrame) -> pd.DataFrame:
    main = films["title"].str.partition(" (")[0]
    joined = describe(pd.DataFrame({"title": main, "year": films["year"].fillna(-1).astype("int64")}))
    words = tags.assign(tag=tags["tag"].str.strip()).groupby(["item_id", "tag"]).size().reset_index(name="n")
    words = words.sort_values(["item_id", "n", "tag"], ascending=[True, False, True])
    tagged = films["item_id"].map(words.groupby("item_id")["tag"].agg(", ".join)).fillna("")
    plain = joined["text"] == ""
    return films.assign(
        text=joined["text"].where(~plain, tagged),
        text_source=joined["text_source"].where(~plain, tagged.map(lambda t: "tags" if t else "")),
        tags=tagged,
    )
