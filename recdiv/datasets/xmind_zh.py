"""xMIND small (development half), Mandarin: news titles and abstracts, machine-translated, traditional characters.

As published: a zip with one tab-separated file with a header (nid, title, abstract); read in place, never unpacked to
disk. Nothing is dropped; an absent abstract is empty. Ids are those of MIND, whose clicks are not part of this set.
"""

from __future__ import annotations

import csv
import io
import zipfile
from pathlib import Path

import pandas as pd

from recdiv.datasets._build import Cleaning, finish
from recdiv.datasets._dataset import Dataset
from recdiv.datasets._fetch import fetch

_MEMBER = "xMINDsmall_dev/news.tsv"
_LIMIT = 64 << 20  # eight times what the file unpacks to


def load() -> Dataset:
    """One catalogue row a news item."""
    items = read_news(fetch("xmind_zh", ["xMINDsmall_dev.zip"])["xMINDsmall_dev.zip"])
    cleaning = Cleaning()
    cleaning.keep("news items", items)
    cleaning.note("with an abstract", int((items["text"] != "").sum()))
    return finish("xmind_zh", items, cleaning=cleaning)


def read_news(path: Path) -> pd.DataFrame:
    """item_id, title, text of the one file inside.

    Raises:
        ValueError: if it unpacks to far more than the published file.
    """
    with zipfile.ZipFile(path) as archive, archive.open(_MEMBER) as stream:
        data = stream.read(_LIMIT + 1)
    if len(data) > _LIMIT:
        raise ValueError(f"{path.name}: {_MEMBER} unpacks to more than {_LIMIT:,} bytes")
    frame = pd.read_csv(io.BytesIO(data), sep="\t", dtype=str, keep_default_na=False, quoting=csv.QUOTE_NONE)
    return frame.rename(columns={"nid": "item_id", "abstract": "text"})
