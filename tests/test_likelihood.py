"""The metrics of a language model: what each question costs, what is known to come out, and a real model for once."""

import math
from collections import Counter

import numpy as np
import pandas as pd
import pytest
import torch
from cases import TRAIN, N
from cases_likelihood import TITLES, TableScorer, with_a_scorer
from causal_world import model, slow_log_likelihood, tokenizer

import recdiv as rd
from recdiv import metrics

GIVEN = with_a_scorer(0, np.arange(N))
CATALOG = GIVEN["catalog"]
LISTS = [[0, 1, 2, 3], [4, 4, -2, 0], [5, 6, -1, -1]]


def measured(name, lists=LISTS, *, scorer=None, train=TRAIN, **given):
    recs = given.pop("recs", None) or rd.Recommendations(lists)
    return metrics.compute(name, recs, catalog=CATALOG, train=train, scorer=scorer or TableScorer(), **given)


def test_each_question_is_asked_once():
    scorer = TableScorer()
    report = rd.evaluate(
        rd.Recommendations([*LISTS, [0, 1, 2, 3]], users=[0, 1, 2, 0]), CATALOG, train=TRAIN, scorer=scorer,
        metrics=["surprisal", "pmi", "redundancy", "pmi@per=token"], null=0,
    )  # fmt: skip
    assert max(Counter(scorer.asked).values()) == 1
    alone = [text for text, context in scorer.asked if not context]
    assert sorted(alone) == sorted(TITLES[i] for i in range(N))
    assert report.frame["value"].notna().all()
    assert (report.frame["low"] <= report.frame["value"]).all()


def test_reports_hold_them_where_a_scorer_is_given():
    recs = rd.Recommendations(LISTS)
    names = rd.evaluate(recs, CATALOG, train=TRAIN, scorer=TableScorer(), null=0, resamples=10).frame["metric"]
    assert {"surprisal", "pmi", "redundancy"} <= set(names)
    without = rd.evaluate(recs, CATALOG, train=TRAIN, null=0, resamples=10)
    assert not {"surprisal", "pmi", "redundancy"} & {*without.frame["metric"], *without.skipped}
    bare = rd.Catalog(CATALOG.frame.drop(columns="title"))
    skipped = rd.evaluate(recs, bare, train=TRAIN, scorer=TableScorer(), null=0, resamples=10).skipped
    assert skipped["pmi"] == "needs a title column in the catalog"
    again = rd.Recommendations([[3, 2, 1, 0], [0, 1, 2, 3], [6, 5, 4, 3]])
    found = rd.compare({"a": recs, "b": again}, CATALOG, train=TRAIN, scorer=TableScorer(), metrics=["pmi"], null=0)
    assert found.frame.loc["pmi", "b"] == measured("pmi", again.items.tolist()).value
    assert math.isfinite(found.differences["difference"][0])


def test_a_model_that_forgets_has_no_information():
    same = np.tile(np.full(N, 1 / (N + 1)), (N + 1, 1))
    forgetful = TableScorer(same)
    assert measured("pmi", scorer=forgetful).value == pytest.approx(0, abs=1e-12)
    assert measured("redundancy", scorer=forgetful).value == pytest.approx(0, abs=1e-12)
    assert measured("surprisal", scorer=forgetful).value == pytest.approx(math.log(N + 1))
    assert measured("surprisal@over=catalogue", scorer=forgetful).value == pytest.approx(math.log(N))


def test_drawn_from_the_model_pmi_is_mutual_information():
    """History and item in exact proportion to a joint distribution of whole numbers."""
    counts = np.array([[6, 1, 1], [1, 3, 0], [2, 0, 4]])
    joint = counts / counts.sum()
    table = np.zeros((N + 1, N))
    table[:3, :3] = counts / counts.sum(1, keepdims=True)
    table[N, :3] = counts.sum(0) / counts.sum()
    pairs = [(h, i) for h in range(3) for i in range(3) for _ in range(counts[h, i])]
    users = np.arange(len(pairs))
    train = rd.Interactions(pd.DataFrame({"user_id": users, "item_id": [h for h, _ in pairs]}), CATALOG)
    recs = rd.Recommendations([[i] for _, i in pairs], users=users)
    even = joint.sum(1, keepdims=True) * joint.sum(0)
    information = float((joint[joint > 0] * np.log((joint / even)[joint > 0])).sum())
    found = measured("pmi", recs=recs, train=train, scorer=TableScorer(table), null=0)
    assert found.value == pytest.approx(information)
    assert information > 0.1
    dealt = TableScorer((table + 0.01) / 1.03)  # what is dealt can be impossible
    assert measured("pmi", recs=recs, train=train, scorer=dealt, null=20).excess > 0.1


