"""Users of a real data set: wishes fitted to what they did, so that a loop can go on from there."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from recdiv.datasets import load
from recdiv.loop._config import Config
from recdiv.loop._world import Floats, Ints, World, far_from_most, look
from recdiv.tables import Catalog, Interactions

TOPICS = 20
ROUNDS = 150  # of the multiplicative updates
PRIOR = 10.0  # events that a half of somebody's past is worth less than their whole past
_TINY = 1e-12


def fitted_world(config: Config) -> World:
    r"""The most active users and most used items of a real set, their interests by Poisson factorisation.

    Assumed, and not known: that each user spreads their events over ``TOPICS`` topics and each topic over items, so

    .. math:: P(i \mid u) = \sum_t \theta_{ut} P(i \mid t) = P(i) \sum_t \theta_{ut} \frac{P(t \mid i)}{P(t)};

    that P(i) is how easily i is come across and says nothing of taste, while the sum says nothing but taste; that what
    was not done was not met; that interests of the earlier half of somebody's events hold until the middle of the loop
    and those of the later half after it; that all items are there from the start, and no two are one thing.
    """
    data = load(config.data)
    if data.interactions is None:
        raise ValueError(f"data must hold interactions, which {config.data!r} does not")
    catalog, events = densest(data.interactions, config.n_users, config.n_items)
    users = events.users
    counts = np.zeros((len(users), len(catalog)))
    np.add.at(counts, (events.user, events.item), 1.0)
    first = _earlier_half(events)
    halves = [np.zeros_like(counts), np.zeros_like(counts)]
    for half, some in zip(halves, (first, ~first), strict=True):
        np.add.at(half, (events.user[some], events.item[some]), 1.0)
    interests, per_topic = factorised(counts, TOPICS, rng=config.draw)
    drifting = np.stack([interests_given(half, per_topic, interests, PRIOR) for half in halves])
    share = np.maximum((interests * counts.sum(1, keepdims=True)).sum(0), _TINY)
    share /= share.sum()
    joint = share[:, None] * per_topic
    last = float(config.rounds)
    return World(
        name=data.name,
        source=f"{data.source}; {len(users)} users and {len(catalog)} items, users' interests fitted",
        catalog=catalog,
        history=_before(events, first, catalog),
        users=np.asarray(users, dtype=object),
        item_topics=(joint / np.maximum(joint.sum(0), _TINY)).T,
        interests=drifting,
        since=np.array([0.0, last / 2]),
        rarity=1.0 / share,
        prominence=joint.sum(0) * len(catalog),
        release=np.full(len(catalog), -1.0),
        thing=np.arange(len(catalog)),
        look=look(config.k),
        first=0.0,
        last=last,
        niche=far_from_most(drifting[0], config.niche),
        assumed="interests, prominence and drift are fitted to what people did (Poisson factorisation); no two items "
        "are one thing, and all are there from the start",
    )


def factorised(counts: Floats, topics: int, *, rng: int = 0) -> tuple[Floats, Floats]:
    """Interests of users ``[U, T]`` and items of topics ``[T, I]``, rows summing to 1, most likely for Poisson counts.

    Multiplicative updates of the Kullback–Leibler divergence (Lee and Seung 2001), which never make it worse.
    """
    chance = np.random.default_rng(rng)
    left = chance.gamma(2.0, 1.0, (len(counts), topics))
    right = chance.gamma(2.0, 1.0, (topics, counts.shape[1]))
    for _ in range(ROUNDS):
        left *= (counts / np.maximum(left @ right, _TINY)) @ right.T / np.maximum(right.sum(1), _TINY)
        right *= left.T @ (counts / np.maximum(left @ right, _TINY)) / np.maximum(left.sum(0), _TINY)[:, None]
    size = right.sum(1, keepdims=True)
    return _rows_to_one(left * size.T), _rows_to_one(right)


def interests_given(counts: Floats, per_topic: Floats, prior: Floats, strength: float) -> Floats:
    """Interests ``[U, T]`` most likely given the items of topics, with ``strength`` events spread like ``prior``."""
    found = prior.copy()
    for _ in range(ROUNDS // 5):
        shares = found * ((counts / np.maximum(found @ per_topic, _TINY)) @ per_topic.T)
        found = _rows_to_one(shares + strength * prior)
    return found


def densest(events: Interactions, n_users: int, n_items: int) -> tuple[Catalog, Interactions]:
    """The items most people used and, among what is left, the most active users; ties to the lower row."""
    rows = np.sort(np.argsort(-events.item_users().numpy(), kind="stable")[:n_items])
    catalog = Catalog(events.catalog.frame.iloc[rows])
    some = np.isin(events.item, rows)
    active = np.argsort(-np.bincount(events.user[some], minlength=events.n_users), kind="stable")[:n_users]
    frame = events.frame.loc[some & np.isin(events.user, active)]
    return catalog, Interactions(frame, catalog)


def _earlier_half(events: Interactions) -> npt.NDArray[np.bool_]:
    """Which events are among the first half of their user's."""
    order = np.argsort(events.user, kind="stable")
    counts = np.bincount(events.user)
    place = np.empty(len(events), dtype=np.int64)
    place[order] = np.arange(len(events)) - np.repeat(counts.cumsum() - counts, counts)
    return np.asarray(place < (counts[events.user] + 1) // 2)


def _before(events: Interactions, first: npt.NDArray[np.bool_], catalog: Catalog) -> Interactions:
    """The earlier halves, in order, before day 0."""
    frame = events.frame.loc[first, ["user_id", "item_id"]]
    when: Ints = np.arange(-len(frame), 0)
    return Interactions(pd.DataFrame(frame.assign(timestamp=when.astype(float))), catalog)


def _rows_to_one(values: Floats) -> Floats:
    return np.asarray(values / np.maximum(values.sum(1, keepdims=True), _TINY))
