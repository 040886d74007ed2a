"""Metrics within a list: without test items, constructed lists with known answers, options and identities."""

import math

import numpy as np
import pandas as pd
import pytest
import reference_within as within
from cases import VECTORS, compute, lists_of_items, same
from hypothesis import given, settings

import recdiv as rd
from recdiv import metrics

POINTS = VECTORS.tolist()
LABELLED = ("ild_hamming", "ild_jaccard", "subtopic_recall")


def per_list(name, lists, **given):
    return metrics.compute(name, rd.Recommendations(lists), **given).per_list.tolist()


@pytest.mark.parametrize("discount", ["none", "log", "rbp"])
@given(lists=lists_of_items)
@settings(max_examples=40, deadline=None)
def test_eild_without_test_items(discount, lists):
    values = compute(f"eild@discount={discount}", lists, test=None).per_list
    expected = [within.eild(items, POINTS, None, discount) for items in lists]
    assert all(same(float(a), b) for a, b in zip(values, expected, strict=True))


@given(lists=lists_of_items)
@settings(max_examples=40, deadline=None)
def test_eild_without_ranks_or_relevance_is_ild(lists):
    plain = compute("eild@discount=none", lists, test=None).per_list
    np.testing.assert_allclose(plain, compute("ild", lists).per_list, atol=1e-6)


def test_lists_with_known_answers():
    """Identical items, items at right angles, two blocks of copies."""
    kernel = rd.EmbeddingKernel(np.eye(4)[[0, 0, 0, 0, 1, 2, 3, 1]])
    alike, right_angles, blocks = lists = [[0, 1, 2, 3], [0, 4, 5, 6], [0, 1, 4, 7]]
    assert len({len(each) for each in (alike, right_angles, blocks)}) == 1
    assert per_list("ild_euclidean", lists, kernel=kernel) == pytest.approx([0, math.sqrt(2), math.sqrt(2) * 4 / 6])
    assert per_list("min_distance", lists, kernel=kernel) == pytest.approx([0, 1, 0])
    assert per_list("graph_entropy", lists, kernel=kernel) == pytest.approx([0, 4 * math.log(3), 4 * math.log(2)])
    assert per_list("eild", lists, kernel=kernel)[:2] == pytest.approx([0, 1])
    ridge = 1e-3
    copies = math.log((4 + ridge) * ridge**3 / (1 + ridge) ** 4)
    two = 2 * math.log((2 + ridge) * ridge / (1 + ridge) ** 2)
    assert per_list("log_det", lists, kernel=kernel) == pytest.approx([copies, 0, two])
    catalog = rd.Catalog(pd.DataFrame({"item_id": range(8), "category": list("aaaabcdb")}))
    assert per_list("ild_jaccard", lists, catalog=catalog) == pytest.approx([0, 1, 4 / 6])
    assert per_list("ild_hamming", lists, catalog=catalog) == pytest.approx([0, 2 / 4, 2 / 4 * 4 / 6])
    assert per_list("subtopic_recall", lists, catalog=catalog) == pytest.approx([1 / 4, 1, 2 / 4])


def test_repeats_are_at_distance_zero_exactly():
    kernel = rd.EmbeddingKernel(np.random.default_rng(0).normal(size=(3, 384)))
    for name in ("ild_euclidean", "min_distance", "graph_entropy", "eild"):
        assert per_list(name, [[1, 1, 1]], kernel=kernel) == [0.0]


def test_items_without_labels():
    catalog = rd.Catalog(pd.DataFrame({"item_id": range(3), "category": [None, None, "a"]}))
    nothing = rd.Catalog(pd.DataFrame({"item_id": range(3), "category": [None] * 3}))
    lists = [[0, 1], [0, 2]]
    assert per_list("ild_jaccard", lists, catalog=catalog) == [1, 1]
    assert per_list("ild_jaccard@missing=same", lists, catalog=catalog) == [0, 1]
    assert per_list("ild_hamming", lists, catalog=catalog) == [1, 1]  # two columns: "a" and no label
    assert per_list("ild_hamming@missing=same", lists, catalog=catalog) == [0, 1]
    assert per_list("ild_hamming", lists, catalog=nothing) == [1, 1]
    assert per_list("subtopic_recall", lists, catalog=catalog) == [0, 1]
    assert math.isnan(metrics.compute("subtopic_recall", rd.Recommendations(lists), catalog=nothing).value)


