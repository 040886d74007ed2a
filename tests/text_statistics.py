"""Shape of a set of texts: length, how much of it repeats, how steeply word frequencies fall."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

_WORD = re.compile(r"[a-z0-9]+(?:'[a-z]+)?")


@dataclass(frozen=True)
class TextStatistics:
    low: float
    median: float
    high: float
    trigrams: float
    zipf: float


def words(text: str) -> list[str]:
    return _WORD.findall(text.lower())


def text_statistics(texts: Iterable[str]) -> TextStatistics:
    """Percentiles of words a text, distinct share of trigrams, minus the log-log slope of the 500 commonest words."""
    tokens = [words(text) for text in texts]
    low, median, high = np.percentile([len(t) for t in tokens], [10, 50, 90])
    grams = [tuple(t[i : i + 3]) for t in tokens for i in range(len(t) - 2)]
    counts = np.array(sorted(Counter(w for t in tokens for w in t).values(), reverse=True)[:500], dtype=float)
    slope = np.polyfit(np.log(np.arange(1, len(counts) + 1)), np.log(counts), 1)[0]
    return TextStatistics(low, median, high, len(set(grams)) / len(grams), -slope)
