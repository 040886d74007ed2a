"""Which metric has which property: each axiom tried in small random worlds, with the smallest counter-example found."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from recdiv.metrics._axiom_worlds import World, draw
from recdiv.metrics._compute import apply, context, parse
from recdiv.metrics._registry import Metric, Result, names
from recdiv.tables import EMPTY, UNKNOWN

TOLERANCE = 1e-6
Change = Callable[[World, np.random.Generator], tuple[World, World] | None]  # None: nothing to try in this world
_SHAPES = [(2, 3), (3, 4), (2, 6)]  # users, and items a list: smallest first, so that a counter-example is small


@dataclass(frozen=True)
class Axiom:
    """A property.

    Attributes:
        name: a word for it.
        says: the promise in one line.
        change: from a world to the same before and after something is done to it.
        holds: whether the values before and after keep the promise.
        applies: for which metrics it is asked.
    """

    name: str
    says: str
    change: Change
    holds: Callable[[Metric, float, float], bool]
    applies: Callable[[Metric], bool] = lambda metric: True


def _same(metric: Metric, before: float, after: float) -> bool:
    return math.isclose(before, after, rel_tol=TOLERANCE, abs_tol=TOLERANCE)


def _way(metric: Metric) -> int:
    return -1 if metric.direction.startswith("lower") else 1


def _not_less(metric: Metric, before: float, after: float) -> bool:
    return _way(metric) * (after - before) >= -TOLERANCE


def _less(metric: Metric, before: float, after: float) -> bool:
    return _way(metric) * (after - before) < -TOLERANCE


def _diverse(metric: Metric) -> bool:
    return "more diverse" in metric.direction


def _scrambled(world: World, rng: np.random.Generator) -> tuple[World, World]:
    """Repeats, empty slots and unknown items anywhere."""
    lists = np.array(world.lists)
    noise = rng.integers(UNKNOWN, len(world.labels), lists.shape)
    lists = np.where(rng.random(lists.shape) < 0.3, noise, lists)
    return world, replace(world, lists=tuple(map(tuple, lists.tolist())))


def _shuffled(world: World, rng: np.random.Generator) -> tuple[World, World]:
    return world, replace(world, lists=tuple(tuple(rng.permutation(each).tolist()) for each in world.lists))


def _padded(world: World, rng: np.random.Generator) -> tuple[World, World]:
    return world, replace(world, lists=tuple((*each, EMPTY, UNKNOWN) for each in world.lists))


def _rescored(world: World, rng: np.random.Generator) -> tuple[World, World]:
    falling = -np.sort(rng.exponential(size=len(world.lists[0])))
    low, high = (replace(world, scores=tuple((by * falling - by).tolist())) for by in (1, 100))
    return low, high


def _copied(world: World, rng: np.random.Generator) -> tuple[World, World] | None:
    """A list shows an exact copy of an item instead of it; one without a label is a thing of its own, and has none."""
    which = int(rng.integers(len(world.lists)))
    item = world.lists[which][int(rng.integers(len(world.lists[which])))]
    if not world.labels[item]:
        return None
    both = world.plus(world.vectors[item], world.labels[item])
    new = len(world.labels)
    return both, both.showing(which, tuple(new if each == item else each for each in world.lists[which]))


def _dealt_anew(world: World, rng: np.random.Generator) -> tuple[World, World]:
    order = rng.permutation(len(world.labels))
    return world, replace(world, vectors=world.vectors[order], labels=tuple(world.labels[i] for i in order))


def _twice_the_users(world: World, rng: np.random.Generator) -> tuple[World, World]:
    users = len(world.lists) // 2
    users += users % 2  # so that the copy of a user is in the same interest group
    again = [tuple((*pairs, *((user + users, item) for user, item in pairs))) for pairs in (world.train, world.test)]
    if users != len(world.lists) // 2:
        return _twice_the_users(draw(rng, users=users, k=len(world.lists[0])), rng)
    return world, replace(world, lists=world.lists * 2, train=again[0], test=again[1])


def _doubled(world: World, rng: np.random.Generator) -> tuple[World, World]:
    """Beside each item stands a second one, related to the other second ones as it is to its own, to none of its."""
    n = len(world.labels)
    second = tuple("|".join(f"{part}2" for part in label.split("|")) if label else "" for label in world.labels)
    nothing = np.zeros_like(world.vectors)
    vectors = np.block([[world.vectors, nothing], [nothing, world.vectors]])
    train, test = (
        tuple((user, item + more) for user, item in pairs for more in (0, n)) for pairs in (world.train, world.test)
    )
    lists = tuple((*each, *(item + n for item in each)) for each in world.lists)
    return world, World(vectors, world.labels + second, train, test, lists)


def _with_one_more(world: World, rng: np.random.Generator) -> tuple[World, World]:
    """One list ends in an item unlike all there is."""
    n = len(world.labels)
    wide = replace(world, vectors=np.hstack([world.vectors, np.zeros((n, 1))]))
    wide = wide.plus(np.eye(wide.vectors.shape[1])[-1], "new")
    which = int(rng.integers(len(world.lists)))
    return wide, wide.showing(which, (*world.lists[which], n))


def _apart(world: World, rng: np.random.Generator) -> tuple[World, World]:
    """Two items of a list become less alike; where one has a single label, it gets one of its own."""
    i, j = world.lists[int(rng.integers(len(world.lists)))][:2]
    alike = world.vectors @ world.vectors.T
    step = rng.uniform(0.3, 0.95) * min(alike[i, j], np.linalg.eigvalsh(alike)[0])
    alike[i, j] -= step
    alike[j, i] -= step
    labels = list(world.labels)
    if labels[j] and "|" not in labels[j]:
        labels[j] = "own"
    return world, replace(world, vectors=np.linalg.cholesky(alike), labels=tuple(labels))


def _replaced_by_a_copy(world: World, rng: np.random.Generator) -> tuple[World, World] | None:
    """The item most like the rest of its list gives way to a copy of the one least like it, with another label."""
    which = int(rng.integers(len(world.lists)))
    shown = world.vectors[list(world.lists[which])]
    by_likeness = np.argsort((shown @ shown.T).sum(axis=1))
    kept, lost = (world.lists[which][int(place)] for place in by_likeness[[0, -1]])
    if not world.labels[kept] or not world.labels[lost] or world.labels[kept] == world.labels[lost]:
        return None
    both = world.plus(world.vectors[kept], world.labels[kept])
    new = len(world.labels)
    return both, both.showing(which, tuple(new if each == lost else each for each in world.lists[which]))


AXIOMS = (
    Axiom("bounds", "whatever is in the lists, the number stays in its range", _scrambled,
          lambda metric, before, after: metric.bounds[0] - TOLERANCE <= after <= metric.bounds[1] + TOLERANCE,
          lambda metric: not np.isinf(metric.bounds).all()),
    Axiom("order", "the order within a list does not matter", _shuffled, _same),
    Axiom("gaps", "empty slots and unknown items do not matter", _padded, _same),
    Axiom("scores", "scores do not matter, only ranks", _rescored, _same),
    Axiom("copies", "an item and its exact copy are one thing", _copied, _same),
    Axiom("blind", "what an item means does not matter: texts and labels can be dealt anew", _dealt_anew, _same),
    Axiom("crowd", "twice the people, served the same, give the same number", _twice_the_users, _same),
    Axiom("doubling", "a second, unrelated shelf shown alike gives twice the number", _doubled,
          lambda metric, before, after: math.isclose(2 * before, after, rel_tol=1e-5, abs_tol=TOLERANCE), _diverse),
    Axiom("growth", "one more item, unlike all others, is no loss", _with_one_more, _not_less, _diverse),
    Axiom("distance", "two items that become less alike are no loss", _apart, _not_less, _diverse),
    Axiom("uniqueness", "an item replaced by a copy of another is a loss", _replaced_by_a_copy, _less, _diverse),
)  # fmt: skip


def axioms(metrics: Iterable[str] | None = None, *, trials: int = 30, rng: int = 0) -> pd.DataFrame:
    """Try each axiom on each metric in small random worlds.

    Args:
        metrics: names as in :func:`compute`; default all.
        trials: worlds tried an axiom, of growing size.
        rng: seed.

    Returns:
        One row a metric and axiom: ``metric``, ``axiom``, ``says`` (the promise), ``verdict`` (``"holds"`` in all
        worlds tried, ``"fails"`` or ``"does not apply"``), ``trials`` (worlds in which the metric had a value, up to
        the first failure) and ``example`` (the lists and the numbers before and after; empty where none was found). A
        failure is certain; that an axiom holds is what was found, not a proof.

    Raises:
        ValueError: for an unknown metric, or if ``trials`` is not positive.

    >>> found = axioms(["entropy", "gamma"], trials=4)
    >>> found.loc[found["axiom"] == "copies", "verdict"].tolist()
    ['fails', 'holds']
    """
    if trials < 1:
        raise ValueError(f"trials must be a positive integer, got {trials}")
    asked = {name: parse(name) for name in (names() if metrics is None else metrics)}
    rows: list[dict[str, Any]] = []
    for place, axiom in enumerate(AXIOMS):
        found = {
            name: _Found()
            for name, (metric, _, _) in asked.items()
            if axiom.applies(metric) and "scorer" not in metric.needs  # what a scorer says is not ours to promise
        }
        for trial in range(trials):
            _try(axiom, trial * len(_SHAPES) // trials, np.random.default_rng([rng, place, trial]), asked, found)
        rows += [
            {"metric": name, "axiom": axiom.name, "says": axiom.says, **found.get(name, _Found()).row()}
            for name in asked
        ]
    return pd.DataFrame(rows)


@dataclass
class _Found:
    trials: int = 0
    example: str = ""

    def row(self) -> dict[str, Any]:
        verdict = "fails" if self.example else "holds" if self.trials else "does not apply"
        return {"verdict": verdict, "trials": self.trials, "example": self.example}


def _try(axiom: Axiom, shape: int, rng: np.random.Generator, asked: dict[str, Any], found: dict[str, _Found]) -> None:
    users, k = _SHAPES[shape]
    pair = axiom.change(draw(rng, users=users, k=k), rng)
    if pair is None:
        return
    known = [context(world.recs(), **world.known(), rng=0) for world in pair]
    for name in (name for name, each in found.items() if not each.example):
        metric, cut, options = asked[name]
        before, after = (
            float(_value(metric, world, given, cut, options)) for world, given in zip(pair, known, strict=True)
        )
        if math.isnan(before) or math.isnan(after):
            continue
        found[name].trials += 1
        if not axiom.holds(metric, before, after):
            found[name].example = f"{pair[0]} → {pair[1]}: {before:.6g} → {after:.6g}"


def _value(metric: Metric, world: World, given: dict[str, Any], cut: int | None, options: dict[str, Any]) -> Result:
    return apply(metric, world.recs(), given, cut, options)
