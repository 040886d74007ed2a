"""What lists show beside what there is: cases worked out by hand, chance, gaps in what is known, and known faults."""

import math

import numpy as np
import pandas as pd
import pytest
import torch
from reference_pool import representation as slow_representation

import recdiv as rd
from recdiv import metrics
from recdiv.metrics._chance import random_lists

WING = ["left"] * 20 + ["right"] * 60 + [None] * 20
FRAME = pd.DataFrame({"item_id": range(100), "wing": WING, "minority": np.arange(100) % 4 == 0, "tone": 0.01})
CATALOG = rd.Catalog(FRAME)
LEFT, RIGHT, NEITHER = 0, 30, 90
LN2 = math.log(2)


def measured(name, lists, catalog=CATALOG, **given):
    return metrics.compute(name, rd.Recommendations(lists), catalog=catalog, **given)


def jsd(p, q):
    return sum(a / 2 * math.log(2 * a / (a + b)) for one in ((p, q), (q, p)) for a, b in zip(*one, strict=True) if a)


def test_a_list_in_the_proportions_of_the_pool_is_at_distance_0_and_a_one_sided_one_where_it_belongs():
    found = measured("representation@by=wing,discount=none", [[0, 30, 31, 32], [1, 2, 3, 4], [90, 91, 92, 93]])
    assert found.per_list[0] == pytest.approx(0, abs=1e-12)
    assert found.per_list[1] == pytest.approx(jsd((0.25, 0.75), (1.0, 0.0)))
    assert math.isnan(found.per_list[2])  # nothing is known of any of its items
    assert (found.n, found.n_undefined) == (2, 1)
    even = measured("representation@by=wing,discount=none,target=even", [[0, 30]])
    assert even.value == pytest.approx(0, abs=1e-12)


def test_nothing_in_common_is_ln_2():
    demand = np.isin(WING, "right").astype(float)
    found = measured("representation@by=wing", [[0, 1]], demand=demand)
    assert found.value == pytest.approx(LN2)


def test_demand_says_what_there_is_to_be_shown():
    today = np.zeros(100)
    today[[0, 1, 30]] = 1  # two thirds left
    found = measured("representation@by=wing,discount=none", [[0, 1, 30], [30, 31, 32]], demand=today, null=30)
    assert found.per_list.tolist() == pytest.approx([0, jsd((2 / 3, 1 / 3), (0, 1))], abs=1e-12)
    assert found.null == pytest.approx(0, abs=1e-12)  # three of today's three articles show it as it is


def test_the_order_of_a_list_counts():
    """Informfully takes np.unique of its ranked items before the discount, so that a list and its reverse are one."""
    ahead, behind = measured("representation@by=wing", [[0, 30], [30, 0]]).per_list.tolist()
    assert ahead == pytest.approx(jsd((0.25, 0.75), (2 / 3, 1 / 3)))
    assert behind == pytest.approx(jsd((0.25, 0.75), (1 / 3, 2 / 3)))
    same = measured("representation@by=wing,discount=none", [[0, 30], [30, 0]]).per_list.tolist()
    assert same[0] == same[1]


def test_a_missing_label_is_left_out_or_a_label():
    assert measured("representation@by=wing,missing=out", [[90, 0]]).value == pytest.approx(jsd((0.25, 0.75), (1, 0)))
    same = measured("representation@by=wing,missing=same", [[90, 0]]).value
    assert same == pytest.approx(jsd((0.2, 0.6, 0.2), (1 / 3, 0, 2 / 3)))
    nobody = rd.Catalog(FRAME.assign(wing=None))
    assert math.isnan(measured("representation@by=wing", [[0, 1]], catalog=nobody, null=3).value)


def test_alternative_voices_of_flags_and_shares():
    """RADio drops an item in which only one side speaks: here all of them, so it has nothing to say."""
    every = rd.Catalog(FRAME.assign(share=[1.0, 0.5, 0.0, np.nan] * 25))
    found = measured("alternative_voices@by=share", [[0, 2], [3, 1], [3, 7]], catalog=every)
    assert found.per_list[0] == pytest.approx(jsd((0.5, 0.5), (2 / 3, 1 / 3)))
    assert found.per_list[1] == pytest.approx(0, abs=1e-12)  # half and half, as in the pool
    assert math.isnan(found.per_list[2])
    flags = measured("alternative_voices", [[0, 1, 2, 3]])
    assert flags.value == pytest.approx(jsd((0.25, 0.75), (1 / (25 / 12), 1 - 12 / 25)))
    assert math.isnan(measured("alternative_voices", [[0, 1, 2, 3]], convention="radio").value)


