"""Effective numbers, Leinster-Cobbold, coverage, divergence: against slow references and constructed cases."""

import itertools
import math

import numpy as np
import pytest
import references as ref
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import recdiv.diversity as div
from recdiv.kernels import CategoryKernel, EmbeddingKernel, IdentityKernel
from recdiv.tables import Recommendations

N, D = 14, 4
KERNEL = EmbeddingKernel(np.random.default_rng(0).standard_normal((N, D)))
ROWS = KERNEL.vectors.tolist()
ORTHONORMAL = EmbeddingKernel(torch.eye(8))
ORDERS = [0.5, 1, 2, 3.5, math.inf]
LISTS = torch.tensor([[0, 1, 2, 3, 4], [5, 5, 6, -1, 7], [8, -1, -2, -1, -1], [9, 10, 11, 12, 13], [3, 3, 3, 3, 3]])
SLOTS = [1.0, 0.6, 0.5, 0.4, 0.3]

lists_of_items = st.lists(st.integers(0, N - 1), min_size=1, max_size=9)
orders = st.sampled_from([0.3, 0.5, 1, 1.5, 2, 4, math.inf])


class GramAndSpectrum:
    """The least a kernel of one's own must have."""

    def __init__(self, inner):
        self.inner, self.n_items = inner, inner.n_items

    def gram(self, items):
        return self.inner.gram(items)

    def spectrum(self, p):
        return self.inner.spectrum(p)


@pytest.fixture(params=["embedding", "categories", "own kernel"])
def kernel_and_rows(request):
    if request.param == "embedding":
        return KERNEL, ROWS
    labels = [("a",), ("a", "b"), ("b", "c"), ("c",), ("d",), ("d", "a"), ("b",)] * 2
    rows = [[float(name in item) for name in "abcd"] for item in labels]
    kernel = CategoryKernel(labels)
    return (kernel if request.param == "categories" else GramAndSpectrum(kernel)), rows


def kept(items, weights=None):
    weights = [1.0] * len(items) if weights is None else weights
    pairs = [(i, w) for i, w in zip(items, weights, strict=True) if i >= 0]
    return [i for i, _ in pairs], [w for _, w in pairs]


# --- effective_number


@pytest.mark.parametrize("q", ORDERS)
@pytest.mark.parametrize("weights", [None, SLOTS])
def test_effective_number_agrees_with_the_reference(kernel_and_rows, q, weights):
    kernel, rows = kernel_and_rows
    values = div.effective_number(LISTS, kernel, q=q, weights=weights)
    for value, items in zip(values.tolist(), LISTS.tolist(), strict=True):
        which, w = kept(items, weights)
        assert value == pytest.approx(
            ref.effective_number([rows[i] for i in which], w, q), rel=1e-7 if q < 1 else 1e-12
        )


@pytest.mark.parametrize("q", ORDERS)
def test_constructed_cases(q):
    blocks = EmbeddingKernel([[1.0, 0.0]] * 3 + [[0.0, 2.0]] * 3)
    assert float(div.effective_number([0, 1, 2], blocks, q=q)) == pytest.approx(1, abs=1e-12)
    assert float(div.effective_number([0, 1, 2, 3, 4, 5], blocks, q=q)) == pytest.approx(2, abs=1e-12)
    assert float(div.effective_number(torch.arange(8), ORTHONORMAL, q=q)) == pytest.approx(8, abs=1e-12)


def test_orthonormal_items_give_the_hill_numbers():
    items, counts = [0, 0, 0, 1, 1, 2], [3, 2, 1]
    for kernel in (ORTHONORMAL, IdentityKernel(8), CategoryKernel("abcdefgh")):
        shannon = div.effective_number(items, kernel, q=1).item()
        simpson = div.effective_number(items, kernel, q=2).item()
        assert shannon == pytest.approx(math.exp(ref.entropy(counts)), rel=1e-13)
        assert simpson == pytest.approx(1 / sum((c / 6) ** 2 for c in counts), rel=1e-13)
    assert div.effective_number(items, IdentityKernel(8), q=0).item() == pytest.approx(3)
    assert div.effective_number(items, CategoryKernel(["a", "a", "b", "b", "b", "b", "b", "b"]), q=0).item() == 2