@pytest.mark.parametrize("name", ["ild", "ild_euclidean", "min_distance", "eild", "log_det", "graph_entropy"])
def test_chunks_do_not_matter(name, monkeypatch):
    generator = np.random.default_rng(1)
    lists = generator.integers(-2, 50, (200, 8))
    kernel = rd.EmbeddingKernel(generator.normal(size=(50, 16)))
    whole = per_list(name, lists, kernel=kernel)
    monkeypatch.setattr("recdiv._spectra._NUMBERS", 8 * 512 * 3)
    monkeypatch.setattr("recdiv.metrics.ild._NUMBERS", 16 * 7)
    np.testing.assert_allclose(per_list(name, lists, kernel=kernel), whole, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("name", LABELLED)
def test_parts_of_lists_do_not_matter(name, monkeypatch):
    generator = np.random.default_rng(2)
    lists = generator.integers(-2, 50, (200, 8))
    labels = ["|".join(generator.choice(list("abcdefg"), 3)) for _ in range(50)]
    catalog = rd.Catalog(pd.DataFrame({"item_id": range(50), "category": labels}))
    whole = per_list(name, lists, catalog=catalog)
    monkeypatch.setattr("recdiv.metrics._categories.BLOCK", 24 * 7)
    np.testing.assert_array_equal(per_list(name, lists, catalog=catalog), whole)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("log_det@ridge=0", "ridge must be a finite number from 1e-09 up, got 0.0"),
        ("log_det@ridge=inf", "ridge must be a finite number from 1e-09 up, got inf"),
        ("eild@discount=linear", "discount must be one of 'none', 'log', 'rbp', 'reciprocal', got 'linear'"),
        ("ild_jaccard@missing=drop", "missing must be 'own' or 'same', got 'drop'"),
        ("ild_hamming@missing=drop", "missing must be 'own' or 'same', got 'drop'"),
    ],
)
def test_wrong_options(name, message):
    with pytest.raises(ValueError, match=message):
        compute(name, [[0, 1]])


def test_the_smallest_effective_numbers_are_one_and_not_below():
    kernel = rd.EmbeddingKernel(np.random.default_rng(0).normal(size=(40, 384)))
    alone = np.arange(40)[:, None]
    copies = np.repeat(alone, 7, axis=1)
    for lists in (alone, copies):
        for q in (0.5, 1.0, 1.5, 2.0, math.inf):
            values = rd.effective_number(lists, kernel, q=q)
            assert (values >= 1).all()
            assert values.numpy() == pytest.approx(1, abs=1e-9 if q >= 1 else 1e-6)
            values = rd.leinster_cobbold(lists, kernel, q=q)
            assert (values >= 1).all()
            assert values.numpy() == pytest.approx(1, abs=1e-9)


def test_the_ends_of_ild():
    """Opposite items are 2 apart; three directions cannot all be: a list of n reaches 1 + 1 / (n − 1)."""
    kernel = rd.EmbeddingKernel([[1.0, 0.0], [-1.0, 0.0], [-0.5, math.sqrt(0.75)], [-0.5, -math.sqrt(0.75)]])
    lists = [[0, 1, -1], [0, 2, 3], [0, 0, -2], [3, -1, -2]]
    assert per_list("ild", lists, kernel=kernel) == pytest.approx([2, 1.5, 0, math.nan], abs=1e-7, nan_ok=True)
    low, high = metrics.describe("ild").bounds
    generator = np.random.default_rng(3)
    pairs = rd.EmbeddingKernel(np.concatenate([x := generator.normal(size=(30, 64)), -x]))
    values = np.array(per_list("ild", [[i, i + 30] for i in range(30)], kernel=pairs))
    assert ((low <= values) & (values <= high)).all()


def test_lists_with_and_without_empty_slots_are_summed_alike():
    """A chunk without an empty slot takes a shorter way to the same sums."""
    generator = np.random.default_rng(4)
    kernel = rd.EmbeddingKernel(generator.normal(size=(60, 384)))
    lists = generator.integers(0, 60, (50, 6))
    padded = np.insert(lists, 3, -2, axis=1)
    np.testing.assert_allclose(per_list("ild", padded, kernel=kernel), per_list("ild", lists, kernel=kernel), atol=1e-6)


def test_a_gram_matrix_is_exactly_symmetric():
    kernel = rd.EmbeddingKernel(np.random.default_rng(5).normal(size=(60, 384)))
    gram = kernel.gram(np.random.default_rng(6).integers(-2, 60, (30, 9)))
    np.testing.assert_array_equal(gram, gram.mT)
