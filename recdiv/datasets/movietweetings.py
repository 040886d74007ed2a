"""MovieTweetings 100K: film ratings people tweeted in 2013, with descriptions joined from the streaming catalogues.

As published: ``movies.dat`` (``id::Title (year)::Genre|Genre``) and ``ratings.dat`` (``user::film::0..10::seconds``),
UTF-8. Rule: users with at least ``min_ratings`` ratings are kept (the median user has 2). Every film stays in the
catalogue. The rule of the title-and-year join stands in :mod:`recdiv.datasets.streaming`; its yield is counted in
``extras["cleaning"]``. The file that maps users to Twitter accounts is never read.
"""

from __future__ import annotations

import pandas as pd

from recdiv.datasets._build import Cleaning, finish, read_fields, seconds
from recdiv.datasets._dataset import Dataset
from recdiv.datasets._fetch import fetch
from recdiv.datasets.streaming import describe


def load(*, min_ratings: int = 5) -> Dataset:
    """One catalogue row a film (``category`` its genres, ``text`` its description or empty); events are ratings.

    Raises:
        ValueError: if ``min_ratings`` is below 1.
    """
    if min_ratings < 1:
        raise ValueError(f"min_ratings must be at least 1, got {min_ratings}")
    paths = fetch("movietweetings", ["movies.dat", "ratings.dat"])
    films = parse_films(read_fields(paths["movies.dat"], ["item_id", "name", "category"], separator="::"))
    films = films.join(describe(films))
    raw = read_fields(paths["ratings.dat"], ["user_id", "item_id", "rating", "timestamp"], separator="::")
    cleaning = Cleaning()
    ratings = cleaning.keep("ratings as published", parse_ratings(raw))
    counts = ratings["user_id"].map(ratings["user_id"].value_counts())
    ratings = cleaning.keep(f"ratings of users with at least {min_ratings}", ratings, counts >= min_ratings)
    described = films.loc[films["text"] != "", "item_id"]
    cleaning.note("users", ratings["user_id"].nunique())
    cleaning.note("films", len(films))
    cleaning.note("films with a description", len(described))
    cleaning.note("ratings of films with a description", int(ratings["item_id"].isin(described).sum()))
    return finish("movietweetings", films, ratings, cleaning=cleaning)


def parse_films(raw: pd.DataFrame) -> pd.DataFrame:
    """``name`` split into title and year.

    Raises:
        ValueError: if a name does not end in a year.
    """
    parts = raw["name"].str.extract(r"^(?P<title>.*) \((?P<year>\d{4})\)$")
    if parts["year"].isna().any():
        raise ValueError(f"movies.dat: a film must end in '(year)', got {raw['name'][parts['year'].isna()].iloc[0]!r}")
    return pd.DataFrame(
        {
            "item_id": raw["item_id"],
            "title": parts["title"],
            "year": parts["year"].astype("int64"),
            "category": raw["category"],
        }
    )


def parse_ratings(raw: pd.DataFrame) -> pd.DataFrame:
    """User and rating as integers, seconds as time; films keep their ids as strings (leading zeros)."""
    return pd.DataFrame(
        {
            "user_id": raw["user_id"].astype("int64"),
            "item_id": raw["item_id"],
            "timestamp": seconds(raw["timestamp"]),
            "rating": raw["rating"].astype("int64"),
        }
    )
