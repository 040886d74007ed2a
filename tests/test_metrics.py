"""Every registered metric: against slow references, on the undefined inputs, by name (see cases*.py, properties.py)."""

import math

import cases_accuracy
import cases_between
import cases_catalogue
import cases_exposure
import cases_history
import cases_likelihood
import cases_pool
import cases_time
import cases_within
import numpy as np
import pandas as pd
import pytest
import reference_between as between
import reference_metrics as slow
import torch
from cases import CATALOG, KERNEL, TEST, N, clean_lists, compute, lists_of_items, same
from hypothesis import given, settings

import recdiv as rd
from recdiv import metrics
from recdiv.metrics._compute import parse
from recdiv.metrics._relevance import distinct_masses, hits

GROUPS = (
    cases_accuracy, cases_exposure, cases_within, cases_between, cases_history, cases_time, cases_catalogue,
    cases_likelihood, cases_pool,
)  # fmt: skip
CASES = {name: case for module in GROUPS for name, case in module.CASES.items()}
ACCURACY = metrics.groups()["accuracy"]
REFERENCES = [(name, base) for base, case in CASES.items() for name in case.references]


def test_no_metric_is_forgotten():
    assert set(CASES) == set(metrics.names())
    assert sum(len(module.CASES) for module in GROUPS) == len(CASES)
    assert [name for name, case in CASES.items() if not case.references and not case.compared_in] == []


@pytest.mark.parametrize(("name", "base"), REFERENCES)
@given(lists=lists_of_items)
@settings(max_examples=60, deadline=None)
def test_metrics_against_references(name, base, lists):
    case = CASES[base]
    result = compute(name, lists, case=case)
    if metrics.describe(base).level == "corpus":
        assert same(result.value, case.references[name](lists))
        assert result.per_list is None
        assert result.n == sum(any(i >= 0 for i in items) for items in lists)
        assert result.n + result.n_undefined == len(lists)
        return
    expected = [case.references[name](u, items) for u, items in enumerate(lists)]
    assert all(same(float(a), b) for a, b in zip(result.per_list, expected, strict=True))
    defined = [value for value in expected if value is not None]
    assert same(result.value, sum(defined) / len(defined) if defined else None)
    assert (result.n, result.n_undefined) == (len(defined), len(lists) - len(defined))


@given(lists=lists_of_items)
@settings(max_examples=40, deadline=None)
def test_wrappers_are_the_core(lists):
    items = torch.tensor(lists)
    split = rd.partition(items, KERNEL)
    for name in ("alpha", "beta", "gamma", "chi"):
        assert same(compute(name, lists).value, None if math.isnan(split.alpha) else getattr(split, name))
    torch.testing.assert_close(
        compute("effective_number@q=2", lists).per_list, rd.effective_number(items, KERNEL, q=2), equal_nan=True
    )
    torch.testing.assert_close(
        compute("leinster_cobbold", lists).per_list, rd.leinster_cobbold(items, KERNEL), equal_nan=True
    )
    covered = compute("semantic_coverage", lists).value
    assert same(covered, rd.semantic_coverage(items, KERNEL) if (items >= 0).any() else None)


def needs(name):
    return set(metrics.describe(name).needs)


@given(lists=clean_lists)
@settings(max_examples=30, deadline=None)
def test_identities_between_metrics(lists):
    identity = rd.IdentityKernel(N)
    apart = {"groups", "time", "scorer"}
    asked = [name for name in metrics.names() if name != "chi_excess" and not apart & needs(name)]
    value = {name: compute(name, lists, kernel=identity).value for name in asked}
    close = pytest.approx
    assert value["gamma"] == close(value["effective_catalog_size"])
    assert value["chi"] == close(value["mutual_information"], abs=1e-9)
    assert value["mutual_information"] == close(value["entropy"] - math.log(4), abs=1e-9)  # whoever gets what
    assert value["gamma"] == close(value["alpha"] * value["beta"])
    assert value["semantic_coverage"] == close(value["item_coverage"])
    assert value["ild"] == close(1)  # orthonormal, no repeat
    assert value["semantic_novelty"] == close(value["novelty"])
    assert value["gamma_ratio"] == close(value["effective_catalog_size"] / N)
    assert compute("mutual_information", lists, null=3).excess == close(0, abs=1e-9)


ONE, EMPTY, UNKNOWN, REPEAT = [2, -1, -1], [-1, -1, -1], [-2, -2, -2], [5, 5, 5]


