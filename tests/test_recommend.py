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
    model = recommend.Text(VECTORS[:3])
    with pytest.raises(ValueError, match="source must have one vector an item \\(12\\), got 3"):
        model.fit(TRAIN)
    with pytest.raises(RuntimeError, match="Text must be fitted before it scores"):
        model.scores(USERS)


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
        (lambda: recommend.ItemKNN(shrink=math.nan), "shrink must not be negative, got nan"),
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
    monkeypatch.setattr(sys.modules["recdiv.recommend.topk"], "_USERS", 7)
    monkeypatch.setattr(sys.modules["recdiv.recommend._tiles"], "NUMBERS", 64)
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


def als_reference(weights, items, regularization):
    """The user's vector by the normal equations, one at a time."""
    vectors = []
    for row in weights:
        system = sum(((w or 1.0) * np.outer(y, y) for w, y in zip(row, items, strict=True)), start=np.zeros((3, 3)))
        right = sum((row[i] * items[i] for i in range(len(items))), start=np.zeros(3))
        vectors.append(np.linalg.solve(system + regularization * np.eye(3), right))
    return np.array(vectors)


def test_als_scores_are_the_least_squares_solution_for_the_history():
    model = recommend.ALS(factors=3, epochs=2, alpha=4.0, regularization=0.7).fit(TRAIN)
    counted = [Counter(items) for items in HISTORIES]
    weights = [[1 + 4.0 * held[i] if held[i] else 0.0 for i in range(N)] for held in counted]
    expected = als_reference(weights[:-1], model._items.astype(float), 0.7) @ model._items.T
    np.testing.assert_allclose(model.scores(USERS[:-1]).numpy(), expected, rtol=1e-3, atol=1e-4)  # float32 inside


def test_als_does_not_depend_on_threads_and_goes_on_when_updated():
    scores = []
    for threads in (1, 3):
        model = recommend.ALS(factors=3, regularization=1)
        inner = model._solver
        model._solver = lambda inner=inner, threads=threads: _with_threads(inner(), threads)
        scores.append(model.fit(TRAIN).scores(USERS))
    assert torch.equal(*scores)
    twice = recommend.ALS(factors=3, regularization=1, epochs=2).fit(TRAIN).update(TRAIN).scores(USERS)
    assert torch.equal(twice, recommend.ALS(factors=3, regularization=1, epochs=4).fit(TRAIN).scores(USERS))


def _with_threads(model, threads):
    model.num_threads = threads
    return model


def test_bpr_puts_what_was_had_first_and_finds_a_like_place_for_a_history_that_is_given():
    data = rd.load("video").interactions
    model = recommend.BPR(factors=16).fit(data)
    users = data.users[:100].tolist()
    histories = data.histories(users)
    scores = model.scores(users)
    had = torch.zeros_like(scores, dtype=torch.bool)
    for row, items in enumerate(histories):
        had[row, items] = True
    assert scores[had].mean() > scores[~had].mean() + scores.std()
    folded = model.scores([f"new {user}" for user in users], histories=histories)
    alike = [np.corrcoef(a, b)[0, 1] for a, b in zip(scores.numpy(), folded.numpy(), strict=True)]
    others = [np.corrcoef(a, b)[0, 1] for a, b in zip(scores.numpy(), folded.numpy()[::-1], strict=True)]
    assert np.mean(alike) > 0.9
    assert np.mean(alike) > np.mean(others) + 0.2


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: recommend.ALS(factors=0), "factors and epochs must be at least 1, got 0 and 15"),
        (lambda: recommend.ALS(alpha=-1), r"regularization and alpha must not be negative, got 50\.0 and -1"),
        (lambda: recommend.BPR(epochs=0), "factors and epochs must be at least 1, got 64 and 0"),
        (lambda: recommend.BPR(learning_rate=0), "learning_rate must be positive, got 0"),
        (lambda: recommend.BPR(regularization=-1), "regularization must not be negative, got -1"),
        (lambda: recommend.BPR(regularization=math.nan), "regularization must not be negative, got nan"),
        (lambda: recommend.ALS(alpha=math.nan), r"regularization and alpha must not be negative, got 50\.0 and nan"),
    ],
)
def test_wrong_settings_of_the_factorisations(build, message):
    with pytest.raises(ValueError, match=message):
        build()
