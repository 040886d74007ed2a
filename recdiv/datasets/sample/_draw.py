"""The latent, drawn before a word is written; each part has its own random stream, so a dial moves nothing else."""

from __future__ import annotations

from dataclasses import dataclass
from zlib import crc32

import numpy as np

from recdiv.datasets._latent import Floats, Ints
from recdiv.datasets.sample._domain import Clock, Domain

N_SEGMENTS = 6
N_SLOTS = 10
#: Chance that the user looks at slot 1, 2, ... of a page.
POSITION_BIAS: Floats = np.array([slot**-0.7 for slot in range(1, N_SLOTS + 1)])
TAIL_SUPPLY = 0.45  # items of a tail topic, against a head topic
TAIL_EXPOSURE = 0.3  # and how prominently each of them is shown
DEVOTEES = 0.3  # share of users whose first love is a tail topic
DRIFTERS = 0.5  # share of users whose interests change at all


def stream(seed: int, *names: str | int) -> np.random.Generator:
    """A random stream of its own for each seed and name."""
    return np.random.default_rng([seed, *(crc32(str(name).encode()) for name in names)])


@dataclass(frozen=True)
class Things:
    """What there is, before anything is listed: mixture ``[N, T]`` and the row of each listing, ``[I]``."""

    topics: Floats
    main: Ints
    of_row: Ints
    order: Ints  # 0 for the first listing of a thing, 1 for its first near-duplicate, ...


def draw_things(domain: Domain, *, seed: int, n_items: int, duplicate_rate: float) -> Things:
    """Which things exist, of what topics, and how often each is listed; rows are shuffled."""
    n_things = max(1, round(n_items * (1.0 - duplicate_rate)))
    main = _main_topics(domain, n_things, stream(seed, "main"))
    copies = _copies(n_things, n_items - n_things, stream(seed, "copies"))
    rows = np.concatenate([np.arange(n_things), copies])
    rank = np.concatenate([np.zeros(n_things, np.int64), _occurrence(copies)])
    shuffled = stream(seed, "rows").permutation(n_items)
    return Things(_mixtures(domain, main, stream(seed, "mixture")), main, rows[shuffled], rank[shuffled])


def _main_topics(domain: Domain, n: int, rng: np.random.Generator) -> Ints:
    weight = np.array([topic.weight * (TAIL_SUPPLY if topic.tail else 1.0) for topic in domain.topics])
    exact = weight / weight.sum() * n
    count = np.floor(exact).astype(np.int64)
    count[np.argsort(count - exact, kind="stable")[: n - int(count.sum())]] += 1
    return np.asarray(rng.permutation(np.repeat(np.arange(len(weight)), count)))