def test_q_0_is_a_rank_and_refused_where_items_overlap():
    for kernel in (KERNEL, CategoryKernel(["a|b", "b"]), GramAndSpectrum(IdentityKernel(2))):
        with pytest.raises(ValueError, match="q must be above 0 for a kernel of overlapping items"):
            div.effective_number([0, 1], kernel, q=0)


def test_order_1_is_the_limit():
    near = [div.effective_number(LISTS, KERNEL, q=q) for q in (1 - 1e-5, 1 - 1e-9, 1, 1 + 1e-9, 1 + 1e-5)]
    for values in near:
        torch.testing.assert_close(values, near[2], rtol=1e-4, atol=0)
    assert (near[1] == near[2]).all()


def test_large_orders_reach_infinity_without_underflow():
    torch.testing.assert_close(
        div.effective_number(LISTS, KERNEL, q=1e6), div.effective_number(LISTS, KERNEL, q=math.inf), rtol=1e-4, atol=0
    )


def test_shapes_and_undefined_lists():
    items = torch.tensor([[[0, 1], [-1, -1]], [[-2, -1], [3, -1]]])
    for kernel in (KERNEL, IdentityKernel(N), CategoryKernel(["a"] * N)):
        for q in (0.5, 1, 2, math.inf):
            values = div.effective_number(items, kernel, q=q)
            assert values.shape == (2, 2)
            assert values.dtype == torch.float64
            assert values.isnan().tolist() == [[False, True], [True, False]]
            assert float(values[1, 1]) == pytest.approx(1)
            assert div.effective_number(torch.empty(3, 0), kernel, q=q).isnan().tolist() == [True] * 3
            assert div.effective_number(torch.empty(0, 3), kernel, q=q).shape == (0,)
            assert div.leinster_cobbold(torch.empty(3, 0), kernel, q=q).isnan().tolist() == [True] * 3
            assert div.leinster_cobbold(items, kernel, q=q).isnan().tolist() == [[False, True], [True, False]]
    assert div.effective_number([[0, 1]], KERNEL, weights=[0.0, 0.0]).isnan().all()
    assert float(div.effective_number([0, 1, 2], KERNEL, weights=[0.0, 1.0, 0.0])) == pytest.approx(1)


def test_chunks_do_not_matter(monkeypatch):
    items = torch.randint(-2, N, (53, 6), generator=torch.Generator().manual_seed(0))
    whole = [f(items, KERNEL, q=1.5) for f in (div.effective_number, div.leinster_cobbold)]
    monkeypatch.setattr("recdiv._spectra._NUMBERS", 1)
    for f, values in zip((div.effective_number, div.leinster_cobbold), whole, strict=True):
        torch.testing.assert_close(f(items, KERNEL, q=1.5), values, equal_nan=True, rtol=1e-13, atol=0)


def test_numpy_lists_and_recommendations_are_the_same_input():
    items = LISTS.tolist()
    for same in (np.array(items), items, Recommendations(items)):
        torch.testing.assert_close(
            div.effective_number(same, KERNEL), div.effective_number(LISTS, KERNEL), rtol=0, atol=0
        )


@settings(max_examples=60, deadline=None)
@given(lists_of_items, orders, st.randoms())
def test_effective_number_is_an_effective_number(items, q, random):
    value = float(div.effective_number(items, KERNEL, q=q))
    distinct = len(set(items))
    assert 1 - 1e-9 <= value <= min(distinct, D) * (1 + 1e-9)
    shuffled = random.sample(items, len(items))
    # at q < 1 an eigenvalue of rounding size, 1e-16, still weighs its root
    assert float(div.effective_number(shuffled, KERNEL, q=q)) == pytest.approx(value, rel=1e-5 if q < 1 else 1e-10)
    assert float(div.effective_number(items * 3, KERNEL, q=q)) == pytest.approx(value, rel=1e-5 if q < 1 else 1e-10)
    weights = [float(items.count(i)) for i in dict.fromkeys(items)]
    merged = div.effective_number(list(dict.fromkeys(items)), KERNEL, q=q, weights=weights)
    assert float(merged) == pytest.approx(value, rel=1e-5 if q < 1 else 1e-10)


