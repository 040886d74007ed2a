"""Diversity given what is known."""

import math

import numpy as np
import pytest
import references as ref
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import recdiv._conditional as module
from recdiv.diversity import conditional_effective_number, effective_number
from recdiv.kernels import CategoryKernel, EmbeddingKernel, IdentityKernel
from recdiv.tables import Recommendations

N, D = 14, 6
KERNEL = EmbeddingKernel(np.random.default_rng(0).standard_normal((N, D)))
ROWS = KERNEL.vectors.tolist()
ORDERS = [0.5, 1, 2, math.inf]
LISTS = torch.tensor([[0, 1, 2, 3], [4, 5, 5, -1], [-1, -2, -1, -1], [6, 7, 0, 1]])
KNOWN = torch.tensor([[8, 9, -1], [4, -1, -2], [1, 2, 3], [6, 7, 7]])


@pytest.mark.parametrize("q", ORDERS)
@pytest.mark.parametrize("ridge", [1e-3, 0.3])
def test_agrees_with_the_reference(q, ridge):
    result = conditional_effective_number(LISTS, KNOWN, KERNEL, q=q, ridge=ridge)
    for u in (0, 1, 3):
        items, known = ([ROWS[i] for i in row.tolist() if i >= 0] for row in (LISTS[u], KNOWN[u]))
        value, residual = ref.conditional(items, known, q, ridge)
        assert float(result.value[u]) == pytest.approx(value, rel=1e-6 if q < 1 else 1e-10)
        assert float(result.residual[u]) == pytest.approx(residual, rel=1e-10)
    torch.testing.assert_close(
        result.unconditioned, effective_number(LISTS, KERNEL, q=q), equal_nan=True, rtol=1e-12, atol=0
    )
    for column in (result.value, result.residual):
        assert column.isnan().tolist() == [False, False, True, False]


@settings(max_examples=50, deadline=None)
@given(
    st.lists(st.integers(0, N - 1), min_size=1, max_size=6),
    st.lists(st.integers(0, N - 1), max_size=8),
    st.sampled_from([1e-6, 1e-3, 1.0]),
)
def test_the_conditioned_kernel_is_psd_with_unit_diagonal(items, known, ridge):
    both = torch.tensor(items + known)
    left = module.given_context(KERNEL.gram(both), len(items), ridge)
    tilde = module._unit_diagonal(left)
    torch.testing.assert_close(tilde.diagonal(), torch.ones(len(items), dtype=torch.float64), rtol=0, atol=1e-12)
    # K_CC + ridge is inverted, so rounding grows by its condition, at most n / ridge
    assert float(torch.linalg.eigvalsh(tilde)[0]) > -1e-14 * len(both) ** 2 / ridge - 1e-12
    result = conditional_effective_number(items, known or [-1], KERNEL, ridge=ridge)
    assert 1 - 1e-9 <= float(result.value) <= len(items) + 1e-9
    assert -1e-12 <= float(result.residual) <= 1 + 1e-12


@pytest.mark.parametrize("q", ORDERS)
def test_a_context_that_is_empty_or_unrelated_changes_nothing(q):
    apart = EmbeddingKernel(torch.cat([torch.randn(5, 6, generator=torch.Generator().manual_seed(0)), torch.eye(6)])
                            * torch.tensor([[1.0, 1, 1, 0, 0, 0]] * 5 + [[1.0] * 6] * 6))  # fmt: skip
    items = torch.arange(5)
    for context in ([8, 9, 10], [-1, -1], torch.empty(0)):
        result = conditional_effective_number(items, context, apart, q=q)
        torch.testing.assert_close(result.value, result.unconditioned, rtol=1e-12, atol=0)
        assert float(result.residual) == pytest.approx(1, abs=1e-12)


@pytest.mark.parametrize("q", [1, 2, math.inf])
def test_all_that_is_known_counts_once(q):
    """Five different items, all of them seen: one thing. Four known and one new: two things of unequal weight."""
    kernel = EmbeddingKernel(torch.eye(8))
    seen = conditional_effective_number([0, 1, 2, 3, 4], [0, 1, 2, 3, 4, 5], kernel, q=q, ridge=1e-9)
    assert float(seen.unconditioned) == pytest.approx(5)
    assert float(seen.value) == pytest.approx(1, abs=1e-6)  # s = 0.1 lets ridge / 0.1 through
    assert float(seen.residual) == pytest.approx(0, abs=1e-8)
    partly = conditional_effective_number([0, 1, 2, 3, 6], [0, 1, 2, 3], kernel, q=q, ridge=1e-9)
    assert float(partly.value) == pytest.approx(ref.effective([0.8, 0.2], q), abs=1e-6)
    assert float(partly.residual) == pytest.approx(0.2, abs=1e-8)


