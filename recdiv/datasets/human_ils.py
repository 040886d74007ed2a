"""Jesse, Bauer and Jannach (2023), the film half: how diverse people find lists of seven films.

The published workbooks hold garbled list strings; what is read here are three Parquet tables derived from them, films
only and without demographics, so they cannot be downloaded and need ``RECDIV_DATA``. Perceived diversity is the paper's
sum diversity + variety + (6 - similarity), from 3 to 15. Twelve presented lists are eight sets of films in several
orders: correlations over lists have few points.
"""

from __future__ import annotations

import pandas as pd

from recdiv._extras import require
from recdiv.datasets._build import Cleaning, finish
from recdiv.datasets._dataset import Dataset
from recdiv.datasets._fetch import fetch


def load() -> Dataset:
    """One catalogue row a film; ``extras["ratings"]`` one row a person and list, ``extras["lists"]`` their means.

    Both have ``items`` (titles as shown), ``item_ids``, ``set_id`` and ``ILS_published``.
    """
    require("pyarrow", "data")
    paths = fetch("human_ils")
    films = read_films(pd.read_parquet(paths["items.parquet"]))
    ids = dict(zip(films["title"], films["item_id"], strict=True))
    tables = {}
    for name in ("ratings", "lists"):
        table = pd.read_parquet(paths[f"{name}.parquet"])
        tables[name] = table.assign(
            items=table["items"].map(list), item_ids=table["items"].map(lambda titles: [ids[title] for title in titles])
        )
    cleaning = Cleaning()
    cleaning.note("films", len(films))
    cleaning.note("films with a description or tags", int((films["text"] != "").sum()))
    cleaning.note("lists presented", len(tables["lists"]))
    cleaning.note("distinct sets of films", tables["lists"]["set_id"].nunique())
    cleaning.note("ratings", len(tables["ratings"]))
    cleaning.note("participants", tables["ratings"]["participant"].nunique())
    return finish("human_ils", films, cleaning=cleaning, **tables)


def read_films(raw: pd.DataFrame) -> pd.DataFrame:
    """Films with genres as category; ``text`` is the description, else the tags people gave (``text_source``)."""
    text, tags = raw["text"].fillna(""), raw["tags"].fillna("").str.replace(";", ",")
    source = raw["text_source"].fillna("").where(text != "", tags.map(lambda given: "tags" if given else ""))
    return pd.DataFrame(
        {
            "item_id": [f"film-{row}" for row in range(len(raw))],
            "title": raw["title"],
            "text": text.where(text != "", tags),
            "category": raw["category"].fillna(""),
            "text_source": source,
            "tags": tags,
            "movielens_id": raw["source_item_id"],
        }
    )
