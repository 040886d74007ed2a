"""Re-rankers that serve interests, the tail and the effective number itself: references, bounds and promises."""

import itertools
import math
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import reference_rerank as slow
import torch

import recdiv as rd
from recdiv import reranking

ROOT = Path(__file__).parents[1]
U, N, K = 9, 20, 7
GENERATOR = np.random.default_rng(5)
LABELS = [("a", "b"), ("a",), ("c",), ("b",), ("a", "c", "d"), (), ("d",), ("a",), ("b", "e"), ("c",)] * 2
NAMES = ["a", "b", "c", "d", "e"]
CATEGORY = rd.CategoryKernel(LABELS)
VECTORS = GENERATOR.normal(size=(N, 6))
VECTORS[[4, 9, 12]] = VECTORS[2]  # copies
VECTORS[15] = -VECTORS[3]  # the same direction: one thing to a spectrum
TEXT = rd.EmbeddingKernel(VECTORS)
SCORES = GENERATOR.normal(size=(U, N)).round(1)  # with ties
SCORES[4] = 0.5  # flat
HISTORY = np.where(GENERATOR.random((U, 4)) < 0.3, -1, GENERATOR.integers(0, N, (U, 4)))
HISTORY[3] = [-1, 5, -1, 15]  # nothing with a label
POPULARITY = GENERATOR.integers(0, 40, N)
DELTAS = [0.0, 0.2, 0.5, 0.9, 1.0]


def lists(method, *, scores=SCORES, kernel=CATEGORY, k=K, **options):
    return rd.rerank(scores, kernel, method=method, k=k, **options).items.tolist()


def known(row):
    return [h for h in row if h >= 0]


@pytest.mark.parametrize("delta", DELTAS)
@pytest.mark.parametrize("method", slow.LABELLED)
class TestInterests:
    def test_item_by_item_from_the_history(self, method, delta):
        wanted = [slow.interests(LABELS, known(row), NAMES) for row in HISTORY.tolist()]
        assert wanted[3] == dict.fromkeys(NAMES, 0.2)
        expected = [
            slow.LABELLED[method](s, list(range(N)), K, delta, LABELS, w)
            for s, w in zip(SCORES.tolist(), wanted, strict=True)
        ]
        assert lists(method, history=HISTORY, diversity=delta) == expected

    def test_item_by_item_where_they_are_given(self, method, delta):
        given = GENERATOR.random((U, 5)).round(2) * (np.arange(5) != np.arange(U)[:, None] % 5)
        wanted = [dict(zip(NAMES, row / row.sum(), strict=True)) for row in given]
        expected = [
            slow.LABELLED[method](s, list(range(N)), K, delta, LABELS, w)
            for s, w in zip(SCORES.tolist(), wanted, strict=True)
        ]
        assert lists(method, interests=given, history=HISTORY, diversity=delta) == expected
        assert lists(method, interests=given * 100, diversity=delta) == expected

    def test_more_slots_than_items(self, method, delta):
        rows = lists(method, history=HISTORY, diversity=delta, k=N + 2)
        assert all(sorted(row) == [-1, -1, *range(N)] for row in rows)


@pytest.mark.parametrize("focus", [0.0, 0.3, 1.0])
def test_pm2_with_another_focus(focus):
    wanted = [slow.interests(LABELS, known(row), NAMES) for row in HISTORY.tolist()]
    expected = [
        slow.pm2(s, list(range(N)), 12, 0.7, LABELS, w, focus) for s, w in zip(SCORES.tolist(), wanted, strict=True)
    ]
    assert lists(f"pm2@focus={focus}", history=HISTORY, diversity=0.7, k=12) == expected


