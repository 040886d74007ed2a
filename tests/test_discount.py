"""Rank-discounted exposure: against slow references, in every metric that has it, and in states that add up."""

import math
from collections import defaultdict

import numpy as np
import pandas as pd
import pytest
import references
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import recdiv as rd
from recdiv import metrics
from recdiv.diversity import catalog_effective_number
from recdiv.evaluation._intervals import jackknife_values, user_groups
from recdiv.metrics._discount import slot_weights
from recdiv.metrics._registry import with_known

N, K = 6, 4
VECTORS = np.random.default_rng(3).normal(size=(N, 3))
CATALOG = rd.Catalog(pd.DataFrame({"item_id": range(N), "category": list("abcabc")}))
KERNEL = rd.EmbeddingKernel(VECTORS)
TRAIN = rd.Interactions(pd.DataFrame({"user_id": range(9), "item_id": [0, 0, 0, 1, 1, 1, 1, 2, 3]}), CATALOG)
WEIGHTS = {
    "none": [1.0] * K,
    "log": [1 / math.log2(r + 1) for r in range(1, K + 1)],
    "rbp": [0.9 ** (r - 1) for r in range(1, K + 1)],
    "reciprocal": [1 / r for r in range(1, K + 1)],
}
COUNTING = ("entropy", "effective_catalog_size", "concentration", "gini")
PARTITION = ("alpha", "beta", "gamma", "chi")
BESIDE_HISTORY = ("calibration_kl", "calibration_js")
DISCOUNTED = {*COUNTING, *PARTITION, *BESIDE_HISTORY, "chi_excess", "gamma_ratio", "tail_share", "average_popularity"}
lists_of_items = st.lists(st.lists(st.integers(-2, N - 1), min_size=K, max_size=K), min_size=1, max_size=6)


def exposure(lists, discount):
    """Attention that each item gets, straight from the definition."""
    total = defaultdict(float)
    for items in lists:
        for weight, item in zip(WEIGHTS[discount], items, strict=True):
            if item >= 0:
                total[item] += weight
    return dict(total)


def entropy(shown):
    return references.entropy(shown.values()) if shown else math.nan


def gini(shown):
    x = [shown.get(i, 0.0) for i in range(N)]
    return sum(abs(a - b) for a in x for b in x) / (2 * N * sum(x)) if shown else math.nan


def concentration(shown):
    return sum(w * w for w in shown.values()) / sum(shown.values()) ** 2 if shown else math.nan


def compute(name, lists, **given):
    recs = lists if isinstance(lists, rd.Recommendations) else rd.Recommendations(np.array(lists))
    return metrics.compute(name, recs, **{"catalog": CATALOG, "kernel": KERNEL, "train": TRAIN, **given})


def close(value):
    return pytest.approx(value, abs=1e-7, nan_ok=True)  # attention is kept in steps of 2^-28, 4e-9


@pytest.mark.parametrize("discount", WEIGHTS)
@given(lists=lists_of_items)
@settings(max_examples=40, deadline=None)
def test_counting_metrics_against_references(discount, lists):
    shown = exposure(lists, discount)
    assert compute(f"entropy@discount={discount}", lists).value == close(entropy(shown))
    assert compute(f"effective_catalog_size@discount={discount}", lists).value == close(math.exp(entropy(shown)))
    assert compute(f"gini@discount={discount}", lists).value == close(gini(shown))
    assert compute(f"concentration@discount={discount}", lists).value == close(concentration(shown))


@pytest.mark.parametrize("discount", WEIGHTS)
@pytest.mark.parametrize("q", [1.0, 2.0])
@given(lists=lists_of_items)
@settings(max_examples=15, deadline=None)
def test_partition_against_references(discount, q, lists):
    states = []
    for items in lists:
        held = [(VECTORS[i].tolist(), w) for i, w in zip(items, WEIGHTS[discount], strict=True) if i >= 0]
        if held:
            states.append(([v for v, _ in held], [w for _, w in held]))
    expected = references.partition(states, [1.0] * len(states), q) if states else (math.nan,) * 3
    for name, value in zip(PARTITION, (*expected, math.log(expected[1])), strict=True):
        assert compute(f"{name}@q={q},discount={discount}", lists).value == pytest.approx(value, abs=1e-6, nan_ok=True)
    all_of_it = catalog_effective_number(KERNEL, q=q)
    ratio = compute(f"gamma_ratio@q={q},discount={discount}", lists).value
    assert ratio == pytest.approx(expected[2] / all_of_it, abs=1e-6, nan_ok=True)


def test_by_hand():
    """The first slot weighs 1, the third 1/2."""
    lists = [[0, -1, 1]]
    p = 2 / 3
    assert compute("entropy@discount=log", lists).value == close(-p * math.log(p) - (1 - p) * math.log(1 - p))
    assert compute("gini@discount=rbp", [[0, 1]]).value == close(_gini_of_two(1, 0.9))


def _gini_of_two(a, b):
    """Of N items two of which hold a ≥ b and the others nothing."""
    return ((N - 1) * a + (N - 3) * b) / (N * (a + b))


