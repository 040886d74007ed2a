"""N-Triples, as far as published knowledge graphs use them: IRIs and literals, one statement after another.

Why not rdflib: a regular expression reads 100,000 statements in half a second, and NeMig's files break the grammar
(abstracts with raw line breaks inside the quotes), which a strict parser refuses.
"""

from __future__ import annotations

import bz2
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

_STATEMENT = re.compile(
    r"<([^<>]*)>[ \t]+<([^<>]*)>[ \t]+"
    r'(?:<([^<>]*)>|"((?:[^"\\]|\\.)*)"(?:@[A-Za-z0-9-]+|\^\^<[^<>]*>)?)'
    r"[ \t]*\.[ \t]*(?:\r?\n|$)",
    re.DOTALL,
)
_ESCAPE = re.compile(r"\\(?:u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8})|(.))", re.DOTALL)
_SHORT = {"n": "\n", "r": "\r", "t": "\t", "b": "\b", "f": "\f"}
_LIMIT = 1 << 28  # characters; the largest file of NeMig unpacks to a few million


class Triple(NamedTuple):
    """One statement; ``object`` is an IRI or the text of a literal."""

    subject: str
    predicate: str
    object: str


def read_ntriples(path: Path) -> Iterator[Triple]:
    """Statements of an ``.nt.bz2`` file, in order.

    Raises:
        ValueError: if something is not a statement; it names the file and shows the text.
    """
    with bz2.open(path, "rt", encoding="utf-8", newline="\n") as stream:
        text = stream.read(_LIMIT + 1)
    if len(text) > _LIMIT:
        raise ValueError(f"{path.name} unpacks to more than {_LIMIT:,} characters")
    position = 0
    for match in _STATEMENT.finditer(text):
        _refuse(path, text[position : match.start()])
        position = match.end()
        subject, predicate, iri, literal = match.groups()
        yield Triple(subject, predicate, iri if iri is not None else unescape(literal))
    _refuse(path, text[position:])


def unescape(literal: str) -> str:
    r"""The text a literal stands for.

    >>> unescape(r'a \"caf\u00e9\"')
    'a "café"'
    """
    return _ESCAPE.sub(_character, literal) if "\\" in literal else literal


def local_name(iri: str) -> str:
    """What follows the last slash.

    >>> local_name("http://nemig_en.org/resource/news_12")
    'news_12'
    """
    return iri.rpartition("/")[2]


def _character(match: re.Match[str]) -> str:
    code = match[1] or match[2]
    return chr(int(code, 16)) if code else _SHORT.get(match[3], match[3])


def _refuse(path: Path, between: str) -> None:
    for line in between.splitlines():
        if line.strip() and not line.lstrip().startswith("#"):
            raise ValueError(f"{path.name}: not an N-Triples statement: {line[:120]!r}")
