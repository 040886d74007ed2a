"""Metrics of labels by rank: without test items, against published traps, on constructed lists with known answers."""

import math
from itertools import permutations

import numpy as np
import pandas as pd
import pytest
import reference_within as within
from cases import EVENTS, HISTORY, LABEL_LISTS, compute, lists_of_items, same
from hypothesis import given, settings
from hypothesis import strategies as st

import recdiv as rd
from recdiv import metrics

ITEMS = EVENTS["item_id"].tolist()
WITHOUT_TEST = {
    "alpha_ndcg": lambda u, items: within.alpha_ndcg(items, LABEL_LISTS, None, 4),
    "alpha_ndcg@alpha=0,k=2": lambda u, items: within.alpha_ndcg(items, LABEL_LISTS, None, 2, 0.0),
    "alpha_ndcg@alpha=1,k=9": lambda u, items: within.alpha_ndcg(items, LABEL_LISTS, None, 9, 1.0),
    "err_ia": lambda u, items: within.err_ia(items, LABEL_LISTS, HISTORY.get(u, []), None),
    "proportionality": lambda u, items: within.proportionality(items, LABEL_LISTS, HISTORY.get(u, [])),
    "binomial_diversity@alpha=1": lambda u, items: within.binomial_diversity(
        items, LABEL_LISTS, ITEMS, HISTORY.get(u, []), 1.0
    ),
}


def catalog_of(labels):
    return rd.Catalog(pd.DataFrame({"item_id": range(len(labels)), "category": labels}))


def interactions(catalog, items, user=0):
    return rd.Interactions(pd.DataFrame({"user_id": [user] * len(items), "item_id": items}), catalog)


@pytest.mark.parametrize("name", WITHOUT_TEST)
@given(lists=lists_of_items)
@settings(max_examples=40, deadline=None)
def test_without_test_items(name, lists):
    result = compute(name, lists, test=None)
    expected = [WITHOUT_TEST[name](u, items) for u, items in enumerate(lists)]
    assert all(same(float(a), b) for a, b in zip(result.per_list, expected, strict=True))


@given(lists=lists_of_items)
@settings(max_examples=30, deadline=None)
def test_err_ia_without_history(lists):
    values = compute("err_ia", lists, test=None, train=None).per_list
    expected = [within.err_ia(items, LABEL_LISTS, None, None) for items in lists]
    assert all(same(float(a), b) for a, b in zip(values, expected, strict=True))


label_sets = st.lists(st.sets(st.sampled_from("abcd"), max_size=3), min_size=4, max_size=6)


@given(labels=label_sets, relevant=st.sets(st.integers(0, 3), min_size=1), alpha=st.sampled_from([0.0, 0.25, 0.5, 1.0]))
@settings(max_examples=60, deadline=None)
def test_ideal_of_alpha_ndcg_over_any_catalogue(labels, relevant, alpha):
    catalog = catalog_of([sorted(own) for own in labels])
    recs = rd.Recommendations([[0, 1, 2], [3, 2, 1]], users=[0, 0])
    test = interactions(catalog, sorted(relevant))
    for given_test, candidates in ((test, sorted(relevant)), (None, None)):
        values = metrics.compute(f"alpha_ndcg@alpha={alpha}", recs, catalog=catalog, test=given_test).per_list
        names = [sorted(own) for own in labels]
        expected = [within.alpha_ndcg(items, names, candidates, 3, alpha) for items in ([0, 1, 2], [3, 2, 1])]
        assert all(same(float(a), b) for a, b in zip(values, expected, strict=True))


@given(labels=label_sets, alpha=st.sampled_from([0.0, 0.5, 1.0]))
@settings(max_examples=40, deadline=None)
def test_no_order_exceeds_the_greedy_ideal_by_more_than_is_proven(labels, alpha):
    names = [sorted(own) for own in labels]
    ideal = within.gained(within.greedy_order(range(len(names)), names, alpha, 3), names, alpha)
    best = max(within.gained(list(order), names, alpha) for order in permutations(range(len(names)), 3))
    assert best * (1 - 1 / math.e) - 1e-12 <= ideal <= best + 1e-12


def test_a_list_may_exceed_a_greedy_ideal():
    """Greedy takes the item of four labels, and what is left of the two halves brings one each."""
    catalog = catalog_of(["b|c|d|e", "a|b|c", "d|e|f"])
    value = metrics.compute("alpha_ndcg@alpha=1,k=2", rd.Recommendations([[1, 2]]), catalog=catalog).value
    assert value == pytest.approx((3 + 3 / math.log2(3)) / (4 + 1 / math.log2(3)))
    assert 1 < value < metrics.describe("alpha_ndcg").bounds[1]


def test_the_ideal_has_as_many_ranks_as_the_list():
    """An ideal of k + 1 items would leave the best list of k below 1."""
    catalog = catalog_of(["a", "b", "c", "d"])
    test = interactions(catalog, [0, 1, 2, 3])
    recs = rd.Recommendations([[0, 1, 2, 3]], users=[0])
    for k in (1, 2, 3):
        assert metrics.compute(f"alpha_ndcg@{k}", recs, catalog=catalog, test=test).value == pytest.approx(1)


