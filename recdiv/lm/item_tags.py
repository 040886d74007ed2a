"""The products that a tagger finds in titles, as the categories of a shop that has none."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Protocol

from recdiv.lm.tag_scores import spans

_WORD = re.compile(r"[^\W_]+(?:[-'’.][^\W_]+)*|[^\w\s]")


class TagsWords(Protocol):
    """What is asked of a tagger: one IOB2 tag a word of each sentence."""

    def predict(self, sentences: Sequence[Sequence[str]], /) -> list[list[str]]:
        """One tag a word of each sentence."""
        ...


def title_words(title: str) -> list[str]:
    """A title cut as the tagged titles are: marks stand alone, words keep their hyphens.

    >>> title_words("Set/6 t-light holders, red")
    ['Set', '/', '6', 't-light', 'holders', ',', 'red']
    """
    return _WORD.findall(title)


def product_tags(titles: Sequence[str], tagger: TagsWords, *, heads: bool = False) -> list[tuple[str, ...]]:
    """The products each title names, in lower case; an empty tuple where the tagger finds none.

    Args:
        titles: one a row of the catalogue.
        tagger: a fitted :class:`recdiv.lm.Tagger`, or any other with ``predict``.
        heads: keep only the last word of each product, which in English says what it is; a plural ``s`` is dropped.

    Returns:
        Labels in the form that :class:`recdiv.CategoryKernel` takes.

    >>> from recdiv.lm.dictionary import DictionaryTagger
    >>> tagger = DictionaryTagger([(["tea", "pots"], ["B-Product", "I-Product"])])
    >>> product_tags(["Red tea pots", "Sale"], tagger), product_tags(["Red tea pots"], tagger, heads=True)
    ([('tea pots',), ()], [('pot',)])
    """
    words = [title_words(title) for title in titles]
    found: list[list[str]] = [[] for _ in words]
    for row, _, start, end in sorted(spans(tagger.predict(words))):
        name = " ".join(words[row][start:end]).lower()
        found[row].append(head(name) if heads else name)
    return [tuple(dict.fromkeys(names)) for names in found]


def head(name: str) -> str:
    """The last word of a name, without a plural ``s``.

    >>> head("cake cases"), head("drinking glass")
    ('case', 'glass')
    """
    last = name.rsplit(" ", 1)[-1]
    return last[:-1] if len(last) > 3 and last.endswith("s") and not last.endswith("ss") else last
