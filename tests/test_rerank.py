"""Re-rankers against slow references, one contract for all of them, and the bounds of greedy by brute force."""

import itertools
import math
import subprocess
import sys

import numpy as np
import pytest
import reference_rerank as slow
import torch

import recdiv as rd
from recdiv import reranking
from recdiv.reranking import _rerank, fast

U, N, K = 7, 18, 6
GENERATOR = np.random.default_rng(11)
VECTORS = GENERATOR.normal(size=(N, 8))
VECTORS[[3, 9, 14]] = VECTORS[1]  # copies
SCORES = GENERATOR.normal(size=(U, N)).round(1)  # with ties
SCORES[5] = 2.0  # flat
HISTORY = np.where(GENERATOR.random((U, 3)) < 0.3, -1, GENERATOR.integers(0, N, (U, 3)))
KERNELS = {
    "embedding": rd.EmbeddingKernel(VECTORS),
    "category": rd.CategoryKernel([["a", "b"], "a", "c", "b", "a|c", "d"] * 3),
    "identity": rd.IdentityKernel(N),
}
KERNEL = KERNELS["embedding"]
NAMES = reranking.names()
POPULARITY = GENERATOR.integers(0, 50, N)
LABELLED = [name for name in NAMES if "history|interests" in reranking.describe(name).needs]
TASTES = np.arange(1.0, 5.0) * np.arange(1, U + 1)[:, None] % 7 + 0.5  # one row a user, one column a label


def recs_of(method="mmr", scores=SCORES, kernel=KERNEL, k=K, **options):
    if "popularity" in reranking.describe(method.partition("@")[0]).needs:
        options.setdefault("popularity", POPULARITY)
    if method.partition("@")[0] in LABELLED:
        kernel = KERNELS["category"] if kernel is KERNEL else kernel
        options.setdefault("interests", None if "history" in options else TASTES[: len(scores)])
    return rd.rerank(scores, kernel, method=method, k=k, **options)


def lists(method="mmr", **options):
    return recs_of(method, **options).items.tolist()


@pytest.fixture(params=["compiled", "torch"])
def backend(request, monkeypatch):
    """Compiled code, and plain torch as where numba is not installed."""
    if request.param == "torch":
        monkeypatch.setattr(fast, "installed", lambda: False)
    return request.param


@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize("method", slow.METHODS)
@pytest.mark.parametrize("delta", [0.0, 0.3, 0.7, 1.0])
def test_each_equals_its_slow_reference_item_by_item(method, kernel, delta, backend):
    sim = KERNELS[kernel].gram(torch.arange(N)).tolist()
    for history in (None, HISTORY):
        known = [[] if history is None else [h for h in row if h >= 0] for row in HISTORY.tolist()]
        expected = [
            slow.METHODS[method](s, list(range(N)), K, delta, sim, h)
            for s, h in zip(SCORES.tolist(), known, strict=True)
        ]
        assert lists(method, kernel=KERNELS[kernel], diversity=delta, history=history) == expected


@pytest.mark.parametrize("method", ["dpp", "ssd"])
@pytest.mark.parametrize("window", [2, 3, 5])
@pytest.mark.parametrize("history", [None, HISTORY], ids=["", "history"])
def test_a_window(method, window, history, backend):
    sim, one = KERNEL.gram(torch.arange(N)).tolist(), getattr(slow, method)
    known = [[] if history is None else [h for h in row if h >= 0] for row in HISTORY.tolist()]
    given = list(zip(SCORES.tolist(), known, strict=True))
    expected = [one(s, list(range(N)), 12, 0.6, sim, h, window) for s, h in given]
    assert lists(f"{method}@window={window}", k=12, diversity=0.6, history=history) == expected
    assert expected != [one(s, list(range(N)), 12, 0.6, sim, h) for s, h in given]


