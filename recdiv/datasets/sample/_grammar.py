"""Templates to text. Facts stay with a thing; wording changes with each telling.

``{slot}`` is an entry of a pool, the same in every telling; ``{slot2}`` another entry of it; ``{slot.part}`` one part
of an entry that has several; ``{slot:title}`` the entry in title case. ``<a|b>`` is a choice that stays with the thing,
``[a|b]`` one made anew in each telling.
"""

from __future__ import annotations

import re
from collections.abc import Callable

import numpy as np

from recdiv.datasets.sample._domain import SLOT

_CHOICE = re.compile(r"<([^<>\[\]]*)>|\[([^<>\[\]]*)\]")
_ARTICLE = re.compile(r"\b([Aa])n? (?=([\"“‘']?)([\w-]+))")
_SPACES = re.compile(r"\s+")
_BEFORE_STOP = re.compile(r"\s+([,.;:!?)])")
_DOUBLED = re.compile(r"([.!?])[.,]+")
_SENTENCE = re.compile(r"(^|[.!?…][\"”’)]?\s+)([\"“‘(]?)([a-z])")
_SMALL = {"a", "an", "and", "as", "at", "by", "for", "from", "in", "of", "on", "or", "the", "to", "with", "nor", "but"}
_SMALL |= {"ml", "cm", "mm", "kg", "g", "m", "gsm", "mAh", "lb", "psi"}
_CONSONANT_SOUND = re.compile(r"(uni(?!n)|use|uk[eru]|usu|user|eu|one\b|once|ut[io]|u[a-z]-|ew)", re.IGNORECASE)
_SILENT_H = re.compile(r"(hour|honest|honou?r|heir)", re.IGNORECASE)
_SPELLED = re.compile(r"[FHLMNRSX](?:[A-Z]|\b|-)")

#: Given a slot, its number and its part: the text that fills it.
Lookup = Callable[[str, str, str], str]
#: Given the options of ``<a|b>``: the one that this thing keeps.
Keep = Callable[[list[str]], str]


def expand(template: str, *, lookup: Lookup, keep: Keep, wording: np.random.Generator) -> str:
    """Fill ``template`` to plain words, not yet tidied."""

    def slot(match: re.Match[str]) -> str:
        name, number, part, modifier = match.groups(default="")
        return modified(expand(lookup(name, number, part), lookup=lookup, keep=keep, wording=wording), modifier)

    def choice(match: re.Match[str]) -> str:
        if match[2] is None:
            return keep(match[1].split("|"))
        options = match[2].split("|")
        return options[int(wording.integers(len(options)))]

    text = template
    while (chosen := _CHOICE.sub(choice, text)) != text:  # innermost brackets first
        text = chosen
    return SLOT.sub(slot, text)


def modified(text: str, modifier: str) -> str:
    """``text`` with a modifier applied.

    >>> modified("the house of ashes", "title"), modified("James", "poss"), modified("tea tin", "cap")
    ('The House of Ashes', "James'", 'Tea tin')
    """
    if modifier == "title":
        return title_case(text)
    if modifier == "poss":
        return text + ("'" if text.endswith("s") else "'s")
    if modifier == "cap":
        return text[:1].upper() + text[1:]
    if modifier in ("upper", "lower"):
        return text.upper() if modifier == "upper" else text.lower()
    return text


def title_case(text: str) -> str:
    """Capitals as on a cover: small words stay small unless first or last.

    >>> title_case("a night at the end of the pier")
    'A Night at the End of the Pier'
    """
    words = tidy(text, sentences=False).split(" ")
    last = len(words) - 1
    return " ".join(w if w in _SMALL and 0 < i < last else w[:1].upper() + w[1:] for i, w in enumerate(words))


def tidy(text: str, *, sentences: bool = True) -> str:
    """Articles, spaces, stops and sentence capitals put right.

    >>> tidy("an heir meets a old university friend . she leaves ,  an hour late..")
    'An heir meets an old university friend. She leaves, an hour late.'
    """
    text = _BEFORE_STOP.sub(r"\1", _SPACES.sub(" ", text)).strip()
    text = _DOUBLED.sub(r"\1", text.replace(",,", ",").replace(",.", "."))
    text = _ARTICLE.sub(lambda m: f"{m[1]}{'n' if _vowel_sound(m[3]) else ''} ", text)
    if sentences:
        text = _SENTENCE.sub(lambda m: m[1] + m[2] + m[3].upper(), text)
    return text


def _vowel_sound(word: str) -> bool:
    if _SILENT_H.match(word) or word.startswith(("8", "11-", "18-", "11th", "18th")) or word in ("11", "18"):
        return True
    if _SPELLED.match(word):
        return True
    return word[:1].lower() in "aeiou" and not _CONSONANT_SOUND.match(word)
