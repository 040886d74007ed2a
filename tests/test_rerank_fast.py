"""Compiled code against plain torch, item by item, on inputs that are hard to tell apart; and what surrounds it."""

import subprocess
import sys

import numpy as np
import pytest
import torch

import recdiv as rd
from recdiv.reranking import fast
from recdiv.reranking._pool import _downwards, _downwards_anywhere, ordered

METHODS = [
    "mmr",
    "msd",
    "dpp",
    "ssd",
    "facility_location",
    "dpp@window=2",
    "dpp@window=5",
    "ssd@window=2",
    "ssd@window=4",
]


def case(seed):
    """Copies, near-copies, few dimensions, ties, holes, histories: whatever may decide an item."""
    draw = np.random.default_rng(seed)
    n_items, d, n = 160, int(draw.choice([2, 7, 33, 384])), int(draw.choice([1, 6, 60, 150]))
    vectors = draw.normal(size=(n_items, d))
    vectors[draw.integers(0, n_items, 30)] = vectors[draw.integers(0, n_items, 30)]
    near = draw.integers(0, n_items, 20)
    vectors[near] = vectors[draw.integers(0, n_items, 20)] + 10.0 ** draw.uniform(-8, -1, (20, 1)) * draw.normal(
        size=(20, d)
    )
    items = np.stack([draw.permutation(n_items)[:n] for _ in range(6)])
    items[draw.random(items.shape) < 0.1] = -1
    scores = draw.random(items.shape).round(int(draw.choice([0, 1, 9])))
    history = None if draw.random() < 0.5 else draw.integers(-1, n_items, (6, int(draw.choice([1, 12, 40]))))
    return {
        "scores": scores, "kernel": rd.EmbeddingKernel(vectors), "candidates": items, "history": history,
        "k": int(draw.choice([1, 4, 25])), "diversity": float(draw.choice([0.0, 0.2, 0.5, 0.9, 1.0])),
    }  # fmt: skip


@pytest.mark.parametrize("method", METHODS)
def test_compiled_code_gives_the_lists_of_plain_torch(method, monkeypatch):
    cases = [case(seed) for seed in range(24)]
    compiled = [rd.rerank(**each, method=method).items.tolist() for each in cases]
    monkeypatch.setattr(fast, "installed", lambda: False)
    assert [rd.rerank(**each, method=method).items.tolist() for each in cases] == compiled


@pytest.mark.parametrize("delta", [0.3, 0.7, 1.0])
def test_dpp_is_greedy_on_the_determinant_itself(delta):
    draw = np.random.default_rng(2)
    kernel, scores = rd.EmbeddingKernel(draw.normal(size=(25, 12))), draw.random((5, 25))
    gram = kernel.gram(range(25)).numpy()
    for row, found in zip(scores, rd.rerank(scores, kernel, method="dpp", k=9, diversity=delta).items, strict=True):
        relevance, chosen = (row - row.min()) / np.ptp(row), []
        while len(chosen) < 9:
            left = [i for i in range(25) if i not in chosen]
            worth = {}
            for i in left:
                some = [*chosen, i]
                sign, volume = np.linalg.slogdet(gram[np.ix_(some, some)])
                assert sign > 0
                worth[i] = (1 - delta) * relevance[some].sum() + delta * volume
            best = max(worth.values())
            chosen.append(max((i for i in left if worth[i] > best - 1e-10), key=lambda i: row[i]))
        assert found.tolist() == chosen


def test_threads_change_nothing():
    draw = np.random.default_rng(5)
    kernel, scores = rd.EmbeddingKernel(draw.normal(size=(50, 8))), draw.random((400, 50))
    before = torch.get_num_threads()
    try:
        torch.set_num_threads(1)
        alone = rd.rerank(scores, kernel, k=8).items
        torch.set_num_threads(3)
        assert torch.equal(rd.rerank(scores, kernel, k=8).items, alone)
    finally:
        torch.set_num_threads(before)


def test_facility_location_in_blocks_is_the_same(monkeypatch):
    from recdiv.reranking.fast import _cover

    cases = [case(seed) for seed in range(12)]
    whole = [rd.rerank(**each, method="facility_location").items.tolist() for each in cases]
    monkeypatch.setattr(_cover, "NUMBERS", 50)
    assert [rd.rerank(**each, method="facility_location").items.tolist() for each in cases] == whole


