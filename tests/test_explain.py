"""Contributions: against all orders by hand, what they add up to, who must get nothing or the same."""

import math
from itertools import permutations

import numpy as np
import pandas as pd
import pytest
import torch

import recdiv as rd
from recdiv.explain import EXACT

N, U = 30, 12
GENERATOR = np.random.default_rng(5)
VECTORS = GENERATOR.normal(size=(N, 6))
KERNEL = rd.EmbeddingKernel(VECTORS)
CATALOG = rd.Catalog(pd.DataFrame({"item_id": range(N), "category": [f"c{i % 4}" for i in range(N)]}))
ITEMS = np.stack([GENERATOR.choice(N, 5, replace=False) for _ in range(U)])
ITEMS[0, 1:3] = -1
ITEMS[1, 4] = -2
ITEMS[2] = -1
ITEMS[3, 4] = ITEMS[3, 0]
RECS = rd.Recommendations(ITEMS)


def log_number(items, q):
    """ln D_q from the definition: eigenvalues of the mean of outer products."""
    if not items:
        return 0.0
    unit = VECTORS[items] / np.linalg.norm(VECTORS[items], axis=1, keepdims=True)
    values = np.linalg.eigvalsh(unit.T @ unit / len(items))
    values = values[values > 1e-12]
    return -(values * np.log(values)).sum() if q == 1 else math.log((values**q).sum()) / (1 - q)


def distance(items):
    """Mean cosine distance over pairs; nothing for fewer than two."""
    unit = VECTORS[items] / np.linalg.norm(VECTORS[items], axis=1, keepdims=True)
    pairs = [1 - unit[i] @ unit[j] for i in range(len(items)) for j in range(i)]
    return sum(pairs) / len(pairs) if pairs else 0.0


def over_all_orders(items, worth):
    """What each place adds, over every order in which the places can be filled."""
    added = np.zeros(len(items))
    for order in permutations(range(len(items))):
        seen = []
        for place in order:
            before = worth([items[p] for p in sorted(seen)])
            seen.append(place)
            added[place] += worth([items[p] for p in sorted(seen)]) - before
    return added / math.factorial(len(items))


@pytest.mark.parametrize(
    ("name", "worth"),
    [
        ("effective_number", lambda items: log_number(items, 1)),
        ("effective_number@q=2", lambda items: log_number(items, 2)),
        ("ild", distance),
    ],
)
def test_shapley_values_are_those_of_all_orders(name, worth):
    found = rd.contributions(name, RECS, kernel=KERNEL)
    for row, items in enumerate(ITEMS):
        filled = items >= 0
        expected = over_all_orders(items[filled].tolist(), worth)
        # rounding of vectors to float32 moves a cosine by about 1e-8; a repeated item's spectrum by its root
        np.testing.assert_allclose(found.values[row, filled], expected, atol=1e-6)
        assert found.values[row, ~filled].isnan().all()
    assert found.exact.all()


@pytest.mark.parametrize(
    "name", ["effective_number", "effective_number@q=2", "leinster_cobbold", "ild", "category_entropy"]
)
def test_contributions_add_up_to_the_number(name):
    found = rd.contributions(name, RECS, kernel=KERNEL, catalog=CATALOG)
    value = rd.metrics.compute(name, RECS, kernel=KERNEL, catalog=CATALOG).per_list
    value = value.log() if "number" in name or "cobbold" in name else value
    torch.testing.assert_close(found.total, value.nan_to_num(nan=0.0), rtol=1e-9, atol=1e-12)
    torch.testing.assert_close(found.values.nansum(1), found.total - found.base, rtol=1e-9, atol=1e-12)


def test_the_fast_way_is_the_general_way():
    from recdiv.explain import _game, _of_items
    from recdiv.metrics._compute import parse

    metric, k, options = parse("effective_number@q=3")
    general = _of_items("slow", RECS, _game(metric, RECS, {"kernel": KERNEL}, k, options))
    fast = rd.contributions("effective_number@q=3", RECS, kernel=KERNEL)
    torch.testing.assert_close(fast.values, general.values, equal_nan=True)


