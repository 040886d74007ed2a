"""What the family does not do: the counter-examples the book owns up to, each with numbers one can follow."""

import itertools
import math

import numpy as np
import pytest
import torch

from recdiv.diversity import conditional_effective_number, effective_number, leinster_cobbold, partition
from recdiv.kernels import EmbeddingKernel, IdentityKernel


def from_gram(matrix):
    """A kernel whose Gram matrix is this one."""
    values, vectors = np.linalg.eigh(np.array(matrix, dtype=float))
    assert values.min() > -1e-9, "not a kernel"
    return EmbeddingKernel(vectors * np.sqrt(values.clip(0)))


def test_opposites_are_one_thing():
    """The spectrum sees the square of the cosine: phi and -phi are the same."""
    kernel = EmbeddingKernel([[0.6, 0.8], [-0.6, -0.8]])
    assert float(effective_number([0, 1], kernel)) == pytest.approx(1, abs=1e-12)
    assert float(leinster_cobbold([0, 1], kernel)) == pytest.approx(2, abs=1e-12)  # Z = max(0, K) takes them apart


@pytest.mark.parametrize("q", [0.5, 1, 2, math.inf])
def test_no_more_things_than_dimensions(q):
    kernel = EmbeddingKernel(np.random.default_rng(0).standard_normal((500, 3)))
    assert float(effective_number(torch.arange(500), kernel, q=q)) <= 3
    assert partition(torch.arange(500).reshape(100, 5), kernel, q=q).gamma <= 3


def test_order_1_is_not_monotone_in_every_similarity():
    """Make two items unrelated (0.4 -> 0), leave the rest: D_1 falls, because the three now lie in one plane."""
    before = from_gram([[1, 0.4, 0.8], [0.4, 1, 0.6], [0.8, 0.6, 1]])
    after = from_gram([[1, 0.0, 0.8], [0.0, 1, 0.6], [0.8, 0.6, 1]])
    ones = [float(effective_number([0, 1, 2], kernel)) for kernel in (before, after)]
    twos = [float(effective_number([0, 1, 2], kernel, q=2)) for kernel in (before, after)]
    assert ones == pytest.approx([2.0304, 1.8899], abs=1e-4)
    assert twos[1] > twos[0]  # order 2 is: it falls with the sum of squares


def test_a_copy_can_raise_the_number():
    """Uniqueness fails: at 0, 30 and 150 degrees, replacing the first by a copy of the last raises D_1."""
    angles = np.radians([0, 30, 150])
    kernel = EmbeddingKernel(np.stack([np.cos(angles), np.sin(angles)], axis=1))
    different, copied = (float(effective_number(items, kernel)) for items in ([0, 1, 2], [2, 1, 2]))
    assert (different, copied) == pytest.approx((1.5692, 1.6748), abs=1e-4)
    different, copied = (float(effective_number(items, kernel, q=2)) for items in ([0, 1, 2], [2, 1, 2]))
    assert copied > different


def leinster_cobbold_information(shares, kernel):
    """Ln gamma - mean ln alpha of the other family at q = 1, for shares [U, I] of every item in each list."""
    every = torch.arange(len(shares[0]))
    gamma, *alphas = (leinster_cobbold(every, kernel, weights=p).log() for p in (np.mean(shares, axis=0), *shares))
    return float(gamma - sum(alphas) / len(alphas))


def test_leinster_cobbold_information_can_be_negative_and_chi_cannot():
    """One list holds an item between two others, the second list holds those two."""
    kernel = from_gram([[1, 0.7, 0.7], [0.7, 1, 0], [0.7, 0, 1]])
    assert leinster_cobbold_information([[1, 0, 0], [0, 0.5, 0.5]], kernel) == pytest.approx(-0.0099, abs=1e-4)
    assert partition([[0, -1], [1, 2]], kernel).chi > 0.1


def test_chi_is_never_negative_where_leinster_cobbold_sometimes_is():
    """Two lists with random shares of five random items in three dimensions, many times."""
    rng = np.random.default_rng(0)
    theirs, ours = [], []
    for _ in range(500):
        kernel = EmbeddingKernel(rng.standard_normal((5, 3)))
        shares = rng.dirichlet([0.5] * 5, size=2)
        theirs.append(leinster_cobbold_information(shares, kernel))
        ours.append(partition([range(5)] * 2, kernel, slot_weights=shares).chi)
    assert min(theirs) < -1e-4
    assert min(ours) > -1e-12


def test_numbers_depend_on_list_length():
    """Longer lists of the same stuff hold more: compare lists of one length, or stand them beside random ones."""
    kernel = EmbeddingKernel(np.random.default_rng(0).standard_normal((200, 16)))
    items = torch.stack([torch.randperm(200, generator=torch.Generator().manual_seed(s)) for s in range(50)])
    means = [float(effective_number(items[:, :k], kernel).mean()) for k in (5, 10, 20, 40)]
    assert all(b > a + 0.5 for a, b in itertools.pairwise(means))


def test_at_order_2_two_unequal_lists_can_be_more_than_two():
    """Beta is at most the number of lists at order 1 for any weights, at order 2 only for equal ones."""
    lists = [list(range(10)), [10] + [-1] * 9]
    by_weight = {weight: [weight, 1 - weight] for weight in (0.5, 0.9)}
    betas = {
        (weight, q): partition(lists, IdentityKernel(11), q=q, user_weights=both).beta
        for weight, both in by_weight.items()
        for q in (1, 2)
    }
    assert betas[0.9, 2] == pytest.approx((0.9 / 10 + 0.1) / (0.9**2 / 10 + 0.1**2))
    assert betas[0.9, 2] > 2.05
    assert max(betas[0.9, 1], betas[0.5, 1], betas[0.5, 2]) <= 2 + 1e-12


def test_alpha_at_infinity_is_a_definition_and_not_the_limit():
    """The limit looks at the narrowest list alone: four items and one item give 1, not 1 / mean(1/4, 1)."""
    lists = [[0, 1, 2, 3], [0, -1, -1, -1]]
    assert partition(lists, IdentityKernel(4), q=math.inf).alpha == pytest.approx(1.6)
    assert partition(lists, IdentityKernel(4), q=1e6).alpha == pytest.approx(1, abs=1e-4)


def test_knowing_something_can_make_a_list_more_varied():
    """Two items that share only what is known: cosine 1/2 before, none after."""
    half = math.sqrt(0.5)
    kernel = EmbeddingKernel([[1, 0, 0], [half, half, 0], [half, 0, half]])
    both = conditional_effective_number([1, 2], [0], kernel, ridge=1e-9)
    assert float(both.unconditioned) == pytest.approx(math.exp(-0.75 * math.log(0.75) - 0.25 * math.log(0.25)))
    assert float(both.value) == pytest.approx(2, abs=1e-6)


def test_another_item_can_lower_the_number():
    """Weights sum to 1: a second copy of one item takes weight from the other."""
    assert float(effective_number([0, 1], IdentityKernel(2))) == pytest.approx(2)
    assert float(effective_number([0, 1, 0], IdentityKernel(2))) == pytest.approx(3 / 2 ** (2 / 3))