def test_float32_products_stay_within_their_bound():
    from recdiv.reranking.fast._dots import products, rounding

    draw = np.random.default_rng(0)
    worst = 0.0
    for d in (1, 5, 64, 384, 1024):
        x = draw.normal(size=(40, d)) * 10.0 ** draw.uniform(-4, 0, (40, d))
        x /= np.linalg.norm(x, axis=1, keepdims=True)
        rough, sure = np.empty(40), np.empty(40)
        for r in range(40):
            products(x.astype(np.float32), r, x.astype(np.float32), 0, 40, rough)
            products(x, r, x, 0, 40, sure)
            worst = max(worst, np.abs(rough - sure).max() / rounding(d))
    assert 0.01 < worst < 1  # a bound, and not an idle one


def naive_order(scores, rows, most):
    pairs = sorted((-s, r) for s, r in zip(scores, rows, strict=True) if r >= 0 and s > -np.inf)
    return [r for _, r in pairs][:most]


@pytest.mark.parametrize("decimals", [0, 1, 9])
def test_candidates_come_by_score_and_ties_by_the_lower_row(decimals):
    draw = np.random.default_rng(decimals)
    for trial in range(60):
        n = int(draw.integers(1, 40))
        scores = draw.normal(size=(4, n)).round(decimals)
        scores[draw.random((4, n)) < 0.1] = -np.inf
        rows = np.stack([draw.permutation(99)[:n] for _ in range(4)]) if trial % 2 else np.tile(np.arange(n), (4, 1))
        rows[(draw.random((4, n)) < 0.1) & (trial % 2 == 1)] = -1
        most = None if trial % 2 else int(draw.integers(1, n + 4))
        items, kept = ordered(torch.from_numpy(scores), torch.from_numpy(rows) if trial % 2 else None, most)
        for u in range(4):
            expected = naive_order(scores[u], rows[u], most)
            assert items[u].tolist() == expected + [-1] * (items.shape[1] - len(expected))
            by_row = dict(zip(rows[u].tolist(), scores[u].tolist(), strict=True))
            assert kept[u, : len(expected)].tolist() == [by_row[r] for r in expected]


def test_the_order_is_the_same_on_any_device():
    draw = np.random.default_rng(0)
    scores = torch.from_numpy(draw.random((30, 50)).round(1))
    rows = torch.from_numpy(np.stack([draw.permutation(99)[:50] for _ in range(30)]))
    here, there = (rows.gather(1, each(scores, rows)) for each in (_downwards, _downwards_anywhere))
    assert torch.equal(here, there)


@pytest.mark.gpu
@pytest.mark.parametrize("method", METHODS)
def test_lists_on_a_gpu_are_those_of_a_cpu(method):
    for seed in range(12):
        here = case(seed)
        here["kernel"] = rd.EmbeddingKernel(here["kernel"].vectors)  # rounded twice, as the one that is moved
        there = {**here, "kernel": here["kernel"].to("cuda"), "scores": torch.from_numpy(here["scores"]).cuda()}
        assert rd.rerank(**there, method=method).items.tolist() == rd.rerank(**here, method=method).items.tolist()


def test_nothing_is_compiled_or_imported_before_it_is_needed():
    code = "import sys, recdiv.reranking; assert 'numba' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_numba_that_does_not_work_is_said_and_done_without(monkeypatch):
    def broken(name):
        raise ImportError("Numba needs another NumPy")

    monkeypatch.setattr(fast, "import_module", broken)
    fast.installed.cache_clear()
    try:
        with pytest.warns(UserWarning, match="numba cannot be used.*another NumPy"):
            found = rd.rerank([[9.0, 8.0, 7.0]], rd.EmbeddingKernel([[1.0, 0.0], [1.0, 0.0], [0.0, 1.0]]), k=2)
        assert found.items.tolist() == [[0, 2]]
    finally:
        fast.installed.cache_clear()


def test_without_numba_the_answer_is_the_same():
    code = (
        "import sys; sys.modules['numba'] = None\n"
        "import importlib.util as u; found = u.find_spec\n"
        "u.find_spec = lambda name, *a: None if name == 'numba' else found(name, *a)\n"
        "import recdiv as rd\n"
        "kernel = rd.EmbeddingKernel([[1.0, 0.0], [1.0, 0.0], [0.0, 1.0]])\n"
        "assert rd.rerank([[9.0, 8.0, 7.0]], kernel, k=2).items.tolist() == [[0, 2]]\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
