"""DFKI Product Corpus v2: English web pages whose products and organisations are marked by character spans.

As published: ``{train,dev,test}.json.gz`` hold pretty-printed documents one after another (text, spans of products,
organisations and trigger words), ``*.jsonl.gz`` one company-provides-product candidate a line. Here the spans become
one tag a word, for each line of text that is not blank.

Rules: a word is a run of letters and digits, or one other character that is not a space. Of nested spans the outermost
counts ("Roxy carry-on suitcase" is a product, "Roxy" inside it is dropped; of equal spans the product). A span that
ends inside a word takes the whole word. Trigger words are not entities. Each step is counted in ``extras["cleaning"]``.
"""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from recdiv.datasets._build import Cleaning
from recdiv.datasets._dataset import Dataset
from recdiv.datasets._fetch import fetch
from recdiv.datasets._tagging import Sentence, tagging_dataset

KINDS = ("product", "organization")
SPLITS = ("train", "dev", "test")

_WORD = re.compile(r"\w+|[^\w\s]")
Span = tuple[int, int, str]  # start, end, kind


def load(*, kinds: Sequence[str] = KINDS) -> Dataset:
    """One catalogue row a line of text; ``extras["splits"]`` maps train, dev and test to (words, tags).

    Args:
        kinds: which spans become tags, ``"product"``, ``"organization"`` or both: B-Product, I-Product, ..., O.

    ``extras["relations"]`` is the other half of the corpus: words, label, and the positions of both entities.

    Raises:
        ValueError: if ``kinds`` is empty or names another kind.
    """
    if not kinds or not set(kinds) <= set(KINDS):
        raise ValueError(f"kinds must be among {', '.join(KINDS)}, got {kinds!r}")
    paths = fetch("dfki_product", [f"{split}.{kind}.gz" for split in SPLITS for kind in ("json", "jsonl")])
    cleaning = Cleaning()
    splits = {split: _split(paths[f"{split}.json.gz"], split, kinds, cleaning) for split in SPLITS}
    dataset = tagging_dataset("dfki_product", splits, cleaning=cleaning)
    dataset.extras["relations"] = pd.concat(
        [read_relations(paths[f"{split}.jsonl.gz"]).assign(split=split) for split in SPLITS], ignore_index=True
    )
    return dataset


def read_documents(path: Path) -> Iterator[dict[str, Any]]:
    """Documents of a ``.json.gz``: objects one after another, no list around them, unions wrapped by their type."""
    with gzip.open(path, "rt", encoding="utf-8") as stream:
        text = stream.read().strip()
    decoder, position = json.JSONDecoder(), 0
    while position < len(text):
        document, position = decoder.raw_decode(text, position)
        yield document
        position += len(text[position : position + 16]) - len(text[position : position + 16].lstrip())


def read_relations(path: Path) -> pd.DataFrame:
    """Candidates of a ``.jsonl.gz``: words, label, [start, end) word positions of the organisation and the product."""
    with gzip.open(path, "rt", encoding="utf-8") as stream:
        rows = [json.loads(line) for line in stream]
    frame = pd.DataFrame(
        {
            "id": [row["id"] for row in rows],
            "words": [row["tokens"] for row in rows],
            "label": [row["label"] for row in rows],
        }
    )
    for column, kind in (("organization", "ORGANIZATION"), ("product", "PRODUCT")):
        frame[column] = [tuple(row["entities"][row["type"].index(kind)]) for row in rows]
    return frame


def outermost(spans: Sequence[Span]) -> list[Span]:
    """Spans that lie in, or overlap, no longer one kept before them; a product wins over an equal organisation.

    >>> outermost([(0, 4, "organization"), (0, 22, "product"), (30, 34, "product")])
    [(0, 22, 'product'), (30, 34, 'product')]
    """
    kept: list[Span] = []
    for span in sorted(set(spans), key=lambda s: (s[0] - s[1], s[2] != "product", s[0])):
        if all(span[1] <= other[0] or span[0] >= other[1] for other in kept):
            kept.append(span)
    return sorted(kept)


def tag_line(line: str, offset: int, spans: Sequence[Span]) -> Sentence:
    """Words of one line and their tags; ``offset`` is where the line begins in the text the spans count in.

    >>> tag_line("HP gate valves.", 0, [(3, 14, "product")])
    (['HP', 'gate', 'valves', '.'], ['O', 'B-Product', 'I-Product', 'O'])
    """
    words, tags = [], []
    inside: Span | None = None
    for match in _WORD.finditer(line):
        start, end = match.start() + offset, match.end() + offset
        span = next((s for s in spans if s[0] < end and start < s[1]), None)
        words.append(match.group())
        tags.append("O" if span is None else f"{'I' if span == inside else 'B'}-{span[2].capitalize()}")
        inside = span
    return words, tags


def _split(path: Path, split: str, kinds: Sequence[str], cleaning: Cleaning) -> list[Sentence]:
    sentences: list[Sentence] = []
    documents = published = kept = 0
    for document in read_documents(path):
        text = document["text"]["string"]
        mentions = document["conceptMentions"]["array"]
        all_spans = [(m["span"]["start"], m["span"]["end"], m["type"]) for m in mentions if m["type"] in kinds]
        spans = outermost(all_spans)
        documents, published, kept = documents + 1, published + len(all_spans), kept + len(spans)
        sentences += _lines(text, spans)
    cleaning.note(f"{split}: documents", documents)
    cleaning.note(f"{split}: published spans", published)
    cleaning.note(f"{split}: outermost spans", kept)
    return sentences


def _lines(text: str, spans: Sequence[Span]) -> Iterator[Sentence]:
    offset = 0
    for line in text.split("\n"):
        end = offset + len(line)
        sentence = tag_line(line, offset, [s for s in spans if s[0] < end and offset < s[1]])
        if sentence[0]:
            yield sentence
        offset = end + 1
