"""Exact top-k in tiles, also where tiles are multiplied in bfloat16: nothing is decided by rounding."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import recdiv as rd
from recdiv.recommend import _tiles

SHAPES = {
    "users": st.integers(1, 6),
    "items": st.integers(1, 60),
    "k": st.integers(1, 9),
    "d": st.integers(1, 40),
    "tile": st.sampled_from([1, 7, 40, 1 << 20]),
    "seed": st.integers(0, 999),
}


def expected(left, right, k, banned):
    """Every score in float64, sorted with ties to the lower item."""
    scores = left.double() @ right.double().T
    lists = []
    for u in range(len(left)):
        allowed = [i for i in range(len(right)) if i not in banned[u]]
        best = sorted(allowed, key=lambda i: (-float(scores[u, i]), i))[:k]
        lists.append(best + [-1] * (k - len(best)))
    return lists


@pytest.mark.parametrize("half", [False, True])
@given(**SHAPES, crowded=st.booleans())
@settings(max_examples=120, deadline=None)
def test_tiles_give_the_exact_answer(half, users, items, k, d, tile, seed, crowded):
    generator = np.random.default_rng(seed)
    left = torch.from_numpy(generator.normal(size=(users, d)).astype(np.float32))
    right = torch.from_numpy(generator.normal(size=(items, d)).astype(np.float32))
    if crowded:  # items so near one another that bfloat16 cannot tell them apart, the best of them last
        right = right[:1] * (1 + 1e-4 * torch.arange(items)[:, None]).float()
    banned = [set(np.flatnonzero(generator.random(items) < 0.2).tolist()) for _ in range(users)]
    pairs = sorted((i, u) for u, each in enumerate(banned) for i in each)
    table = torch.tensor(pairs, dtype=torch.int64).reshape(-1, 2)
    before, _tiles.NUMBERS = _tiles.NUMBERS, tile * users
    try:
        scores, rows = _tiles.search(left, right, k, (table[:, 0].contiguous(), table[:, 1]), half=half)
    finally:
        _tiles.NUMBERS = before
    truth = left.double() @ right.double().T
    for u, best in enumerate(expected(left, right, k, banned)):
        assert (rows[u] >= 0).tolist() == [item >= 0 for item in best]
        got = [item for item in rows[u].tolist() if item >= 0]
        assert len(set(got)) == len(got)
        assert not set(got) & banned[u]
        # float32 sums differ in the last bits: what is returned may differ from the best by no more than that
        best = torch.tensor([item for item in best if item >= 0], dtype=torch.int64)
        room = 4e-6 * float(left[u].norm() * right.norm(dim=1).max())
        assert torch.allclose(truth[u, got], truth[u, best], rtol=0, atol=room)
        assert torch.allclose(scores[u, : len(got)].double(), truth[u, got], rtol=0, atol=room)


@given(**SHAPES)
@settings(max_examples=100, deadline=None)
def test_no_product_in_bfloat16_is_further_off_than_the_slack(users, items, k, d, tile, seed):
    generator = torch.Generator().manual_seed(seed)
    left, right = (torch.randn(n, d, generator=generator) * 10.0 ** (seed % 5 - 2) for n in (users, items))
    rough = (left.bfloat16() @ right.bfloat16().T).double()
    off = (rough - left.double() @ right.double().T).abs()
    assert bool((off <= _tiles.slack(left, right)).all())


def test_rounding_down_never_rounds_up():
    values = torch.cat([torch.linspace(-3, 3, 10_001), torch.tensor([0.0, -torch.inf, 1e-30, -1e-30])])
    assert bool((_tiles._below(values).float() <= values).all())


def test_bfloat16_alone_would_be_wrong_here():
    """The case that the slack is for: without it the best item is passed over."""
    left = torch.ones(1, 8)
    right = torch.ones(200, 8)
    right[150] += 1e-3  # the same in bfloat16
    assert torch.equal(right.bfloat16()[150], right.bfloat16()[0])
    before, _tiles.NUMBERS = _tiles.NUMBERS, 50
    try:
        _, rows = _tiles.search(left, right, 1, None, half=True)
    finally:
        _tiles.NUMBERS = before
    assert rows.tolist() == [[150]]


def test_ties_across_tiles_go_to_the_lower_item(monkeypatch):
    monkeypatch.setattr(_tiles, "NUMBERS", 30)
    right = torch.tensor([[1.0], [2.0]]).repeat(40, 1)
    for half in (False, True):
        scores, rows = _tiles.search(torch.ones(3, 1), right, 5, None, half=half)
        assert rows.tolist() == [[1, 3, 5, 7, 9]] * 3
        assert scores.tolist() == [[2.0] * 5] * 3


@pytest.mark.gpu
def test_on_a_gpu_the_answer_is_that_of_the_cpu():
    generator = torch.Generator().manual_seed(0)
    left, right = (torch.nn.functional.normalize(torch.randn(n, 64, generator=generator)) for n in (500, 20_000))
    banned = [torch.arange(u, u + 5) for u in range(500)]
    here = rd.topk(left, right, 50, exclude=banned)
    there = rd.topk(left.cuda(), right.cuda(), 50, exclude=banned)
    assert there[1].is_cuda
    torch.testing.assert_close(there[0].cpu(), here[0], rtol=0, atol=1e-5)  # another order of float32 sums
    assert float((there[1].cpu() == here[1]).double().mean()) > 0.999


def test_what_is_no_number_is_never_chosen():
    inf, nan = float("inf"), float("nan")
    scores, items = rd.recommend.topk([[inf, 0.0]], [[1.0, 1.0], [0.0, 1.0], [2.0, 1.0]], 3)  # ∞ × 0 is no number
    assert items.tolist() == [[0, 2, -1]]
    assert scores.tolist() == [[inf, inf, -inf]]
    assert _tiles.best(torch.tensor([[nan, 1.0, nan, 2.0], [3.0, 1.0, 1.0, 0.0]]), 3)[1].tolist() == [
        [3, 1, -1],
        [0, 1, 2],
    ]
