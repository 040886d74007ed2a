"""SemEval STS 2013 to 2016: pairs of news headlines, image captions and tweets with human similarity from 0 to 5.

As published: tab-separated score and two sentences, without quoting. Rule: pairs without a score (the organisers judged
only some of 2015 and 2016) are dropped, and counted.
"""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from recdiv.datasets._build import Cleaning, finish, read_fields
from recdiv.datasets._dataset import Dataset
from recdiv.datasets._fetch import fetch

FILES = {
    "2013.headlines.tsv": "headlines",
    "2014.headlines.tsv": "headlines",
    "2015.headlines.tsv": "headlines",
    "2016.headlines.tsv": "headlines",
    "2014.images.tsv": "images",
    "2015.images.tsv": "images",
    "2014.tweet-news.tsv": "tweet-news",
}


def load() -> Dataset:
    """One catalogue row a distinct sentence (``category`` its kind); ``extras["pairs"]``: item_1, item_2, score, ..."""
    paths = fetch("sts", FILES)
    cleaning = Cleaning()
    pairs = pd.concat([read_pairs(paths[name], kind) for name, kind in FILES.items()], ignore_index=True)
    pairs = cleaning.keep("pairs as published", pairs)
    pairs = cleaning.keep("pairs with a score", pairs, pairs["score"].notna()).reset_index(drop=True)
    for kind, rows in pairs.groupby("kind"):
        cleaning.note(f"scored pairs of {kind}", len(rows))
    sides = [pairs[[f"text_{side}", "kind"]].set_axis(["text", "category"], axis=1) for side in (1, 2)]
    items = pd.concat(sides).drop_duplicates("text", ignore_index=True)
    items.insert(0, "item_id", [f"sentence-{row}" for row in range(len(items))])
    ids = items.set_index("text")["item_id"]
    pairs = pairs.assign(item_1=pairs["text_1"].map(ids), item_2=pairs["text_2"].map(ids))
    return finish("sts", items, cleaning=cleaning, pairs=pairs)


def read_pairs(path: Path, kind: str) -> pd.DataFrame:
    """Pairs of one file: kind, year, score (missing where nobody judged), text_1, text_2."""
    raw = read_fields(path, ["score", "text_1", "text_2"], separator="\t")
    raw["score"] = pd.to_numeric(raw["score"], errors="raise") if (raw["score"] != "").all() else _scores(raw["score"])
    raw.insert(0, "kind", kind)
    raw.insert(1, "year", int(path.name[:4]))
    return raw


def _scores(values: pd.Series[str]) -> pd.Series[float]:
    return pd.to_numeric(values.where(values != ""))
