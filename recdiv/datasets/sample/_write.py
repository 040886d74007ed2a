"""From the latent to the catalogue: texts and categories, drawn given what each thing is."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import pandas as pd

from recdiv.datasets._latent import Floats, Ints
from recdiv.datasets.sample._domain import Domain, Entry, Kind, Variant
from recdiv.datasets.sample._draw import Things, stream
from recdiv.datasets.sample._grammar import expand, tidy

MISSING_CATEGORY = 0.06


@dataclass(frozen=True)
class Listing:
    """One row as written."""

    title: str
    text: str
    kind: str
    variant: str
    delay: float
    columns: dict[str, str]


class Teller:
    """Tells of one thing, as often as asked: the facts stay, the wording changes."""

    def __init__(self, domain: Domain, things: Things, thing: int, ordinal: int, *, seed: int) -> None:
        self.domain, self.mixture, self.thing, self.seed = domain, things.topics[thing], thing, seed
        self.main, self.ordinal = int(things.main[thing]), ordinal
        topic = domain.topics[self.main]
        kinds = [kind for kind in domain.kinds if not topic.kinds or kind.name in topic.kinds]
        share = np.array([kind.share for kind in kinds])
        self.kind: Kind = kinds[int(stream(seed, thing, "kind").choice(len(kinds), p=share / share.sum()))]
        self.built_in: dict[str, str] = {"kind": self.kind.name, "topic": topic.name}
        self._redrawn: dict[str, int] = {}

    def tell(self, template: str, wording: np.random.Generator) -> str:
        """``template`` filled, not yet tidied."""
        return expand(template, lookup=self._lookup, keep=self._keep, wording=wording)

    def first(self) -> tuple[str, str]:
        """The first listing's title and text."""
        return tuple(  # type: ignore[return-value]
            tidy(
                self.tell(_deal(frames, self.ordinal, part), stream(self.seed, self.thing, part)),
                sentences=part == "text",
            )
            for part, frames in (("title", self.kind.title), ("text", self.kind.text))
        )

    def again(self, variant: Variant, copy: int) -> tuple[str, str, dict[str, str]]:
        """Another listing of the same thing, with its columns: ``{same}`` and ``{reworded}`` are what they say."""
        self._redrawn = dict.fromkeys(variant.redraw, copy)
        out = []
        same = self.first()
        for part, frames, old in (("title", self.kind.title, same[0]), ("text", self.kind.text, same[1])):
            rng = stream(self.seed, self.thing, part, copy)
            self.built_in |= {"same": old, "reworded": self.tell(str(rng.choice(frames)), rng)}
            frame = str(rng.choice(variant.title if part == "title" else variant.text))
            out.append(tidy(self.tell(frame, rng), sentences=part == "text"))
        columns = self.columns()  # while the redrawn facts hold: a cover names its own artist
        self._redrawn = {}
        return out[0], out[1], columns

    def columns(self) -> dict[str, str]:
        """The domain's further columns."""
        return {name: _column(value, self, self.seed) for name, value in self.domain.columns.items()}

    def _lookup(self, slot: str, number: str, part: str) -> str:
        if slot in self.built_in:
            return self.built_in[slot]
        entry = self._entry(slot, int(number or 1))
        return entry if isinstance(entry, str) else entry[part]

    def _entry(self, slot: str, number: int) -> Entry:
        """Dealt like cards inside the main topic, so that all phrases get used; from the second topic by its weight."""
        mixed = slot in self.domain.mixed
        topic = self.main
        shared = slot not in self.domain.topics[topic].pools
        rng = stream(self.seed, self.thing, slot) if mixed or shared else None
        if mixed and rng is not None and rng.random() > self.mixture[self.main]:
            second = int(np.argsort(self.mixture)[-2])
            topic = second if slot in self.domain.topics[second].pools else self.main
        pool = self.domain.topics[topic].pools.get(slot)
        shared = pool is None
        entries = self.domain.pools[slot] if pool is None else pool
        turn = self.ordinal
        if rng is not None and (shared or topic != self.main):
            turn = int(rng.integers(len(entries)))
        deck = _deck(len(entries), self.seed, slot, -1 if shared else topic, turn // len(entries))
        step = number - 1 + self._redrawn.get(slot, 0)
        return entries[deck[(turn + step) % len(entries)]]

    def _keep(self, options: list[str]) -> str:
        return options[int(stream(self.seed, self.thing, *options).integers(len(options)))]


def _deal(frames: tuple[str, ...], ordinal: int, salt: str) -> str:
    return frames[_deck(len(frames), ordinal // len(frames), salt)[ordinal % len(frames)]]


@lru_cache(maxsize=4096)
def _deck(n: int, seed: int, *names: str | int) -> tuple[int, ...]:
    """A shuffled deck of its own for each seed and name; drawing one anew for each slot would take half the time."""
    return tuple(stream(seed, *names).permutation(n).tolist())


def write_listings(domain: Domain, things: Things, *, seed: int) -> list[Listing]:
    """Title, text, kind and variant of every row."""
    ordinal = _ordinals(things)
    rows = {
        (int(thing), int(order)): row
        for row, (thing, order) in enumerate(zip(things.of_row, things.order, strict=True))
    }
    out: dict[int, Listing] = {}
    for thing in range(len(things.main)):
        teller = Teller(domain, things, thing, ordinal[thing], seed=seed)
        title, text = teller.first()
        out[rows[thing, 0]] = Listing(title, text, teller.kind.name, "original", 0.0, teller.columns())
        told, copy = {(title, text)}, 1
        while (thing, copy) in rows:
            out[rows[thing, copy]] = listing = _again(domain, teller, copy, told, seed=seed)
            told.add((listing.title, listing.text))
            copy += 1
    return [out[row] for row in range(len(out))]


def _again(domain: Domain, teller: Teller, copy: int, told: set[tuple[str, str]], *, seed: int) -> Listing:
    """A near-duplicate that reads differently from all earlier listings of its thing."""
    rng = stream(seed, teller.thing, "variant", copy)
    fitting = [v for v in domain.variants if not v.kinds or teller.kind.name in v.kinds]
    share = np.array([v.share for v in fitting])
    for attempt in range(40):
        variant = fitting[int(rng.choice(len(fitting), p=share / share.sum()))]
        title, text, columns = teller.again(variant, copy + 17 * attempt)
        if (title, text) not in told:
            break
    return Listing(title, text, teller.kind.name, variant.name, float(rng.uniform(*variant.delay)), columns)


def _ordinals(things: Things) -> list[int]:
    """Place of each thing among those of its main topic."""
    seen: dict[int, int] = {}
    out = []
    for topic in things.main.tolist():
        out.append(seen.get(topic, 0))
        seen[topic] = out[-1] + 1
    return out


def _column(value: str, teller: Teller, seed: int) -> str:
    low, dots, high = value.partition("..")
    rng = stream(seed, teller.thing, "column", value)
    if dots and "." in low + high:  # a decimal range is a price-like quantity: even on the log scale
        return f"{np.exp(rng.uniform(np.log(float(low)), np.log(float(high)))):.2f}"
    if dots:
        return str(int(rng.integers(int(low), int(high) + 1)))
    return tidy(teller.tell(value, rng), sentences=False)


def write_categories(domain: Domain, topics: Ints, *, seed: int, label_noise: float) -> list[str | None]:
    """The label each row carries: its topic's, or with chance ``label_noise`` another one; sometimes none."""
    draws: Floats = stream(seed, "category").random((len(topics), 4))
    out: list[str | None] = []
    for index, (noise, kind, pick, missing) in zip(topics, draws, strict=True):
        topic = domain.topics[int(index)]
        pool = (
            (topic.also or (domain.ragbag,)) if kind < 0.65 else (domain.ragbag,) if kind < 0.8 else domain.categories
        )
        chosen = pool[int(pick * len(pool))] if noise < label_noise else topic.category
        out.append(None if missing < MISSING_CATEGORY else chosen)
    return out


def catalog_frame(
    domain: Domain, listings: list[Listing], categories: list[str | None], release: Floats
) -> pd.DataFrame:
    """The catalogue's columns in their fixed order."""
    frame = pd.DataFrame(
        {
            "item_id": [f"{domain.name[0]}{row:04d}" for row in range(len(listings))],
            "title": [x.title for x in listings],
            "text": [x.text for x in listings],
            "category": pd.Series(categories),
            "timestamp": release,
        }
    )
    for name, value in domain.columns.items():
        column = pd.Series([x.columns[name] for x in listings])
        frame[name] = column.astype(float if "." in value.replace("..", "") else "int64") if ".." in value else column
    return frame
