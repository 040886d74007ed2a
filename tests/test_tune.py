"""How much diversity a loss of accuracy buys: cases whose answer is known, intervals that hold the truth."""

import math

import numpy as np
import pandas as pd
import pytest
import torch

import recdiv as rd
from recdiv.evaluation._cost import costs

CATALOG = rd.Catalog(pd.DataFrame({"item_id": ["a", "copy", "b", "c"]}))
KERNEL = rd.EmbeddingKernel([[1.0, 0.0], [1.0, 0.0], [0.0, 1.0], [0.0, -1.0]])
MARK = 1 / math.log2(3)  # nDCG of a hit in the second slot


def asked(shares, wanted="copy", **options):
    """Users who want the copy; it gives way to b at diversity x / (1 + x), x being its relevance."""
    rows = [[1.0, x, 0.0, -math.inf] for x, n in shares for _ in range(n)]
    users = [f"u{n}" for n in range(len(rows))]
    test = rd.Interactions(pd.DataFrame({"user_id": users, "item_id": wanted}), CATALOG)
    return rd.tune_diversity(rows, KERNEL, test, users=users, k=2, **options)


class TestKnownAnswers:
    def test_where_few_lose_early_and_all_late(self):
        tuned = asked([(0.25, 4), (0.9, 96)])  # 4 % lose beyond 0.2, all beyond 0.4737
        assert tuned.diversity == 0.46
        assert tuned.cost == pytest.approx(0.04)
        assert tuned.frame.set_index("diversity").loc[[0.2, 0.22, 0.46, 0.48], "cost"].tolist() == pytest.approx(
            [0, 0.04, 0.04, 1]
        )
        assert tuned.frame["ndcg"].iloc[0] == pytest.approx(MARK)
        assert asked([(0.25, 4), (0.9, 96)], cost=0.03).diversity == 0.2
        assert asked([(0.25, 4), (0.9, 96)], cost=0.04).diversity == 0.46  # what is allowed is allowed
        assert asked([(0.25, 4), (0.9, 96)], cost=0).diversity == 0.2

    def test_the_interval_is_wide_where_few_users_decide(self):
        tuned = asked([(0.25, 5), (0.9, 95)])
        assert (tuned.low, tuned.high) == (0.2, 0.46)
        tuned = asked([(0.25, 1), (0.9, 999)])
        assert (tuned.low, tuned.diversity, tuned.high) == (0.46, 0.46, 0.46)

    def test_when_none_is_cheap_enough_it_says_so(self):
        tuned = asked([(0.01, 20), (0.9, 80)])
        assert tuned.diversity == 0
        assert (tuned.cost, tuned.cost_low, tuned.cost_high) == (0, 0, 0)
        assert str(tuned) == "mmr: no diversity above 0 costs at most 5.0% of nDCG@2; 0.02 costs 20.0% (100 users)"

    def test_when_everything_is_free(self):
        tuned = asked([(0.5, 10)], wanted="a")
        assert (tuned.diversity, tuned.low, tuned.high, tuned.cost) == (1, 1, 1, 0)
        assert str(tuned).startswith("mmr: diversity 1 (95% interval 1 to 1) costs 0.0% of nDCG@2 (0.0% to 0.0%)")

    def test_a_gain_is_a_cost_below_nothing(self):
        wanted = ["copy"] * 5 + ["b"] * 6
        tuned = asked([(0.25, 11)], wanted=wanted)
        assert tuned.frame["cost"].iloc[-1] == pytest.approx(1 - 6 / 5)
        assert tuned.diversity == 1

    def test_a_later_value_that_costs_less_again_is_not_taken(self):
        wanted = ["copy"] * 90 + ["b"] * 85  # 10 lose early; 85 win late, when 80 lose
        tuned = asked([(0.25, 10), (0.9, 80), (0.9, 85)], wanted=wanted)
        assert tuned.frame["cost"].iloc[-1] == pytest.approx(1 - 85 / 90)
        assert tuned.frame["cost"].iloc[15] == pytest.approx(10 / 90)
        assert tuned.diversity == 0.2


