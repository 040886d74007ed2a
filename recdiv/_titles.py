"""What a film's title says of other films: editions of one film, remakes of it, sequels to it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence

import numpy as np

from recdiv._columns import Rows
from recdiv.datasets.streaming import title_key

_COUNT = r"(?:\d{1,2}|[IVX]+|one|two|three|four|five|first|second|third|fourth|fifth)"
_EDITION = re.compile(
    rf"[\s:,\-–(]+(?:(?:the\s+)?(?:director'?s cut|final cut|(?:extended|restored|anniversary|special)\s+edition)"
    rf"|remastered|4K|(?:season|series)\s+{_COUNT}|the\s+{_COUNT}\s+(?:season|series))\)?\s*$",
    re.IGNORECASE,
)
_NUMBERED = re.compile(
    r"^(?P<base>.*?\w.*?)[\s:,\-–]+"
    r"(?:(?:part|chapter|volume|vol\.?|episode)\s+(?:\d{1,2}|[ivx]+|one|two|three|four|five)"
    r"|(?:\d{1,2}|ii|iii|iv|v|vi|vii|viii|ix|x))(?=$|[\s:,\-–(])",
    re.IGNORECASE,
)
_COLON, _AND = re.compile(r":\s|\s[-–]\s"), re.compile(r"\s(?:and the|& the)\s", re.IGNORECASE)


def without_edition(title: str) -> str:
    """The title without the words that name an edition or a season of the same thing.

    >>> without_edition("Canvas: The Director's Cut"), without_edition("Merrin, Series 4"), without_edition("Se7en")
    ('Canvas', 'Merrin', 'Se7en')
    """
    shorter = _EDITION.sub("", title)
    return shorter if title_key(shorter) else title


def edition_key(title: str) -> str:
    """What of a title must agree for two films of one year to be one; "" where nothing of it can be compared.

    >>> edition_key("Canvas: The Director's Cut"), edition_key("Saw II"), edition_key("夢")
    ('canvas', 'sawii', '')
    """
    return title_key(without_edition(title))


def remakes(titles: Sequence[str]) -> Rows:
    """A number for each title, the same where they read the same: with another year it is a remake, int64 ``[I]``.

    What stands in brackets, another name of the film, is not read.
    """
    return _numbered((_main_key(title) or row,) for row, title in enumerate(titles))


def series(titles: Sequence[str]) -> Rows:
    """A number for each film, the same for those that belong to one series by their titles alone, int64 ``[I]``.

    A film belongs with another where one is called what the other is called before its number (``Saw``, ``Saw IV``),
    colon or dash (``Thor``, ``Thor: The Dark World``), or where both begin so, with two words at least before a mark
    that is no number; before "and the" it takes two words always (``Harry Potter and the``). Titles that share nothing
    (``Alien``, ``Prometheus``) are missed, and films that only share a name (``Notorious``) are taken for a series.

    >>> series(["Saw", "Saw IV", "Malcolm X", "Thor: The Dark World", "Thor", "Saw"]).tolist()
    [0, 0, 1, 2, 2, 0]
    """
    own = [_main_key(title) or str(row) for row, title in enumerate(titles)]
    bases = [_bases(title) for title in titles]
    called = set(own)
    shared = Counter(key for each in bases for key, strong in each.items() if strong)
    leader = []
    for key, each in zip(own, bases, strict=True):
        found = [base for base, strong in each.items() if base in called or (strong and shared[base] > 1)]
        leader.append(min(found, key=len) if found else key)
    first = dict(zip(own, leader, strict=True))  # a base may itself be called after another
    return _numbered((first.get(name, name),) for name in leader)


def _bases(title: str) -> dict[str, bool]:
    """What a series may be called whose film this is; whether two such titles suffice, without one of that name."""
    main = title.partition(" (")[0]
    bases: dict[str, bool] = {}
    number = _NUMBERED.match(main)
    if number:
        bases[title_key(number["base"])] = True
    for mark in (_COLON, _AND):
        first, *rest = mark.split(main, maxsplit=1)
        several = len([word for word in first.split() if word.casefold() not in ("the", "a", "an")]) > 1
        if rest and (several or mark is _COLON):
            bases.setdefault(title_key(first), several)
    return {key: strong for key, strong in bases.items() if key}


def _main_key(title: str) -> str:
    return title_key(title.partition(" (")[0])


def _numbered(keys: Iterable[object]) -> Rows:
    """Equal keys as one number, in the order in which they first come."""
    numbers: dict[object, int] = {}
    return np.array([numbers.setdefault(key, len(numbers)) for key in keys], dtype=np.int64)