@settings(max_examples=30, deadline=None)
@given(lists_of_items)
def test_effective_number_falls_with_q(items):
    values = [float(div.effective_number(items, KERNEL, q=q)) for q in (0.2, 0.5, 1, 1.5, 2, 5, math.inf)]
    assert all(a >= b - 1e-9 for a, b in itertools.pairwise(values))


# --- Leinster-Cobbold


@pytest.mark.parametrize("q", [0, *ORDERS])
@pytest.mark.parametrize("weights", [None, SLOTS])
def test_leinster_cobbold_agrees_with_the_reference(kernel_and_rows, q, weights):
    kernel, rows = kernel_and_rows
    values = div.leinster_cobbold(LISTS, kernel, q=q, weights=weights)
    for value, items in zip(values.tolist(), LISTS.tolist(), strict=True):
        which, w = kept(items, weights)
        assert value == pytest.approx(ref.leinster_cobbold([rows[i] for i in which], w, q), rel=1e-12)


@settings(max_examples=30, deadline=None)
@given(lists_of_items)
def test_spectral_order_2_is_leinster_cobbold_under_the_squared_kernel(items):
    class Squared(GramAndSpectrum):
        def gram(self, items):
            return self.inner.gram(items) ** 2

    ours = div.effective_number(items, KERNEL, q=2)
    torch.testing.assert_close(ours, div.leinster_cobbold(items, Squared(KERNEL), q=2), rtol=1e-12, atol=0)


def test_leinster_cobbold_order_2_is_monotone_in_intra_list_distance():
    """For lists of one length and similarities that are not negative: 1 / (1 - (n-1)/n ILD)."""
    positive = EmbeddingKernel(np.abs(np.random.default_rng(1).standard_normal((30, 5))))
    lists = torch.stack([torch.randperm(30, generator=torch.Generator().manual_seed(s))[:6] for s in range(40)])
    cosines = positive.gram(lists)
    ild = 1 - (cosines.sum((1, 2)) - 6) / 30
    torch.testing.assert_close(div.leinster_cobbold(lists, positive, q=2), 1 / (1 - 5 / 6 * ild), rtol=1e-12, atol=0)


# --- semantic coverage


def test_semantic_coverage_agrees_with_the_reference(kernel_and_rows, monkeypatch):
    kernel, rows = kernel_and_rows
    demand = [float(i % 4) for i in range(N)]
    for tile in ((512, 4096), (3, 2)):
        monkeypatch.setattr("recdiv._coverage._TILE", tile)
        for shown in ([0], [1, 2, 5], list(range(N))):
            items = [[*shown, -1], [shown[0], -2] + [-1] * (len(shown) - 1)]
            assert div.semantic_coverage(items, kernel) == pytest.approx(ref.coverage(rows, shown, [1.0] * N), abs=1e-7)
            slow = ref.coverage(rows, shown, demand)
            assert div.semantic_coverage(items, kernel, demand=demand) == pytest.approx(slow, abs=1e-7)


def test_semantic_coverage_of_identities_is_catalogue_coverage():
    items = [[0, 1, 1], [5, -1, 1]]
    for kernel in (IdentityKernel(10), GramAndSpectrum(IdentityKernel(10)), EmbeddingKernel(torch.eye(10))):
        assert div.semantic_coverage(items, kernel) == pytest.approx(0.3, abs=1e-12)
    assert div.semantic_coverage(items, CategoryKernel(list("aabbcccccc"))) == pytest.approx(0.8 + 0.2 * 0 + 0.0)


def test_semantic_coverage_of_nothing():
    assert math.isnan(div.semantic_coverage([[-1, -2], [-1, -1]], KERNEL))  # not a 0 that looks like a measurement
    assert math.isnan(div.semantic_coverage(torch.empty(0, 3), KERNEL))
    assert math.isnan(div.semantic_coverage(torch.empty(3, 0), KERNEL))


def test_semantic_coverage_serves_a_tail_need_through_a_neighbour():
    near = EmbeddingKernel([[1.0, 0.0], [0.8, 0.6], [0.0, 1.0]])
    assert div.semantic_coverage([[0]], near, demand=[0, 1, 0]) == pytest.approx(0.8)
    assert div.semantic_coverage([[0]], near, demand=[0, 0, 1]) == pytest.approx(0.0)


