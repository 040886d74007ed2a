"""What a loop is run with: one frozen record, checked, read from a TOML file or written by hand."""

from __future__ import annotations

import difflib
import math
import tomllib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

UPDATES = ("none", "tuned", "feedback", "explore", "refusals", "thinned")
KERNELS = ("text", "truth", "identity")

EXAMPLE = """\
# A closed loop: recommend, choose, log, re-train, again. `recdiv loop this.toml -o folder` runs it or goes on with it.
data = "video"          # a domain of the bundled sample, or a real data set by name
draw = 0                # which draw of the sample: 0 is the bundled one
seed = 0                # of choices, exploration and recommenders
rounds = 20
choices = 2             # choices each user makes in a round
adoption = 0.8          # chance that a choice begins at the list; the rest people find by themselves
outside = 0.5           # weight of taking nothing from a list; 0: lists are always taken from
k = 10                  # slots of a list
repeats = false         # whether lists and choices may come back to what was had
habit = 0.0             # chance that a choice made without the list goes back to something had
retrain = 1             # rounds from one training to the next; 0 never trains again

# What people are like
boredom = 0.25          # wish left for another listing of something chosen already
fatigue = 1.0           # wish left after each time an item is shown and passed over
prominence = 1.0        # 0: what people find by themselves is taste alone; 1: as prominent as the data say

[recommender]
name = "ItemKNN"        # a class of recdiv.recommend, or "Ideal", which knows what people wish
neighbours = 50         # its own options follow

[rerank]
method = "topk"         # of recdiv.reranking.names(), but not calibrated, pm2 and xquad
diversity = 0.0
candidates = 100        # how many of the best it may choose from

[update]                # what training does for diversity
kind = "none"           # none, tuned, feedback, explore, refusals or thinned
strength = 0.1          # see the documentation of recdiv.loop.Config

[measure]
kernel = "text"         # text, truth (the sample's own topics) or identity
null = 2                # draws that say what chance gives
"""


@dataclass(frozen=True, kw_only=True)
class Config:
    """Settings of a closed loop, all checked.

    Attributes:
        data: a domain of the bundled sample (truth known), or a real set whose users are fitted (see ``World``).
        draw: which draw of the sample's generator; 0 is the bundled one. Real sets: 0.
        seed: of choices, exploration and recommenders; the same seed meets the same luck whatever else differs.
        rounds: how often people are shown lists.
        choices: choices each user makes a round.
        repeats: whether lists and choices may come back to what a user had, with ``boredom`` taken off.
        habit: chance that a choice made without the list goes back to something had; needs ``repeats``.
        adoption: chance that a choice begins at the list, in [0, 1]; with ``outside = 0`` the expected share of choices
            that come from recommendations.
        outside: weight of taking nothing from a list, against the sum of look(slot) × wish; whoever takes nothing finds
            something without the list, so that fewer choices come from poor lists. 0: lists are always taken from.
        k: slots of a list, at least ``choices``.
        retrain: rounds from one training to the next; 0: what was learnt before the loop stays.
        boredom: wish left for another listing of a thing chosen already, in [0, 1].
        fatigue: wish left after each time an item was shown and passed over, in [0, 1].
        prominence: exponent of the items' prominence where people find things by themselves.
        recommender: a class of :mod:`recdiv.recommend`, or ``"Ideal"``, which knows every wish.
        options: keyword arguments of that class.
        method, diversity, candidates: as of :func:`recdiv.rerank`; no method that serves interests in labels.
        update: what training does for diversity besides.

            ``none``: nothing.
            ``tuned``: each round the largest ``diversity`` of ``method`` that costs at most the share ``strength`` of
            the nDCG of the round's choices, those people made by themselves where there are any
            (:func:`recdiv.tune_diversity`).
            ``feedback``: ``diversity`` rises by ``strength`` × the relative loss of the lists' gamma since the first
            round, and falls where there is a gain; up to 0.9, or to where it began if that is higher.
            ``explore``: the share ``strength`` of slots goes to items drawn at random among those not seen.
            ``refusals``: what a user was shown and passed over ``strength`` times is not shown to them again.
            ``thinned``: the metric in training: each logged choice is kept for learning with chance
            (semantic novelty of its item / largest) ** ``strength``; what is like everything else teaches less.
        strength: of the update.
        kernel: what items mean to measures, re-rankers and recommenders that read: ``text``, ``truth`` (the known
            topics, so an upper bound) or ``identity`` (for measures and re-rankers only).
        null: draws of chance for ``chi_excess``; 0 leaves it undefined.
        niche: share of users who count as niche, those whose interests lie furthest from everybody's mean.
        n_users, n_items: at most so many of a real set (the most active, the most used).

    Raises:
        ValueError: for a value outside what is said here, in one sentence.

    >>> Config(rounds=3).adoption
    0.8
    """

    data: str = "video"
    draw: int = 0
    seed: int = 0
    rounds: int = 20
    choices: int = 2
    repeats: bool = False
    habit: float = 0.0
    adoption: float = 0.8
    outside: float = 0.5
    k: int = 10
    retrain: int = 1
    boredom: float = 0.25
    fatigue: float = 1.0
    prominence: float = 1.0
    recommender: str = "ItemKNN"
    options: Mapping[str, Any] = field(default_factory=dict)
    method: str = "topk"
    diversity: float = 0.0
    candidates: int = 100
    update: str = "none"
    strength: float = 0.1
    kernel: str = "text"
    null: int = 2
    niche: float = 0.3
    n_users: int = 400
    n_items: int = 1500

    def __post_init__(self) -> None:
        for name in ("draw", "seed", "retrain", "null"):
            _whole(name, getattr(self, name), 0)
        for name in ("rounds", "choices", "k", "candidates", "n_users", "n_items"):
            _whole(name, getattr(self, name), 1)
        for name in ("adoption", "habit", "boredom", "fatigue", "diversity", "niche"):
            _number(name, getattr(self, name), 1.0)
        for name in ("prominence", "strength", "outside"):
            _number(name, getattr(self, name), math.inf)
        for name, known in (("update", UPDATES), ("kernel", KERNELS)):
            if getattr(self, name) not in known:
                raise ValueError(f"{name} must be one of {', '.join(known)}, got {getattr(self, name)!r}")
        if not isinstance(self.repeats, bool):
            raise ValueError(f"repeats must be true or false, got {self.repeats!r}")
        _check_together(self)
        _check_names(self)

    @classmethod
    def from_toml(cls, path: str | Path) -> Config:
        """Read a file as ``recdiv loop --example`` prints it.

        Raises:
            FileNotFoundError: if there is no such file.
            ValueError: if it is no TOML, holds an unknown setting or a value that is not allowed.
        """
        path = Path(path)
        if not path.is_file():
            raise FileNotFoundError(f"configuration file must exist, got {path}")
        try:
            return cls.from_text(path.read_text(encoding="utf-8"))
        except (ValueError, TypeError) as error:
            raise ValueError(f"{path.name}: {error}") from None

    @classmethod
    def from_text(cls, text: str) -> Config:
        """The same from the text of such a file."""
        try:
            raw = tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            raise ValueError(f"not valid TOML: {error}") from None
        flat = {key: value for key, value in raw.items() if key not in _TABLES}
        unknown = [key for key in flat if key not in _PLAIN]
        if unknown:
            raise ValueError(f"{_unknown(unknown[0], [*_PLAIN, *_TABLES])}")
        for name, known in _TABLES.items():
            flat |= _table(name, raw.get(name, {}), known)
        return cls(**flat)

    def as_dict(self) -> dict[str, Any]:
        """Every setting by name, ready for JSON."""
        return {**asdict(self), "options": dict(self.options)}


