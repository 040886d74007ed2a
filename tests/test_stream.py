"""Lists measured some at a time give the numbers of all lists in memory."""

import math

import numpy as np
import pandas as pd
import pytest

import recdiv as rd
from recdiv import metrics
from recdiv.evaluation import Tally, _intervals, _tally, stream

RNG = np.random.default_rng(3)
N, USERS = 40, 90
COLUMNS = {"category": ["a", "a|b", "c", None], "minority": [1, 0.5, 0, None], "sentiment": [0.1, -0.5, None, 0.9]}
CATALOG = rd.Catalog(pd.DataFrame({"item_id": range(N), **{name: each * 10 for name, each in COLUMNS.items()}}))
KERNEL = rd.EmbeddingKernel(RNG.normal(size=(N, 6)))
ITEMS = np.stack([RNG.permutation(N)[:5] for _ in range(USERS)])
ITEMS[RNG.random(ITEMS.shape) < 0.1] = -1
ITEMS[RNG.random(ITEMS.shape) < 0.1] = -2
ITEMS[7] = -1
ITEMS[8, :2] = 3
NAMES = np.array([f"u{u % 70}" for u in range(USERS)], dtype=object)  # twenty users own two lists
RECS = rd.Recommendations(ITEMS, users=NAMES, scores=-np.tile(np.arange(5.0), (USERS, 1)))
EVENTS = pd.DataFrame({"user_id": RNG.choice(NAMES, 200), "item_id": RNG.integers(0, N, 200)})
GIVEN = {
    "train": rd.Interactions(EVENTS[:150], CATALOG),
    "test": rd.Interactions(EVENTS[150:], CATALOG),
    "kernel": KERNEL,
}
STREAMABLE = [name for name in metrics.names() if _tally.why_not(metrics.describe(name)) is None]


def measurable(name):
    return set(metrics.describe(name).needs) <= {"catalog", *GIVEN}


def batches(recs, size):
    return [recs.where(list(range(start, min(start + size, len(recs))))) for start in range(0, len(recs), size)]


@pytest.fixture
def same_groups(monkeypatch):
    """The jackknife in memory on the groups that a tally uses, those without users left out."""
    groups = lambda recs, rng: pd.factorize(_tally.hashed_groups(recs.users))[0]  # noqa: E731
    monkeypatch.setattr("recdiv.evaluation._evaluate.user_groups", groups)


@pytest.mark.parametrize("size", [1, 7, 1000])
@pytest.mark.parametrize("slots", [1 << 19, 40], ids=["at once", "in parts"])
def test_every_metric_that_can_be_streamed_is_the_same(monkeypatch, same_groups, size, slots):
    monkeypatch.setattr(_tally, "_SLOTS", slots)
    names = [name for name in STREAMABLE if measurable(name)]
    names += ["ndcg@2", "effective_number@q=2,k=3", "gamma@q=2", "gini@k=1", "semantic_coverage@k=2"]
    expected = rd.evaluate(RECS, CATALOG, metrics=names, null=0, **GIVEN).frame
    found = stream(batches(RECS, size), CATALOG, metrics=names, **GIVEN).frame
    for column in ("metric", "n", "n_undefined", "direction"):
        assert found[column].tolist() == expected[column].tolist()
    np.testing.assert_allclose(found["value"], expected["value"], rtol=1e-10)
    corpus = [metrics.describe(name.partition("@")[0]).level == "corpus" for name in names]
    np.testing.assert_allclose(found[corpus][["low", "high"]], expected[corpus][["low", "high"]], rtol=1e-7)


def test_most_metrics_can_be_streamed_and_the_rest_say_why():
    reasons = {name: _tally.why_not(metrics.describe(name)) for name in metrics.names()}
    assert reasons["chi_excess"] == "has no states that add up"
    assert {"validity", "ndcg", "ild", "chi", "gini", "semantic_coverage", "category_information"} <= set(STREAMABLE)


def test_default_metrics_are_those_of_evaluate():
    expected = rd.evaluate(RECS, CATALOG, null=0, resamples=0, **GIVEN)
    found = stream(batches(RECS, 20), CATALOG, **GIVEN)
    assert found.frame["metric"].tolist() == expected.frame["metric"].tolist()
    np.testing.assert_allclose(found.frame["value"], expected.frame["value"], rtol=1e-10)
    assert found.heading() == expected.heading()
    without = stream(batches(RECS, 20), CATALOG)
    assert without.skipped == rd.evaluate(RECS, CATALOG, null=0, resamples=0).skipped


def test_interval_of_a_mean_is_its_jackknife_over_groups_of_users():
    row = stream(batches(RECS, 20), CATALOG, metrics=["validity"]).frame.iloc[0]
    values = rd.metrics.compute("validity", RECS).per_list.numpy()
    group = _tally.hashed_groups(RECS.users)
    left_out = np.array([np.nanmean(values[group != g]) for g in np.unique(group)])
    low, high = _intervals.jackknife_interval(np.nanmean(values), left_out, 0.95)
    assert (row["low"], row["high"]) == (pytest.approx(max(low, 0)), pytest.approx(min(high, 1)))