@pytest.mark.parametrize("name", CASES)
def test_undefined_inputs(name):
    case = CASES[name]
    for items, answer in zip((ONE, EMPTY, UNKNOWN, REPEAT), case.undefined, strict=True):
        result = compute(name, [items], case=case)
        if answer == "some":
            assert 0 < result.value < 1
        else:
            assert same(result.value, answer), (name, items, result)
        nothing_known = all(i < 0 for i in items)
        undefined = nothing_known if metrics.describe(name).level == "corpus" else answer is None
        assert result.n_undefined == int(undefined)
    nothing = compute(name, np.zeros((0, 3)), case=case)
    assert math.isnan(nothing.value)
    assert (nothing.n, nothing.n_undefined) == (0, 0)
    no_slots = compute(name, np.zeros((2, 0)), case=case)
    assert math.isnan(no_slots.value) or case.undefined[1] == 0  # an empty list found nothing
    too_far = compute(f"{name}@9", [[0, 1, 2]], case=case)  # a cut-off beyond the list takes what there is
    assert too_far.n == 1


def test_no_history_and_no_relevant_item_are_undefined():
    nobody = rd.Interactions(pd.DataFrame({"user_id": [], "item_id": []}), CATALOG)
    for name in ACCURACY:
        assert compute(name, [[0, 1, 2]], test=nobody).n_undefined == 1
    for name in metrics.groups()["popularity and novelty"]:
        assert math.isnan(compute(name, [[0, 1, 2]], train=nobody).value), name


def test_zero_demand_is_an_error():
    with pytest.raises(ValueError, match="demand must have a positive sum"):
        compute("semantic_coverage", [[0, 1, 2]], demand=np.zeros(N))


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("itemcoverage", "metric must be one of .*item_coverage.* got 'itemcoverage'"),
        ("ndcg@0", "k must be a positive integer, got '0'"),
        ("ndcg@-3", "k must be a positive integer"),
        ("ild@q=2", "options of ild are k, got 'q'"),
        ("alpha@q=two", "options must be of the kind of their default"),
        ("category_entropy@missing=drop", "missing must be 'own' or 'same', got 'drop'"),
        ("entropy@correction=chao", "correction must be 'none' or 'miller_madow', got 'chao'"),
        ("ndcg@5,k=3", "options must be given once, got 'k' twice in 'ndcg@5,k=3'"),
        ("alpha@q=2,q=3", "options must be given once, got 'q' twice"),
        ("chi_excess@draws=0", "draws must be at least 1, got 0"),
        ("alpha@q=-1", "q must be a number from 0 to infinity, got -1"),
    ],
)
def test_wrong_names_and_options(name, message):
    with pytest.raises(ValueError, match=message):
        compute(name, [[0, 1]])


def test_wrong_inputs():
    recs = rd.Recommendations([[0, 1]])
    with pytest.raises(ValueError, match="metric ild needs kernel, got none"):
        metrics.compute("ild", recs)
    with pytest.raises(ValueError, match="convention of validity must be one of: none; got 'recbole'"):
        metrics.compute("validity", recs, convention="recbole")
    for name in ("chi", "mutual_information", "category_information"):
        with pytest.raises(ValueError, match="null must be 0 or a number of draws, got -1"):
            metrics.compute(name, recs, catalog=CATALOG, kernel=KERNEL, null=-1)
    with pytest.raises(ValueError, match="same number of items, got catalog 7, kernel 3"):
        metrics.compute("ild", recs, catalog=CATALOG, kernel=rd.IdentityKernel(3))
    with pytest.raises(ValueError, match=r"items must be rows of the catalogue, 0\.\.6, got 7"):
        metrics.compute("entropy", rd.Recommendations([[7]]), catalog=CATALOG)


def test_options_are_read():
    assert parse("alpha@q=inf,k=3")[1:] == (3, {"q": math.inf})
    assert parse("ndcg@10")[1:] == (10, {})
    assert compute("category_entropy@missing=same", [[3, 4, 3]]).value == 0
    assert compute("category_entropy", [[3, 4, -1]]).value == pytest.approx(math.log(2))
    assert compute("entropy@correction=miller_madow", [[0, 1]]).value == pytest.approx(math.log(2) + 1 / 4)


@pytest.mark.parametrize("name", metrics.names())
def test_every_metric_says_what_it_is(name):
    facts = metrics.describe(name)
    for field in ("symbol", "formula", "range", "direction", "undefined_on", "citation"):
        assert getattr(facts, field)
    assert facts.summary.endswith(".")
    assert name in str(facts)
    assert (facts.state is None) == (facts.value is None)


