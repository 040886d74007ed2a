"""Every registered metric: against slow references, on the undefined inputs, by name, and as a property."""

import math

import numpy as np
import pandas as pd
import pytest
import reference_metrics as slow
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import recdiv as rd
from recdiv import metrics
from recdiv.metrics._compute import parse

N = 7
LABELS = ["a", "a|b", "b", None, None, "c", "a|c"]
GENERATOR = np.random.default_rng(5)
VECTORS = GENERATOR.normal(size=(N, 4))
CATALOG = rd.Catalog(pd.DataFrame({"item_id": range(N), "category": LABELS}))
KERNEL = rd.EmbeddingKernel(VECTORS)
EVENTS = pd.DataFrame({"user_id": [0, 0, 1, 2, 2, 2, 9], "item_id": [0, 1, 1, 2, 3, 1, 0]})
TRAIN = rd.Interactions(EVENTS, CATALOG)
TEST = rd.Interactions(pd.DataFrame({"user_id": [0, 0, 2, 2, 2, 3], "item_id": [4, 5, 5, 6, 5, 1]}), CATALOG)
GIVEN = {"catalog": CATALOG, "kernel": KERNEL, "train": TRAIN, "test": TEST}
LABEL_LISTS = [list(labels) for labels in CATALOG.categories]
RELEVANT = TEST.frame.groupby("user_id")["item_id"].apply(list).to_dict()

lists_of_items = st.lists(
    st.lists(st.integers(-2, N - 1), min_size=4, max_size=4), min_size=1, max_size=6
)  # repeats, empties, unknowns
clean_lists = st.lists(st.permutations(range(N)).map(lambda order: order[:4]), min_size=2, max_size=6)


def compute(name, lists, **given):
    return metrics.compute(name, rd.Recommendations(np.array(lists, dtype=np.int64)), **{**GIVEN, **given})


def same(value, reference):
    return math.isnan(value) if reference is None else value == pytest.approx(reference, abs=1e-6)


CORPUS = {
    "item_count": slow.item_count,
    "item_coverage": lambda lists: slow.item_coverage(lists, N),
    "entropy": slow.entropy,
    "effective_catalog_size": lambda lists: None if slow.entropy(lists) is None else math.exp(slow.entropy(lists)),
    "gini": lambda lists: slow.gini(lists, N),
    "mutual_information": slow.mutual_information,
    "category_information": lambda lists: slow.category_information(lists, LABEL_LISTS),
}
LIST = {
    "category_entropy": lambda u, items: slow.category_entropy(items, LABEL_LISTS),
    "ild": lambda u, items: slow.ild(items, VECTORS.tolist()),
    "ndcg": lambda u, items: slow.ndcg(items, RELEVANT.get(u, []), 4),
    "ndcg@2": lambda u, items: slow.ndcg(items, RELEVANT.get(u, []), 2),
    "ndcg@9": lambda u, items: slow.ndcg(items, RELEVANT.get(u, []), 9),
    "recall": lambda u, items: slow.recall(items, RELEVANT.get(u, [])),
    "recall@2": lambda u, items: slow.recall(items[:2], RELEVANT.get(u, [])),
    "novelty": lambda u, items: slow.novelty(items, EVENTS["item_id"].tolist()),
    "validity": lambda u, items: slow.validity(items),
}
# tested against slow references of their own, beside recdiv.diversity: here only that they are the same numbers
WRAPPERS = {
    "effective_number",
    "leinster_cobbold",
    "semantic_coverage",
    "alpha",
    "beta",
    "gamma",
    "chi",
    "chi_excess",
}


def test_no_metric_is_forgotten():
    assert {*CORPUS, *(name.partition("@")[0] for name in LIST), *WRAPPERS} == set(metrics.names())


@pytest.mark.parametrize("name", CORPUS)
@given(lists=lists_of_items)
@settings(max_examples=60, deadline=None)
def test_corpus_metrics_against_references(name, lists):
    result = compute(name, lists)
    assert same(result.value, CORPUS[name](lists))
    assert result.per_list is None
    assert result.n == sum(any(i >= 0 for i in items) for items in lists)
    assert result.n + result.n_undefined == len(lists)


@pytest.mark.parametrize("name", LIST)
@given(lists=lists_of_items)
@settings(max_examples=60, deadline=None)
def test_list_metrics_against_references(name, lists):
    result = compute(name, lists)
    expected = [LIST[name](u, items) for u, items in enumerate(lists)]
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


@given(lists=clean_lists)
@settings(max_examples=30, deadline=None)
def test_identities_between_metrics(lists):
    identity = rd.IdentityKernel(N)
    value = {name: compute(name, lists, kernel=identity).value for name in metrics.names() if name != "chi_excess"}
    close = pytest.approx
    assert value["gamma"] == close(value["effective_catalog_size"])
    assert value["chi"] == close(value["mutual_information"], abs=1e-9)
    assert value["mutual_information"] == close(value["entropy"] - math.log(4), abs=1e-9)  # whoever gets what
    assert value["gamma"] == close(value["alpha"] * value["beta"])
    assert value["semantic_coverage"] == close(value["item_coverage"])
    assert value["ild"] == close(1)  # orthonormal, no repeat
    assert compute("mutual_information", lists, null=3).excess == close(0, abs=1e-9)


