"""Tagged text: CoNLL files read as published, and the Dataset they become."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from recdiv.datasets._build import Cleaning, finish
from recdiv.datasets._dataset import Dataset

Sentence = tuple[list[str], list[str]]  # words, tags


def read_conll(path: Path) -> list[Sentence]:
    """Sentences of a file with ``word<TAB>tag`` lines and a blank line between sentences.

    Of several tags in one line (``B-product,B-corporation``, or more columns) the last is kept.

    Raises:
        ValueError: if a line has no tag; it names the file and the line.
    """
    sentences: list[Sentence] = []
    words: list[str] = []
    tags: list[str] = []
    for number, line in enumerate([*path.read_text(encoding="utf-8-sig").split("\n"), ""], 1):
        fields = line.rstrip("\r").split("\t")
        if len(fields) >= 2 and fields[0] and fields[-1]:
            words.append(fields[0])
            tags.append(fields[-1].rpartition(",")[2].strip())
        elif line.strip():
            raise ValueError(f"{path.name}: line {number} must be a word, a tab and a tag, got {line!r}")
        elif words:
            sentences.append((words, tags))
            words, tags = [], []
    return sentences


def entities(tags: list[str]) -> int:
    """How many entities a tag sequence begins."""
    return sum(tag.startswith("B-") for tag in tags)


def tagging_dataset(
    name: str, splits: dict[str, list[Sentence]], *, joiner: str = " ", cleaning: Cleaning | None = None
) -> Dataset:
    """One catalogue row a sentence; ``extras["splits"]``: (words, tags), ``extras["tags"]``: the tag set."""
    cleaning = cleaning or Cleaning()
    for split, sentences in splits.items():
        cleaning.note(f"{split}: sentences", len(sentences))
        cleaning.note(f"{split}: words", sum(len(words) for words, _ in sentences))
        cleaning.note(f"{split}: entities", sum(entities(tags) for _, tags in sentences))
    rows = [
        {"item_id": f"{split}-{number}", "text": joiner.join(words), "split": split, "entities": entities(tags)}
        for split, sentences in splits.items()
        for number, (words, tags) in enumerate(sentences)
    ]
    found = {tag for sentences in splits.values() for _, tags in sentences for tag in tags}
    return finish(name, pd.DataFrame(rows), cleaning=cleaning, splits=splits, tags=sorted(found))
