"""One call: its table, its intervals against known truth, what it refuses."""

import json
import math
from functools import partial

import numpy as np
import pandas as pd
import pytest
import torch

import recdiv as rd
from recdiv import metrics
from recdiv._redeal import redeal
from recdiv.evaluation import stream
from recdiv.evaluation._intervals import bootstrap_means, jackknife_interval, jackknife_values, user_groups
from recdiv.evaluation._report import number
from recdiv.metrics._counts import counts_state
from recdiv.metrics.chi_excess import excess_left_out
from recdiv.metrics.entropy import entropy_value
from recdiv.metrics.semantic_coverage import coverage_left_out

N, U, K = 40, 60, 6
GENERATOR = np.random.default_rng(11)
CATALOG = rd.Catalog(
    pd.DataFrame(
        {
            "item_id": [f"i{i}" for i in range(N)],
            "title": [f"Title {i}" for i in range(N)],
            "category": [f"c{i % 5}" for i in range(N)],
        }
    )
)
ITEMS = np.stack([GENERATOR.choice(N, K, replace=False) for _ in range(U)])
ITEMS[0] = -1
ITEMS[1, 3] = -2
RECS = rd.Recommendations(ITEMS, users=[f"u{u}" for u in range(U)])
KERNEL = rd.EmbeddingKernel(GENERATOR.normal(size=(N, 8)))
EVENTS = pd.DataFrame(
    {"user_id": [f"u{u}" for u in range(U)] * 3, "item_id": [f"i{i}" for i in GENERATOR.integers(0, N, 3 * U)]}
)
TRAIN, TEST = rd.Interactions(EVENTS, CATALOG).leave_one_out()
FULL = rd.evaluate(RECS, CATALOG, train=TRAIN, test=TEST, kernel=KERNEL)


def test_every_number_is_that_of_compute():
    for row in FULL.frame.itertuples():
        given = {"catalog": CATALOG, "train": TRAIN, "test": TEST, "kernel": KERNEL}
        result = metrics.compute(row.metric, RECS, null=5, rng=0, **given)
        assert row.value == pytest.approx(result.value, nan_ok=True)
        assert row.null == pytest.approx(result.null, nan_ok=True)
        assert row.excess == pytest.approx(result.excess, nan_ok=True)
        assert (row.n, row.n_undefined) == (result.n, result.n_undefined)
        if result.per_list is not None:
            np.testing.assert_allclose(FULL.lists[row.metric], result.per_list.numpy())


def test_between_list_numbers_stand_beside_their_null_and_no_others():
    with_null = set(FULL.frame["metric"][FULL.frame["null"].notna()])
    assert with_null == {
        "beta", "chi", "mutual_information", "category_information", "personalization", "effective_number",
        "semantic_coverage", "calibration_qjsd", "conditional_effective_number",
        "conditional_effective_number@part=residual",
    }  # fmt: skip
    assert {name for name in FULL.frame["metric"] if metrics.describe(name.partition("@")[0]).null_kind} == with_null


def test_intervals_hold_the_value_and_stay_in_range():
    frame = FULL.frame.set_index("metric")
    assert frame["low"].notna().all()
    some = frame
    assert ((some["low"] <= some["value"]) & (some["value"] <= some["high"])).all()
    assert frame.loc["item_coverage", "high"] <= 1
    narrow = rd.evaluate(RECS, CATALOG, metrics=["gini", "category_entropy"], confidence=0.5).frame
    wide = rd.evaluate(RECS, CATALOG, metrics=["gini", "category_entropy"], confidence=0.99).frame
    assert (narrow["high"] - narrow["low"] < wide["high"] - wide["low"]).all()


def test_without_a_kernel_no_text_is_read(monkeypatch):
    monkeypatch.setattr(rd.EmbeddingKernel, "from_text", lambda *a, **k: pytest.fail("encoded unasked"))
    report = rd.evaluate(RECS, CATALOG)
    assert {"ild", "chi", "gamma"} <= set(report.skipped)
    assert report.skipped["ild"] == "needs kernel"
    assert report.skipped["ndcg@6"] == "needs test"
    assert not set(report.skipped) & set(report.frame["metric"])
    bare = rd.evaluate(RECS, rd.Catalog(CATALOG.frame[["item_id"]]))
    assert bare.skipped["category_entropy"] == "needs a category column in the catalog"


