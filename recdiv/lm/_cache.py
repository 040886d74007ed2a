"""Vectors kept on disk, so that a text is encoded once: one SQLite file a model, safe with several processes."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

import numpy as np
import numpy.typing as npt

Vectors = npt.NDArray[np.float32]

_WAIT = 120.0  # seconds a process waits for another one's commit


class VectorCache:
    """Maps texts to vectors in ``file``; each call is one transaction, so a killed process leaves nothing half-written.

    A file that cannot be read as a cache is set aside (renamed), never trusted and never deleted.
    """

    def __init__(self, file: Path) -> None:
        self.file = file
        file.parent.mkdir(parents=True, exist_ok=True)
        try:
            self._create()
        except sqlite3.DatabaseError as error:
            if isinstance(error, sqlite3.OperationalError):
                raise
            file.replace(file.with_suffix(".damaged"))
            self._create()

    def _create(self) -> None:
        with self._open() as store:
            store.execute("PRAGMA journal_mode=WAL")
            store.execute("CREATE TABLE IF NOT EXISTS vectors (key BLOB PRIMARY KEY, vector BLOB) WITHOUT ROWID")

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        with closing(sqlite3.connect(self.file, timeout=_WAIT)) as store, store:
            yield store

    def get(self, texts: Sequence[str]) -> dict[str, Vectors]:
        """The vectors that are there, by text."""
        found = {}
        with self._open() as store:
            for text in texts:
                row = store.execute("SELECT vector FROM vectors WHERE key = ?", (_key(text),)).fetchone()
                if row is not None:
                    found[text] = np.frombuffer(row[0], dtype="<f4")
        return found

    def put(self, texts: Sequence[str], vectors: Vectors) -> None:
        """Keep ``vectors`` [n, d]; one that is there already stays."""
        rows = [(_key(text), vector.astype("<f4").tobytes()) for text, vector in zip(texts, vectors, strict=True)]
        with self._open() as store:
            store.executemany("INSERT OR IGNORE INTO vectors VALUES (?, ?)", rows)


def _key(text: str) -> bytes:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()
