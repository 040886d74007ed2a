"""gamma = alpha x beta, chi, and the re-dealt null."""

import itertools
import math

import numpy as np
import pytest
import references as ref
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from recdiv._redeal import redeal
from recdiv.diversity import effective_number, partition
from recdiv.kernels import CategoryKernel, EmbeddingKernel, IdentityKernel
from recdiv.tables import Recommendations

N, D = 12, 4
KERNEL = EmbeddingKernel(np.random.default_rng(5).standard_normal((N, D)))
ROWS = KERNEL.vectors.tolist()
ORDERS = [0.5, 1, 2, 3.5, math.inf]
LISTS = [[0, 1, 2, 3], [4, 4, 5, -1], [-1, -1, -2, -1], [6, -2, 8, 9], [10, 0, 1, -1]]
USERS = [1.0, 2.0, 5.0, 0.5, 3.0]
SLOTS = [1.0, 0.63, 0.5, 0.43]


def by_reference(kernel_rows, lists, slot_weights, user_weights, q):
    parts, weights = [], []
    for items, slots, weight in zip(lists, slot_weights, user_weights, strict=True):
        pairs = [(kernel_rows[i], s) for i, s in zip(items, slots, strict=True) if i >= 0]
        if pairs:
            parts.append(tuple(zip(*pairs, strict=True)))
            weights.append(weight)
    return ref.partition(parts, weights, q)


def state(p):
    """rho_p, float64 [d, d], not from recdiv."""
    return torch.tensor(ref.state(ROWS, p), dtype=torch.float64)


def logarithm(rho):
    values, vectors = torch.linalg.eigh(rho)
    return vectors @ torch.diag(values.clamp(min=1e-300).log()) @ vectors.T


def shares(items, slots=None):
    p = [0.0] * N
    for slot, i in enumerate(items):
        if i >= 0:
            p[i] += 1.0 if slots is None else slots[slot]
    return [x / sum(p) for x in p]


@pytest.mark.parametrize("q", ORDERS)
@pytest.mark.parametrize("slots", ["none", "vector", "matrix"])
@pytest.mark.parametrize("users", [None, USERS])
def test_partition_agrees_with_the_reference(q, slots, users):
    matrix = np.random.default_rng(0).random((5, 4)).tolist()
    weights = {"none": None, "vector": SLOTS, "matrix": matrix}[slots]
    full = {"none": [[1.0] * 4] * 5, "vector": [SLOTS] * 5, "matrix": matrix}[slots]
    result = partition(LISTS, KERNEL, q=q, slot_weights=weights, user_weights=users)
    slow = by_reference(ROWS, LISTS, full, users or [1.0] * 5, q)
    tolerance = 1e-7 if q < 1 else 1e-12
    assert (result.alpha, result.beta, result.gamma) == pytest.approx(slow, rel=tolerance)
    assert result.chi == pytest.approx(math.log(slow[1]), abs=tolerance)
    assert result.n_undefined == 1
    assert result.alpha_per_user.isnan().tolist() == [False, False, True, False, False]
    own = effective_number(LISTS, KERNEL, q=q, weights=weights)
    torch.testing.assert_close(result.alpha_per_user, own, rtol=tolerance, atol=0, equal_nan=True)
    assert float(result.weights.sum()) == pytest.approx(1)


def test_chi_is_the_mean_relative_entropy_to_the_mean_state():
    """chi = sum_u w_u S(rho_u || rho_bar), through matrix logarithms: not its own definition."""
    lists = [items for items in LISTS if any(i >= 0 for i in items)]
    for slots in (None, SLOTS):
        states = [state(shares(items, slots)) for items in lists]
        mean = sum(states) / len(states)
        slow = sum(torch.trace(rho @ (logarithm(rho) - logarithm(mean))) for rho in states) / len(states)
        assert partition(LISTS, KERNEL, slot_weights=slots).chi == pytest.approx(float(slow), abs=1e-10)


