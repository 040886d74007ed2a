"""Kernels: what is the same thing, and the spectrum of a weighted catalogue."""

import math

import numpy as np
import pandas as pd
import pytest
import references as ref
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from recdiv._category import _TABLE
from recdiv.kernels import CategoryKernel, EmbeddingKernel, IdentityKernel
from recdiv.tables import Catalog

VECTORS = np.random.default_rng(3).standard_normal((12, 5))
LABELS = ["a", ("a", "b"), ("b", "c"), None, "d|e", ("e",), ("d", "e"), [], float("nan"), "a", "f", ("a", "b", "c")]


@pytest.fixture(params=["embedding", "category", "identity"])
def kernel(request):
    return {
        "embedding": lambda: EmbeddingKernel(VECTORS),
        "category": lambda: CategoryKernel(LABELS),
        "identity": lambda: IdentityKernel(12),
    }[request.param]()


def test_gram_has_unit_diagonal_and_is_psd(kernel):
    gram = kernel.gram(torch.arange(12))
    assert gram.dtype == torch.float64
    torch.testing.assert_close(gram.diagonal(), torch.ones(12, dtype=torch.float64), rtol=0, atol=1e-15)
    assert float(torch.linalg.eigvalsh(gram)[0]) > -1e-14


def test_gram_is_batched_and_zero_at_negative_slots(kernel):
    items = torch.tensor([[[3, 1, -1], [0, -2, 5]], [[4, 4, 7], [-1, -1, -1]]])
    gram = kernel.gram(items)
    assert gram.shape == (2, 2, 3, 3)
    assert (gram[0, 0, 2] == 0).all()
    assert (gram[0, 1, :, 1] == 0).all()
    assert (gram[1, 1] == 0).all()
    torch.testing.assert_close(gram[1, 0, :2, :2], torch.ones(2, 2, dtype=torch.float64))
    torch.testing.assert_close(gram[0, 1, 0, 2], kernel.gram([0, 5])[0, 1])


@pytest.mark.parametrize("n", [1, 3, 12])
def test_spectrum_is_that_of_the_weighted_gram_matrix(kernel, n):
    p = torch.rand(12, generator=torch.Generator().manual_seed(n), dtype=torch.float64)
    p[n:] = 0
    root = (p / p.sum()).sqrt()
    slow = torch.linalg.eigvalsh(kernel.gram(torch.arange(12)) * root[:, None] * root).flip(0)
    values = kernel.spectrum(p)
    assert values.sum().item() == pytest.approx(1, abs=1e-14)
    assert (values > 0).all()
    assert (values.diff() <= 0).all()
    torch.testing.assert_close(values, slow[: len(values)], rtol=1e-12, atol=1e-14)
    assert (slow[len(values) :] < 1e-14).all()


def test_cross_and_expectation_agree_with_gram(kernel):
    rows, columns = torch.tensor([0, 3, -1, 11]), torch.tensor([1, 2, 3])
    slow = kernel.gram(torch.cat([rows, columns]))[:4, 4:]
    torch.testing.assert_close(kernel.cross(rows, columns).double(), slow, rtol=0, atol=3e-7)  # float32 by design
    if hasattr(kernel, "expectation"):
        p = torch.arange(12, dtype=torch.float64)
        slow = (kernel.gram(torch.arange(12)) ** 2) @ (p / p.sum())
        torch.testing.assert_close(kernel.expectation(p), slow, rtol=1e-12, atol=1e-15)


def test_embedding_spectrum_agrees_with_plain_python_on_both_sides_of_d():
    kernel = EmbeddingKernel(VECTORS)
    rows = kernel.vectors.tolist()  # what float32 kept is what both measure
    for n in (3, 12):
        p = [1.0 + i for i in range(n)] + [0.0] * (12 - n)
        slow = sorted((v for v in ref.eigenvalues(ref.state(rows, p)) if v > 1e-13), reverse=True)
        np.testing.assert_allclose(kernel.spectrum(p).numpy(), slow, rtol=1e-11)


def test_embedding_rows_are_scaled_whatever_their_size_and_type():
    scaled = VECTORS * np.geomspace(1e-12, 1e12, 12)[:, None]
    torch.testing.assert_close(EmbeddingKernel(scaled).vectors, EmbeddingKernel(VECTORS).vectors)
    assert EmbeddingKernel(torch.tensor([[1, 0], [0, 3]])).vectors.tolist() == [[1, 0], [0, 1]]
    assert EmbeddingKernel(torch.ones(2, 2, dtype=torch.bfloat16)).vectors.dtype == torch.float32


def test_embedding_keeps_its_own_copy():
    source = torch.eye(3)
    kernel = EmbeddingKernel(source)
    source.zero_()
    assert kernel.vectors.sum() == 3


def test_float32_storage_moves_a_cosine_by_less_than_1e_7():
    exact = VECTORS / np.linalg.norm(VECTORS, axis=1, keepdims=True)
    np.testing.assert_allclose(EmbeddingKernel(VECTORS).gram(torch.arange(12)).numpy(), exact @ exact.T, atol=1e-7)


@pytest.mark.parametrize(
    ("vectors", "message"),
    [
        ([[1.0, 2.0], [math.nan, 1.0]], "vectors must be finite and not zero, got NaN or infinity in row 1"),
        (
            [[1.0, 2.0], [1.0, 1.0], [math.inf, 1.0]],
            "vectors must be finite and not zero, got NaN or infinity in row 2",
        ),
        ([[0.0, 0.0], [1.0, 1.0]], "vectors must be finite and not zero, got only zeros in row 0"),
        ([1.0, 2.0], r"vectors must have shape \[I, d\], neither of them 0, got \[2\]"),
        (np.empty((0, 3)), r"vectors must have shape \[I, d\], neither of them 0, got \[0, 3\]"),
        ([[True]], "vectors must be real numbers, got bool"),
        ([[1j]], "vectors must be real numbers, got complex"),
    ],
)
def test_bad_vectors_are_named(vectors, message):
    with pytest.raises(ValueError, match=message):
        EmbeddingKernel(vectors)


