"""Null feeds: recommendations whose right answer is known, to try a metric on."""

from __future__ import annotations

from typing import Literal

import numpy as np

from recdiv.datasets._dataset import Dataset
from recdiv.datasets._latent import Ints
from recdiv.tables import Recommendations

Feed = Literal["random", "popular", "frozen", "drifting"]


def feeds(
    dataset: Dataset,
    kind: Feed,
    *,
    n_lists: int = 100,
    k: int = 10,
    windows: int = 6,
    rng: int | np.random.Generator = 0,
) -> Recommendations:
    """Lists of a null feed: ``n_lists`` users in each of ``windows`` time windows (``recs.time`` is the window).

    ==========  =====================================================  ==============================================
    kind        who gets what                                          known answer
    ==========  =====================================================  ==============================================
    random      ``k`` different items at random, anew each window      chi, beta over windows: nothing beyond chance
    popular     the most interacted items, everybody, every window     chi = 0, beta = 1, drift = 0; coverage k / I
    frozen      random lists, the same in each window                  beta over windows = 1, drift = 0
    drifting    each window other topics, the same category counts     category drift = 0 exactly; topic drift > 0
    ==========  =====================================================  ==============================================

    In ``drifting`` every list, in every window, holds the same number of items of each category; no item comes back in
    a later window, and each category passes through its topics from the first window to the last.

    Raises:
        ValueError: if ``kind`` is unknown or the catalogue is too small for it.
    """
    random = np.random.default_rng(rng)
    n_items = len(dataset.catalog)
    if k > n_items or min(n_lists, k, windows) < 1:
        raise ValueError(
            f"k must lie in [1, {n_items}] and n_lists, windows be at least 1, got {k}, {n_lists}, {windows}"
        )
    if kind == "random":
        items = np.stack([_draw(n_items, n_lists, k, random) for _ in range(windows)])
    elif kind == "frozen":
        items = np.repeat(_draw(n_items, n_lists, k, random)[None], windows, axis=0)
    elif kind == "popular":
        items = np.tile(_popular(dataset, k), (windows, n_lists, 1))
    elif kind == "drifting":
        items = _drifting(dataset, n_lists, k, windows, random)
    else:
        raise ValueError(f"kind must be 'random', 'popular', 'frozen' or 'drifting', got {kind!r}")
    users = np.tile(np.arange(n_lists), windows)
    return Recommendations(items.reshape(-1, k), users=users, time=np.repeat(np.arange(windows), n_lists))


def _draw(n_items: int, n_lists: int, k: int, rng: np.random.Generator) -> Ints:
    return np.asarray(rng.random((n_lists, n_items)).argpartition(k - 1, axis=1)[:, :k], dtype=np.int64)


def _popular(dataset: Dataset, k: int) -> Ints:
    if dataset.interactions is None:
        raise ValueError("dataset must hold interactions for kind='popular'")
    return np.argsort(-dataset.interactions.item_counts().numpy(), kind="stable")[:k]


def _drifting(dataset: Dataset, n_lists: int, k: int, windows: int, rng: np.random.Generator) -> Ints:
    """Cut each category, sorted by topic, into one stretch a window, and draw each window from its own."""
    if dataset.latent is None:
        raise ValueError("dataset must hold the latent for kind='drifting'")
    leaf = dataset.latent.leaf
    labels = np.array([";".join(names) for names in dataset.catalog.categories])
    members = {label: rng.permutation(np.flatnonzero(labels == label)) for label in sorted(set(labels) - {""})}
    sizes = np.array([len(rows) for rows in members.values()])
    quota = _quotas(sizes, k, windows)
    items = np.empty((windows, n_lists, k), dtype=np.int64)
    for window in range(windows):
        pools = [_stretch(rows[np.argsort(leaf[rows], kind="stable")], window, windows) for rows in members.values()]
        for user in range(n_lists):
            picked = [rng.permutation(pool)[:n] for pool, n in zip(pools, quota, strict=True)]
            items[window, user] = rng.permutation(np.concatenate(picked))
    return items


def _stretch(rows: Ints, window: int, windows: int) -> Ints:
    return np.asarray(np.array_split(rows, windows)[window], dtype=np.int64)


def _quotas(sizes: Ints, k: int, windows: int) -> Ints:
    """Slots for each category: in proportion to its size, never more than the shortest stretch holds."""
    most = sizes // windows
    if most.sum() < k:
        raise ValueError(f"k must be at most {int(most.sum())} for kind='drifting' with {windows} windows, got {k}")
    exact = sizes / sizes.sum() * k
    quota = np.minimum(np.floor(exact).astype(np.int64), most)
    while quota.sum() < k:
        lack = np.where(quota < most, exact - quota, -np.inf)
        quota[int(lack.argmax())] += 1
    return np.asarray(quota, dtype=np.int64)