def test_identity_chi_is_mutual_information():
    lists = [[0, 1, 1, 4], [4, 5, 6, -1], [1, 2, -1, -1]]
    slow = ref.mutual_information([[i for i in items if i >= 0] for items in lists])
    for kernel in (IdentityKernel(8), CategoryKernel("abcdefgh"), EmbeddingKernel(torch.eye(8))):
        result = partition(lists, kernel)
        assert result.chi == pytest.approx(slow, abs=1e-12)
        pooled = partition(lists, kernel, q=2)
        shown = np.zeros(8)
        for items in lists:
            kept = [i for i in items if i >= 0]
            np.add.at(shown, kept, 1 / len(kept) / 3)
        assert pooled.gamma == pytest.approx(1 / (shown**2).sum())
        assert partition(lists, kernel, q=1).gamma == pytest.approx(math.exp(ref.entropy(shown)))
    assert partition(lists, IdentityKernel(8), q=0).gamma == pytest.approx(6)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10**6))
def test_identity_chi_is_item_entropy_less_ln_k_whoever_gets_what(seed):
    """So identity mutual information adds nothing to entropy, and its excess over chance is nothing."""
    rng = np.random.default_rng(seed)
    users, k = int(rng.integers(2, 30)), int(rng.integers(1, 8))
    lists = np.stack([rng.choice(20, k, replace=False) for _ in range(users)])
    result = partition(lists, IdentityKernel(20), null=2, rng=seed)
    assert result.chi == pytest.approx(ref.entropy(np.bincount(lists.ravel())) - math.log(k), abs=1e-12)
    assert result.chi_excess == pytest.approx(0, abs=1e-12)


@pytest.mark.parametrize("q", ORDERS)
def test_constructed_cases(q):
    blocks = EmbeddingKernel([[1.0, 0, 0]] * 2 + [[0, 1.0, 0]] * 2 + [[0, 0, 1.0]] * 2)
    alike = partition([[0, 2], [1, 3], [2, 0]], blocks, q=q)
    assert (alike.alpha, alike.beta, alike.gamma) == pytest.approx((2, 1, 2), abs=1e-12)
    apart = partition([[0, 1], [2, 3], [4, 5]], blocks, q=q)
    assert (apart.alpha, apart.beta, apart.gamma) == pytest.approx((1, 3, 3), abs=1e-12)
    one = partition([[0, 2, 4]], blocks, q=q)
    assert (one.alpha, one.beta) == pytest.approx((3, 1), abs=1e-12)


lists_strategy = st.lists(st.lists(st.integers(-2, N - 1), min_size=4, max_size=4), min_size=1, max_size=6).filter(
    lambda lists: any(i >= 0 for items in lists for i in items)
)


@settings(max_examples=60, deadline=None)
@given(lists_strategy, st.sampled_from(ORDERS), st.booleans(), st.integers(0, 99))
def test_partition_bounds(lists, q, ranked, seed):
    weights = np.random.default_rng(seed).random(len(lists)) + 0.01
    for kernel in (KERNEL, IdentityKernel(N), CategoryKernel(["a|b", "b", "c", "c|a"] * 3)):
        result = partition(lists, kernel, q=q, user_weights=weights, slot_weights=SLOTS if ranked else None)
        assert result.gamma == pytest.approx(result.alpha * result.beta, rel=1e-12)
        assert result.beta >= 1 - (1e-6 if q < 1 else 1e-12)
        assert result.gamma <= (D if kernel is KERNEL else N) * (1 + 1e-9)
        assert result.alpha >= 1 - 1e-9
        if q == 1:
            w = result.weights[result.weights > 0]
            assert -1e-12 <= result.chi <= float(-(w * w.log()).sum()) + 1e-12


@settings(max_examples=30, deadline=None)
@given(lists_strategy)
def test_pooling_lists_cannot_raise_beta(lists):
    """Labels over lists are a coarser question: chi by label is at most chi by list."""
    labels = [u % 2 for u in range(len(lists))]
    fine, coarse = partition(lists, KERNEL), partition(lists, KERNEL, by=labels)
    assert coarse.gamma == pytest.approx(fine.gamma, rel=1e-12)
    assert coarse.chi <= fine.chi + 1e-12


# --- by label