def test_the_same_each_time_and_another_seed_moves_only_chance():
    again = rd.evaluate(RECS, CATALOG, train=TRAIN, test=TEST, kernel=KERNEL)
    pd.testing.assert_frame_equal(FULL.frame, again.frame)
    other = rd.evaluate(RECS, CATALOG, train=TRAIN, test=TEST, kernel=KERNEL, rng=1)
    pd.testing.assert_series_equal(FULL.frame["value"], other.frame["value"])
    assert not FULL.frame["low"].equals(other.frame["low"])


def test_order_of_lists_does_not_move_values():
    order = np.random.default_rng(0).permutation(U)
    shuffled = rd.evaluate(RECS.where(order), CATALOG, train=TRAIN, test=TEST, kernel=KERNEL)
    np.testing.assert_allclose(FULL.frame["value"], shuffled.frame["value"], rtol=1e-9)


def test_cut_off_looks_at_the_first_slots():
    report = rd.evaluate(RECS, CATALOG, test=TEST, k=2)
    assert report.settings["slots"] == 2
    assert report["recall@2"] == metrics.compute("recall@2", RECS, test=TEST).value
    assert report["item_count"] == metrics.compute("item_count", RECS.head(2)).value


def test_nothing_to_measure_is_undefined_everywhere():
    for items in (np.full((3, 4), -1), np.zeros((0, 4), dtype=int)):
        report = rd.evaluate(rd.Recommendations(items), CATALOG, train=TRAIN, test=TEST, kernel=KERNEL)
        assert report.frame[["value", "low", "high", "null"]].isna().all().all()
        assert (report.frame["n"] == 0).all()
        assert "–" in repr(report)


def test_one_user_has_no_interval_of_a_corpus_number():
    report = rd.evaluate(rd.Recommendations(ITEMS[2:5], users=["a"] * 3), CATALOG, metrics=["gini"])
    assert report.frame[["low", "high"]].isna().all().all()
    assert report["gini"] > 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"metrics": ["ild"]}, "metric ild needs kernel, got none"),
        ({"metrics": "giny"}, "metric must be one of .* got 'giny'"),
        ({"confidence": 1.0}, "confidence must lie between 0 and 1, got 1.0"),
        ({"kernel": rd.IdentityKernel(3)}, "same number of items, got catalog 40, kernel 3"),
        ({"k": 0}, "k must be at least 1, got 0"),
    ],
)
def test_wrong_input(arguments, message):
    with pytest.raises(ValueError, match=message):
        rd.evaluate(RECS, CATALOG, **arguments)


def test_report_reads_well(tmp_path):
    assert "60 lists of up to 6 out of 40 items" in repr(FULL)
    assert "category_entropy" in repr(FULL)
    assert "<table" in FULL._repr_html_()
    with pytest.raises(KeyError, match="'novelt' is not in this report"):
        FULL["novelt"]
    data = json.loads(FULL.to_json(tmp_path / "r.json").read_text(), parse_constant=pytest.fail)
    by_name = {row["metric"]: row for row in data["metrics"]}
    assert by_name["gini"]["value"] == FULL["gini"]
    assert by_name["gini"]["null"] is None
    back = pd.DataFrame(data["metrics"])
    pd.testing.assert_frame_equal(back, FULL.frame, check_dtype=False)  # nothing is lost on the way
    assert data["settings"]["lists"] == U


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.0, "0"), (-0.5, "−0.500"), (0.00001, "0.0000"), (9.996, "10.00"), (123.4, "123"), (1e6, "1,000,000")],
)
def test_numbers_as_text(value, text):
    assert number(value) == text


def test_bootstrap_keeps_lists_of_a_user_together():
    """One user with 50 lists of value 1, one with a single 0: means can only be 0, 1 or the mean of all."""
    values = np.array([[1.0]] * 50 + [[0.0]])
    means = bootstrap_means(values, ["a"] * 50 + ["b"], draws=200)
    assert set(np.round(means.ravel(), 9)) == {0.0, round(50 / 51, 9), 1.0}