class TestWhatGoesIn:
    def test_candidates_and_other_methods(self):
        generator = np.random.default_rng(3)
        kernel = rd.EmbeddingKernel(generator.normal(size=(40, 5)))
        catalog = rd.Catalog(pd.DataFrame({"item_id": range(40)}))
        test = rd.Interactions(pd.DataFrame({"user_id": range(30), "item_id": generator.integers(0, 40, 30)}), catalog)
        scores = torch.from_numpy(generator.normal(size=(30, 40)))
        scores[torch.arange(30), torch.from_numpy(test.item)] += 1.5
        best = rd.rerank(scores, kernel, method="topk", k=12)
        grid = [0, 0.3, 1]
        few = rd.tune_diversity(scores, kernel, test, candidates=12, grid=grid)
        rows = rd.tune_diversity(best.scores, kernel, test, candidates=best.items, grid=grid)
        pd.testing.assert_frame_equal(few.frame, rows.frame)
        lists = rd.rerank(scores, kernel, diversity=0.3, candidates=12)
        assert few.frame["ndcg"].iloc[1] == pytest.approx(rd.metrics.compute("ndcg", lists, test=test).value)
        assert few.frame["effective_number"].iloc[1] == pytest.approx(float(rd.effective_number(lists, kernel).mean()))
        other = rd.tune_diversity(scores, None, test, method="popularity", popularity=range(40), grid=grid)
        assert "effective_number" not in other.frame
        assert other.settings["method"] == "popularity"

    def test_users_without_a_test_item_take_no_part(self):
        test = rd.Interactions(pd.DataFrame({"user_id": [1], "item_id": ["copy"]}), CATALOG)
        tuned = rd.tune_diversity([[1, 0.1, 0, 0], [1, 0.9, 0, -math.inf]], KERNEL, test, k=2)
        assert tuned.settings["users"] == 1
        assert tuned.diversity == 0.46

    def test_the_same_seed_gives_the_same_interval(self):
        first, second = (asked([(0.25, 5), (0.9, 95)], rng=4) for _ in range(2))
        assert (first.low, first.high) == (second.low, second.high)

    def test_progress_hears_of_every_value(self):
        heard = []
        asked([(0.9, 3)], grid=[0, 0.5], progress=heard.append)
        assert heard == [0, 0.5]

    @pytest.mark.parametrize(
        ("options", "says"),
        [
            ({"cost": 1}, r"cost must be a share of nDCG in \[0, 1\), got 1"),
            ({"cost": math.nan}, "cost must be a share of nDCG"),
            ({"confidence": 0}, "confidence must lie between 0 and 1, got 0"),
            ({"resamples": 0}, "resamples must be at least 1"),
            ({"grid": [0.1, 0.2]}, "grid must rise from 0 to at most 1"),
            ({"grid": [0, 0.2, 0.2]}, "grid must rise"),
            ({"grid": [0, 1.1]}, "grid must rise"),
            ({"method": "best"}, "method must be one of"),
            ({"candidates": 0}, "candidates must be at least 1, got 0"),
            ({"wanted": "c"}, "accuracy at diversity 0 must be above 0 .* got 0"),
        ],
    )
    def test_what_is_refused_in_a_sentence(self, options, says):
        with pytest.raises(ValueError, match=says):
            asked([(0.9, 3)], **options)

    def test_users_that_do_not_fit(self):
        test = rd.Interactions(pd.DataFrame({"user_id": ["x"], "item_id": ["copy"]}), CATALOG)
        with pytest.raises(ValueError, match=r"users must be one a row of scores \(1\), got 2"):
            rd.tune_diversity([[1, 0.9, 0, 0]], KERNEL, test, users=["x", "y"])
        with pytest.raises(ValueError, match="test must hold an event of a user with a list, got none for 1"):
            rd.tune_diversity([[1, 0.9, 0, 0]], KERNEL, test)


def test_intervals_of_a_cost_hold_the_truth():
    """Of 300 trials with a true cost of 0.25, 95 % intervals should hold it in 90 to 98 %."""
    generator = np.random.default_rng(0)
    held = 0
    for trial in range(300):
        before = generator.beta(1, 2, 120)  # mean 1/3
        after = before * generator.beta(3, 1, 120)  # mean 3/4 of it
        loss = costs(np.stack([before, after], 1), range(120), resamples=400, rng=trial)
        held += loss.low[1] <= 0.25 <= loss.high[1]
    assert 0.90 <= held / 300 <= 0.98


def test_figure():
    plt = pytest.importorskip("matplotlib.pyplot")
    fig = asked([(0.25, 5), (0.9, 95)]).plot()
    assert [ax.get_title(loc="left") for ax in fig.axes] == [
        "nDCG@2 lost",
        "effective number of different items a list",
    ]
    plt.close(fig)
