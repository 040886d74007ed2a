"""What other libraries print for the same input under the same name, on cases worked out by hand.

Numbers that they printed are in test_conformance.py.
"""

import math

import pandas as pd
import pytest
import torch

import recdiv as rd
from recdiv import metrics

# three lists, six training items 0..5, item 6 was never seen in training
CATALOG = rd.Catalog(pd.DataFrame({"item_id": range(7)}))
TRAIN = rd.Interactions(pd.DataFrame({"user_id": [0, 0, 1, 1, 2, 2], "item_id": range(6)}), CATALOG)
LISTS = rd.Recommendations([[4, 5], [3, 6], [2, -1]])
COUNTS = [50, 30, 10, 5, 5]
TWENTY = rd.Catalog(pd.DataFrame({"item_id": range(20)}))


def shown(counts):
    """One-slot lists that show item i ``counts[i]`` times."""
    return rd.Recommendations(torch.repeat_interleave(torch.arange(len(counts)), torch.tensor(counts))[:, None])


@pytest.mark.parametrize(
    ("convention", "printed"),
    [
        ("recbole", 0.714),
        ("recommenders", 0.833),
        ("replay", 0.667),
        ("rexmex", 0.667),
        ("clayrs", 66.67),
        ("recmetrics", 83.33),
        ("elliot", 5),
        ("rectools", 5),
    ],
)
def test_coverage_of_one_input(convention, printed):
    value = metrics.compute("item_coverage", LISTS, catalog=CATALOG, train=TRAIN, convention=convention).value
    digits = len(str(printed).partition(".")[2])
    assert round(value, digits) == printed


def test_coverage_can_exceed_one_elsewhere_but_not_here():
    one = rd.Interactions(pd.DataFrame({"user_id": [0, 0, 0], "item_id": [0, 1, 2]}), CATALOG)
    five = rd.Recommendations([[0, 1, 2, 3, 4]])
    assert metrics.compute("item_coverage", five, catalog=CATALOG, train=one, convention="recommenders").value == 5 / 3
    assert metrics.compute("item_coverage", five, catalog=CATALOG, train=one).value == 5 / 7


@pytest.mark.parametrize(
    ("convention", "printed"),
    [(None, 1.2376), ("rsdiv", 1.2376), ("recommenders", 1.7855), ("mfd", 1.7855), ("recbole", 0.2475)],
)
def test_entropy_of_one_histogram(convention, printed):
    assert round(metrics.compute("entropy", shown(COUNTS), convention=convention).value, 4) == printed


def test_elliot_entropy_is_one_only_for_lists_of_one_length():
    """Lists of length 1, 1 and 10, the first two showing the same item: 2.918 against 3.418 bits."""
    uneven = rd.Recommendations([[0] + [-1] * 9, [0] + [-1] * 9, list(range(1, 11))])
    elliot = metrics.compute("entropy", uneven, convention="elliot").value
    bits = metrics.compute("entropy", uneven, convention="recommenders").value
    assert (round(elliot, 3), round(bits, 3)) == (2.918, 3.418)
    even = shown(COUNTS)
    assert metrics.compute("entropy", even, convention="elliot").value == pytest.approx(
        metrics.compute("entropy", even, convention="recommenders").value
    )


@pytest.mark.parametrize(
    ("convention", "printed"),
    [(None, 0.865), ("lenskit", 0.865), ("recbole", 0.871), ("elliot", 0.0895), ("clayrs", 0.46), ("rsdiv", 0.46)],
)
def test_gini_of_one_histogram(convention, printed):
    value = metrics.compute("gini", shown(COUNTS), catalog=TWENTY, convention=convention).value
    assert round(value, len(str(printed).partition(".")[2])) == printed


def test_gini_elsewhere_leaves_its_range():
    catalog = rd.Catalog(pd.DataFrame({"item_id": range(5)}))
    four = rd.Interactions(pd.DataFrame({"user_id": [0] * 4, "item_id": range(4)}), catalog)
    value = metrics.compute("gini", shown([1] * 5), catalog=catalog, train=four, convention="elliot").value
    assert round(value, 3) == 1.333
    even = metrics.compute("gini", shown([2] * 20), catalog=TWENTY, convention="recbole").value
    assert even == pytest.approx(1 / 21)  # a perfectly even recommender is not 0: padding counts
    assert metrics.compute("gini", shown([2] * 20), catalog=TWENTY).value == 0


def test_gini_of_mfd_by_its_own_formula():
    x, n = sorted(COUNTS + [0] * 15), 20
    printed = 2 * sum((n + 1 - i) / (n + 1) * value / sum(x) for i, value in enumerate(x, start=1))
    assert metrics.compute("gini", shown(COUNTS), catalog=TWENTY, convention="mfd").value == pytest.approx(printed)


@pytest.mark.parametrize(
    ("convention", "one_item", "system"),
    [
        (None, math.nan, 1.0),  # left out
        ("recommenders", math.nan, 1.0),
        ("torch-rechub", math.nan, 1.0),
        ("recmetrics", math.nan, math.nan),  # poisons the mean
        ("rexmex", math.nan, math.nan),
        ("lenskit", 1.0, 0.5),  # "similarity" 1 beside similarity 0
        ("informfully", 0.0, 0.5),
    ],
)
def test_intra_list_distance_of_a_list_of_one(convention, one_item, system):
    recs = rd.Recommendations([[0, 1], [0, -1]])
    result = metrics.compute("ild", recs, kernel=rd.IdentityKernel(2), convention=convention)
    assert float(result.per_list[1]) == pytest.approx(one_item, nan_ok=True)
    assert result.value == pytest.approx(system, nan_ok=True)


@pytest.mark.parametrize("convention", [None, "recommenders", "torch-rechub"])
def test_intra_list_distance_where_no_list_has_two(convention):
    result = metrics.compute("ild", rd.Recommendations([[0], [1]]), kernel=rd.IdentityKernel(2), convention=convention)
    assert result.value == pytest.approx(0.0 if convention == "torch-rechub" else math.nan, nan_ok=True)
    assert result.n == 0


def test_every_convention_says_what_differs():
    for name in metrics.names():
        for library, differs in metrics.describe(name).conventions.items():
            assert 3 < len(differs) <= 90, (name, library)
            assert not differs.endswith("."), (name, library)


def test_what_a_convention_cannot_do_is_said():
    with pytest.raises(ValueError, match="metric novelty needs train, got none"):
        metrics.compute("novelty", LISTS, catalog=CATALOG, convention="replay")
    with pytest.raises(ValueError, match=r"convention of gini must be one of: clayrs, .*; got 'librec'"):
        metrics.compute("gini", LISTS, catalog=CATALOG, convention="librec")
    with pytest.raises(ValueError, match="missing must be 'own' where convention='lenskit' is given, got 'same'"):
        metrics.compute("category_entropy@missing=same", LISTS, catalog=CATALOG, convention="lenskit")