def test_negative_scores_do_not_matter():
    lists = [[4, 0, 1], [5, 6, 0]]
    scored = rd.Recommendations(lists, scores=[[-0.1, -7.0, -9.0]] * 2, users=[0, 2])
    plain = rd.Recommendations(lists, users=[0, 2])
    for name in ACCURACY:
        assert metrics.compute(name, scored, test=TEST).value == metrics.compute(name, plain, test=TEST).value > 0


def test_category_information_excess_sees_who_gets_what():
    catalog = rd.Catalog(pd.DataFrame({"item_id": range(40), "category": [f"c{i // 10}" for i in range(40)]}))
    generator = np.random.default_rng(0)
    personal = np.stack([generator.choice(np.arange(10) + 10 * (u % 4), 5, replace=False) for u in range(200)])
    alike = np.stack([generator.choice(40, 5, replace=False) for _ in range(200)])
    kwargs = {"catalog": catalog, "null": 20}
    apart = metrics.compute("category_information", rd.Recommendations(personal), **kwargs)
    chance = metrics.compute("category_information", rd.Recommendations(alike), **kwargs)
    assert apart.value == pytest.approx(math.log(4), abs=1e-9)
    assert apart.excess > 0.5
    assert chance.value > 0.2  # five draws differ by chance alone
    assert abs(chance.excess) < 0.03  # sd of a draw is below 0.01 here


@pytest.mark.parametrize("k", [3, 40, 200])
def test_fragmentation_is_as_near_as_it_says(k):
    generator = np.random.default_rng(k)
    items = np.stack([generator.choice(k + 20, k, replace=False) for _ in range(12)])
    items[np.arange(k) >= generator.integers(1, k + 1, 12)[:, None]] = -1
    catalog = rd.Catalog(pd.DataFrame({"item_id": range(k + 20)}))
    value = metrics.compute("fragmentation", rd.Recommendations(items), catalog=catalog).value
    assert value == pytest.approx(between.fragmentation(items.tolist()), abs=1e-8, rel=0)


class RawVectors:
    """A kernel of somebody's own, whose ``vectors`` are not what the library's are."""

    n_items = 2
    vectors = torch.tensor([[3.0, 0.0], [0.0, 5.0]])

    def gram(self, items):
        return rd.IdentityKernel(2).gram(items)

    def spectrum(self, p):
        return rd.IdentityKernel(2).spectrum(p)


def test_a_kernel_of_ones_own_is_read_through_its_protocol():
    assert metrics.compute("ild", rd.Recommendations([[0, 1]]), kernel=RawVectors()).value == 1.0


def test_rows_of_a_huge_catalogue_are_not_counted_one_by_one():
    recs = rd.Recommendations([[0, 10**12], [0, -1]])
    assert metrics.compute("item_count", recs).value == 2
    assert math.isclose(metrics.compute("entropy", recs).value, slow.entropy([[0, 1], [0]]))


@given(lists=lists_of_items)
@settings(max_examples=60, deadline=None)
def test_each_list_weighs_its_different_items_however_they_are_looked_for(lists):
    items = torch.tensor(lists)
    n = max(int(items.max()) + 1, 1)
    expected = torch.zeros(n, dtype=torch.float64)
    for row in lists:
        for item in {each for each in row if each >= 0}:
            expected[item] += 1 / len({each for each in row if each >= 0})
    wide = torch.cat([items, torch.full((len(items), 40), -1)], 1)  # too wide to compare slot by slot
    for each in (items, wide):
        of_length = (1 / torch.arange(each.shape[1] + 1).double()).nan_to_num(posinf=0.0)
        total, held = distinct_masses(each, n, of_length)
        assert torch.allclose(total, expected, rtol=1e-12, atol=0)
        assert held == sum(any(item >= 0 for item in row) for row in lists)


def test_one_user_with_many_test_items_and_lists_out_of_order_hit_what_they_should():
    catalog = rd.Catalog(pd.DataFrame({"item_id": range(50)}))
    wanted = {"a": range(0, 50, 2), "b": [7], "c": [0, 49]}
    rows = [(user, item) for user, items in wanted.items() for item in items for _ in range(2)]  # each twice
    test = rd.Interactions(pd.DataFrame(rows, columns=["user_id", "item_id"]), catalog)
    lists = [[7, 0, -2], [-1, 48, 48], [49, 0, 7], [7, 7, 1], [0, 49, 3]]
    users = ["b", "a", "nobody", "b", "c"]
    hit, relevant = hits(rd.Recommendations(lists, users=users), test)
    expected = [
        [i in wanted.get(user, ()) and i not in row[:slot] for slot, i in enumerate(row)]
        for row, user in zip(lists, users, strict=True)
    ]
    assert hit.tolist() == expected
    assert relevant.tolist() == [1, 25, 0, 1, 2]
