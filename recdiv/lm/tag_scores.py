"""How good are predicted tags? By entity (what a user of the tags needs) and by word (what training optimises)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass

from recdiv._extras import require
from recdiv.lm.tagging import OUTSIDE

Tags = Sequence[Sequence[str]]
Span = tuple[int, str, int, int]  # sentence, type, first word, word after the last


@dataclass(frozen=True)
class TagScores:
    """Precision, recall and F1 of whole entities, and of single words. Higher is better, all in [0, 1].

    An entity counts as found only with exact borders and type; only valid IOB2 spans are entities (seqeval, strict).
    A precision without predictions, a recall without entities and an F1 without either are NaN.

    Attributes:
        precision, recall, f1: over entities.
        n_gold, n_predicted, n_correct: entities.
        token_precision, token_recall, token_f1: over words tagged other than ``O``.
        token_accuracy: share of all words with the right tag, ``O`` included.
        n_words: words scored.
    """

    precision: float
    recall: float
    f1: float
    n_gold: int
    n_predicted: int
    n_correct: int
    token_precision: float
    token_recall: float
    token_f1: float
    token_accuracy: float
    n_words: int

    def to_dict(self) -> dict[str, float]:
        """Every field by name."""
        return asdict(self)


def tag_scores(gold: Tags, predicted: Tags) -> TagScores:
    """Compare predicted with gold tags, one list of tags a sentence.

    Raises:
        ValueError: if the two do not have the same sentences of the same lengths.

    >>> scores = tag_scores([["B-Product", "I-Product", "O"]], [["B-Product", "O", "O"]])
    >>> scores.f1, scores.token_recall  # half of the product is no product
    (0.0, 0.5)
    """
    _check(gold, predicted)
    true, found = spans(gold), spans(predicted)
    correct = len(true & found)
    pairs = [pair for g, p in zip(gold, predicted, strict=True) for pair in zip(g, p, strict=True)]
    hits = sum(g == p != OUTSIDE for g, p in pairs)
    tagged = sum(p != OUTSIDE for _, p in pairs)
    wanted = sum(g != OUTSIDE for g, _ in pairs)
    return TagScores(
        *_prf(correct, len(found), len(true)),
        n_gold=len(true),
        n_predicted=len(found),
        n_correct=correct,
        **dict(zip(("token_precision", "token_recall", "token_f1"), _prf(hits, tagged, wanted), strict=True)),
        token_accuracy=_ratio(sum(g == p for g, p in pairs), len(pairs)),
        n_words=len(pairs),
    )


def spans(tags: Tags) -> set[Span]:
    """The entities that seqeval sees in strict IOB2: an ``I-`` that follows nothing of its kind begins no entity."""
    scheme = require("seqeval.scheme", "lm")
    found = scheme.Entities([list(line) for line in tags], scheme.IOB2).entities
    return {(i, span.tag, span.start, span.end) for i, line in enumerate(found) for span in line}


def _check(gold: Tags, predicted: Tags) -> None:
    if len(gold) != len(predicted):
        raise ValueError(f"predicted must have one list a sentence ({len(gold)}), got {len(predicted)}")
    for position, (g, p) in enumerate(zip(gold, predicted, strict=True)):
        if len(g) != len(p):
            raise ValueError(f"predicted[{position}] must have one tag a word ({len(g)}), got {len(p)}")


def _prf(correct: int, predicted: int, gold: int) -> tuple[float, float, float]:
    return _ratio(correct, predicted), _ratio(correct, gold), _ratio(2 * correct, predicted + gold)


def _ratio(part: int, whole: int) -> float:
    return part / whole if whole else math.nan