@pytest.mark.parametrize("widest", [256, 7, 0])  # by slots, by slots or item weights, by item weights
@pytest.mark.parametrize("kernel", [KERNEL, IdentityKernel(N), CategoryKernel(["a|b", "b", "c", "c|a"] * 3)])
def test_pooling_by_label_is_the_partition_of_the_mean_states(monkeypatch, widest, kernel):
    monkeypatch.setattr("recdiv._partition._WIDEST_GRAM", widest)
    recs = Recommendations(LISTS, users=["x", "y", "y", "x", "z"], groups=[2, 2, 1, 1, 1], time=[0, 0, 0, 1, 1])
    result = partition(recs, kernel, by="users")
    assert result.labels == ["x", "y", "z"]
    p = torch.tensor([shares(items) if max(items) >= 0 else [0.0] * N for items in LISTS], dtype=torch.float64)
    entropies = [float(effective_number(torch.arange(N), kernel, weights=w).log()) for w in (p[0] + p[3], p[1], p[4])]
    alpha = math.exp(np.dot([0.5, 0.25, 0.25], entropies))
    assert result.alpha == pytest.approx(alpha, rel=1e-12)
    assert result.alpha_per_user.log().tolist() == pytest.approx(entropies, abs=1e-12)
    assert result.weights.tolist() == pytest.approx([0.5, 0.25, 0.25])
    for by in ("groups", "time", np.array([2, 2, 1, 1, 1]), torch.tensor([5, 5, 5, 7, 7])):
        assert partition(recs, kernel, by=by).gamma == pytest.approx(result.gamma, rel=1e-12)
    assert partition(recs, kernel, by=["one"] * 5).beta == pytest.approx(1, abs=1e-12)


def test_one_wide_label_does_not_make_the_others_wide(monkeypatch):
    """Else every one of 100,000 users costs a pass over the catalogue because one of them has many lists."""
    calls = []
    monkeypatch.setattr("recdiv._partition.state_moment", lambda *given: calls.append(1) or torch.tensor(0.5))
    partition([[0, 1]] * 200 + [[0, 1], [2, 3], [4, 5]], KERNEL, by=[0] * 200 + [1, 2, 3])
    assert len(calls) == 2  # gamma, and the one wide label


def test_a_frozen_feed_has_temporal_beta_1():
    frozen = Recommendations(LISTS[:2] * 3, time=[0, 0, 1, 1, 2, 2])
    moving = Recommendations([[0, 1, 2, 3], [4, 5, 6, 7], [8, 9, 10, 11]], time=[0, 1, 2])
    assert partition(frozen, KERNEL, by="time").beta == pytest.approx(1, abs=1e-12)
    assert partition(moving, IdentityKernel(N), by="time").beta == pytest.approx(3, abs=1e-12)


# --- the re-dealt null


def ranked_lists(users, k, items, seed, empties=0.3):
    rng = np.random.default_rng(seed)
    popularity = 1 / np.arange(1, items + 1)
    lists = np.stack([rng.choice(items, k, replace=False, p=popularity / popularity.sum()) for _ in range(users)])
    lists[rng.random(lists.shape) < empties] = -1
    return torch.from_numpy(lists)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10**6), st.sampled_from(["none", "vector", "matrix"]), st.booleans())
def test_redealing_keeps_exposures_lengths_and_gamma(seed, slots, weighted):
    rng = np.random.default_rng(seed)
    users = int(rng.integers(1, 40))
    items = ranked_lists(users, 5, 15, seed)
    items[0] = torch.arange(5)
    mass = torch.from_numpy(rng.random(items.shape) if slots == "matrix" else np.ones(items.shape)) * (items >= 0)
    if slots == "vector":
        mass = mass * torch.tensor([5.0, 4, 3, 3, 1], dtype=torch.float64)
    if weighted:
        mass = mass * torch.from_numpy(rng.random((users, 1)))
    classes = torch.tensor([0, 1, 2, 2, 3]).expand(users, 5) if slots == "vector" else torch.zeros_like(items)
    dealt, dealt_mass = redeal(items, mass, classes.contiguous(), rng)
    assert ((dealt >= 0) == (items >= 0)).all()

    def exposures(some_items, some_mass):
        return sorted(zip(some_items.flatten().tolist(), some_mass.flatten().tolist(), classes.flatten(), strict=True))

    assert exposures(items, mass) == exposures(dealt, dealt_mass)
    for row in dealt.tolist():
        held = [i for i in row if i >= 0]
        assert len(held) == len(set(held))
    p = [torch.zeros(15, dtype=torch.float64).index_add_(0, i.clamp(min=0).flatten(), m.flatten())
         for i, m in ((items, mass), (dealt, dealt_mass))]  # fmt: skip
    torch.testing.assert_close(p[0], p[1], rtol=1e-14, atol=1e-16)
    kernel = EmbeddingKernel(np.random.default_rng(0).standard_normal((15, 4)))
    gammas = [float(-torch.special.xlogy(v, v).sum()) for v in map(kernel.spectrum, p)]
    assert gammas[0] == pytest.approx(gammas[1], abs=1e-12)


