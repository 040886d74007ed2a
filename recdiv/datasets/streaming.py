"""Four streaming catalogues of mid-2021: titles with descriptions, genres, type, year and country; no users.

Also the source of film descriptions for MovieTweetings and MovieLens. The rule of that join: films only (``type`` is
``Movie``), the same release year, and the same title once accents, case, punctuation and spaces are dropped and ``&``
reads ``and``. A title with no letter or digit of the Latin alphabet left never matches. Where several services hold the
film, the first in the order Netflix, Prime Video, Disney+, Hulu gives the description.
"""

from __future__ import annotations

import re
import unicodedata

import pandas as pd

from recdiv.datasets._build import Cleaning, finish
from recdiv.datasets._dataset import Dataset
from recdiv.datasets._fetch import fetch

SERVICES = {
    "netflix": "netflix_titles.csv",
    "prime": "amazon_prime_titles.csv",
    "disney": "disney_plus_titles.csv",
    "hulu": "hulu_titles.csv",
}
_NOT_KEPT = re.compile(r"[^a-z0-9]+")


def load() -> Dataset:
    """One catalogue row a title and service; ``category`` its genres, ``text`` its description.

    The same title on two services stays two rows (``netflix-s1``, ``hulu-s7``): near-duplicates as they really occur.
    """
    titles = read_titles()
    cleaning = Cleaning()
    cleaning.keep("titles of the four services", titles)
    cleaning.note("with a description", int((titles["text"] != "").sum()))
    cleaning.note("films", int((titles["type"] == "Movie").sum()))
    return finish("streaming", titles, cleaning=cleaning)


def read_titles() -> pd.DataFrame:
    """All titles: item_id, title, text, category (genres joined by ``|``), type, year, country, service."""
    paths = fetch("streaming", SERVICES.values())
    parts = []
    for service, name in SERVICES.items():
        # keep_default_na: a film may be called "NA" or "None"
        part = pd.read_csv(paths[name], dtype=str, keep_default_na=False, encoding="utf-8-sig")
        parts.append(part.assign(service=service, item_id=service + "-" + part["show_id"]))
    raw = pd.concat(parts, ignore_index=True)
    return pd.DataFrame(
        {
            "item_id": raw["item_id"],
            "title": raw["title"].str.strip(),
            "text": raw["description"].str.strip(),
            "category": raw["listed_in"].str.split(", ").str.join("|"),
            "type": raw["type"],
            "year": raw["release_year"].astype("int64"),
            "country": raw["country"],
            "service": raw["service"],
        }
    )


def title_key(title: str) -> str:
    """What of a title must agree for two films to be one.

    >>> title_key("Amélie & the Girls, 2!"), title_key("夢")
    ('amelieandthegirls2', '')
    """
    plain = unicodedata.normalize("NFKD", title).casefold().replace("&", "and")
    return _NOT_KEPT.sub("", plain)


def describe(films: pd.DataFrame) -> pd.DataFrame:
    """``text`` and ``text_source`` (the service) of ``films`` (``title``, ``year``); empty where none matches."""
    titles = read_titles()
    usable = titles[(titles["type"] == "Movie") & (titles["text"] != "")]
    keys = pd.MultiIndex.from_arrays([usable["title"].map(title_key), usable["year"]])
    first = usable.set_axis(keys)[["text", "service"]]
    first = first[~first.index.duplicated() & (first.index.get_level_values(0) != "")]
    wanted = pd.MultiIndex.from_arrays([films["title"].map(title_key), films["year"]])
    found = first.reindex(wanted).fillna("")
    return pd.DataFrame({"text": found["text"].to_numpy(), "text_source": found["service"].to_numpy()}, films.index)
