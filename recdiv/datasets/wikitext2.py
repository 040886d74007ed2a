"""WikiText-2, validation and test text: Wikipedia articles, tokenised, for evaluating language models.

As published: one paragraph a line, titles as `` = Title = ``, rare words as ``<unk>``. Rule: a catalogue row is a
paragraph that is neither blank nor a heading, under the article it stands in.
"""

from __future__ import annotations

import re

import pandas as pd

from recdiv.datasets._build import Cleaning, finish
from recdiv.datasets._dataset import Dataset
from recdiv.datasets._fetch import fetch

_HEADING = re.compile(r"^(=(?: =)*) (.+?) (=(?: =)*)$")
SPLITS = {"valid": "valid.txt", "test": "test.txt"}


def load() -> Dataset:
    """One catalogue row a paragraph (``title`` its article, ``split``); ``extras["text"]`` all text of a split."""
    paths = fetch("wikitext2", SPLITS.values())
    text = {split: paths[name].read_text(encoding="utf-8-sig") for split, name in SPLITS.items()}
    items = pd.concat([read_paragraphs(content, split) for split, content in text.items()], ignore_index=True)
    cleaning = Cleaning()
    for split, content in text.items():
        cleaning.note(f"{split}: words", len(content.split()))
        cleaning.note(f"{split}: paragraphs", int((items["split"] == split).sum()))
    return finish("wikitext2", items, cleaning=cleaning, text=text)


def read_paragraphs(content: str, split: str) -> pd.DataFrame:
    r"""Paragraphs with the title of their article.

    >>> read_paragraphs(" = Tea = \n \n A drink . \n = = Kinds = = \n Green . \n", "test")["text"].tolist()
    ['A drink .', 'Green .']
    """
    title = ""
    rows: list[dict[str, str]] = []
    for line in (line.strip() for line in content.split("\n")):
        heading = _HEADING.match(line)
        if heading and heading[1] == heading[3]:
            title = heading[2] if heading[1] == "=" else title
        elif line:
            rows.append({"item_id": f"{split}-{len(rows)}", "title": title, "text": line, "split": split})
    return pd.DataFrame(rows)