_TABLES = {
    "recommender": {"name": "recommender"},
    "rerank": {"method": "method", "diversity": "diversity", "candidates": "candidates"},
    "update": {"kind": "update", "strength": "strength"},
    "measure": {"kernel": "kernel", "null": "null", "niche": "niche"},
}
_PLAIN = [
    one.name
    for one in fields(Config)
    if one.name != "options" and not any(one.name in table.values() for table in _TABLES.values())
]


def _table(name: str, given: Any, known: Mapping[str, str]) -> dict[str, Any]:  # noqa: ANN401
    """Settings of one table; what ``[recommender]`` holds beside its name are its options."""
    if not isinstance(given, dict):
        raise ValueError(f"{name} must be a table, [{name}], got {given!r}")
    found = {known[key]: value for key, value in given.items() if key in known}
    rest = {key: value for key, value in given.items() if key not in known}
    if name == "recommender":
        return {**found, "options": rest}
    if rest:
        raise ValueError(f"{_unknown(next(iter(rest)), list(known))} in [{name}]")
    return found


def _unknown(word: str, known: list[str]) -> str:
    near = difflib.get_close_matches(word, known, n=1)
    return f"setting {word!r} is not known" + (f"; did you mean {near[0]!r}?" if near else f" ({', '.join(known)})")


def _whole(name: str, value: Any, least: int) -> None:  # noqa: ANN401
    if isinstance(value, bool) or not isinstance(value, int) or value < least:
        raise ValueError(f"{name} must be a whole number from {least} on, got {value!r}")


def _number(name: str, value: Any, most: float) -> None:  # noqa: ANN401
    good = isinstance(value, (int, float)) and not isinstance(value, bool) and 0 <= value <= most
    if not good or math.isinf(value):
        raise ValueError(
            f"{name} must be a number {'of at least 0' if math.isinf(most) else 'in [0, 1]'}, got {value!r}"
        )


def _check_together(config: Config) -> None:
    """What one setting asks of another."""
    if config.k < config.choices:
        raise ValueError(f"k must be at least choices ({config.choices}), got {config.k}")
    if config.habit and not config.repeats:
        raise ValueError(f"habit must be 0 where repeats is false, got {config.habit}")
    if config.update == "explore" and config.strength > 1:
        raise ValueError(f"strength must lie in [0, 1] for update 'explore', got {config.strength}")
    if config.update == "tuned" and config.strength >= 1:
        raise ValueError(f"strength must lie in [0, 1) for update 'tuned', got {config.strength}")
    if config.update == "refusals" and config.strength < 1:
        raise ValueError(f"strength must be at least 1 for update 'refusals', got {config.strength}")
    if config.update in ("tuned", "feedback") and config.method in ("topk", "random"):
        raise ValueError(f"method must trade relevance for diversity where update moves it, got {config.method!r}")


def _check_names(config: Config) -> None:
    """Data, re-ranker and recommender are asked after before anything is loaded."""
    from recdiv.datasets import SAMPLES, names

    if config.data not in (*SAMPLES, *names()):
        raise ValueError(f"data must be one of {', '.join((*SAMPLES, *names()))}, got {config.data!r}")
    if config.data not in SAMPLES and config.draw:
        raise ValueError(f"draw must be 0 for a real data set, got {config.draw}")
    from recdiv.loop._recommender import check_recommender
    from recdiv.reranking._registry import parse

    if "history|interests" in parse(str(config.method))[0].needs:
        raise ValueError(
            f"method must not serve interests in labels, which a loop does not hold, got {config.method!r}"
        )
    check_recommender(config.recommender, dict(config.options))