def test_pm2_shares_slots_out_as_sainte_lague_shares_seats():
    labels = rd.CategoryKernel(["a"] * 10 + ["b"] * 10 + ["c"] * 10)
    rows = lists("pm2", scores=np.zeros((1, 30)), kernel=labels, k=10, diversity=1, interests=[[53, 24, 23]])
    seats = np.bincount(np.array(rows[0]) // 10)
    assert seats.tolist() == [6, 2, 2]  # quotients 53, 24, 23, 17.67, 10.6, 8, 7.67, 7.57, 5.89, 4.82
    beyond = lists("pm2", scores=np.zeros((1, 12)), kernel=labels, k=12, diversity=1, interests=[[1, 1, 8]],
                   candidates=[[*range(5), *range(10, 15), 20, 21]])  # fmt: skip
    assert np.bincount(np.array(beyond[0]) // 10).tolist() == [5, 5, 2]  # c has two, and holds up nobody


def test_calibrated_keeps_proportions_and_lowers_the_metric():
    catalog = rd.Catalog(pd.DataFrame({"item_id": range(N), "category": ["|".join(x) or None for x in LABELS]}))
    rows = [(u, h) for u, row in enumerate(HISTORY.tolist()) for h in row if h >= 0 and LABELS[h]]
    train = rd.Interactions(pd.DataFrame(rows, columns=["user_id", "item_id"]), catalog)
    values = [
        rd.metrics.compute(
            "calibration_kl",
            rd.rerank(SCORES, CATEGORY, method="calibrated", k=K, diversity=d, history=HISTORY),
            catalog=catalog,
            train=train,
        ).value
        for d in (0.0, 0.5, 1.0)
    ]
    assert values[0] > values[1] > values[2]
    ten = rd.CategoryKernel(["a"] * 10 + ["b"] * 10)
    row = lists("calibrated", scores=np.zeros((1, 20)), kernel=ten, k=10, diversity=1, interests=[[7, 3]])[0]
    assert sum(item < 10 for item in row) == 7


def objective(method, delta, relevance, wanted, k):
    """What xquad and calibrated maximise, of a set of items; non-negative and 0 for none."""

    def value(chosen):
        meets = [slow.spread([LABELS[i]]) for i in chosen]
        if method == "xquad":
            served = sum(p * (1 - math.prod(1 - m.get(f, 0) for m in meets)) for f, p in wanted.items())
            return (1 - delta) * sum(relevance[i] for i in chosen) + delta * served
        mixed = {f: 0.99 * sum(m.get(f, 0) for m in meets) / k + 0.01 * p for f, p in wanted.items()}
        lost = sum(p * math.log(p / mixed[f]) for f, p in wanted.items() if p)
        return (1 - delta) / k * sum(relevance[i] for i in chosen) + delta * (1 - lost / math.log(100))

    return value


@pytest.mark.parametrize("delta", [0.3, 0.8, 1.0])
@pytest.mark.parametrize("method", ["xquad", "calibrated"])
def test_greedy_reaches_its_bound(method, delta):
    k = 3
    for s, row in zip(SCORES.tolist(), HISTORY.tolist(), strict=True):
        wanted = slow.interests(LABELS, known(row), NAMES)
        value = objective(method, delta, slow.relevance(s), wanted, k)
        best = max(value(some) for some in itertools.combinations(range(N), k))
        found = value(lists(method, scores=[s], k=k, diversity=delta, interests=[[wanted.get(f, 0) for f in NAMES]])[0])
        assert value(()) == pytest.approx(0, abs=1e-12)
        assert (1 - 1 / math.e) * best <= found <= best + 1e-12


def test_what_greedy_rests_on_is_submodular_and_monotone():
    generator = np.random.default_rng(2)
    for method in ("xquad", "calibrated"):
        wanted = slow.interests(LABELS, [0, 1, 2, 8], NAMES)
        value = objective(method, 0.7, slow.relevance(SCORES[0].tolist()), wanted, 6)
        for _ in range(200):
            items = generator.permutation(N)[:6].tolist()
            small, large, new = items[:2], items[:5], items[5]
            gains = value([*small, new]) - value(small), value([*large, new]) - value(large)
            assert gains[0] >= gains[1] - 1e-12 >= -2e-12


class TestEntropy:
    @pytest.mark.parametrize("q", [0.5, 1.0, 2.0, 3.0, math.inf])
    @pytest.mark.parametrize("kernel", [TEXT, CATEGORY])
    def test_other_orders_item_by_item(self, kernel, q):
        sim = kernel.gram(torch.arange(N)).tolist()
        for delta in (0.4, 1.0):
            expected = [slow.entropy(s, list(range(N)), 12, delta, sim, [], q) for s in SCORES.tolist()]
            assert lists(f"entropy@q={q}", kernel=kernel, k=12, diversity=delta) == expected

    def test_bounds_leave_out_most_spectra_and_never_the_best(self, monkeypatch):
        from recdiv.reranking import entropy as module

        many = rd.EmbeddingKernel(GENERATOR.normal(size=(300, 24)))
        scores = GENERATOR.normal(size=(4, 300))
        pruned = lists("entropy", scores=scores, kernel=many, k=10, diversity=0.7)
        spectra = []
        counted = module._Variety._exact
        monkeypatch.setattr(
            module._Variety, "_exact", lambda self, u, p: (spectra.append(p.numel()), counted(self, u, p))[1]
        )
        lists("entropy", scores=scores, kernel=many, k=10, diversity=0.7)
        assert sum(spectra) < 0.25 * 9 * 4 * 300
        monkeypatch.setattr(module, "_FIRST", 300)
        assert lists("entropy", scores=scores, kernel=many, k=10, diversity=0.7) == pruned

    def test_a_pool_of_copies_and_of_opposites(self):
        same = rd.EmbeddingKernel([[1.0, 0.0]] * 3 + [[-1.0, 0.0]] * 2 + [[0.0, 1.0]])
        assert lists("entropy", scores=[[6, 5, 4, 3, 2, 1]], kernel=same, k=3, diversity=0.99) == [[0, 5, 1]]

    def test_it_comes_near_the_most_different_list_of_small_pools(self):
        """No bound is promised: of the best by brute force it lacks 16 % at worst, 6 % on average; chance, 25 %."""
        ratios, chance = [], []
        for seed in range(40):
            kernel = rd.EmbeddingKernel(np.random.default_rng(seed).normal(size=(9, 4)))
            numbers = rd.effective_number(torch.tensor(list(itertools.combinations(range(9), 4))), kernel)
            row = lists("entropy", scores=np.zeros((1, 9)), kernel=kernel, k=4, diversity=1)
            ratios.append(float(rd.effective_number(row, kernel) / numbers.max()))
            chance.append(float(numbers.mean() / numbers.max()))
        assert 0.82 < min(ratios) <= max(ratios) <= 1 + 1e-9
        assert np.mean(ratios) > 0.93
        assert np.mean(chance) < 0.8

    def test_orders_without_meaning(self):
        with pytest.raises(ValueError, match="q must be above 0 for a kernel of overlapping items"):
            lists("entropy@q=0", kernel=TEXT)
        with pytest.raises(ValueError, match="q must be a number from 0"):
            lists("entropy@q=-1", kernel=TEXT)
        assert lists("entropy@q=0", kernel=rd.IdentityKernel(N)) == lists("topk")

    def test_an_item_adds_one_thing_at_most(self):
        """What makes its scale that of relevance."""
        for seed in range(50):
            generator = np.random.default_rng(seed)
            kernel = rd.EmbeddingKernel(generator.normal(size=(8, generator.integers(2, 9))))
            for q in (0.5, 1.0, 2.0, math.inf):
                grown = [float(rd.effective_number(torch.arange(m), kernel, q=q)) for m in range(1, 9)]
                assert np.diff(grown).max() <= 1 + 1e-9


class TestTailQuota:
    @pytest.mark.parametrize("share", [0.1, 0.2, 0.6])
    @pytest.mark.parametrize("delta", [*DELTAS, 0.35])
    def test_item_by_item(self, delta, share):
        expected = [slow.tail_quota(s, list(range(N)), 9, delta, POPULARITY.tolist(), share) for s in SCORES.tolist()]
        assert lists(f"tail_quota@share={share}", kernel=None, k=9, diversity=delta, popularity=POPULARITY) == expected

    def test_no_list_that_keeps_the_quota_is_more_relevant(self):
        tail = set(np.flatnonzero(POPULARITY < np.median(POPULARITY)).tolist())
        popularity = np.where([i in tail for i in range(N)], 1, 100)
        for delta, k in itertools.product((0.2, 0.5, 0.8), (2, 4)):
            for s, row in zip(SCORES.tolist(), lists("tail_quota", kernel=None, k=k, diversity=delta,
                                                     popularity=popularity), strict=True):  # fmt: skip
                quota = math.floor(delta * k + 0.5)
                kept = [some for some in itertools.combinations(range(N), k) if len(tail.intersection(some)) >= quota]
                assert sum(s[i] for i in row) == pytest.approx(max(sum(s[i] for i in some) for some in kept))
                assert len(tail.intersection(row)) >= quota

    def test_nothing_popular_and_no_tail(self):
        plain = lists("topk")
        assert lists("tail_quota", kernel=None, diversity=1, popularity=np.zeros(N)) == plain  # all are tail
        assert lists("tail_quota", kernel=None, diversity=1, popularity=np.ones(N)) == plain  # none is


class TestLabels:
    def test_matrix_is_that_of_the_catalogue(self):
        frame = pd.DataFrame({"item_id": range(N), "category": [list(each) for each in LABELS]})
        matrix, names = rd.Catalog(frame).category_matrix()
        for missing in ("own", "same"):
            kernel = rd.CategoryKernel(LABELS, missing=missing)
            assert kernel.label_names == names == NAMES
            assert torch.equal(kernel.labels, matrix)
        assert torch.equal(CATEGORY.to("cpu").labels, matrix)

    @pytest.mark.parametrize(
        ("options", "says"),
        [
            ({"history": None}, "history or interests must be given for method 'xquad', got None"),
            ({"kernel": TEXT}, r"kernel must know labels of the items \(a CategoryKernel\) for xquad, got Embedding"),
            ({"kernel": rd.CategoryKernel([None] * N)}, "kernel must hold a label at least for xquad, got none on 20"),
            ({"interests": np.ones((U, 4))}, r"one column a label \[9, 5\], got \[9, 4\]"),
            ({"interests": np.eye(U, 5)}, "interests must not be all zero for a user, got zeros for user 5"),
            ({"interests": -np.ones((U, 5))}, "interests must be finite and not negative, got -1"),
        ],
    )
    def test_what_is_refused_in_a_sentence(self, options, says):
        with pytest.raises(ValueError, match=says):
            lists("xquad", **{"history": HISTORY, **options})

    @pytest.mark.parametrize("method", ["pm2@focus=2", "calibrated@alpha=0", "calibrated@alpha=1"])
    def test_options_out_of_range(self, method):
        with pytest.raises(ValueError, match=r"option (focus|alpha) of"):
            lists(method, history=HISTORY)
        with pytest.raises(ValueError, match="option share of tail_quota must lie between 0 and 1, got 1"):
            lists("tail_quota@share=1", popularity=POPULARITY)


@pytest.mark.gpu
@pytest.mark.parametrize("method", ["entropy", *slow.LABELLED, "tail_quota"])
def test_the_same_lists_on_a_gpu(method):
    kernel = TEXT if method == "entropy" else CATEGORY
    options = {"popularity": POPULARITY} if method == "tail_quota" else {"history": HISTORY}
    found = rd.rerank(torch.tensor(SCORES).cuda(), kernel.to("cuda"), method=method, k=K, **options)
    assert found.items.is_cuda
    assert found.items.tolist() == rd.rerank(SCORES, kernel, method=method, k=K, **options).items.tolist()


@pytest.mark.parametrize("name", reranking.names())
def test_what_the_page_of_re_rankers_says_is_there(name):
    method = reranking.describe(name)
    keys = set(re.findall(r"^@\w+{([^,]+),", (ROOT / "book/references.bib").read_text(), flags=re.MULTILINE))
    assert method.citation in {"", *keys}
    assert method.maps
    assert "δ" in method.formula or name == "topk"
    assert method.summary.endswith(".")
    assert f".. autofunction:: recdiv.reranking.{name}.{name}" in (ROOT / "book/api.md").read_text()


def test_they_are_registered():
    assert {"entropy", "xquad", "pm2", "calibrated", "tail_quota"} <= set(reranking.names())