def test_redealing_never_adds_a_repeat():
    items = torch.tensor([[0, 0, 0], [0, 1, 2], [3, 3, 1], [4, 5, 6]])
    for seed in range(20):
        dealt, _ = redeal(items, torch.ones(4, 3), torch.zeros_like(items), np.random.default_rng(seed))
        repeats = [sum(3 - len(set(row)) for row in table.tolist()) for table in (items, dealt)]
        assert repeats[1] <= repeats[0]


def test_redealing_is_uniform_over_all_dealings():
    """Two lists of two from four different items: 6 ways, and each comes up a sixth of the time."""
    seen = {}
    rng = np.random.default_rng(0)
    for _ in range(600):
        dealt, _ = redeal(torch.tensor([[0, 1], [2, 3]]), torch.ones(2, 2), torch.zeros(2, 2, dtype=torch.int64), rng)
        key = tuple(sorted(dealt[0].tolist()))
        seen[key] = seen.get(key, 0) + 1
    assert sorted(seen) == list(itertools.combinations(range(4), 2))
    assert max(abs(n - 100) for n in seen.values()) < 4 * math.sqrt(100)  # 4 standard deviations


def test_redealing_reaches_every_list():
    """After all rounds an exposure is in any list with about the same chance."""
    users = 16
    items = torch.arange(users * 3).reshape(users, 3)
    where = np.zeros((users, users))
    for seed in range(300):
        dealt, _ = redeal(items, torch.ones(users, 3), torch.zeros_like(items), np.random.default_rng(seed))
        for u in range(users):
            np.add.at(where[u], (dealt[u] // 3).numpy(), 1)
    share = where / where.sum(1, keepdims=True)
    assert abs(share - 1 / users).max() < 5 * math.sqrt(1 / users / 900)  # 5 standard deviations


def test_the_null_measures_what_chance_does():
    """Lists dealt at random have no excess; lists of two worlds have."""
    rng = np.random.default_rng(1)
    kernel = EmbeddingKernel(rng.standard_normal((60, 6)) + 3 * np.eye(6)[np.arange(60) % 2])
    by_chance = np.stack([rng.choice(60, 6, replace=False) for _ in range(300)])
    served = np.stack([2 * rng.choice(30, 6, replace=False) + u % 2 for u in range(300)])
    chance, real = (partition(lists, kernel, null=20, rng=3) for lists in (by_chance, served))
    assert chance.chi_null.shape == (20,)
    assert chance.chi > 0.25  # finite lists differ although nobody is served personally
    assert abs(chance.chi_excess) < 5 * float(chance.chi_null.std())
    assert real.chi_excess > 30 * float(real.chi_null.std())
    assert real.beta_null == pytest.approx(math.exp(float(real.chi_null.mean())), rel=1e-3)


def test_a_feed_that_is_the_same_for_all_has_no_excess():
    same = partition([[0, 1, 2]] * 50, KERNEL, null=3)
    assert same.chi == pytest.approx(0, abs=1e-12)
    assert same.chi_excess == pytest.approx(0, abs=1e-12)


def test_the_null_is_reproducible_and_weights_are_dealt_with_their_items():
    items = ranked_lists(30, 4, 12, 7)
    for slots in (None, SLOTS, np.random.default_rng(0).random((30, 4))):
        args = {"slot_weights": slots, "user_weights": np.arange(1, 31), "null": 3}
        one, two = partition(items, KERNEL, rng=5, **args), partition(items, KERNEL, rng=5, **args)
        assert one.chi_null.tolist() == two.chi_null.tolist()
        assert one.chi_null.tolist() != partition(items, KERNEL, rng=6, **args).chi_null.tolist()
        generator = np.random.default_rng(5)
        assert partition(items, KERNEL, rng=generator, **args).chi_null.tolist() == one.chi_null.tolist()
        assert (one.chi_null >= -1e-12).all()


def test_without_a_null_the_excess_is_undefined():
    result = partition(LISTS, KERNEL)
    assert result.chi_null.shape == (0,)
    assert math.isnan(result.chi_excess)
    assert math.isnan(result.beta_null)


def test_null_works_by_label():
    recs = Recommendations(ranked_lists(40, 4, 12, 7), groups=[u % 2 for u in range(40)])
    result = partition(recs, KERNEL, by="groups", null=10)
    assert 0 <= float(result.chi_null.mean()) < 0.1  # few labels: least to correct
    assert result.chi == pytest.approx(float(result.chi_null.mean()), abs=0.05)


# --- nothing to measure, and errors


@pytest.mark.parametrize("lists", [[[-1, -2]], torch.empty(0, 3), torch.empty(3, 0)])
@pytest.mark.parametrize("q", [1, 2, math.inf])
def test_nothing_gives_nan(lists, q):
    for kernel in (KERNEL, IdentityKernel(N)):
        result = partition(lists, kernel, q=q, null=2)
        assert all(math.isnan(x) for x in (result.alpha, result.beta, result.gamma, result.chi, result.chi_excess))
        assert result.n_undefined == len(result.alpha_per_user) == len(lists)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"q": 0}, "q must be above 0 for a kernel of overlapping items"),
        ({"q": -2}, "q must be a number from 0 to infinity, got -2"),
        ({"slot_weights": [1.0, 2.0]}, r"slot_weights must have one weight a slot, shape \[4\] or \[5, 4\], got \[2\]"),
        ({"slot_weights": [-1.0] * 4}, "slot_weights must be finite and not negative, got -1.0"),
        ({"user_weights": [1.0]}, r"user_weights must have one weight a list \[5\], got \[1\]"),
        ({"user_weights": [0.0, 0, 1, 0, 0]}, "user_weights must be positive for some list that holds something"),
        ({"null": -1}, "null must be 0 or a number of draws, got -1"),
        ({"by": "session"}, "by must be 'users', 'groups', 'time' or one label a list, got 'session'"),
        ({"by": "groups"}, "by='groups' needs recommendations with groups, got none"),
        ({"by": [1, 2]}, r"by must have one label a list \(5\), none missing, got 2"),
        ({"by": [1, 2, None, 1, 1]}, r"by must have one label a list \(5\), none missing, got 4"),
    ],
)
def test_errors(options, message):
    with pytest.raises(ValueError, match=message):
        partition(Recommendations(LISTS), KERNEL, **options)