@pytest.mark.parametrize("method", NAMES)
class TestEveryMethod:
    def test_no_diversity_is_topk(self, method):
        best = [sorted(range(N), key=lambda i: (-row[i], i))[:K] for row in SCORES.tolist()]
        assert lists(method, diversity=0) == lists(method, diversity=1e-13) == best

    def test_the_other_end_is_continuous_too(self, method):
        assert lists(method, diversity=1) == lists(method, diversity=1 - 1e-13)

    @pytest.mark.parametrize("delta", [0.0, 0.5, 1.0])
    def test_neither_factor_nor_shift_changes_anything(self, method, delta):
        plain = lists(method, diversity=delta)
        assert lists(method, scores=SCORES * 100, diversity=delta) == plain
        assert lists(method, scores=SCORES - 17, diversity=delta) == plain

    def test_no_item_twice_and_short_pools_leave_slots_empty(self, method):
        scores = np.where(np.arange(N) < np.arange(U)[:, None], SCORES, -math.inf)  # user u has u candidates
        recs = recs_of(method, scores=scores)
        for u, row in enumerate(recs.items.tolist()):
            filled = min(u, K)
            assert len(set(row[:filled])) == filled
            assert set(row[:filled]) <= set(range(u))
            assert row[filled:] == [-1] * (K - filled)
            assert recs.scores[u, filled:].tolist() == [-math.inf] * (K - filled)

    def test_users_do_not_affect_one_another(self, method, monkeypatch):
        together = lists(method, history=HISTORY)
        backwards = lists(method, scores=SCORES[::-1].copy(), history=HISTORY[::-1].copy())
        assert backwards[::-1] == together or method == "random"  # whose draws belong to the row
        monkeypatch.setattr(_rerank, "_NUMBERS", 1)
        assert lists(method, history=HISTORY) == together

    def test_a_longer_list_begins_with_the_shorter(self, method):
        longer, shorter = lists(method, k=9, diversity=0.6), lists(method, k=4, diversity=0.6)
        if reranking.describe(method).prefix:
            assert [row[:4] for row in longer] == shorter

    def test_candidates_by_row_are_the_same_as_all_others_at_minus_infinity(self, method):
        rows = np.array([GENERATOR.permutation(N)[:10] for _ in range(U)])
        rows[2, 4:] = -1
        beside = np.take_along_axis(SCORES, np.maximum(rows, 0), 1)
        masked = np.full((U, N), -math.inf)
        for u, row in enumerate(rows):
            masked[u, row[row >= 0]] = SCORES[u, row[row >= 0]]
        assert lists(method, scores=beside, candidates=rows) == lists(method, scores=masked)

    def test_the_best_few_are_the_candidates(self, method):
        best = [sorted(range(N), key=lambda i: (-row[i], i))[:8] for row in SCORES.tolist()]
        beside = np.take_along_axis(SCORES, np.array(best), 1)
        assert lists(method, candidates=8) == lists(method, scores=beside, candidates=best)

    def test_more_slots_than_items(self, method):
        assert all(sorted(row) == [-1] * 2 + list(range(N)) for row in lists(method, k=N + 2))

    def test_no_user_and_no_candidate(self, method):
        assert lists(method, scores=np.zeros((0, N))) == []
        assert lists(method, scores=np.zeros((2, 0)), candidates=np.zeros((2, 0), dtype=int), k=2) == [[-1, -1]] * 2


class TestWhatIsRefused:
    @pytest.mark.parametrize(
        ("options", "says"),
        [
            ({"scores": np.where(SCORES == SCORES[1, 2], np.nan, SCORES)}, "scores must be numbers or −inf, got nan"),
            ({"scores": np.where(SCORES == SCORES[1, 2], np.inf, SCORES)}, "scores must be numbers or −inf, got inf"),
            ({"scores": SCORES[:, :5]}, "scores must have one column an item"),
            ({"scores": SCORES[0]}, r"scores must have shape \[U, N\]"),
            ({"candidates": np.zeros((U, N), dtype=int)}, "candidates must not repeat, got item 0"),
            ({"candidates": np.full((U, N), N)}, r"candidates must be rows of the catalogue 0\.\.17"),
            ({"candidates": np.zeros((U, 2), dtype=int)}, "candidates must be shaped like scores"),
            ({"candidates": 0}, "candidates must be at least 1"),
            ({"history": [[0]]}, r"history must have one row a user"),
            ({"history": np.full((U, 1), N)}, "history must be rows of the catalogue"),
            ({"diversity": 1.1}, r"diversity must lie in \[0, 1\], got 1.1"),
            ({"diversity": math.nan}, r"diversity must lie in \[0, 1\], got nan"),
            ({"diversity": "high"}, r"diversity must lie in \[0, 1\], got 'high'"),
            ({"diversity": True}, r"diversity must lie in \[0, 1\], got True"),
            ({"k": 0}, "k must be at least 1 and whole, got 0"),
            ({"k": 2.5}, r"k must be at least 1 and whole, got 2\.5"),
            ({"k": "5"}, "k must be at least 1 and whole, got '5'"),
            ({"kernel": None}, "kernel must be given for method 'mmr'"),
            ({"method": "best"}, "method must be one of .*mmr.*got 'best'"),
            ({"method": "mmr@window=3"}, "options of mmr must be among: none"),
            ({"method": "dpp@window=1"}, "window of dpp must be 0"),
            ({"method": "dpp@window=x"}, "option window of dpp must be int"),
        ],
    )
    def test_in_a_sentence(self, options, says):
        with pytest.raises(ValueError, match=says):
            lists(**options)

    def test_a_missing_vector(self):
        with pytest.raises(ValueError, match="only zeros in row 4"):
            rd.EmbeddingKernel(np.where(np.arange(N)[:, None] == 4, 0.0, VECTORS))


