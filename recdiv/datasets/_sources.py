"""What is known of each real set before it is opened: where it comes from, its licence, its files and their SHA-256."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files as package_files


@dataclass(frozen=True)
class File:
    """One file of a set: ``name`` may hold folders; ``urls`` are tried in order, ``archive#member`` names a part."""

    name: str
    bytes: int
    sha256: str
    urls: tuple[str, ...] = ()
    optional: bool = False


@dataclass(frozen=True)
class Source:
    """One real set: what it is, under which licence, whom to cite, and its files."""

    name: str
    title: str
    what: str
    domain: str
    language: str
    licence: str
    non_commercial: bool
    folder: str
    homepage: str
    citation: str
    files: tuple[File, ...]

    @property
    def bytes(self) -> int:
        """Size of all files that can be downloaded."""
        return sum(file.bytes for file in self.files if not file.optional)

    def line(self) -> str:
        """One line for ``Dataset.source``."""
        terms = ", non-commercial" if self.non_commercial else ""
        return f"real data: {self.title} ({self.language}; licence: {self.licence}{terms}; {self.homepage})"


@cache
def sources() -> dict[str, Source]:
    """Every real set of ``sources.toml``, by name."""
    table = tomllib.loads(package_files("recdiv.datasets").joinpath("sources.toml").read_text(encoding="utf-8"))
    return {name: _source(name, entry) for name, entry in table.items()}


def source(name: str) -> Source:
    """One real set by name.

    Raises:
        ValueError: if there is no such set.
    """
    known = sources()
    if name not in known:
        raise ValueError(f"name must be one of {', '.join(sorted(known))}, got {name!r}")
    return known[name]


def _source(name: str, entry: dict[str, object]) -> Source:
    listed = entry.pop("files")
    if not isinstance(listed, list):
        raise TypeError(f"sources.toml: {name}.files must be a list, got {type(listed).__name__}")
    files = tuple(File(**{**file, "urls": tuple(file.get("urls", ()))}) for file in listed)
    return Source(name=name, files=files, **entry)  # type: ignore[arg-type]