@settings(max_examples=30, deadline=None)
@given(lists_of_items, st.integers(0, N - 1))
def test_semantic_coverage_grows_with_diminishing_returns(items, extra):
    some, more = items[: len(items) // 2 + 1], items
    gain = [
        div.semantic_coverage([*each, extra], KERNEL) - div.semantic_coverage(each, KERNEL) for each in (some, more)
    ]
    assert gain[0] >= gain[1] - 1e-7
    assert gain[1] >= -1e-12


# --- divergence


def test_qjsd_agrees_with_the_reference(kernel_and_rows):
    kernel, rows = kernel_and_rows
    p, r = [float(i) for i in range(N)], [float(i < 5) for i in range(N)]
    states = [ref.state(rows, p), ref.state(rows, r)]
    entropies = [math.log(ref.effective(ref.eigenvalues(s), 1)) for s in (ref.mix(states, [0.5, 0.5]), *states)]
    slow = entropies[0] - (entropies[1] + entropies[2]) / 2
    assert div.qjsd(p, r, kernel) == pytest.approx(slow, abs=1e-12)
    assert div.drift(torch.tensor(p), np.array(r), kernel) == pytest.approx(math.sqrt(slow), abs=1e-12)


def test_qjsd_of_identities_is_the_jensen_shannon_divergence():
    p, r = np.array([0.5, 0.5, 0, 0]), np.array([0.1, 0.2, 0.3, 0.4])
    slow = ref.entropy((p + r) / 2) - (ref.entropy(p) + ref.entropy(r)) / 2
    assert div.qjsd(p, r, IdentityKernel(4)) == pytest.approx(slow, rel=1e-13)


def test_drift_of_what_stays_is_zero_and_of_what_is_all_new_is_the_root_of_ln_2():
    recs = Recommendations(LISTS)
    permuted = Recommendations(LISTS.flip(0).flip(1))
    assert div.drift(recs, recs, KERNEL) == 0.0
    assert div.drift(recs, permuted, KERNEL) == 0.0
    assert div.drift([3, 0, 0, 7], [0, 1, 1, 0], IdentityKernel(4)) == pytest.approx(math.sqrt(math.log(2)), abs=1e-12)
    apart = EmbeddingKernel([[1.0, 0, 0], [2.0, 0, 0], [0, 1.0, 1.0]])
    assert div.drift([1, 1, 0], [0, 0, 1], apart) == pytest.approx(math.sqrt(math.log(2)), abs=1e-12)
    assert div.drift([1, 0, 0], [0, 1, 0], apart) == pytest.approx(0, abs=1e-6)  # another item, the same thing


def test_drift_of_recommendations_is_that_of_their_mean_state():
    """Each list weighs the same, however many items it holds."""
    recs = Recommendations([[0, 1], [2, -1], [-1, -1]])
    assert div.drift(recs, [0.25, 0.25, 0.5, 0], IdentityKernel(4)) == 0.0
    assert math.isnan(div.drift(recs, Recommendations([[-1]]), IdentityKernel(4)))


@settings(max_examples=40, deadline=None)
@given(*[st.lists(st.floats(0.01, 1), min_size=N, max_size=N)] * 3)
def test_drift_is_a_metric_within_bounds(a, b, c):
    ab, bc, ac = (div.drift(x, y, KERNEL) for x, y in ((a, b), (b, c), (a, c)))
    assert 0 <= ab <= math.sqrt(math.log(2))
    assert ac <= ab + bc + 1e-7
    assert ab == pytest.approx(div.drift(b, a, KERNEL), abs=1e-7)  # the root of rounding, 1e-15
    assert div.qjsd(a, b, KERNEL) <= div.qjsd(a, b, IdentityKernel(N)) + 1e-12  # words see less than identities


def test_list_qjsd_is_qjsd_of_each_pair(kernel_and_rows):
    kernel, _ = kernel_and_rows
    items, others = torch.tensor([[0, 1, -1], [2, 3, 4], [-1, -1, -1]]), torch.tensor([[5, 5], [2, -1], [0, 1]])
    values = div.list_qjsd(items, others, kernel, weights=[3, 2, 1])
    p, r = torch.zeros(N), torch.zeros(N)
    p[[0, 1]], r[5] = torch.tensor([0.6, 0.4]), 1
    assert float(values[0]) == pytest.approx(div.qjsd(p, r, kernel), abs=1e-7)  # p is float32 here
    assert values.isnan().tolist() == [False, False, True]
    with pytest.raises(ValueError, match=r"items and others must be \[U, K\] and \[U, H\], got \[3, 3\] and \[2, 2\]"):
        div.list_qjsd(items, others[:2], kernel)


def test_semantic_novelty():
    p = torch.arange(N, dtype=torch.float64)
    slow = [
        -math.log(
            sum(p[j].item() / p.sum().item() * ref.dot(ref.unit(ROWS[i]), ref.unit(ROWS[j])) ** 2 for j in range(N))
        )
        for i in range(N)
    ]
    for kernel, tolerance in ((KERNEL, 1e-12), (GramAndSpectrum(KERNEL), 1e-12)):
        values = div.semantic_novelty(torch.arange(N), kernel, p)
        np.testing.assert_allclose(values.numpy(), slow, rtol=tolerance)
    identity = div.semantic_novelty([[0, 3], [-1, -2]], IdentityKernel(4), [0, 1, 1, 2])
    assert identity[0].tolist() == [math.inf, pytest.approx(math.log(2))]
    assert identity[1].isnan().all()


def test_catalog_effective_number():
    assert div.catalog_effective_number(IdentityKernel(5), q=2) == pytest.approx(5)
    slow = ref.effective_number(ROWS, [1.0] * N, 1)
    assert div.catalog_effective_number(KERNEL) == pytest.approx(slow, rel=1e-12)
    assert div.catalog_effective_number(KERNEL, weights=[1.0] + [0.0] * (N - 1)) == pytest.approx(1)


# --- errors: one sentence that names the argument, the value and what is allowed


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: div.effective_number([0, N], KERNEL),
            rf"items must be rows of the catalogue, 0\.\.{N - 1}, .*got {N}",
        ),
        (lambda: div.effective_number([0, -3], KERNEL), "items must be rows of the catalogue.*got -3"),
        (lambda: div.effective_number([0.5], KERNEL), "items must be integers, got float"),
        (lambda: div.effective_number(3, KERNEL), r"items must have shape \[\.\.\., K\], got a single number"),
        (lambda: div.effective_number([0], KERNEL, q=-1), "q must be a number from 0 to infinity, got -1"),
        (lambda: div.effective_number([0], KERNEL, q=math.nan), "q must be a number from 0 to infinity, got nan"),
        (
            lambda: div.effective_number([[0, 1]], KERNEL, weights=[1.0]),
            r"weights must have one weight a slot.*got \[1\]",
        ),
        (
            lambda: div.effective_number([0, 1], KERNEL, weights=[1.0, -1.0]),
            "weights must be finite and not negative, got",
        ),
        (
            lambda: div.effective_number([0], KERNEL, weights=[math.inf]),
            "weights must be finite and not negative, got inf",
        ),
        (lambda: div.leinster_cobbold([0], KERNEL, q=-1), "q must be a number from 0 to infinity, got -1"),
        (lambda: div.semantic_coverage([[0]], KERNEL, demand=[1.0]), r"demand must have one weight an item \[14\]"),
        (lambda: div.semantic_coverage([[0]], KERNEL, demand=[0.0] * N), "demand must have a positive sum, got 0.0"),
        (lambda: div.drift([1.0], [1.0] * N, KERNEL), r"earlier must have one weight an item \[14\], got shape \[1\]"),
        (lambda: div.drift([1.0] * N, [0.0] * N, KERNEL), "later must have a positive sum"),
        (lambda: div.semantic_novelty([0], KERNEL, [math.nan] * N), "popularity must be finite and not negative"),
    ],
)
def test_errors(call, message):
    with pytest.raises(ValueError, match=message):
        call()


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
@pytest.mark.parametrize("q", ORDERS)
def test_the_gpu_gives_the_same_numbers(q):
    there, items = KERNEL.to("cuda"), LISTS.cuda()
    for f in (div.effective_number, div.leinster_cobbold):
        values = f(items, there, q=q)
        assert values.is_cuda
        torch.testing.assert_close(values.cpu(), f(LISTS, KERNEL, q=q), rtol=1e-7, atol=0, equal_nan=True)
    assert div.semantic_coverage(items, there) == pytest.approx(div.semantic_coverage(LISTS, KERNEL), abs=1e-6)