def test_chance_is_the_same_exposures_dealt_again():
    """Three pairs of items that call for one another: a dealt list holds a pair in one case of five."""
    table = np.full((N + 1, N), 0.02)
    for a, b in ((0, 1), (2, 3), (4, 5)):
        table[a, b] = table[b, a] = 0.8
    found = measured("redundancy", [[0, 1], [3, 2], [4, 5]] * 20, scorer=TableScorer(table), null=30)
    assert found.value == pytest.approx(math.log(40))
    assert found.null == pytest.approx(math.log(40) / 5, abs=0.15)  # 1,800 dealt lists: sd 0.035
    flat = measured("redundancy", [[0, 2], [3, 1]], scorer=TableScorer(np.full((N + 1, N), 0.1)), null=3)
    assert (flat.value, flat.null) == pytest.approx((0, 0))


def test_gaps_are_passed_over_and_the_order_matters():
    gap = measured("redundancy", [[0, -2, 1, -1, 2]])
    assert gap.value == measured("redundancy", [[0, 1, 2]]).value
    assert gap.value != pytest.approx(measured("redundancy", [[2, 1, 0]]).value)


@pytest.mark.parametrize("kind", ["llama", "gpt2"])
def test_a_real_model_is_read_as_it_should(kind):
    """Titles after titles, each closed by the end token: against one text at a time."""
    scorer = rd.lm.CausalScorer((model(kind), tokenizer()))
    recs = rd.Recommendations([[2, 3]], users=[2])
    history = tuple(TITLES[i] for i in (2, 3, 1))  # as in EVENTS
    log_p = lambda item, before: slow_log_likelihood(kind, TITLES[item], before)  # noqa: E731
    expected = -(log_p(2, history) + log_p(3, history)) / 2
    assert measured("surprisal", recs=recs, scorer=scorer).value == pytest.approx(expected, abs=1e-5)
    gain = log_p(3, (TITLES[2],)) - log_p(3, ())
    assert measured("redundancy", recs=recs, scorer=scorer).value == pytest.approx(gain, abs=1e-5)


def test_what_is_read_of_an_item():
    frame = pd.DataFrame({"item_id": range(2), "title": ["tea", "mug"], "text": ["Hot.", None], "plot": ["x", "y"]})
    catalog = rd.Catalog(frame)
    train = rd.Interactions(pd.DataFrame({"user_id": [0], "item_id": [0]}), catalog)
    asked = []

    class Listener:
        def log_likelihood(self, texts, *, contexts=None):
            asked.extend(zip(texts, contexts, strict=True))
            return torch.zeros(len(texts))

    for read in ("title", "all", "plot"):
        metrics.compute(
            f"surprisal@read={read}", rd.Recommendations([[1]]), catalog=catalog, train=train, scorer=Listener()
        )
    assert asked == [("mug", ("tea",)), ("mug", ("tea. Hot.",)), ("y", ("x",))]


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("pmi@per=word", "per must be one of item, token, got 'word'"),
        ("pmi@over=items", "over must be one of texts, catalogue, got 'items'"),
        ("surprisal@per=token,over=catalogue", "per must be 'item' where over is 'catalogue'"),
        ("redundancy@read=plot", "plot"),
        ("surprisal@longest=-1", r"longest must be 0 \(all\) or a number of interactions, got -1"),
    ],
)
def test_wrong_options(name, message):
    with pytest.raises(ValueError, match=message):
        measured(name)


def test_wrong_scorers():
    recs = rd.Recommendations(LISTS)
    with pytest.raises(ValueError, match="metric surprisal needs scorer, got none"):
        metrics.compute("surprisal", recs, catalog=CATALOG, train=TRAIN)
    with pytest.raises(TypeError, match=r"scorer must have log_likelihood\(texts, \*, contexts=None\), got str"):
        rd.evaluate(recs, CATALOG, train=TRAIN, scorer="gpt2")
    with pytest.raises(ValueError, match="got 'pmi', which asks a language model"):
        rd.evaluation.Tally(CATALOG, slots=4, metrics=["pmi"], train=TRAIN)
    with pytest.raises(ValueError, match="metric pmi needs scorer, got none"):
        rd.evaluate(recs, CATALOG, train=TRAIN, metrics=["pmi"])