def test_interval_of_a_mean_is_about_the_bootstrap_one():
    many = rd.Recommendations(np.stack([RNG.permutation(N)[:5] for _ in range(3000)]))
    found = stream(batches(many, 500), CATALOG, metrics=["ild"], kernel=KERNEL).frame.iloc[0]
    expected = rd.evaluate(many, CATALOG, metrics=["ild"], kernel=KERNEL).frame.iloc[0]
    # 20 groups know the standard error to within a factor of 1 ± 2/√38 in 95 of 100 cases; t makes it wider by 7 %
    assert 0.6 < (found["high"] - found["low"]) / (expected["high"] - expected["low"]) < 1.6


def test_tallies_of_different_users_add_up_and_travel_as_arrays():
    names = ["gini", "chi", "validity", "semantic_coverage"]
    expected = stream(batches(RECS, 10), CATALOG, metrics=names, kernel=KERNEL).frame
    one, other, third = (Tally(CATALOG, slots=5, metrics=names, kernel=KERNEL) for _ in range(3))
    mine = np.isin(NAMES, NAMES[:30])
    one.add(RECS.where(mine))
    other.add(RECS.where(~mine))
    for group, family, key, values in other.numbers():
        third.add_numbers(group, family, key, values)
    third.merge(one)
    pd.testing.assert_frame_equal(third.report().frame, expected, rtol=1e-10)


def test_a_report_may_be_asked_for_on_the_way():
    tally = Tally(CATALOG, slots=5, metrics=["item_count"])
    tally.add(RECS.where(list(range(40))))
    before = tally.report()["item_count"]
    tally.add(RECS.where(list(range(40, USERS))))
    assert before <= tally.report()["item_count"] == rd.metrics.compute("item_count", RECS).value


def test_groups_follow_the_user_and_are_about_equal():
    users = np.array([str(u) for u in range(20_000)], dtype=object)
    group = _tally.hashed_groups(users)
    assert (group[::-1] == _tally.hashed_groups(users[::-1])).all()
    counts = np.bincount(group, minlength=20)
    assert counts.min() > 850  # 1000 ± 5 standard deviations of a binomial
    assert counts.max() < 1150


def test_no_lists_have_no_numbers():
    report = stream([], CATALOG, metrics=["gini", "validity", "semantic_coverage"], kernel=KERNEL)
    assert report.frame["value"].isna().all()
    assert report.settings["lists"] == 0
    empty = stream([rd.Recommendations([[-1, -1]])], CATALOG, metrics=["gini", "validity", "chi"], kernel=KERNEL)
    assert empty.frame["value"].isna().all()
    assert empty.frame["n_undefined"].tolist() == [1, 1, 1]


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: stream([RECS], CATALOG, metrics=["chi_excess"], kernel=KERNEL), "'chi_excess', which has no states"),
        (lambda: stream([RECS], CATALOG, metrics=["ild"]), "metric ild needs kernel, got none"),
        (lambda: stream([RECS], CATALOG, previous=RECS), "previous needs all lists at hand"),
        (lambda: stream([RECS], CATALOG, groups=NAMES), "groups needs all lists at hand"),
        (lambda: stream([RECS], CATALOG, slots=3), "recs must have at most 3 slots, got 5"),
        (lambda: Tally(CATALOG, slots=0), "slots must be at least 1, got 0"),
        (lambda: stream([rd.Recommendations([[99]])], CATALOG), "items must be rows of the catalogue"),
        (lambda: stream([RECS], CATALOG, confidence=2), "confidence must lie between 0 and 1, got 2"),
        (lambda: stream([RECS], CATALOG).plot(), "plot needs all lists in memory"),
        (lambda: stream([RECS], CATALOG).to_html("x.html"), "a page needs all lists in memory"),
    ],
)
def test_errors(make, message):
    with pytest.raises(ValueError, match=message):
        make()


def test_shorter_batches_are_as_if_padded():
    short = rd.Recommendations(ITEMS[:10, :3], users=NAMES[:10])
    long = RECS.where(list(range(10, USERS)))
    padded = rd.Recommendations(np.pad(ITEMS[:10, :3], ((0, 0), (0, 2)), constant_values=-1), users=NAMES[:10])
    names = ["ndcg", "recall", "gini", "effective_number"]
    expected = stream([padded, long], CATALOG, metrics=names, **GIVEN)
    pd.testing.assert_frame_equal(stream([short, long], CATALOG, metrics=names, slots=5, **GIVEN).frame, expected.frame)


def test_a_group_by_batch_would_be_caught(monkeypatch, same_groups):
    """If the lists of one user fell into several groups, intervals would be those of independent lists."""
    monkeypatch.setattr("recdiv.evaluation._tally.hashed_groups", lambda users: np.arange(len(users)) % 20)
    wrong = stream(batches(RECS, 20), CATALOG, metrics=["gini"]).frame.iloc[0]
    monkeypatch.undo()
    right = stream(batches(RECS, 20), CATALOG, metrics=["gini"]).frame.iloc[0]
    assert wrong["value"] == right["value"]
    assert not math.isclose(wrong["low"], right["low"], rel_tol=1e-7)
