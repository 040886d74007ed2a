"""How numbers move with list length, number of users and encoder."""

import math

import numpy as np
import pandas as pd
import pytest

import recdiv as rd
from recdiv import metrics

RNG = np.random.default_rng(0)
N, USERS, K = 50, 64, 8
ITEMS = np.stack([RNG.choice(N, K, replace=False) for _ in range(USERS)])
RECS = rd.Recommendations(ITEMS)
CATALOG = rd.Catalog(pd.DataFrame({"item_id": range(N)}))
KERNELS = {"wide": rd.EmbeddingKernel(RNG.normal(size=(N, 12))), "narrow": rd.EmbeddingKernel(RNG.normal(size=(N, 3)))}
FOUND = metrics.sensitivity(RECS, CATALOG, kernels=KERNELS, draws=4)


def at(axis, metric):
    return FOUND[(FOUND["axis"] == axis) & (FOUND["metric"] == metric)].set_index("at")


def test_each_number_is_that_of_compute():
    for row in FOUND[FOUND["axis"] != "users"].itertuples():
        kernel = KERNELS[row.at] if row.axis == "kernel" else KERNELS["wide"]
        recs = RECS.head(row.at) if row.axis == "length" else RECS
        result = metrics.compute(row.metric, recs, catalog=CATALOG, kernel=kernel, null=2)
        assert row.value == pytest.approx(result.value, nan_ok=True)
        assert row.null == pytest.approx(result.null, nan_ok=True)
        assert row.excess == pytest.approx(result.excess, nan_ok=True)


def test_places_are_those_asked_for():
    assert list(at("length", "gini").index) == [2, 4, 6, 8]
    assert list(at("users", "gini").index) == [8, 16, 32, 64]
    assert list(at("kernel", "chi").index) == ["wide", "narrow"]
    few = metrics.sensitivity(RECS, CATALOG, metrics=["gini"], lengths=[3], users=[5], null=0)
    assert few[["axis", "at"]].values.tolist() == [["length", 3], ["users", 5]]
    assert set(few["metric"]) == {"gini"}


def test_subsamples_spread_and_all_users_do_not():
    entropy = at("users", "entropy")
    assert entropy["draws"].tolist() == [4, 4, 4, 1]
    assert (entropy["sd"].iloc[:3] > 0).all()
    assert math.isnan(entropy["sd"].iloc[3])
    assert entropy["value"].is_monotonic_increasing  # fewer slots show fewer items


def test_what_moves_with_users_and_what_chance_takes_out_of_it():
    chi = at("users", "chi")
    assert chi["value"].iloc[3] - chi["value"].iloc[0] > 3 * chi["excess"].abs().max()  # nothing here is personal
    assert at("users", "mutual_information")["excess"].abs().max() < 1e-9
    assert at("length", "effective_number")["value"].is_monotonic_increasing


def test_lists_of_one_user_stay_together():
    users = np.repeat(np.arange(USERS // 2), 2)
    twice = rd.Recommendations(np.repeat(users[:, None], 1, axis=1), users=users)  # user u is shown item u twice
    found = metrics.sensitivity(twice, CATALOG, metrics=["item_count"], lengths=[1], users=[4], null=0)
    assert found["value"].tolist() == [USERS // 2, 4.0]


def test_without_a_kernel_no_metric_of_meaning_is_measured():
    found = metrics.sensitivity(RECS, CATALOG, null=0)
    assert set(found["axis"]) == {"length", "users"}
    assert "chi" not in set(found["metric"])
    with pytest.raises(ValueError, match="metric chi needs kernel, got none"):
        metrics.sensitivity(RECS, CATALOG, metrics=["chi"])


@pytest.mark.parametrize(("wrong", "message"), [
    ({"lengths": [9]}, "lengths must lie between 1 and 8, got 9"),
    ({"users": [0]}, "users must lie between 1 and 64, got 0"),
])  # fmt: skip
def test_places_that_there_are_not(wrong, message):
    with pytest.raises(ValueError, match=message):
        metrics.sensitivity(RECS, CATALOG, metrics=["gini"], **wrong)


def test_the_same_seed_draws_the_same_users():
    again = metrics.sensitivity(RECS, CATALOG, metrics=["entropy"], draws=4)
    other = metrics.sensitivity(RECS, CATALOG, metrics=["entropy"], draws=4, rng=1)
    values = at("users", "entropy")["value"].tolist()
    assert again[again["axis"] == "users"]["value"].tolist() == values
    assert other[other["axis"] == "users"]["value"].tolist() != values


def test_it_is_drawn():
    from recdiv import plots

    fig = plots.sensitivity(FOUND, metrics=["chi", "beta"])
    titles = [ax.get_title(loc="left") for ax in fig.axes]
    assert titles == ["chi", "chi", "chi", "beta", "beta", "beta"]
    value = fig.axes[0].lines[0]
    assert value.get_xdata().tolist() == [2, 4, 6, 8]
    assert value.get_ydata().tolist() == at("length", "chi")["value"].tolist()
    chance = fig.axes[0].lines[-1]
    assert chance.get_ydata().tolist() == at("length", "chi")["null"].tolist()
    assert "<svg" in plots.svg(fig, alt="How chi and beta move.")
    with pytest.raises(ValueError, match="metrics must be in the frame"):
        plots.sensitivity(FOUND, metrics=["ndcg"])
