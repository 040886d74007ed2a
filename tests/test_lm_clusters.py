"""Clusters against planted groups and a slow search over all labellings; product tags as categories."""

import itertools

import numpy as np
import pytest
import torch

from recdiv.lm.clusters import clusters
from recdiv.lm.item_tags import head, product_tags, title_words


def objective(vectors, labels):
    """Σ |sum of the unit vectors of a cluster|: what spherical k-means climbs, written from its definition."""
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    return sum(np.linalg.norm(unit[labels == label].sum(0)) for label in np.unique(labels))


def test_planted_groups_are_found_whatever_the_seed():
    generator = np.random.default_rng(0)
    centres = np.eye(5)
    truth = generator.permutation(np.repeat(np.arange(5), 20))
    vectors = torch.from_numpy(centres[truth] + 0.05 * generator.normal(size=(100, 5)))
    for seed in range(5):
        found = clusters(vectors, 5, rng=seed).numpy()
        pairs = [len(np.unique(found[truth == group])) for group in range(5)]
        assert pairs == [1] * 5
        assert len(np.unique(found)) == 5


def test_the_best_of_some_seeds_is_the_best_there_is():
    vectors = np.random.default_rng(3).normal(size=(8, 3))
    best = max(
        objective(vectors, np.array(labels))
        for labels in itertools.product(range(3), repeat=8)
        if len(set(labels)) == 3
    )
    found = max(objective(vectors, clusters(torch.from_numpy(vectors), 3, rng=seed).numpy()) for seed in range(20))
    assert found == pytest.approx(best, rel=1e-9)  # both are sums of the same eight vectors


def test_the_same_seed_draws_the_same_and_length_says_nothing():
    vectors = torch.from_numpy(np.random.default_rng(1).normal(size=(40, 4)))
    once = clusters(vectors, 6, rng=2)
    assert torch.equal(once, clusters(vectors, 6, rng=2))
    lengths = torch.from_numpy(np.random.default_rng(2).uniform(0.5, 9, size=(40, 1)))
    assert torch.equal(once, clusters(vectors * lengths, 6, rng=2))


@pytest.mark.parametrize("n", [1, 5, 12])
def test_no_cluster_is_empty_even_among_copies(n):
    vectors = torch.tensor([[1.0, 0.0]] * 10 + [[0.0, 1.0]] * 2)
    assert len(clusters(vectors, n).unique()) == n


def test_bad_input_is_named():
    with pytest.raises(ValueError, match=r"n must lie between 1 and the number of items \(2\), got 3"):
        clusters(torch.eye(2), 3)
    with pytest.raises(ValueError, match=r"vectors must have shape \[I, d\], got \[2\]"):
        clusters(torch.ones(2), 1)
    with pytest.raises(ValueError, match="vectors must be finite and not zero, got a row that is not: 1"):
        clusters(torch.tensor([[1.0, 0.0], [0.0, 0.0]]), 1)


class Tags:
    """A tagger that knows two words."""

    def predict(self, sentences):
        known = {"tea": "B-Product", "pots": "I-Product", "mug": "B-Product"}
        return [[known.get(word.lower(), "O") for word in words] for words in sentences]


def test_products_become_labels():
    titles = ["Red TEA pots, mug", "Mug / mug", "Sale 50%"]
    assert product_tags(titles, Tags()) == [("tea pots", "mug"), ("mug",), ()]
    assert product_tags(titles, Tags(), heads=True) == [("pot", "mug"), ("mug",), ()]


def test_words_and_heads():
    assert title_words('Set/6 t-light holders,36"blue') == [
        "Set",
        "/",
        "6",
        "t-light",
        "holders",
        ",",
        "36",
        '"',
        "blue",
    ]
    assert [head(name) for name in ("gas", "glass", "cake tins", "bus")] == ["gas", "glass", "tin", "bus"]
