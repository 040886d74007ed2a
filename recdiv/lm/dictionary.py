"""The tagger to beat: look words up in a list of the products seen in training."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from recdiv.lm.tag_scores import spans
from recdiv.lm.tagging import OUTSIDE, Sentence

Phrase = tuple[str, ...]


class DictionaryTagger:
    """Tags the longest known phrase, from left to right, case ignored.

    A phrase is known if it was an entity in at least half of the places where it stands in ``train``; of several
    types it takes the most frequent.

    >>> train = [(["red", "Tea", "Pot"], ["O", "B-Product", "I-Product"])]
    >>> DictionaryTagger(train).predict([["a", "tea", "pot", "lid"]])
    [['O', 'B-Product', 'I-Product', 'O']]
    """

    def __init__(self, train: Sequence[Sentence]) -> None:
        lowered = [[word.lower() for word in words] for words, _ in train]
        entities: dict[Phrase, Counter[str]] = {}
        for i, kind, start, end in sorted(spans([tags for _, tags in train])):
            entities.setdefault(tuple(lowered[i][start:end]), Counter())[kind] += 1
        self.longest = max(map(len, entities), default=0)
        seen = Counter(phrase for words in lowered for _, phrase in self._phrases(words) if phrase in entities)
        self.kinds = {
            phrase: kinds.most_common(1)[0][0]
            for phrase, kinds in entities.items()
            if 2 * kinds.total() >= seen[phrase]
        }

    def _phrases(self, words: Sequence[str]) -> Iterator[tuple[int, Phrase]]:
        for start in range(len(words)):
            for length in range(1, min(self.longest, len(words) - start) + 1):
                yield start, tuple(words[start : start + length])

    def predict(self, sentences: Sequence[Sequence[str]]) -> list[list[str]]:
        """One tag a word of each sentence."""
        return [self._tag([word.lower() for word in words]) for words in sentences]

    def _tag(self, words: list[str]) -> list[str]:
        tags = [OUTSIDE] * len(words)
        start = 0
        while start < len(words):
            lengths = range(min(self.longest, len(words) - start), 0, -1)
            length = next((n for n in lengths if tuple(words[start : start + n]) in self.kinds), 0)
            if length:
                kind = self.kinds[tuple(words[start : start + length])]
                tags[start : start + length] = [f"B-{kind}", *[f"I-{kind}"] * (length - 1)]
            start += length or 1
        return tags