def test_a_short_list_gives_out_less_attention():
    """One slot against two slots, log: item 0 gets 1, items 1 and 2 get 1 and 1 / log₂ 3."""
    shown = {0: 1.0, 1: 1.0, 2: 1 / math.log2(3)}
    assert compute("entropy@discount=log", [[0, -1], [1, 2]]).value == close(entropy(shown))
    assert compute("alpha@discount=log", [[0, -1]]).value == close(1.0)  # while inside a list shares sum to 1


def test_every_metric_with_the_option_is_tested_here():
    found = {name for name in metrics.names() if metrics.describe(name).options.get("discount") == "none"}
    assert found == DISCOUNTED


@pytest.mark.parametrize("name", sorted(DISCOUNTED))
def test_wrong_names_are_refused_and_none_is_the_plain_number(name):
    lists = [[0, 1, 2, 3], [4, 1, 0, 5]]
    with pytest.raises(ValueError, match=r"discount must be one of 'none', .*'reciprocal', got 'loog'"):
        compute(f"{name}@discount=loog", lists)
    plain = compute(name, lists).value
    assert compute(f"{name}@discount=none", lists).value == plain
    assert compute(f"{name}@discount=log", lists).value != pytest.approx(plain, abs=1e-6)  # the option does something


def test_what_is_defined_on_plain_counts_only_is_refused():
    with pytest.raises(ValueError, match="discount must be 'none' where convention='recbole' is given, got 'log'"):
        compute("gini@discount=log", [[0, 1]], convention="recbole")
    with pytest.raises(ValueError, match="discount must be 'none' where a correction is given"):
        compute("entropy@correction=miller_madow,discount=rbp", [[0, 1]])


ITEMS = np.where(np.random.default_rng(1).random((40, K)) < 0.2, -1, np.random.default_rng(2).integers(0, N, (40, K)))
CLASSES = {
    "entropy": metrics.Entropy,
    "effective_catalog_size": metrics.EffectiveCatalogSize,
    "concentration": metrics.Concentration,
    "gini": metrics.Gini,
    "alpha": metrics.Alpha,
    "beta": metrics.Beta,
    "gamma": metrics.Gamma,
    "chi": metrics.Chi,
}


@pytest.mark.parametrize("kernel", [KERNEL, rd.IdentityKernel(N)], ids=["vectors", "identities"])
@pytest.mark.parametrize("discount", ["log", "rbp", "reciprocal"])
@pytest.mark.parametrize("name", [*COUNTING, *PARTITION])
def test_states_and_what_the_jackknife_leaves_out_are_the_plain_function(name, discount, kernel):
    asked, known = f"{name}@discount={discount}", {"n_items": N, "kernel": kernel, "discount": discount}
    metric = CLASSES[name](N if name in COUNTING else kernel, discount=discount)
    for rows in np.split(ITEMS, [3, 4, 21]):
        metric.update(rows)
    assert float(metric.compute()) == pytest.approx(compute(asked, ITEMS, kernel=kernel).value, abs=1e-10)
    recs, facts = rd.Recommendations(ITEMS), metrics.describe(name)
    group = user_groups(recs)
    fast = jackknife_values(
        recs, group, lambda some: with_known(facts.state, some, known), [lambda s: with_known(facts.value, s, known)]
    )
    slow = [compute(asked, recs.where(group != g), kernel=kernel).value for g in range(20)]
    np.testing.assert_allclose(fast[:, 0], slow, atol=1e-10)


def test_an_item_that_only_one_group_shows_leaves_nothing_behind():
    """0.1 + 0.2 − 0.2 is not 0.1: exposures are whole numbers, so what is taken away is gone."""
    lists = np.array([[0, 1, 2, 3]] * 30 + [[0, 1, 4, 5]])
    facts = metrics.describe("gini")
    state = [facts.state(rd.Recommendations(part), n_items=N, discount="rbp")["counts"] for part in (lists, lists[30:])]
    rest = state[0] - state[1]
    assert rest.dtype == torch.int64
    assert rest[4:].tolist() == [0, 0]


def test_intervals_know_the_discount():
    report = rd.evaluate(
        rd.Recommendations(ITEMS), CATALOG, kernel=KERNEL, metrics=["gini", "gini@discount=log", "chi@discount=log"]
    )
    row = report.frame.set_index("metric").loc
    assert row["gini@discount=log", "low"] < row["gini@discount=log", "value"] < row["gini@discount=log", "high"]
    assert row["gini@discount=log", "high"] != row["gini", "high"]
    assert row["chi@discount=log", "null"] == compute("chi@discount=log", ITEMS, null=5).null


def test_weights_fall_from_one():
    for discount in ("log", "rbp"):
        weights = slot_weights(discount, 50)
        assert float(weights[0]) == 1.0
        assert bool((weights.diff() < 0).all())
    assert slot_weights("none", 0).tolist() == []


def test_huge_rows_are_weighed_without_a_table_of_all():
    far = compute(
        "entropy@discount=log", rd.Recommendations([[0, 10**12], [5, -1]]), catalog=None, kernel=None, train=None
    ).value
    assert far == close(compute("entropy@discount=log", [[0, 1], [5, -1]]).value)
