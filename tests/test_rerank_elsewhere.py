"""Lists of other libraries: pyversity's, recorded by ``python -m benchmarks.rerank``; RankSys's, by its definition."""

import json
import math
from pathlib import Path

import numpy as np
import pytest
import reference_rerank as slow

import recdiv as rd
from benchmarks.rerank.ours import same_trade

RECORDED = json.loads((Path(__file__).parents[1] / "results" / "benchmark_rerank.json").read_text())
SMALL = RECORDED["small"]


def theirs(case):
    for key, lists in SMALL[case]["lists"].items():
        method, diversity = key.split()
        yield method, float(diversity), lists


def ours(case, method, diversity, trade=None):
    kernel, k = rd.EmbeddingKernel(SMALL[case]["vectors"]), SMALL[case]["k"]
    found = []
    for scores in SMALL[case]["scores"]:
        delta = same_trade(method, np.array(scores), k, diversity) if trade is None else trade
        found += rd.rerank([scores], kernel, method=method, k=k, diversity=delta).items.tolist()
    return found


@pytest.mark.parametrize(("method", "diversity", "lists"), list(theirs("plain")))
def test_pyversity_prints_our_lists_under_its_own_trade_off(method, diversity, lists):
    assert ours("plain", method, diversity) == lists


def test_pyversity_mmr_cuts_negative_cosines_off_and_ours_does_not():
    (method, diversity, lists), *_ = theirs("negative cosines")
    gram = rd.EmbeddingKernel(SMALL["negative cosines"]["vectors"]).gram(range(14)).numpy()
    cut = []
    for scores in SMALL["negative cosines"]["scores"]:
        delta = same_trade(method, np.array(scores), 6, diversity)
        cut.append(slow.mmr(scores, list(range(14)), 6, delta, gram.clip(min=0).tolist(), []))
    assert cut == lists != ours("negative cosines", method, diversity)


def test_pyversity_mmr_of_scores_times_100_is_all_but_topk_and_ours_is_what_it_was():
    (_, _, lists), *_ = theirs("scores times 100")
    best = [sorted(range(14), key=lambda i: -row[i])[:6] for row in SMALL["scores times 100"]["scores"]]
    same = sum(a == b for a, b in zip(lists, best, strict=True))
    assert same >= 3  # of 4
    assert ours("scores times 100", "mmr", 0.5, trade=0.5) == ours("plain", "mmr", 0.5, trade=0.5) != best


def test_pyversity_dpp_beyond_the_rank_follows_rounding_and_ours_goes_on_by_relevance():
    (_, _, lists), *_ = theirs("beyond the rank")
    ranked = [sorted(range(30), key=lambda i: (-row[i], i)) for row in SMALL["beyond the rank"]["scores"]]
    for their, our, order in zip(lists, ours("beyond the rank", "dpp", 1.0, trade=1.0), ranked, strict=True):
        assert our[4:] == [i for i in order if i not in our[:4]][:8]
        assert their[4:] != [i for i in order if i not in their[:4]][:8]


def ranksys_mmr(scores, sim, k, lam):
    """What RankSys calls MMR, without its scaling: relevance and the mean distance to what is chosen."""
    chosen = []
    while len(chosen) < k:
        left = [i for i in range(len(scores)) if i not in chosen]
        far = {i: sum(1 - sim[i][j] for j in chosen) / max(len(chosen), 1) for i in left}
        chosen.append(max(left, key=lambda i: ((1 - lam) * scores[i] + lam * far[i], scores[i], -i)))
    return chosen


def test_what_ranksys_calls_mmr_is_mmr_for_two_items_and_a_mean_distance_beyond():
    draw = np.random.default_rng(3)
    kernel, differ = rd.EmbeddingKernel(abs(draw.normal(size=(20, 5)))), 0
    sim = kernel.gram(range(20)).tolist()
    for _ in range(20):
        scores = draw.random(20)
        scores = (scores - scores.min()) / np.ptp(scores)
        for lam in (0.2, 0.5, 0.8):
            two = rd.rerank([scores], kernel, method="mmr", k=2, diversity=lam).items[0].tolist()
            assert two == ranksys_mmr(scores, sim, 2, lam)
            eight = rd.rerank([scores], kernel, method="mmr", k=8, diversity=lam).items[0].tolist()
            differ += eight != ranksys_mmr(scores, sim, 8, lam)
    assert differ > 30  # of 60: from the third item on a mean is no maximum


def test_the_recorded_table_is_whole():
    for name, rows in RECORDED["cells"].items():
        assert {row["method"] for row in rows} == {"mmr", "msd", "dpp", "ssd", "facility_location"}, name
        for row in rows:
            assert math.isclose(row["ratio"], row["ours"] / row["theirs"], rel_tol=1e-3)
            assert row["gigabytes"] < 2