@pytest.mark.parametrize("name", [name for name in metrics.names() if not name.startswith("ndcg")])
@given(lists=clean_lists, seed=st.integers(0, 99))
@settings(max_examples=15, deadline=None)
def test_order_in_a_list_matters_to_accuracy_only(name, lists, seed):
    shuffled = np.random.default_rng(seed).permuted(np.array(lists), axis=1)
    given = {"kernel": rd.IdentityKernel(N)} if name == "chi_excess" else {}  # else the draws differ
    assert compute(name, shuffled, **given).value == pytest.approx(
        compute(name, lists, **given).value, abs=1e-6, nan_ok=True
    )


def test_that_order_check_can_fail():
    assert compute("ndcg", [[4, 0, 1, 2]]).value != pytest.approx(compute("ndcg", [[0, 4, 1, 2]]).value)


ONE, EMPTY, UNKNOWN, REPEAT = [2, -1, -1], [-1, -1, -1], [-2, -2, -2], [5, 5, 5]
PER_LIST = {  # user 0 has test items 4 and 5; what each list metric answers
    "validity": (1.0, None, 0.0, 1 / 3),
    "recall": (0.0, 0.0, 0.0, 0.5),
    "ndcg": (0.0, 0.0, 0.0, 1 / (1 + 1 / math.log2(3))),
    "novelty": (math.log(7), None, None, math.log(7)),
    "category_entropy": (0.0, None, None, 0.0),
    "ild": (None, None, None, 0.0),
    "effective_number": (1.0, None, None, 1.0),
    "leinster_cobbold": (1.0, None, None, 1.0),
}
ALONE = {  # what each corpus metric answers where that list is all there is
    "item_count": (1.0, None, None, 1.0),
    "item_coverage": (1 / N, None, None, 1 / N),
    "effective_catalog_size": (1.0, None, None, 1.0),
    "entropy": (0.0, None, None, 0.0),
    "gini": (1 - 1 / N, None, None, 1 - 1 / N),
    "semantic_coverage": ("some", None, None, "some"),
    "mutual_information": (0.0, None, None, 0.0),
    "category_information": (0.0, None, None, 0.0),
    "alpha": (1.0, None, None, 1.0),
    "beta": (1.0, None, None, 1.0),
    "gamma": (1.0, None, None, 1.0),
    "chi": (0.0, None, None, 0.0),
    "chi_excess": (0.0, None, None, 0.0),
}


def test_the_undefined_table_is_complete():
    assert {*PER_LIST, *ALONE} == set(metrics.names())


@pytest.mark.parametrize(("name", "expected"), {**PER_LIST, **ALONE}.items())
def test_undefined_inputs(name, expected):
    for items, answer in zip((ONE, EMPTY, UNKNOWN, REPEAT), expected, strict=True):
        result = compute(name, [items])
        if answer == "some":
            assert 0 < result.value < 1
        else:
            assert same(result.value, answer), (name, items, result)
        assert result.n_undefined == (1 if answer is None else 0)
    nothing = metrics.compute(name, rd.Recommendations(np.zeros((0, 3), dtype=np.int64)), **GIVEN)
    assert math.isnan(nothing.value)
    assert (nothing.n, nothing.n_undefined) == (0, 0)
    no_slots = metrics.compute(name, rd.Recommendations(np.zeros((2, 0), dtype=np.int64)), **GIVEN)
    assert math.isnan(no_slots.value) or name in ("recall", "ndcg")
    too_far = compute(f"{name}@9", [[0, 1, 2]])  # a cut-off beyond the list takes what there is
    assert too_far.n == 1


@pytest.mark.parametrize("name", metrics.names())
def test_lists_without_value_do_not_move_the_others(name):
    lists = [[0, 1, 2], [3, 4, 5]]
    padded = rd.Recommendations([*lists, EMPTY, EMPTY], users=[0, 2, 7, 8])  # nobody of 7, 8 has test items
    plain = rd.Recommendations(lists, users=[0, 2])
    kernel = rd.IdentityKernel(N) if name == "chi_excess" else KERNEL  # else the draws differ
    a, b = (metrics.compute(name, each, **{**GIVEN, "kernel": kernel}) for each in (padded, plain))
    assert a.value == pytest.approx(b.value, abs=1e-6)
    assert (a.n, a.n_undefined) == (2, 2)


def test_no_history_and_no_relevant_item_are_undefined():
    nobody = rd.Interactions(pd.DataFrame({"user_id": [], "item_id": []}), CATALOG)
    for name in ("recall", "ndcg"):
        assert compute(name, [[0, 1, 2]], test=nobody).n_undefined == 1
    assert math.isnan(compute("novelty", [[0, 1, 2]], train=nobody).value)


def test_zero_demand_is_an_error():
    with pytest.raises(ValueError, match="demand must have a positive sum"):
        compute("semantic_coverage", [[0, 1, 2]], demand=np.zeros(N))


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("itemcoverage", "metric must be one of validity, .* got 'itemcoverage'"),
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
    for name in ("ndcg", "recall"):
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
