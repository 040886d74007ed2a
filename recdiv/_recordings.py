"""What is left of a recording's title, or of an artist's name, when the version is taken out."""

from __future__ import annotations

import re
import unicodedata

_VERSION = (
    "live|concert|recording|acoustic|unplugged|remaster(?:ed)?|remix|mix|edit|version|edition|deluxe|box set|sampler|"
    "cover"
)
_BRACKET = re.compile(rf"\([^)]*\b(?:{_VERSION})\b[^)]*\)")
_EDGE = re.compile(
    rf"^[^:]*\bsampler\b[^:]*:|\s[-–—]\s(?:\w+\s)?(?:{_VERSION})\s*$|[(\s](?:feat|ft|featuring)\b.*$"
    r"|\band other favourites\b"
)


def recording(title: str) -> str:
    """A recording's title, or an artist's name, without accents, version, guests and a leading article.

    >>> recording("Tin Rain (Live in Oslo)"), recording("Tin Rain – remaster"), recording("The Ánd & Co ft. B")
    ('tin rain', 'tin rain', 'and and co')
    """
    plain = "".join(each for each in unicodedata.normalize("NFKD", title.lower()) if not unicodedata.combining(each))
    bare = _EDGE.sub(" ", _BRACKET.sub(" ", plain).strip()).replace("&", " and ")
    return re.sub(r"^the (?=\w)", "", " ".join(re.findall(r"\w+", bare)))
