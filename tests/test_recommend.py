"""Recommenders against slow references, and exact top-k; the contract of all of them: test_recommend_contract.py."""

import math
import sys
from collections import Counter

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from recommend_world import CATALOG, HISTORIES, TRAIN, USERS, VECTORS, N

import recdiv as rd
from recdiv import recommend

GENERATOR = np.random.default_rng(7)


def knn_reference(history, neighbours, shrink):
    """Scores by loops over pairs of items."""
    had = {i: {u for u, items in enumerate(HISTORIES) if i in items} for i in range(N)}

    def similarity(i, j):
        both = math.sqrt(len(had[i]) * len(had[j])) + shrink
        return len(had[i] & had[j]) / both if i != j and both else 0.0

    counts = Counter(item for items in HISTORIES for item in items)
    scores = [0.0] * N
    for i in set(history):
        for j in sorted(range(N), key=lambda j: (-similarity(i, j), j))[:neighbours]:
            scores[j] += similarity(i, j)
    return [score if score > 0 else counts[j] / sum(counts.values()) - 1 for j, score in enumerate(scores)]


@pytest.mark.parametrize(("neighbours", "shrink"), [(100, 10.0), (3, 0.0), (1, 2.5)])
def test_item_knn_against_reference(neighbours, shrink):
    scores = recommend.ItemKNN(neighbours=neighbours, shrink=shrink).fit(TRAIN).scores(USERS)
    for u, history in enumerate(HISTORIES[:-1]):
        # float32 similarities: a tie at the cut may fall either way only if it is exact, which counts make it here
        assert scores[u].tolist() == pytest.approx(knn_reference(history, neighbours, shrink), abs=1e-5)


@pytest.mark.parametrize("half_life", [None, 1.0, 3.0])
def test_text_against_reference(half_life):
    unit = VECTORS / np.linalg.norm(VECTORS, axis=1, keepdims=True)
    scores = recommend.Text(VECTORS, half_life=half_life).fit(TRAIN).scores(USERS)
    for u, history in enumerate(HISTORIES[:-1]):
        weights = [1.0 if half_life is None else 2 ** (-age / half_life) for age in range(len(history))][::-1]
        mean = sum(w * unit[i] for w, i in zip(weights, history, strict=True))
        assert scores[u].tolist() == pytest.approx((unit @ mean / np.linalg.norm(mean)).tolist(), abs=1e-5)


def test_text_reads_an_encoder_or_a_kernel():
    class Encoder:
        def encode(self, texts):
            assert texts == CATALOG.texts()
            return torch.as_tensor(VECTORS)

    expected = recommend.Text(VECTORS).fit(TRAIN).scores(USERS)
    for source in (Encoder(), rd.EmbeddingKernel(VECTORS)):
        assert torch.equal(recommend.Text(source).fit(TRAIN).scores(USERS), expected)
    with pytest.raises(ValueError, match="source must have one vector an item \\(12\\), got 3"):
        recommend.Text(VECTORS[:3]).fit(TRAIN)


def test_random_depends_on_seed_and_user_alone():
    a, b, c = (recommend.Random(rng=seed).fit(TRAIN).recommend(USERS, k=6).items for seed in (0, 0, 1))
    assert torch.equal(a, b)
    assert not torch.equal(a, c)
    assert len({tuple(items) for items in a.tolist()}) > 5


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: recommend.ItemKNN(neighbours=0), "neighbours must be at least 1, got 0"),
        (lambda: recommend.ItemKNN(shrink=-1), "shrink must not be negative, got -1"),
        (lambda: recommend.Text(half_life=0), "half_life must be positive or None, got 0"),
    ],
)
def test_wrong_settings(build, message):
    with pytest.raises(ValueError, match=message):
        build()


@given(
    users=st.integers(0, 5),
    items=st.integers(1, 9),
    k=st.integers(1, 12),
    levels=st.integers(1, 3),
    seed=st.integers(0, 99),
)
@settings(max_examples=150, deadline=None)
def test_topk_is_exact_and_breaks_ties_by_item_number(users, items, k, levels, seed):
    generator = np.random.default_rng(seed)
    left = generator.integers(0, levels, (users, 2)).astype(np.float32)  # few levels: many ties
    right = generator.integers(0, levels, (items, 2)).astype(np.float32)
    banned = [np.flatnonzero(generator.random(items) < 0.3) for _ in range(users)]
    scores, rows = rd.topk(left, right, k, exclude=banned)
    assert scores.shape == rows.shape == (users, k)
    for u in range(users):
        allowed = [i for i in range(items) if i not in banned[u]]
        expected = sorted(allowed, key=lambda i: (-float(left[u] @ right[i]), i))[:k]
        padding = k - len(expected)
        assert rows[u].tolist() == expected + [-1] * padding
        assert scores[u].tolist() == [float(left[u] @ right[i]) for i in expected] + [-math.inf] * padding


def test_topk_in_tiles_is_the_same(monkeypatch):
    left, right = GENERATOR.normal(size=(50, 4)), GENERATOR.normal(size=(30, 4))
    whole = rd.topk(left, right, 5)
    monkeypatch.setattr(sys.modules["recdiv.recommend.topk"], "_NUMBERS", 64)
    tiled = rd.topk(left, right, 5)
    assert torch.equal(whole[1], tiled[1])
    torch.testing.assert_close(whole[0], tiled[0])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (([[1.0]], [[1.0, 2.0]], 1), "user_vectors must have 2 columns as item_vectors has, got 1"),
        (([1.0], [[1.0]], 1), r"user_vectors must have shape \[n, d\], got \[1\]"),
        (([[1.0]], [[1.0]], 0), "k must be at least 1, got 0"),
        (([[math.nan]], [[1.0]], 1), "user_vectors must not hold NaN, got NaN in row 0"),
    ],
)
def test_topk_wrong_input(arguments, message):
    with pytest.raises(ValueError, match=message):
        rd.topk(*arguments)
    with pytest.raises(ValueError, match=r"exclude must hold item numbers 0\.\.0, got 4"):
        rd.topk([[1.0]], [[1.0]], 1, exclude=[[4]])
