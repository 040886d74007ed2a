"""NeMig (English): US news about migration, with sub-topic, sentiment, outlet and its political orientation.

As published: a knowledge graph in N-Triples (``.nt.bz2``) and ``behaviors.tsv`` (impression, user, click history, up to
six candidates with 1 for click). Rules: an article clicked twice by one user counts once (counted); sub-topic -1 means
that the topic model left it out: no category. Clicks carry no times, so histories keep their published order.
Article bodies are withheld by the publisher; the users' political attitudes are never read.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd

from recdiv.datasets._build import Cleaning, finish, read_fields
from recdiv.datasets._dataset import Dataset
from recdiv.datasets._fetch import fetch
from recdiv.datasets._ntriples import Triple, local_name, read_ntriples

_GRAPH = "nemig_en_base-instances_{}.nt.bz2"
_PARTS = (
    "content_literals",
    "metadata_literals",
    "metadata_resources",
    "political_orientation_mapping",
    "sentiment_mapping",
    "subtopic_mapping",
)
_TABLES = ("behaviors.tsv", "disambiguated_publishers.csv", "subtopic_annotations.csv")
_OUTLIERS = "-1"


def load() -> Dataset:
    """One catalogue row an article (``category`` its sub-topic, ``timestamp`` its day); events are clicks of histories.

    Columns beside the usual ones: subtopic, sentiment, outlet, orientation, url. ``extras["impressions"]`` has one row
    a candidate: impression_id, user_id, position (from 1, as listed), item_id, clicked; ``extras["users"]`` all study
    users, those with an empty history included.
    """
    paths = fetch("nemig", [*(_GRAPH.format(part) for part in _PARTS), *_TABLES])
    articles = read_articles(paths)
    raw = read_fields(paths["behaviors.tsv"], ["impression_id", "user_id", "history", "candidates"], separator="\t")
    cleaning = Cleaning()
    cleaning.note("articles", len(articles))
    cleaning.note("articles with a sub-topic", int(articles["category"].notna().sum()))
    cleaning.note("study users", raw["user_id"].nunique())
    cleaning.note("users with a click history", raw.loc[raw["history"] != "", "user_id"].nunique())
    clicks = cleaning.keep("clicks as published", read_histories(raw))
    clicks = cleaning.keep("an article once a user", clicks, ~clicks.duplicated())
    impressions = read_impressions(raw)
    cleaning.note("impressions", len(raw))
    cleaning.note("candidates shown", len(impressions))
    users = sorted(raw["user_id"].unique())
    return finish("nemig", articles, clicks, cleaning=cleaning, impressions=impressions, users=users)


def read_articles(paths: dict[str, Path]) -> pd.DataFrame:
    """The graph's statements about articles as one row each, ordered by article number."""
    columns: dict[str, dict[str, Any]] = {}
    for part in _PARTS:
        for triple in read_ntriples(paths[_GRAPH.format(part)]):
            columns.setdefault(local_name(triple.predicate), {})[_article(triple)] = triple.object
    graph = pd.DataFrame({"title": columns["headline"]})
    graph["text"] = pd.Series(columns["abstract"])
    topics = pd.Series(columns["about"]).map(lambda iri: iri.rpartition("_")[2])
    outlets = pd.Series(columns["publisher"])
    labels = pd.read_csv(paths["subtopic_annotations.csv"], dtype=str).drop_duplicates("topic")
    named = labels[labels["topic"] != _OUTLIERS].set_index("topic")["topic_label"]
    graph["category"] = topics.map(named)
    graph["subtopic"] = topics.astype("int64")
    graph["timestamp"] = pd.to_datetime(pd.Series(columns["datePublished"]), format="%d.%m.%Y")
    graph["sentiment"] = pd.Series(columns["sentiment"]).map(lambda iri: iri.rpartition("_")[2])
    graph["outlet"] = outlets.map(local_name).replace(_outlet_names(paths["disambiguated_publishers.csv"]))
    graph["orientation"] = outlets.map(columns["political_orientation"]).map(lambda iri: iri.rpartition("_")[2])
    graph["url"] = pd.Series(columns["url"])
    graph["text"] = graph["text"].fillna("")
    order = graph.index.str.removeprefix("news_").astype("int64").argsort()
    return graph.iloc[order].rename_axis("item_id").reset_index()


def read_histories(raw: pd.DataFrame) -> pd.DataFrame:
    """One row a click, in published order; a user's history is repeated in each of their impressions."""
    once = raw.drop_duplicates("user_id")
    clicks = once.assign(item_id=once["history"].str.split())[["user_id", "item_id"]].explode("item_id")
    return clicks.dropna().reset_index(drop=True)


def read_impressions(raw: pd.DataFrame) -> pd.DataFrame:
    """One row a candidate; ``news_12-1`` is article 12, clicked."""
    rows = raw.assign(candidate=raw["candidates"].str.split())[["impression_id", "user_id", "candidate"]]
    rows = rows.explode("candidate", ignore_index=True)
    parts = rows["candidate"].str.rpartition("-")
    return pd.DataFrame(
        {
            "impression_id": rows["impression_id"].astype("int64"),
            "user_id": rows["user_id"],
            "position": rows.groupby("impression_id", sort=False).cumcount() + 1,
            "item_id": parts[0],
            "clicked": parts[2] == "1",
        }
    )


def _article(triple: Triple) -> str:
    """The article a statement is about: titles and abstracts are nodes of their own; outlets stay what they are."""
    if triple.predicate.endswith("/political_orientation"):
        return triple.subject
    return local_name(triple.subject).replace("news_title_", "news_").replace("news_abstract_", "news_")


def _outlet_names(path: Path) -> dict[str, str]:
    """Wikidata id or graph name of an outlet -> the name it has in the annotation files."""
    table = pd.read_csv(path, dtype=str, keep_default_na=False)
    keys = table["wikidata_id"].where(table["wikidata_id"] != "", table["entity"].str.replace(" ", "_"))
    return dict(zip(keys, table["news_outlet"], strict=True))