def test_jackknife_of_a_mean_is_its_standard_error():
    """For a mean over groups of one, the jackknife is the textbook standard error."""
    x = np.random.default_rng(0).normal(size=15)
    left_out = (x.sum() - x) / 14
    low, high = jackknife_interval(x.mean(), left_out, 0.95)
    from scipy.stats import t

    reach = t.ppf(0.975, 14) * x.std(ddof=1) / math.sqrt(15)
    assert (low, high) == pytest.approx((x.mean() - reach, x.mean() + reach))


def test_jackknife_subtracts_what_recomputing_would_leave_out():
    group = user_groups(RECS)
    assert np.bincount(group).tolist() == [3] * 20
    fast = jackknife_values(RECS, group, lambda recs: counts_state(recs, n_items=N), [entropy_value])
    slow = [metrics.compute("entropy", RECS.where(group != g)).value for g in range(20)]
    np.testing.assert_allclose(fast[:, 0], slow)
    corrected = jackknife_values(
        RECS, group, partial(counts_state, n_items=N), [partial(entropy_value, correction="miller_madow")]
    )
    slow = [metrics.compute("entropy@correction=miller_madow", RECS.where(group != g)).value for g in range(20)]
    np.testing.assert_allclose(corrected[:, 0], slow)


@pytest.mark.parametrize("kernel", [KERNEL, rd.IdentityKernel(N), rd.CategoryKernel(CATALOG.categories)], ids=str)
@pytest.mark.parametrize("size", [22, 4])
def test_semantic_coverage_without_a_group_is_that_of_the_other_lists(kernel, size):
    """Few lists: items that one group alone shows. A demand of 0: items that no one can miss."""
    recs = RECS.where(np.arange(2, 2 + size))
    group = torch.arange(size) % min(size, 20)
    demand = GENERATOR.random(N) * (GENERATOR.random(N) < 0.7)
    fast = coverage_left_out(recs, group=group, kernel=kernel, demand=demand)
    slow = [rd.semantic_coverage(recs.where(group != g), kernel, demand=demand) for g in range(min(size, 20))]
    np.testing.assert_allclose(fast, slow, atol=1e-6)  # cosines in float32, largest of them
    assert size > 4 or fast.std() > 0


def test_a_group_that_shows_everything_leaves_nothing():
    recs = rd.Recommendations([[0, 1], [-1, -1]])
    left_out = coverage_left_out(recs, group=torch.tensor([0, 1]), kernel=KERNEL)
    assert left_out.isnan().tolist() == [True, False]


def test_without_a_confidence_there_are_no_intervals_and_the_same_values():
    plain = rd.evaluate(RECS, CATALOG, train=TRAIN, test=TEST, kernel=KERNEL, confidence=None)
    assert plain.frame[["low", "high"]].isna().all().all()
    pd.testing.assert_series_equal(plain.frame["value"], FULL.frame["value"])
    assert "–" not in plain.table()["interval"].to_list()


def _re_dealt(recs, group, kernel, q):
    """Chi_excess of the other lists, dealt again; its noise is that of the mean over 100 draws."""
    return np.array(
        [rd.partition(recs.where(group != g), kernel, q=q, null=100, rng=int(g)).chi_excess for g in np.unique(group)]
    )


@pytest.mark.parametrize("q", [1.0, 2.0])
def test_chi_excess_without_a_group_is_to_first_order_that_of_the_other_lists(q):
    """Dealing again for every group is the slow reference; the two agree up to the noise of dealing."""
    recs = rd.Recommendations(_interests(np.random.default_rng(1), 80, 1 / np.arange(1, 31) ** 0.8, 4.0)[:, :6])
    kernel = rd.EmbeddingKernel(np.random.default_rng(2).normal(size=(30, 12)))
    group = user_groups(recs) % 10
    fast = excess_left_out(recs, group=torch.from_numpy(group), kernel=kernel, q=q, draws=200).numpy()
    slow = _re_dealt(recs, group, kernel, q)
    assert np.polyfit(fast, slow, 1)[0] == pytest.approx(1, abs=0.25)
    noise = rd.partition(recs, kernel, q=q, null=100).chi_null.std().item() / 10
    rest = slow - slow.mean() - (fast - fast.mean())
    assert np.abs(rest).max() < 4 * noise
    assert np.abs(slow - slow.mean()).max() > 4 * noise  # so that the line above can fail
    assert fast.mean() == pytest.approx(rd.partition(recs, kernel, q=q, null=200).chi_excess, abs=3 * noise)