def test_wrong_shape_is_an_error():
    with pytest.raises(ValueError, match=r"recs must have shape \[U, K\], got \[3\]"):
        partition([0, 1, 2], KERNEL)


# --- the tests above can fail


@pytest.mark.parametrize(
    ("target", "mutant", "test"),
    [
        # alpha as the plain mean of effective numbers, not of moments
        (
            "recdiv._partition.mean_moment",
            lambda m, w, q: (w * m.exp()).sum().log(),
            lambda: test_partition_agrees_with_the_reference(1, "none", None),
        ),
        # a null that redraws items instead of dealing them
        (
            "test_diversity_partition.redeal",
            lambda items, mass, classes, rng: (items[torch.from_numpy(rng.integers(0, len(items), len(items)))], mass),
            lambda: test_redealing_keeps_exposures_lengths_and_gamma.hypothesis.inner_test(3, "none", False),
        ),
        # a null that shuffles nothing
        (
            "recdiv._partition.redeal",
            lambda items, mass, classes, rng: (items, mass),
            test_the_null_measures_what_chance_does,
        ),
        # float32 spectra
        (
            "torch.linalg.eigvalsh",
            lambda m, f=torch.linalg.eigvalsh: f(m.float()).double(),
            lambda: test_partition_agrees_with_the_reference(2, "none", None),
        ),
    ],
)
def test_a_mutant_is_caught(monkeypatch, target, mutant, test):
    monkeypatch.setattr(target, mutant)
    with pytest.raises(AssertionError):
        test()


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
@pytest.mark.parametrize("by", [None, "groups"])
def test_the_gpu_gives_the_same_partition(by):
    recs = Recommendations(ranked_lists(40, 4, 12, 7), groups=[u % 2 for u in range(40)])
    here = partition(recs, KERNEL, null=2, by=by)
    there = partition(recs.to("cuda"), KERNEL.to("cuda"), null=2, by=by)
    assert (there.alpha, there.gamma, there.chi_excess) == pytest.approx((here.alpha, here.gamma, here.chi_excess))