def test_copies_are_left_alone_while_there_is_anything_else():
    four = rd.EmbeddingKernel([[1.0, 0.0], [1.0, 0.0], [0.0, 1.0], [0.0, 1.0]])
    for method in ("mmr", "msd", "dpp", "ssd", "facility_location"):
        assert lists(method, scores=[[4.0, 3.0, 2.0, 1.0]], kernel=four, k=2, diversity=0.9) == [[0, 2]]


def test_dpp_beyond_the_rank_goes_on_by_relevance():
    wide = rd.EmbeddingKernel(GENERATOR.normal(size=(N, 2)))
    row = lists("dpp", scores=[list(range(N, 0, -1))], kernel=wide, k=8, diversity=1)[0]
    assert row[2:] == [i for i in range(N) if i not in row[:2]][:6]


def test_what_is_known_counts_as_chosen():
    three = rd.EmbeddingKernel([[1.0, 0.0], [0.8, 0.6], [0.0, 1.0]])
    for method in ("mmr", "msd", "dpp", "ssd", "facility_location"):
        assert lists(method, scores=[[1.0, 1.0, 1.0]], kernel=three, k=1, history=[[0]]) == [[2]]


def test_facility_location_reaches_its_bound():
    for seed in range(10):
        sim = rd.EmbeddingKernel(np.random.default_rng(seed).normal(size=(9, 3)))
        near = sim.gram(torch.arange(9)).clamp(min=0)
        chosen = lists("facility_location", scores=np.zeros((1, 9)), kernel=sim, k=3, diversity=1)[0]
        best = max(float(near[list(some)].amax(0).mean()) for some in itertools.combinations(range(9), 3))
        assert (1 - 1 / math.e) * best <= float(near[chosen].amax(0).mean()) <= best + 1e-12


def test_msd_reaches_half_where_distance_is_a_metric():
    labels = rd.CategoryKernel([["a"], ["a"], ["b"], ["b"], ["c"], ["a"], ["a"], ["d"]])  # same or not: a metric
    distance = 1 - labels.gram(torch.arange(8))
    for k in (2, 3, 4, 5):
        chosen = lists("msd", scores=[list(range(8, 0, -1))], kernel=labels, k=k, diversity=1)[0]
        best = max(float(distance[list(some)][:, list(some)].sum()) for some in itertools.combinations(range(8), k))
        assert best / 2 <= float(distance[chosen][:, chosen].sum()) <= best


@pytest.mark.parametrize("delta", [0.0, 0.4, 1.0])
def test_popularity_equals_its_definition(delta):
    logs = [math.log(1 + x) for x in POPULARITY.tolist()]
    expected = []
    for row in SCORES.tolist():
        r, p = slow.relevance(row), slow.relevance(logs)
        worth = [(1 - delta) * a - delta * b for a, b in zip(r, p, strict=True)]
        expected.append(slow.build(row, list(range(N)), K, lambda chosen, c, worth=worth: worth[c]))
    assert lists("popularity", kernel=None, diversity=delta) == expected


def test_numbers_may_be_those_of_numpy():
    assert torch.equal(recs_of(candidates=np.int64(4)).items, recs_of(candidates=4).items)
    assert torch.equal(recs_of(k=np.int32(4), diversity=np.float32(0.5)).items, recs_of(k=4).items)


def test_popularity_must_be_given():
    with pytest.raises(ValueError, match="popularity must be given for method 'popularity'"):
        rd.rerank(SCORES, None, method="popularity")


def test_random_lists_are_even_over_items():
    counts = np.zeros(N)
    for seed in range(400):
        counts[lists(f"random@seed={seed}", scores=SCORES[:1], k=3, diversity=1)[0]] += 1
    spread = counts - 400 * 3 / N  # standard deviation of each: √(400 · 1/6 · 5/6) = 7.5
    assert np.abs(spread).max() < 4 * 7.5


def test_random_lists_differ_between_users_with_the_same_scores():
    rows = lists("random", scores=np.zeros((400, N)), k=3, diversity=1)
    counts = np.bincount(np.ravel(rows), minlength=N)
    assert np.abs(counts - 400 * 3 / N).max() < 4 * 7.5  # as above
    assert len({tuple(row) for row in rows}) > 350  # of 4,896 lists


@pytest.mark.parametrize("first", ["import recdiv.reranking", "from recdiv.reranking import mmr", "pass"])
def test_the_function_stays_callable_whatever_is_imported_first(first):
    code = (
        f"{first}\nimport recdiv as rd\nimport recdiv.reranking\nassert rd.rerank([[1.0]], None, method='topk').n_lists"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