def test_the_same_item_twice_gets_the_same():
    for name in ("effective_number", "ild"):
        found = rd.contributions(name, RECS, kernel=KERNEL).values[3]
        assert float(found[4]) == pytest.approx(float(found[0]), abs=1e-7)
        assert float(found[1]) != pytest.approx(float(found[0]), abs=1e-3)


def test_who_adds_nothing_gets_nothing():
    test = rd.Interactions(pd.DataFrame({"user_id": [0, 0], "item_id": [3, 7]}), CATALOG)
    recs = rd.Recommendations([[1, 3, 2, 7, 5]])
    found = rd.contributions("recall", recs, test=test).values[0]
    torch.testing.assert_close(found, torch.tensor([0, 0.5, 0, 0.5, 0], dtype=torch.float64))
    gain = rd.contributions("ndcg", recs, test=test)
    assert gain.values[0, [0, 2, 4]].abs().max() < 1e-12
    assert gain.values[0, 1] > gain.values[0, 3] > 0  # a place further down is worth less
    alike = rd.contributions("effective_number", rd.Recommendations([[4, 4, 4]]), kernel=KERNEL)
    assert alike.values.abs().max() < 1e-9


def test_longer_lists_get_what_leaving_out_would_lose():
    items = np.stack([GENERATOR.choice(N, EXACT + 2, replace=False) for _ in range(3)])
    items[0, 0] = -1
    items[0, 1] = -1  # twelve left: exact
    found = rd.contributions("effective_number", rd.Recommendations(items), kernel=KERNEL)
    assert found.exact.tolist() == [True, False, False]
    for place in range(EXACT + 2):
        rest = np.delete(items[1], place).tolist()
        expected = log_number(items[1].tolist(), 1) - log_number(rest, 1)
        assert float(found.values[1, place]) == pytest.approx(expected, abs=1e-6)
    torch.testing.assert_close(found.values[0].nansum(), found.total[0])


def test_cut_off_and_chosen_lists():
    found = rd.contributions("ild@3", RECS, kernel=KERNEL, lists=[5, 4])
    whole = rd.contributions("ild", RECS.head(3), kernel=KERNEL)
    torch.testing.assert_close(found.values, whole.values[[5, 4]], equal_nan=True)


def test_chunks_do_not_matter(monkeypatch):
    whole = rd.contributions("effective_number", RECS, kernel=KERNEL)
    monkeypatch.setattr("recdiv.explain._NUMBERS", 1)
    torch.testing.assert_close(
        rd.contributions("effective_number", RECS, kernel=KERNEL).values, whole.values, equal_nan=True
    )


@pytest.mark.parametrize("name", ["entropy", "gini", "gamma", "chi", "item_coverage"])
def test_lists_get_what_the_corpus_number_loses_without_them(name):
    found = rd.contributions(name, RECS, kernel=KERNEL, catalog=CATALOG)
    given = {"kernel": KERNEL, "catalog": CATALOG}
    everything = rd.metrics.compute(name, RECS, **given).value
    without = [everything - rd.metrics.compute(name, RECS.where(np.arange(U) != u), **given).value for u in range(U)]
    np.testing.assert_allclose(found.values, without, atol=1e-9)
    assert float(found.values[2]) == pytest.approx(0, abs=1e-12)  # an empty list changes nothing
    assert float(found.total) == pytest.approx(everything)
    assert not found.exact.any()


def test_one_list_alone_leaves_nothing_to_compare_with():
    assert rd.contributions("entropy", RECS.where([4]), catalog=CATALOG).values.isnan().all()


def test_wrong_input():
    with pytest.raises(ValueError, match="metric ild needs kernel, got none"):
        rd.contributions("ild", RECS)
    with pytest.raises(ValueError, match=r"metric must be one of .* got 'nothing'"):
        rd.contributions("nothing", RECS)
    with pytest.raises(ValueError, match="need a metric of one list at a time, got 'temporal_diversity', which"):
        rd.contributions("temporal_diversity", RECS, previous=RECS)
    with pytest.raises(ValueError, match="need a metric whose states add up, got 'chi_excess'"):
        rd.contributions("chi_excess", RECS, kernel=KERNEL)