def test_near_copies_of_what_was_seen_are_not_rewarded():
    """Plain rescaling to unit diagonal blows up what little differs; this kernel does not."""
    rng = np.random.default_rng(0)
    seen = np.linalg.qr(rng.standard_normal((40, 40)))[0][:4]
    copies = seen + 0.05 * rng.standard_normal((4, 40)) / math.sqrt(40)
    kernel = EmbeddingKernel(np.concatenate([seen, copies]))
    ours = conditional_effective_number([4, 5, 6, 7], [0, 1, 2, 3], kernel)
    left = module.given_context(kernel.gram(torch.tensor([4, 5, 6, 7, 0, 1, 2, 3])), 4, 1e-3)
    size = left.diagonal().sqrt()
    plain = ref.effective(torch.linalg.eigvalsh(left / (size[:, None] * size) / 4).tolist(), 1)
    assert plain > 3.5
    assert float(ours.value) < 1.3
    assert float(ours.residual) < 0.01


def test_shapes_chunks_and_forms_of_input(monkeypatch):
    items = torch.randint(-1, N, (2, 9, 5), generator=torch.Generator().manual_seed(0))
    known = torch.randint(-2, N, (2, 9, 3), generator=torch.Generator().manual_seed(1))
    whole = conditional_effective_number(items, known, KERNEL)
    assert whole.value.shape == whole.residual.shape == whole.unconditioned.shape == (2, 9)
    monkeypatch.setattr("recdiv._spectra._NUMBERS", 1)
    for same in (
        conditional_effective_number(items, known, KERNEL),
        conditional_effective_number(items.numpy(), known.tolist(), KERNEL),
    ):
        torch.testing.assert_close(same.value, whole.value, equal_nan=True, rtol=1e-12, atol=0)
    shared = conditional_effective_number(Recommendations(LISTS), [8, 9], KERNEL)
    alone = conditional_effective_number(LISTS[3], [8, 9, -1], KERNEL)
    assert float(shared.value[3]) == pytest.approx(float(alone.value), rel=1e-12)
    assert conditional_effective_number(torch.empty(0, 3), torch.empty(0, 2), KERNEL).value.shape == (0,)
    assert conditional_effective_number(torch.empty(2, 0), [1], KERNEL).value.isnan().all()


@pytest.mark.parametrize("kernel", [IdentityKernel(N), CategoryKernel(["a|b", "b"] * 7)])
def test_other_kernels(kernel):
    result = conditional_effective_number([0, 1, 2], [0], kernel)
    assert 1 <= float(result.value) <= 3


@pytest.mark.parametrize(
    ("args", "options", "message"),
    [
        (([0], [1]), {"ridge": 0.0}, "ridge must be a positive number, got 0.0"),
        (([0], [1]), {"ridge": math.nan}, "ridge must be a positive number, got nan"),
        (([0], [1]), {"q": 0}, "q must be above 0"),
        (([0], [1]), {"q": -1}, "q must be a number from 0 to infinity, got -1"),
        (
            ([[0], [1]], [[1]]),
            {},
            r"context must be \[C\] or shaped like items up to the last axis \[2, 1\], got \[1, 1\]",
        ),
        (([0], [N]), {}, f"items must be rows of the catalogue.*got {N}"),
        (([0], 3), {}, r"context must be \[C\] or shaped like items"),
    ],
)
def test_errors(args, options, message):
    with pytest.raises(ValueError, match=message):
        conditional_effective_number(*args, KERNEL, **options)


def test_q_0_is_refused_even_for_identities():
    with pytest.raises(ValueError, match="q must be above 0 given a context"):
        conditional_effective_number([0], [1], IdentityKernel(2), q=0)


def test_a_mutant_is_caught(monkeypatch):
    """Without the shared term t t^T the kernel is plain rescaling of what is above the floor."""
    monkeypatch.setattr(module, "_unit_diagonal", lambda left: left / left.diagonal(dim1=-2, dim2=-1).sqrt()[..., None])
    with pytest.raises(AssertionError):
        test_all_that_is_known_counts_once(1)