def test_bad_row_is_named_in_a_later_block(monkeypatch):
    monkeypatch.setattr("recdiv._inputs.BLOCK", 8)
    vectors = torch.ones(50, 4)
    vectors[33] = 0
    with pytest.raises(ValueError, match="row 33"):
        EmbeddingKernel(vectors)


def test_from_text_reads_the_catalog_with_the_encoder_given():
    class Lengths:
        def encode(self, texts):
            return torch.tensor([[float(len(text)), 1.0] for text in texts])

    catalog = Catalog(pd.DataFrame({"item_id": [1, 2], "title": ["Tea", "A longer title"]}))
    kernel = EmbeddingKernel.from_text(catalog, encoder=Lengths())
    torch.testing.assert_close(kernel.vectors[0], torch.tensor([3.0, 1.0]) / math.sqrt(10))


def test_categories_follow_the_definition():
    kernel = CategoryKernel(LABELS)
    sets = [{"a"}, {"a", "b"}, {"b", "c"}, {3}, {"d", "e"}, {"e"}, {"d", "e"}, {7}, {8}, {"a"}, {"f"}, {"a", "b", "c"}]
    slow = [[len(a & b) / math.sqrt(len(a) * len(b)) for b in sets] for a in sets]
    np.testing.assert_allclose(kernel.gram(torch.arange(12)).numpy(), slow, atol=1e-15)


def test_missing_labels_are_things_of_their_own_unless_told_otherwise():
    labels = ["a", None, "", "a", None]
    off_diagonal = CategoryKernel(labels).gram([1, 2, 4]) - torch.eye(3)
    assert (off_diagonal == 0).all()
    assert (CategoryKernel(labels, missing="same").gram([1, 2, 4]) == 1).all()
    with pytest.raises(ValueError, match="item 1 has no label"):
        CategoryKernel(labels, missing="raise")
    with pytest.raises(ValueError, match="missing must be 'own', 'same' or 'raise', got 'drop'"):
        CategoryKernel(labels, missing="drop")
    values = CategoryKernel(["-1", "3", None, None, None], missing="same").spectrum([1] * 5)
    assert values.tolist() == pytest.approx([0.6, 0.2, 0.2])


def test_single_labels_are_orthogonal_and_several_are_not():
    assert CategoryKernel(["a", "b", None, "a"]).orthogonal
    assert CategoryKernel(["a|b", "c", "b|a"]).orthogonal  # one set of labels, twice
    assert not CategoryKernel(["a|b", "b"]).orthogonal


def test_many_label_sets_give_what_the_table_gives():
    rng = np.random.default_rng(0)
    labels = [tuple(rng.choice(40, size=rng.integers(1, 5), replace=False).astype(str)) for _ in range(3 * _TABLE)]
    large = CategoryKernel(labels)
    assert large._table is None
    few = rng.integers(0, len(labels), 60)
    small = CategoryKernel([labels[i] for i in few])
    assert small._table is not None
    torch.testing.assert_close(large.gram(few), small.gram(torch.arange(60)))
    p = torch.zeros(len(labels)).index_add_(0, torch.from_numpy(few), torch.ones(60))
    torch.testing.assert_close(large.spectrum(p), small.spectrum(torch.ones(60)))  # 40 labels against 60 sets


@pytest.mark.parametrize("labels", [[], ()])
def test_no_items_is_an_error(labels):
    with pytest.raises(ValueError, match="labels must have one entry an item, got none"):
        CategoryKernel(labels)
    with pytest.raises(ValueError, match="n_items must be at least 1, got 0"):
        IdentityKernel(0)


@pytest.mark.parametrize(
    ("p", "message"),
    [
        ([1.0] * 11, r"p must have one weight an item \[12\], got shape \[11\]"),
        ([0.0] * 12, "p must have a positive sum, got 0.0"),
        ([-1.0] + [1.0] * 11, "p must be finite and not negative, got -1.0"),
        ([math.nan] + [1.0] * 11, "p must be finite and not negative, got nan"),
    ],
)
def test_bad_weights_are_named(kernel, p, message):
    with pytest.raises(ValueError, match=message):
        kernel.spectrum(p)


@pytest.mark.parametrize("items", [[0, 12], [-3, 0]])
def test_items_outside_the_catalogue_are_named(kernel, items):
    with pytest.raises(ValueError, match=r"items must be rows of the catalogue, 0\.\.11, or -1 or -2, got"):
        kernel.gram(items)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(0, 11), min_size=1, max_size=30))
def test_spectrum_only_depends_on_the_state(items):
    """Repeats, order and the total make no difference."""
    kernel = EmbeddingKernel(VECTORS)
    p = torch.bincount(torch.tensor(items), minlength=12).double()
    order = torch.randperm(12, generator=torch.Generator().manual_seed(len(items)))
    shuffled = EmbeddingKernel(kernel.vectors[order]).spectrum(7 * p[order])
    torch.testing.assert_close(kernel.spectrum(p), shuffled, rtol=0, atol=1e-13)


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_kernels_move_to_the_gpu(kernel):
    there = kernel.to("cuda")
    items = torch.tensor([[0, 3, -1], [4, 4, 2]])
    torch.testing.assert_close(there.gram(items.cuda()).cpu(), kernel.gram(items))
    torch.testing.assert_close(there.spectrum(torch.ones(12).cuda()).cpu(), kernel.spectrum(torch.ones(12)))
