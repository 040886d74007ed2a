"""Writes the tagged product titles, in the words of the e-commerce vocabulary."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from recdiv.datasets._paths import data_folder
from recdiv.datasets.sample._domain import Domain, Topic, read_domain
from recdiv.datasets.sample._draw import stream
from recdiv.datasets.sample._grammar import expand, tidy
from recdiv.datasets.sample.tagging import SPLITS, names

N_TITLES = 1200
SPLIT_SHARES = (0.7, 0.1, 0.2)
UNSEEN = 0.06  # share of the products that only the test split may sell
SHORT = 0.55  # chance that a name is told without its material or kind
TRAP = {"brand": 0.15, "range": 0.12}  # chance that a thing's brand or range is called like a product
CASES = {"title": 0.55, "sentence": 0.15, "lower": 0.15, "upper": 0.15}
PRINTED = {"kitchen", "textile", "decor", "paper", "wear"}  # parents whose things bear pictures
WITHOUT_PARTS = {"care", "paper"}  # parents whose things need no accessory

_WORD = re.compile(r"\d+(?:[.,]\d+)+[\w-]*|[,:;|()!/+&]|[^\s,:;|()!/+&]+")
_BEFORE_STOP = re.compile(r" ([,:;!)])")
_NUMBERS = r"(?:<(?:\d[\d,]*|two|three|four|six|eight|ten|twelve|twenty|fifty|double-six|nine|\|)+>|\d+)"
_COUNT = re.compile(rf"^(?:(?:pair|set|pack|box|bag|roll|sheet) of )?(?:{_NUMBERS}(?:-thread|-piece| cm| lumen)? )?")
_FIXED = re.compile(r"<[^<>]*>-?")


@dataclass(frozen=True)
class Thing:
    """What is sold: an entry of a topic's items, alone, with another, or an accessory of it."""

    number: int
    topic: Topic
    entry: int
    split: str
    sold: str
    partner: tuple[Topic, int]