def _copies(n_things: int, n_copies: int, rng: np.random.Generator) -> Ints:
    """Half of the copies are a thing's only one; the rest pile up on few things, as on real shelves."""
    single = rng.permutation(n_things)[: (n_copies + 1) // 2]
    many = rng.permutation(n_things)[: max(1, min(n_things, n_copies // 5))]
    return np.concatenate([single, rng.choice(many, n_copies - len(single))]).astype(np.int64)


def _occurrence(values: Ints) -> Ints:
    seen: dict[int, int] = {}
    out = np.zeros(len(values), np.int64)
    for i, value in enumerate(values.tolist()):
        seen[value] = out[i] = seen.get(value, 0) + 1
    return out


def _mixtures(domain: Domain, main: Ints, rng: np.random.Generator) -> Floats:
    """Mostly the main leaf, the rest a second one: a sibling six times in ten."""
    n, t = len(main), len(domain.topics)
    parents = np.array([topic.parent for topic in domain.topics])
    head = np.array([not topic.tail for topic in domain.topics])
    mixture = np.zeros((n, t))
    share = np.round(rng.beta(6.0, 2.0, n) * 0.45 + 0.52, 4)
    for i, leaf in enumerate(main):
        sibling = (parents == parents[leaf]) & (np.arange(t) != leaf)
        pool = sibling if rng.random() < 0.6 and sibling.any() else head & (np.arange(t) != leaf)
        mixture[i, leaf] = share[i]
        mixture[i, int(rng.choice(np.flatnonzero(pool)))] = 1.0 - share[i]
    return mixture


def draw_prominence(domain: Domain, things: Things, *, seed: int) -> Floats:
    """How prominently each row is shown, whatever it is: log-normal, less for tail topics and for later listings."""
    rng = stream(seed, "prominence")
    tail = np.array([topic.tail for topic in domain.topics])[things.main]
    of_thing = rng.lognormal(0.0, 1.1, len(things.main)) * np.where(tail, TAIL_EXPOSURE, 1.0)
    of_row = np.where(things.order == 0, 1.0, rng.uniform(0.2, 0.9, len(things.of_row)))
    value = of_thing[things.of_row] * of_row
    return np.asarray(value / value.mean())


def draw_release(clock: Clock, things: Things, delays: Floats, *, seed: int) -> Floats:
    """Release day of each row; a near-duplicate follows its thing's first listing by ``delays``."""
    rng = stream(seed, "release")
    n = len(things.main)
    old = rng.random(n) < clock.before
    first = np.where(old, -rng.uniform(0.0, clock.back, n), rng.uniform(0.0, clock.days * 0.92, n))
    day = np.where(things.order == 0, first[things.of_row], first[things.of_row] + delays)
    return np.asarray(np.round(np.minimum(day, clock.days * 0.95), 2), dtype=np.float64)


def draw_interests(domain: Domain, *, seed: int, n_users: int, drift: float) -> tuple[Floats, Floats]:
    """Interests ``[S, U, T]`` by segment, and the day on which each user's change (NaN: never)."""
    rng, moves = stream(seed, "interests"), stream(seed, "drift")
    before = np.stack([_interest(domain, rng, domain.parents) for _ in range(n_users)])
    rising = moves.permutation(sorted(domain.parents))[: max(1, len(domain.parents) // 3)]
    after = np.stack([_interest(domain, moves, rising) for _ in range(n_users)])
    when = np.where(moves.random(n_users) < DRIFTERS, moves.integers(1, N_SEGMENTS, n_users), N_SEGMENTS)
    if drift == 0.0:
        when[:] = N_SEGMENTS
    moved = (1.0 - drift) * before + drift * after
    changed = np.arange(N_SEGMENTS)[:, None] >= when[None, :]
    interests: Floats = np.asarray(np.where(changed[:, :, None], moved[None], before[None]).round(5), dtype=np.float64)
    interests /= interests.sum(axis=2, keepdims=True)
    day: Floats = np.where(when < N_SEGMENTS, when * domain.clock.days / N_SEGMENTS, np.nan)
    return interests, day


def _interest(domain: Domain, rng: np.random.Generator, parents: object) -> Floats:
    """Two or three parents, a few leaves in each; for a devotee a tail topic first; a tenth spread over the head."""
    names = list(parents)  # type: ignore[call-overload]
    of = np.array([topic.parent for topic in domain.topics])
    tail = np.array([topic.tail for topic in domain.topics])
    loved = rng.permutation(names)[: int(rng.integers(2, 4))]
    weight = np.zeros(len(of))
    for parent, share in zip(loved, rng.dirichlet(np.full(len(loved), 1.5)), strict=True):
        leaves = np.flatnonzero((of == parent) & ~tail)
        weight[leaves] += share * rng.dirichlet(np.full(len(leaves), 0.8))
    devoted, choice = rng.random() < DEVOTEES, int(rng.choice(np.flatnonzero(tail)))
    if devoted:
        weight *= 0.55
        weight[choice] += 0.45
    return np.asarray(0.9 * weight + 0.1 * (~tail) / (~tail).sum())
