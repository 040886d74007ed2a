"""A domain as its TOML file says it: topics, phrase pools, kinds of item, kinds of near-duplicate."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from recdiv.datasets._paths import data_folder

Entry = str | dict[str, str]
Pools = dict[str, tuple[Entry, ...]]

SLOT = re.compile(r"\{([a-z_]+?)(\d*)(?:\.([a-z_]+))?(?::([a-z]+))?\}")
#: Slots the engine fills itself.
BUILT_IN = ("kind", "same", "reworded", "topic")
MODIFIERS = ("title", "cap", "poss", "upper", "lower")


@dataclass(frozen=True)
class Topic:
    """A leaf of the topic tree with the words it speaks in."""

    id: str
    name: str
    category: str
    also: tuple[str, ...] = ()
    neighbour: str | None = None
    weight: float = 1.0
    kinds: tuple[str, ...] = ()
    pools: Pools = field(default_factory=dict)

    @property
    def parent(self) -> str:
        """The part of the id before the stroke."""
        return self.id.partition("/")[0]

    @property
    def tail(self) -> bool:
        """A tail topic names its nearest neighbour in the head; a head topic names none."""
        return self.neighbour is not None


@dataclass(frozen=True)
class Kind:
    """A sort of item, with frames of its own."""

    name: str
    title: tuple[str, ...]
    text: tuple[str, ...]
    share: float = 1.0


@dataclass(frozen=True)
class Variant:
    """A way for one thing to stand in the catalogue again."""

    name: str
    title: tuple[str, ...] = ("{same}",)
    text: tuple[str, ...] = ("{reworded}",)
    share: float = 1.0
    redraw: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    delay: tuple[float, float] = (0.0, 120.0)


@dataclass(frozen=True)
class Clock:
    """When items appear and for how long they are shown, in days."""

    days: float = 360.0
    before: float = 0.6
    back: float = 720.0
    life: float = 400.0


@dataclass(frozen=True)
class Domain:
    """A whole vocabulary file, checked."""

    name: str
    about: str
    ragbag: str
    topics: tuple[Topic, ...]
    kinds: tuple[Kind, ...]
    variants: tuple[Variant, ...]
    pools: Pools
    mixed: tuple[str, ...] = ()
    columns: dict[str, str] = field(default_factory=dict)
    parents: dict[str, str] = field(default_factory=dict)
    clock: Clock = field(default_factory=Clock)

    @property
    def categories(self) -> tuple[str, ...]:
        """All category labels, in alphabetical order."""
        return tuple(sorted({topic.category for topic in self.topics}))

    def index(self, topic_id: str) -> int:
        """Row of a topic."""
        return [topic.id for topic in self.topics].index(topic_id)


def read_domain(domain: str | Path) -> Domain:
    """Read and check a vocabulary: a bundled domain's name, or the path of a TOML file.

    Raises:
        ValueError: if there is no such file, or it breaks a rule of ``data/vocabularies/FORMAT.md``.
    """
    path = domain if isinstance(domain, Path) else data_folder() / "vocabularies" / f"{domain}.toml"
    if not path.is_file():
        raise ValueError(f"domain must name a file in data/vocabularies, got {domain!r}")
    with path.open("rb") as file:
        try:
            raw = tomllib.load(file)
        except tomllib.TOMLDecodeError as error:
            raise ValueError(f"{path.name}: not valid TOML: {error}") from error
    try:
        parsed = _parse(raw)
    except (KeyError, TypeError) as error:
        raise ValueError(f"{path.name}: {error} is missing or not known; see FORMAT.md") from error
    problems = list(_problems(parsed))
    if problems:
        raise ValueError(f"{path.name}: " + "; ".join(problems[:5]))
    return parsed


def _parse(raw: dict[str, Any]) -> Domain:
    return Domain(
        name=raw["domain"],
        about=raw["about"],
        ragbag=raw["ragbag"],
        mixed=tuple(raw.get("mixed", ())),
        topics=tuple(Topic(**_frozen(table, pools=True)) for table in raw["topic"]),
        kinds=tuple(Kind(**_frozen(table)) for table in raw["kind"]),
        variants=tuple(Variant(**_frozen(table)) for table in raw["variant"]),
        pools=_pools(raw.get("pools", {})),
        columns=raw.get("columns", {}),
        parents=raw["parents"],
        clock=Clock(**raw.get("clock", {})),
    )


def _frozen(table: dict[str, Any], *, pools: bool = False) -> dict[str, Any]:
    fixed: dict[str, Any] = {key: tuple(value) if isinstance(value, list) else value for key, value in table.items()}
    if pools:
        fixed["pools"] = _pools(fixed.get("pools", {}))
    return fixed


def _pools(raw: dict[str, Any]) -> Pools:
    return {name: tuple(entries) for name, entries in raw.items()}


def _problems(domain: Domain) -> Iterator[str]:
    ids = [topic.id for topic in domain.topics]
    heads = {topic.id for topic in domain.topics if not topic.tail}
    yield from (f"topic {name!r} stands twice" for name in {x for x in ids if ids.count(x) > 1})
    for topic in domain.topics:
        if topic.parent not in domain.parents:
            yield f"topic {topic.id!r}: parent {topic.parent!r} is not under [parents]"
        if topic.tail and topic.neighbour not in heads:
            yield f"topic {topic.id!r}: neighbour {topic.neighbour!r} is not a head topic"
        yield from (
            f"topic {topic.id!r}: no topic has category {x!r}" for x in topic.also if x not in domain.categories
        )
        yield from _slot_problems(domain, topic)
    hidden = sum(topic.category == domain.ragbag for topic in domain.topics)
    if hidden < 10:
        yield f"ragbag {domain.ragbag!r} holds {hidden} topics, needs 10 at least"


def _slot_problems(domain: Domain, topic: Topic) -> Iterator[str]:
    frames = [x for kind in domain.kinds if not topic.kinds or kind.name in topic.kinds for x in kind.title + kind.text]
    frames += [x for variant in domain.variants for x in variant.title + variant.text]
    frames += [value for value in domain.columns.values() if ".." not in value]
    pools = {**domain.pools, **topic.pools}
    frames += [text for entries in pools.values() for entry in entries for text in _texts(entry)]
    for slot, _, part, modifier in {found for text in frames for found in SLOT.findall(text)}:
        entries = pools.get(slot, ())
        if slot not in BUILT_IN and not entries:
            yield f"topic {topic.id!r}: slot {{{slot}}} has no pool"
        if modifier and modifier not in MODIFIERS:
            yield f"modifier {modifier!r} must be one of {', '.join(MODIFIERS)}"
        if any(isinstance(entry, dict) != bool(part) or (part and part not in entry) for entry in entries):
            yield f"topic {topic.id!r}: slot {{{slot}}} needs the same parts in each entry of its pool"


def _texts(entry: Entry) -> list[str]:
    return [entry] if isinstance(entry, str) else list(entry.values())