def test_chi_excess_shares_the_draws_of_a_report():
    """One dealing for chi, for chi_excess and for its interval; the same numbers as by itself."""
    counted = []

    def counting(*arguments):
        counted.append(1)
        return redeal(*arguments)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("recdiv.metrics._shared.redeal", counting)
        patch.setattr("recdiv._partition.redeal", counting)
        names = ["chi", "chi_excess", "chi_excess@q=2"]
        frame = rd.evaluate(RECS, CATALOG, kernel=KERNEL, metrics=names, null=5).frame.set_index("metric")
    assert len(counted) == 10  # chi_excess asks for ten, of which chi takes the first five
    for name in ("chi_excess", "chi_excess@q=2"):
        alone = metrics.compute(name, RECS, kernel=KERNEL).value
        assert frame.loc[name, "value"] == pytest.approx(alone, abs=1e-12)
        assert frame.loc[name, "low"] < alone < frame.loc[name, "high"]


def test_an_interval_stops_where_the_range_ends():
    """Forty items, of which most lists show all: no more than forty can be shown."""
    frame = rd.evaluate(RECS, CATALOG, metrics=["item_count", "effective_catalog_size", "entropy"]).frame
    assert (frame["high"].to_numpy() <= [N, N, math.log(N)]).all()
    few = rd.Recommendations([[0, 1, 2]] * 25 + [[0, 1, 3]], users=range(26))
    row = rd.evaluate(few, rd.Catalog(CATALOG.frame[:4]), metrics=["item_count"]).frame.iloc[0]
    assert (row["value"], row["high"]) == (4, 4)  # one user in twenty-six shows the fourth
    assert row["low"] < 4
    assert stream([few], rd.Catalog(CATALOG.frame[:4]), metrics=["item_count"]).frame["high"][0] <= 4


def test_chi_excess_of_pooled_lists_or_weighted_slots_has_no_interval():
    names = ["chi_excess@discount=log", "chi_excess"]
    frame = rd.evaluate(RECS, CATALOG, kernel=KERNEL, metrics=names).frame.set_index("metric")
    assert frame["low"].isna().tolist() == [True, False]
    assert frame.loc["chi_excess", "low"] < frame.loc["chi_excess", "value"] < frame.loc["chi_excess", "high"]
    group = torch.from_numpy(user_groups(RECS))
    assert excess_left_out(RECS, group=group, kernel=KERNEL, groups=[u % 3 for u in range(U)]).isnan().all()


def _interests(generator, n_lists, popularity, taste):
    """Lists of eight draws; half the users prefer the first half of the items."""
    half = np.arange(len(popularity)) < len(popularity) // 2
    side = generator.random(n_lists) < 0.5
    weights = popularity * np.where(side[:, None] == half, taste, 1.0)
    keys = np.log(weights) + generator.gumbel(size=weights.shape)
    return np.argsort(-keys, axis=1)[:, :8]


@pytest.mark.slow
def test_intervals_hold_the_truth_as_often_as_they_say():
    """Between 90 and 98 % of 95 % intervals hold the value of very many users.

    For a mean over lists this needs some hundred users. For entropy and gamma it needs slots to far outnumber items
    (here 3,200 slots, 30 items, 12 dimensions), since both are low by about (items − 1) / (2 · slots).
    """
    generator = np.random.default_rng(2)
    n, users, trials = 30, 400, 250
    popularity = 1 / np.arange(1, n + 1) ** 0.8
    kernel = rd.EmbeddingKernel(generator.normal(size=(n, 12)))
    catalog = rd.Catalog(pd.DataFrame({"item_id": range(n)}))
    names = ["ild", "effective_number@q=2", "entropy", "gini", "gamma", "alpha", "chi"]

    def measured(n_lists):
        recs = rd.Recommendations(_interests(generator, n_lists, popularity, 4.0))
        return rd.evaluate(recs, catalog, kernel=kernel, metrics=names, null=0, resamples=400).frame

    truth = measured(100_000)["value"].to_numpy()
    held = np.zeros(len(names))
    for _ in range(trials):
        frame = measured(users)
        held += (frame["low"].to_numpy() <= truth) & (truth <= frame["high"].to_numpy())
    rate = dict(zip(names, held / trials, strict=True))
    assert all(0.90 <= each <= 0.98 for each in rate.values()), rate