class TitleWriter:
    """Draws tagged titles; everything is a function of the seed."""

    def __init__(self, domain: Domain, frames: dict[str, Any], *, seed: int) -> None:
        self.domain, self.frames, self.seed = domain, frames, seed
        entries = [(topic, i) for topic in domain.topics for i in range(len(topic.pools["item"]))]
        order = stream(seed, "unseen").permutation(len(entries))
        cut = round(UNSEEN * len(entries))
        self.unseen = [entries[i] for i in order[:cut]]
        self.known = [entries[i] for i in order[cut:]]

    def write(self, n: int) -> pd.DataFrame:
        """``n`` titles, one row each."""
        rng = stream(self.seed, "titles")
        rows: list[dict[str, Any]] = []
        told: set[str] = set()
        number = 0
        for split, share in zip(SPLITS, SPLIT_SHARES, strict=True):
            end = len(rows) + round(n * share)
            while len(rows) < end:
                thing = self._thing(number, split, rng)
                number += 1
                for listing in range(min(int(rng.choice([1, 2, 3], p=[0.55, 0.3, 0.15])), end - len(rows))):
                    row = self._title(thing, listing)
                    if row["title"].lower() not in told:
                        told.add(row["title"].lower())
                        rows.append(row)
        return _with_seen(pd.DataFrame(rows))

    def _thing(self, number: int, split: str, rng: np.random.Generator) -> Thing:
        fresh = split == "test" and rng.random() < UNSEEN
        topic, entry = self._draw(self.unseen if fresh else self.known, rng)
        sold = _one_of(self.frames["shares"], rng)
        if sold == "accessory" and topic.parent in WITHOUT_PARTS:
            sold = "single"
        partner = self._other(topic, entry, split, rng)
        return Thing(number, topic, entry, split, sold, partner)

    def _draw(self, pool: list[tuple[Topic, int]], rng: np.random.Generator) -> tuple[Topic, int]:
        return pool[int(rng.integers(len(pool)))]

    def _other(self, topic: Topic, entry: int, split: str, rng: np.random.Generator) -> tuple[Topic, int]:
        """Another product of the same parent; one of the unseen only in the test split."""
        sold = self.known + self.unseen if split == "test" else self.known
        return self._draw([x for x in sold if x[0].parent == topic.parent and x != (topic, entry)], rng)

    def _title(self, thing: Thing, listing: int) -> dict[str, Any]:
        rng = stream(self.seed, "title", thing.number, listing)
        frame = self._frame(thing, rng)
        case = _one_of(CASES, rng)
        words: list[str] = []
        tags: list[str] = []
        for piece in frame.split(" "):
            slot = piece.strip("{}")
            text = self._fill(slot.lower(), thing, rng) if piece.startswith("{") else piece
            cut = _WORD.findall(text)
            words += [_cased(word, case, first=not words and i == 0) for i, word in enumerate(cut)]
            tags += ["B-Product", *["I-Product"] * (len(cut) - 1)] if slot.isupper() else ["O"] * len(cut)
        return {
            "item_id": f"t{thing.number:04d}-{listing}",
            "title": _BEFORE_STOP.sub(r"\1", " ".join(words)).replace("( ", "("),
            "category": thing.topic.category,
            "topic": thing.topic.name,
            "parent": self.domain.parents[thing.topic.parent],
            "thing": thing.number,
            "sold": thing.sold,
            "split": thing.split,
            "words": " ".join(words),
            "tags": " ".join(tags),
        }

    def _frame(self, thing: Thing, rng: np.random.Generator) -> str:
        telling = {"accessory": "accessories", "bundle": "bundles"}.get(thing.sold)
        if telling is None:
            telling = _one_of(self.frames["tellings"], rng)
            if telling == "prints" and thing.topic.parent not in PRINTED:
                telling = "plain"
        return str(rng.choice(self.frames[telling]))

    def _fill(self, slot: str, thing: Thing, rng: np.random.Generator) -> str:
        """Brand, range, colour and the product's material stay with the thing, the rest is drawn for the title."""
        fixed = stream(self.seed, "facts", thing.number, slot)
        if slot in ("product", "own"):
            return self._name(thing.topic, thing.entry, stream(self.seed, "name", thing.number), rng)
        if slot == "second":
            return self._name(*thing.partner, fixed, rng)
        if slot == "other":
            return self._name(*self._other(thing.topic, thing.entry, thing.split, rng), rng, rng)
        if slot == "use":
            item = thing.topic.pools["item"][thing.entry]
            return _told(item["u"] if isinstance(item, dict) else item, fixed, rng)
        own = self.frames["pools"].get(slot) or thing.topic.pools.get(slot) or self.domain.pools[slot]
        if fixed.random() < TRAP.get(slot, 0.0):
            own = self.frames["pools"][f"trap_{slot}"]
        draw = rng if slot in ("motif", "size", "count", "pack", "adj") else fixed
        return _told(str(own[int(draw.integers(len(own)))]), fixed, rng)

    def _name(self, topic: Topic, entry: int, fixed: np.random.Generator, rng: np.random.Generator) -> str:
        """The product's name without count, measure or purpose; now and then without its material or kind."""
        item = topic.pools["item"][entry]
        name = _COUNT.sub("", item["n"] if isinstance(item, dict) else item).split(",")[0].split(" for ")[0]
        if rng.random() < SHORT:
            name = re.sub(r"^-?\s*", "", _FIXED.sub("", name, count=1)) or name
        return _told(name, fixed, rng)


def _told(template: str, fixed: np.random.Generator, wording: np.random.Generator) -> str:
    def keep(options: list[str]) -> str:
        return options[int(fixed.integers(len(options)))]

    text = expand(template, lookup=lambda slot, number, part: slot, keep=keep, wording=wording)
    return tidy(text, sentences=False).strip()


def _one_of(shares: dict[str, float], rng: np.random.Generator) -> str:
    return str(rng.choice(list(shares), p=list(shares.values())))


def _cased(word: str, case: str, *, first: bool) -> str:
    if case == "upper":
        return word.upper()
    if case == "lower":
        return word.lower()
    small = {"and", "by", "for", "of", "on", "with", "from", "to", "a", "the", "in", "x", "not", "our", "it"}
    if case == "title" and (first or word not in small):
        return word[:1].upper() + word[1:]
    return word[:1].upper() + word[1:] if first else word


def _with_seen(frame: pd.DataFrame) -> pd.DataFrame:
    sold = [names(w.split(" "), t.split(" ")) for w, t in zip(frame["words"], frame["tags"], strict=True)]
    known = {name for found, split in zip(sold, frame["split"], strict=True) if split == "train" for name in found}
    return frame.assign(seen=[set(found) <= known for found in sold])


def write_titles(*, seed: int = 0, n: int = N_TITLES) -> pd.DataFrame:
    """The tagged titles, one row each; the bundled ones are those of seed 0.

    Raises:
        ValueError: if ``n`` is below 10.
    """
    if n < 10:
        raise ValueError(f"n must be at least 10, got {n}")
    with (data_folder() / "vocabularies" / "tagging.toml").open("rb") as file:
        frames = tomllib.load(file)
    return TitleWriter(read_domain("ecommerce"), frames, seed=seed).write(n)
