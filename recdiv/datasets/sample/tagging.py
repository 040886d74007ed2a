"""Product titles with word-level tags: which words name the thing that is sold?

The rule of annotation stands at the head of ``data/vocabularies/tagging.toml``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from recdiv.datasets._paths import data_folder

TAGS = ("O", "B-Product", "I-Product")
SPLITS = ("train", "dev", "test")

Sentence = tuple[list[str], list[str]]


@dataclass(frozen=True)
class TaggingData:
    """Titles cut into words, one tag a word; no thing stands in two splits.

    Attributes:
        train, dev, test: ``(words, tags)`` of each title.
        catalog: one row a title: ``item_id, title, category, topic, parent, thing, sold, split, seen`` and ``words``,
            ``tags`` joined by blanks. ``topic`` and ``thing`` are the known truth (rows of one thing are the same
            offer); ``sold`` is single, accessory or bundle; ``seen`` says whether every product name of the title
            stands, as tagged, in the train split.
    """

    train: list[Sentence]
    dev: list[Sentence]
    test: list[Sentence]
    catalog: pd.DataFrame

    def __repr__(self) -> str:
        return f"TaggingData({len(self.train)} train, {len(self.dev)} dev, {len(self.test)} test titles)"


def load_tagging(folder: Path | None = None) -> TaggingData:
    """The bundled tagged titles.

    Raises:
        FileNotFoundError: if the file is not there.

    >>> data = load_tagging()
    >>> words, tags = data.test[0]
    >>> len(words) == len(tags), set(tags) <= set(TAGS)
    (True, True)
    """
    path = (folder or data_folder() / "sample" / "tagging") / "titles.csv"
    if not path.is_file():
        raise FileNotFoundError(f"no tagged titles at {path}; write them: python -m recdiv.datasets.sample")
    return as_data(pd.read_csv(path, keep_default_na=False))


def as_data(catalog: pd.DataFrame) -> TaggingData:
    """The splits of a frame of tagged titles."""
    rows = [(words.split(" "), tags.split(" ")) for words, tags in zip(catalog["words"], catalog["tags"], strict=True)]
    parts = {name: [row for row, split in zip(rows, catalog["split"], strict=True) if split == name] for name in SPLITS}
    return TaggingData(parts["train"], parts["dev"], parts["test"], catalog)


def names(words: Sequence[str], tags: Sequence[str]) -> list[str]:
    """The product names a title is tagged with, in lower case.

    >>> names(["Oak", "Clock", "and", "Mug"], ["B-Product", "I-Product", "O", "B-Product"])
    ['oak clock', 'mug']
    """
    out: list[str] = []
    for word, tag in zip(words, tags, strict=True):
        if tag == "B-Product":
            out.append(word.lower())
        elif tag == "I-Product" and out:
            out[-1] += f" {word.lower()}"
    return out


def tag_by_dictionary(words: Sequence[str], known: frozenset[str]) -> list[str]:
    """The baseline without a model: tag the longest known names, left to right.

    >>> tag_by_dictionary(["Blue", "Oak", "Clock"], frozenset({"clock", "oak clock"}))
    ['O', 'B-Product', 'I-Product']
    """
    longest = max((name.count(" ") + 1 for name in known), default=0)
    lower = [word.lower() for word in words]
    tags = ["O"] * len(words)
    start = 0
    while start < len(words):
        lengths = range(min(longest, len(words) - start), 0, -1)
        length = next((n for n in lengths if " ".join(lower[start : start + n]) in known), 0)
        if length:
            tags[start : start + length] = ["B-Product", *["I-Product"] * (length - 1)]
        start += max(length, 1)
    return tags