def test_activation_counts_size_not_sign_and_bins_lie_between_the_ends_of_the_pool():
    tones = rd.Catalog(pd.DataFrame({"item_id": range(4), "sentiment": [-1.0, 1.0, 0.0, None]}))
    found = measured("activation", [[0, 2], [1, 2], [3, -1]], catalog=tones)
    assert found.per_list[0] == found.per_list[1] == pytest.approx(0, abs=1e-12)  # two thirds stirring, as in the pool
    assert math.isnan(found.per_list[2])
    flat = measured("activation@by=tone", [[0, 1]])
    assert flat.value == pytest.approx(0, abs=1e-12)  # one tone only
    milder = rd.Catalog(pd.DataFrame({"item_id": range(4), "sentiment": [-0.5, 0.3, 0.0, 1.0]}))
    today = np.array([1.0, 0.0, 1.0, 0.0])  # from 0 to 0.5, cut at 0.25; 1.0 is as the strongest of today's
    found = measured("activation@bins=2", [[1, 1], [3, 2]], catalog=milder, demand=today).per_list.tolist()
    assert found == pytest.approx([jsd((0.5, 0.5), (0, 1)), jsd((0.5, 0.5), (1 / 3, 2 / 3))])


@pytest.mark.parametrize("name", ["representation@by=wing", "alternative_voices", "activation@by=tone"])
def test_demand_of_another_length_is_refused(name):
    with pytest.raises(ValueError, match="demand must have"):
        measured(name, [[0, 1]], demand=np.ones(7))


@pytest.mark.parametrize("name", ["representation@by=wing", "alternative_voices"])
def test_chance_is_near_what_random_lists_have_and_below_what_one_sided_ones_do(name):
    rng = np.random.default_rng(0)
    random = np.stack([rng.choice(100, 6, replace=False) for _ in range(400)])
    found = measured(name, random, null=20)
    error = float(found.per_list.nan_to_num().std()) / math.sqrt(400)
    assert abs(found.excess) < 4 * error
    assert found.null > 0.02  # six articles do not hold the proportions of a hundred
    one_sided = measured(name, [[0, 4, 8, 12, 16, 20]], null=20)
    assert one_sided.excess > 0.05


def test_lists_drawn_with_chances_follow_them():
    chances = np.array([0.0, 0.5, 0.25, 0.25])
    drawn = random_lists(torch.full((4000,), 1), 4, np.random.default_rng(0), chances=chances)
    share = np.bincount(drawn.flatten().numpy(), minlength=4) / 4000
    assert share == pytest.approx(chances, abs=4 * 0.5 / math.sqrt(4000))
    longer = random_lists(torch.full((50,), 9), 4, np.random.default_rng(0), chances=chances)
    assert {tuple(sorted(row)) for row in longer.tolist()} == {(1, 2, 3)}


def test_calibration_by_a_column_that_is_not_known_of_all():
    train = rd.Interactions(pd.DataFrame({"user_id": [0, 0, 1], "item_id": [0, 30, 90]}), CATALOG)
    name = "calibration_js@by=wing,missing=out,discount=reciprocal"
    found = measured(name, [[1, 31], [1, 31], [1, 31], [-1, -1]], train=train, null=5)
    assert found.per_list[0] == pytest.approx(jsd((0.5, 0.5), (2 / 3, 1 / 3)))
    assert found.per_list[1:].isnan().all()  # a history of unknowns, no history, no list
    assert (found.n, found.n_undefined) == (1, 3)
    assert found.null == pytest.approx(found.value)  # every list is the same: dealing them anew changes nothing
    flat = measured("calibration_js@by=wing,missing=out", [[1, 31]], train=train)
    assert flat.value == pytest.approx(0, abs=1e-12)


def test_long_lists_are_measured_in_parts(monkeypatch):
    rng = np.random.default_rng(1)
    lists = np.stack([rng.permutation(100)[:30] for _ in range(9)])
    whole = measured("representation@by=wing", lists).per_list
    monkeypatch.setattr("recdiv.metrics._attributes.BLOCK", 64)
    assert measured("representation@by=wing", lists).per_list.tolist() == whole.tolist()
    held = [[label] if label else [] for label in WING]
    assert whole.tolist() == pytest.approx([slow_representation(row, held) for row in lists.tolist()], abs=1e-12)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("representation@by=party", r"by must be a column of the catalog \(wing, minority, tone\), got 'party'"),
        ("representation@by=wing,target=mirror", "target must be 'pool' or 'even', got 'mirror'"),
        ("representation@by=wing,missing=own", "missing must be 'out' or 'same', got 'own'"),
        ("representation@by=wing,missing=drop", "missing must be 'own', 'same' or 'out', got 'drop'"),
        ("representation@by=wing,discount=steep", "discount must be one of .*, got 'steep'"),
        ("alternative_voices@by=wing", "by must be a column of finite numbers, got 'left' in 'wing'"),
        ("activation", r"by must be a column of the catalog .*, got 'sentiment'"),
        ("activation@by=tone,bins=0", "bins must be at least 1, got 0"),
        ("activation@by=item_id", "by must be a column of the catalog"),
    ],
)
def test_what_is_refused(name, message):
    with pytest.raises(ValueError, match=message):
        measured(name, [[0, 1]])


def test_shares_outside_0_to_1_and_endless_numbers_are_refused():
    wrong = rd.Catalog(FRAME.assign(minority=3.0, tone=np.inf))
    with pytest.raises(ValueError, match=r"by must be a column of shares from 0 to 1, got 3.0 in 'minority'"):
        measured("alternative_voices", [[0]], catalog=wrong)
    with pytest.raises(ValueError, match="by must be a column of finite numbers, got inf in 'tone'"):
        measured("activation@by=tone", [[0]], catalog=wrong)
