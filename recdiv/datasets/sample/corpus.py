"""A larger text-only corpus for pre-training: the four vocabularies at seeds of its own, drawn on demand and cached."""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

from tqdm import tqdm

from recdiv._columns import sentence
from recdiv._paths import cache_folder
from recdiv.datasets._paths import data_folder
from recdiv.datasets.sample._domain import read_domain
from recdiv.datasets.sample._draw import draw_things
from recdiv.datasets.sample._write import write_listings

DOMAINS = ("ecommerce", "news", "music", "video")
BLOCK = 1000  # texts a draw
FIRST_SEED = 100_000  # far from the seeds of the bundled sample and its tests
VERSION = 1  # raise it when the engine speaks differently


def corpus(n: int = 20_000, *, seed: int = 0, progress: bool | None = None) -> list[str]:
    """``n`` distinct item texts, the four domains in turn; the same list for the same ``n`` and ``seed``.

    Args:
        n: how many texts.
        seed: draws of different seeds share next to no text, and none is drawn at a seed of the bundled sample.
        progress: a bar on stderr while texts are drawn; ``None`` shows one from 5,000 texts.

    Raises:
        ValueError: if ``n`` is below 1 or ``seed`` below 0.

    >>> texts = corpus(8)
    >>> len(texts), len(set(texts)), texts == corpus(8)
    (8, 8, True)
    """
    if n < 1:
        raise ValueError(f"n must be at least 1, got {n}")
    if seed < 0:
        raise ValueError(f"seed must be at least 0, got {seed}")
    path = cache_folder() / "corpus" / f"{_key(n, seed)}.json.gz"
    texts = _read(path, n)
    if texts is None:
        shown = n >= 5000 if progress is None else progress
        stream = tqdm(iter_corpus(n, seed=seed), total=n, desc="corpus", unit="text", disable=not shown)
        texts = list(stream)
        _write(path, texts)
    return texts


def iter_corpus(n: int = 20_000, *, seed: int = 0) -> Iterator[str]:
    """The texts of :func:`corpus` one after the other, drawn block by block and not cached."""
    told: set[str] = set()
    sources = [_distinct(domain, min(BLOCK, max(24, n)), seed, told) for domain in DOMAINS]
    for row in range(n):
        yield next(sources[row % len(sources)])


def _distinct(domain: str, block: int, seed: int, told: set[str]) -> Iterator[str]:
    words, number = read_domain(domain), 0
    while True:
        at = FIRST_SEED + 1000 * seed + number
        things = draw_things(words, seed=at, n_items=block, duplicate_rate=0.0)
        for listing in write_listings(words, things, seed=at):
            text = sentence(listing.title, listing.text)
            if text not in told:
                told.add(text)
                yield text
        number += 1


def _key(n: int, seed: int) -> str:
    state = hashlib.sha256(f"{VERSION} {n} {seed}".encode())
    for domain in DOMAINS:
        state.update((data_folder() / "vocabularies" / f"{domain}.toml").read_bytes())
    return state.hexdigest()[:24]


def _read(path: Path, n: int) -> list[str] | None:
    """The cached texts, or None where there are none or the file is damaged."""
    try:
        texts = json.loads(gzip.decompress(path.read_bytes()))
    except (OSError, EOFError, ValueError):
        return None
    return texts if isinstance(texts, list) and len(texts) == n else None


def _write(path: Path, texts: list[str]) -> None:
    """All or nothing; a folder that cannot be written to costs only the cache."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=path.name, suffix=".part")
    except OSError:
        return
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(gzip.compress(json.dumps(texts).encode(), mtime=0))
        Path(name).replace(path)
    except OSError:
        Path(name).unlink(missing_ok=True)