def test_a_list_of_one_label_is_not_ideal():
    """Its own gains in order are no ideal: ten items of one label would then score 1, as ten of three do."""
    catalog = catalog_of(["a"] * 10 + ["b"] * 10 + ["c"] * 10)
    one, three = list(range(10)), [0, 10, 20, 1, 11, 21, 2, 12, 22, 3]
    values = metrics.compute("alpha_ndcg", rd.Recommendations([one, three]), catalog=catalog).per_list.tolist()
    assert values[0] < 0.6
    assert values[1] == pytest.approx(1)


def test_constructed_lists():
    catalog = catalog_of(["a", "a", "b", "b", None])
    train = interactions(catalog, [0, 1, 2, 3])
    recs = rd.Recommendations([[0, 1], [0, 2], [4, 4]], users=[0, 0, 0])
    given = {"catalog": catalog, "train": train}
    assert metrics.compute("err_ia", recs, **given).per_list.tolist() == pytest.approx(
        [0.5 * (0.5 + 0.25 / 2), 0.5 * (0.5 + 0.5 / 2), 0]
    )
    binomial = metrics.compute("binomial_diversity", recs, **given)
    assert binomial.per_list.tolist() == pytest.approx([1 / 2 * (1 / 4) / (3 / 4), 1, math.nan], nan_ok=True)
    assert binomial.n_undefined == 1
    assert metrics.compute("proportionality", recs, **given).per_list.tolist() == pytest.approx([0.5, 0.75, 0])


def test_a_label_that_everybody_wants_and_one_that_nobody_wants():
    catalog = catalog_of(["a", "a", "b"])
    train = interactions(catalog, [0, 1])
    recs = rd.Recommendations([[0, 1, -1], [2, -1, -1], [0, 2, -1], [2, 2, 0]])
    values = metrics.compute("binomial_diversity", recs, catalog=catalog, train=train).per_list.tolist()
    assert values == pytest.approx([1, 0, 1, 0])  # all there; a certain label missing; one rarity; two of them


def test_nobody_known():
    catalog = catalog_of(["a", "b", None])
    empty = interactions(catalog, [])
    unlabelled = interactions(catalog, [2], user=0)
    recs = rd.Recommendations([[0, 1]], users=[0])
    for name in ("err_ia", "binomial_diversity", "proportionality"):
        assert metrics.compute(name, recs, catalog=catalog, train=empty).n_undefined == 1
    for name in ("err_ia", "binomial_diversity@alpha=1", "proportionality"):
        value = metrics.compute(name, recs, catalog=catalog, train=unlabelled)
        assert value.n_undefined == (0 if name.startswith("binomial") else 1)
    for name in ("alpha_ndcg", "err_ia"):
        for test in (empty, interactions(catalog, [0], user=5)):
            assert metrics.compute(name, recs, catalog=catalog, test=test).n_undefined == 1
    assert metrics.compute("alpha_ndcg", recs, catalog=catalog, test=unlabelled).n_undefined == 1
    bare = catalog_of([None, None, None])
    for name in ("alpha_ndcg", "err_ia"):
        assert metrics.compute(name, recs, catalog=bare).n_undefined == 1


@pytest.mark.parametrize("name", ["alpha_ndcg", "err_ia", "binomial_diversity@alpha=0.5", "proportionality"])
def test_parts_of_lists_do_not_matter(name, monkeypatch):
    generator = np.random.default_rng(2)
    catalog = catalog_of(["|".join(generator.choice(list("abcdefg"), 3)) for _ in range(50)])
    events = pd.DataFrame({"user_id": generator.integers(0, 90, 700), "item_id": generator.integers(0, 50, 700)})
    train, test = (rd.Interactions(part, catalog) for part in (events[:400], events[400:]))
    recs = rd.Recommendations(generator.integers(-2, 50, (100, 8)))
    whole = metrics.compute(name, recs, catalog=catalog, train=train, test=test).per_list
    for module in ("_categories", "_ideal"):
        monkeypatch.setattr(f"recdiv.metrics.{module}.BLOCK", 200)
    np.testing.assert_allclose(metrics.compute(name, recs, catalog=catalog, train=train, test=test).per_list, whole)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("alpha_ndcg@alpha=1.5", "alpha must lie between 0 and 1, got 1.5"),
        ("binomial_diversity@alpha=-0.1", "alpha must lie between 0 and 1, got -0.1"),
        ("err_ia@gain=1", "gain must lie between 0 and 1, got 1.0"),
        ("alpha_ndcg@beta=1", "options of alpha_ndcg are k, alpha, got 'beta'"),
    ],
)
def test_wrong_options(name, message):
    with pytest.raises(ValueError, match=message):
        compute(name, [[0, 1]])