@pytest.mark.slow
def test_the_interval_of_chi_excess_holds_the_truth_as_often_as_it_says():
    """As above, for 200 users; its truth is that of 40,000."""
    generator = np.random.default_rng(6)
    n, trials = 30, 150
    popularity = 1 / np.arange(1, n + 1) ** 0.8
    kernel = rd.EmbeddingKernel(generator.normal(size=(n, 12)))
    catalog = rd.Catalog(pd.DataFrame({"item_id": range(n)}))

    def measured(n_lists, seed):
        recs = rd.Recommendations(_interests(generator, n_lists, popularity, 4.0))
        options = {"kernel": kernel, "metrics": ["chi_excess"], "rng": seed}
        return rd.evaluate(recs, catalog, confidence=None if n_lists > 1000 else 0.95, **options).frame.loc[0]

    truth = measured(40_000, 0)["value"]
    found = [measured(200, trial) for trial in range(trials)]
    rate = np.mean([row["low"] <= truth <= row["high"] for row in found])
    assert 0.90 <= rate <= 0.98, rate


@pytest.mark.slow
def test_intervals_hold_what_other_users_in_the_same_number_would_show():
    """With fewer slots than it takes to show every item, 90 to 98 % hold the mean of many draws of as many users.

    Of what is shown at all the jackknife is too wide rather than too narrow (Efron and Stein 1981). What more users
    would show is another matter: see below.
    """
    generator = np.random.default_rng(2)
    n, users, trials = 150, 40, 120
    popularity = 1 / np.arange(1, n + 1) ** 0.8
    kernel = rd.EmbeddingKernel(generator.normal(size=(n, 12)))
    catalog = rd.Catalog(pd.DataFrame({"item_id": range(n)}))
    events = generator.choice(n, 600, p=popularity / popularity.sum())
    train = rd.Interactions(pd.DataFrame({"user_id": range(600), "item_id": events}), catalog)
    names = ["concentration", "personalization", "tail_share", "semantic_coverage"]

    def measured(confidence):
        recs = rd.Recommendations(_interests(generator, users, popularity, 4.0))
        options = {"train": train, "kernel": kernel, "metrics": names, "null": 0, "resamples": 400}
        return rd.evaluate(recs, catalog, confidence=confidence, **options).frame

    values = np.stack([measured(None)["value"].to_numpy() for _ in range(150)])
    truth, spread = values.mean(0), values.std(0, ddof=1)
    held, width = np.zeros(len(names)), np.zeros(len(names))
    for _ in range(trials):
        frame = measured(0.95)
        width += (frame["high"] - frame["low"]).to_numpy() / trials
        held += (frame["low"].to_numpy() <= truth) & (truth <= frame["high"].to_numpy())
    rate = dict(zip(names, held / trials, strict=True))
    assert 0.90 <= rate.pop("semantic_coverage")
    assert all(0.90 <= each <= 0.98 for each in rate.values()), rate
    error = dict(zip(names, width / (2 * 2.093) / spread, strict=True))  # Student's t with 19 degrees of freedom
    assert 1 < error.pop("semantic_coverage") < 1.5
    assert all(0.8 < each < 1.2 for each in error.values()), error  # sd of 150 draws is known to 6 %


@pytest.mark.slow
def test_where_intervals_do_not_hold_the_truth():
    """With fewer slots than items entropy is far too low, and its interval excludes the truth: a documented limit."""
    generator = np.random.default_rng(3)
    catalog = rd.Catalog(pd.DataFrame({"item_id": range(1000)}))
    frame = rd.evaluate(
        rd.Recommendations(_interests(generator, 50, np.ones(1000), 1.0)), catalog, metrics=["entropy"]
    ).frame
    assert frame["high"][0] < math.log(1000)
