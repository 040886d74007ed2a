"""AG News, test split: 7,600 headlines with descriptions in four balanced classes; no users.

As published: a comma-separated file without header (class 1 to 4, title, description). Backslashes stand for line
breaks the collector lost and become spaces; ``#36;`` and its like are character references without their ampersand and
are put right. No row is dropped.
"""

from __future__ import annotations

import html
import re

import pandas as pd

from recdiv.datasets._build import Cleaning, finish
from recdiv.datasets._dataset import Dataset
from recdiv.datasets._fetch import fetch

CLASSES = {1: "World", 2: "Sports", 3: "Business", 4: "Sci/Tech"}
_REFERENCE = re.compile(r"(?<![&\w]) ?#(\d{2,4});")


def load() -> Dataset:
    """One catalogue row a news item; ``category`` is its class."""
    path = fetch("ag_news", ["test.csv"])["test.csv"]
    raw = pd.read_csv(path, header=None, names=["class", "title", "text"], keep_default_na=False)
    items = pd.DataFrame(
        {
            "item_id": [f"test-{row}" for row in range(len(raw))],
            "title": raw["title"].map(readable),
            "text": raw["text"].map(readable),
            "category": raw["class"].map(CLASSES),
        }
    )
    cleaning = Cleaning()
    cleaning.keep("news items", items)
    cleaning.note("classes", items["category"].nunique())
    return finish("ag_news", items, cleaning=cleaning)


def readable(text: str) -> str:
    r"""The text as it was meant.

    >>> readable(r"A second\\team for the  #36;10 million prize,  &lt;b&gt;today&lt;/b&gt;")
    'A second team for the $10 million prize, <b>today</b>'
    """
    restored = _REFERENCE.sub(lambda match: " &#" + match[1] + ";", text.replace("\\", " "))
    return " ".join(html.unescape(restored).split())
