"""Systems side by side: differences are paired by user, and intervals, tests and effects know it."""

import json
import math
from itertools import product

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import recdiv as rd
from recdiv.evaluation._tests import adjusted, paired_test

N, U = 40, 80
GENERATOR = np.random.default_rng(4)
CATALOG = rd.Catalog(pd.DataFrame({"item_id": range(N), "category": [f"c{i % 6}" for i in range(N)]}))
A = np.stack([GENERATOR.choice(N, 6, replace=False) for _ in range(U)])
B = A.copy()
B[:, 0] = (A[:, 0] + 1) % N  # one slot changed
C = A % 12  # twelve items, some of them twice in a list
USERS = [f"u{u}" for u in range(U)]
FIRST, SECOND, THIRD = (rd.Recommendations(each, users=USERS) for each in (A, B, C))
KERNEL = rd.EmbeddingKernel(GENERATOR.normal(size=(N, 8)))
FOUND = rd.compare({"a": FIRST, "b": SECOND, "c": THIRD}, CATALOG, kernel=KERNEL)


def row(found, metric, system="b"):
    return found.differences.set_index(["metric", "system"]).loc[(metric, system)]


def test_values_are_those_of_each_report():
    for name, recs in (("a", FIRST), ("b", SECOND)):
        alone = rd.evaluate(recs, CATALOG, kernel=KERNEL).frame
        assert FOUND.frame[name].tolist() == alone["value"].tolist()
        assert FOUND.frame.index.tolist() == alone["metric"].tolist()
    assert "Differences from a (95% intervals; p: paired t; p_adjusted: Holm)" in repr(FOUND)
    assert "<table" in FOUND._repr_html_()


def test_every_metric_and_system_has_a_row_and_differences_are_those_of_the_values():
    assert len(FOUND.differences) == 2 * len(FOUND.frame)
    for each in FOUND.differences.itertuples():
        expected = FOUND.frame.loc[each.metric, each.system] - FOUND.frame.loc[each.metric, "a"]
        assert each.difference == pytest.approx(expected, abs=1e-12)


def test_differences_are_paired_whatever_the_order_of_lists():
    order = GENERATOR.permutation(U)
    plain = rd.compare({"a": FIRST, "b": SECOND}, CATALOG, kernel=KERNEL).differences
    shuffled = rd.compare({"a": FIRST, "b": SECOND.where(order)}, CATALOG, kernel=KERNEL).differences
    columns = ["difference", "low", "high", "p", "effect"]
    pd.testing.assert_frame_equal(plain[columns], shuffled[columns], rtol=1e-9, atol=1e-12)
    a, b = (rd.metrics.compute("ild", recs, kernel=KERNEL).per_list.numpy() for recs in (FIRST, SECOND))
    change = b - a
    found = row(FOUND, "ild")
    assert found["difference"] == pytest.approx(change.mean())
    paired = 2 * 1.96 * change.std(ddof=1) / np.sqrt(U)
    assert found["high"] - found["low"] == pytest.approx(paired, rel=0.15)  # a bootstrap of 1,000
    assert found["p"] == pytest.approx(stats.ttest_rel(b, a).pvalue)
    assert found["effect"] == pytest.approx(change.mean() / change.std(ddof=1))


def test_corpus_differences_leave_the_same_users_out_of_both():
    """By hand: leave a group out of both, take the difference again."""
    from recdiv.evaluation._intervals import user_groups

    group = user_groups(FIRST)
    change = [
        rd.metrics.compute("entropy", SECOND.where(group != g)).value
        - rd.metrics.compute("entropy", FIRST.where(group != g)).value
        for g in range(20)
    ]
    error = math.sqrt(19 / 20 * ((np.array(change) - np.mean(change)) ** 2).sum())
    found = row(FOUND, "entropy")
    reach = stats.t.ppf(0.975, 19) * error
    assert (found["low"], found["high"]) == pytest.approx((found["difference"] - reach, found["difference"] + reach))
    assert found["p"] == pytest.approx(2 * stats.t.sf(abs(found["difference"]) / error, 19))
    apart = [each.left_out["entropy"] for each in FOUND.reports.values()]
    separate = sum(19 / 20 * ((each - each.mean()) ** 2).sum() for each in apart[:2]) ** 0.5
    assert error < 0.75 * separate  # pairing is what makes the small change visible


def test_a_mean_seen_as_a_corpus_number_gets_the_same_error_and_effect():
    """Alpha is a geometric mean: on the log scale its jackknife is the t test of mean ln D, up to groups."""
    found = row(FOUND, "alpha", "c")
    logs = [np.log(report.lists["effective_number"]) for report in FOUND.reports.values()]
    t = stats.ttest_rel(logs[2], logs[0])
    assert found["effect"] * np.sqrt(U) == pytest.approx(t.statistic, rel=0.5)  # 20 groups know an error to 1 in 6
    assert found["p"] < 1e-4


def test_what_a_system_of_twelve_items_loses_is_found_and_paid_for():
    assert row(FOUND, "item_coverage", "c")["high"] < 0
    assert row(FOUND, "entropy", "c")["p_adjusted"] < 0.001
    adjusted_p, p = FOUND.differences["p_adjusted"], FOUND.differences["p"]
    assert (adjusted_p.dropna() >= p.dropna()).all()
    none = rd.compare({"a": FIRST, "c": THIRD}, CATALOG, metrics=["ild", "gini"], kernel=KERNEL, adjust="none")
    assert none.differences["p"].equals(none.differences["p_adjusted"])


def test_a_system_does_not_differ_from_itself():
    order = GENERATOR.permutation(U)  # sums in another order differ by rounding
    for again in (FIRST, FIRST.where(order)):
        found = rd.compare({"a": FIRST, "again": again}, CATALOG, kernel=KERNEL).differences
        assert (found[["difference", "effect"]].fillna(0) == 0).all().all()
        assert (found[["low", "high"]].fillna(0) == 0).all().all()
        assert (found["p"].dropna() == 1).all()
        assert found["p"].notna().any()


def test_users_of_one_system_alone_take_no_part():
    found = rd.compare({"a": FIRST, "b": SECOND.where(range(50))}, CATALOG, metrics=["category_entropy", "entropy"])
    assert found.differences["n"].tolist() == [50, 50]
    alone = [rd.metrics.compute("entropy", recs.where(range(50))).value for recs in (FIRST, SECOND)]
    assert row(found, "entropy")["difference"] == pytest.approx(alone[1] - alone[0])
    assert found.frame.loc["entropy", "a"] == rd.metrics.compute("entropy", FIRST).value  # values: on all lists


def test_groups_go_with_their_lists_where_some_users_are_missing():
    a, b = FIRST.where(range(70)), SECOND.where(range(10, 80))
    labels = {"a": [u % 3 for u in range(70)], "b": [u % 3 for u in range(10, 80)]}
    names = ["gini", "interest_information"]
    found = rd.compare({"a": a, "b": b}, CATALOG, kernel=KERNEL, metrics=names, groups=labels)
    assert found.differences["n"].tolist() == [60, 60]
    of_b = rd.metrics.compute("interest_information", b, kernel=KERNEL, groups=labels["b"]).value
    assert found.frame.loc["interest_information", "b"] == pytest.approx(of_b)


def test_one_array_of_groups_is_refused_where_rows_are_not_the_same_lists():
    labels = [u % 3 for u in range(U)]
    options = {"kernel": KERNEL, "metrics": ["interest_information"], "groups": labels}
    same = rd.compare({"a": FIRST, "b": SECOND}, CATALOG, **options).frame
    assert same.loc["interest_information", "a"] == pytest.approx(
        rd.metrics.compute("interest_information", FIRST, kernel=KERNEL, groups=labels).value
    )
    turned = SECOND.where(np.arange(U)[::-1])
    with pytest.raises(ValueError, match="groups must be a dict of labels by system where lists are not of the same"):
        rd.compare({"a": FIRST, "b": turned}, CATALOG, **options)
    with pytest.raises(ValueError, match="groups must be given for a, b, got a, c"):
        rd.compare({"a": FIRST, "b": turned}, CATALOG, **(options | {"groups": {"a": labels, "c": labels}}))


def test_the_same_lists_are_sampled_of_every_system():
    """Of 80 lists 30 are measured: in whatever order a system's lists come, those of the same users."""
    train = rd.Interactions(pd.DataFrame({"user_id": USERS, "item_id": A[:, 0]}), CATALOG)
    turned = SECOND.where(GENERATOR.permutation(U))
    found = rd.compare(
        {"a": FIRST, "b": turned}, CATALOG, kernel=KERNEL, train=train, metrics=["calibration_qjsd@sample=30"]
    )
    assert found.differences["n"].tolist() == [30]
    drawn = found.reports["a"].lists.set_index("user_id")["calibration_qjsd@sample=30"].notna()
    assert drawn.sum() == 30
    assert 5 < drawn.to_numpy()[:40].sum() < 25  # not the first ones


def test_systems_of_different_list_lengths_are_asked_the_same():
    test = rd.Interactions(pd.DataFrame({"user_id": USERS, "item_id": A[:, 2]}), CATALOG)
    found = rd.compare({"a": FIRST.head(3), "b": FIRST}, CATALOG, test=test, kernel=KERNEL, metrics="default")
    assert "ndcg@6" in found.frame.index
    assert found.frame.notna().all().all()
    for name in ("ndcg@6", "ild", "entropy"):
        alone = rd.metrics.compute(name, FIRST.head(3), test=test, kernel=KERNEL, catalog=CATALOG).value
        assert found.frame.loc[name, "a"] == pytest.approx(alone)


def test_a_metric_asked_for_twice_is_measured_once():
    found = rd.compare({"a": FIRST, "b": SECOND}, CATALOG, metrics=iter(["gini", "entropy", "gini"]))
    assert found.frame.index.tolist() == ["gini", "entropy"]


def test_lists_of_one_user_are_one_draw():
    """Ten copies of every list under the same user tell nothing new."""
    many = [rd.Recommendations(np.tile(x, (10, 1)), users=USERS * 10, time=np.repeat(range(10), U)) for x in (A, B)]
    found = rd.compare({"a": many[0], "b": many[1]}, CATALOG, kernel=KERNEL, metrics=["ild", "gini"])
    for name in ("ild", "gini"):
        assert row(found, name)["p"] == pytest.approx(row(FOUND, name)["p"])
        assert row(found, name)["effect"] == pytest.approx(row(FOUND, name)["effect"])


def test_json_is_strict(tmp_path):
    data = json.loads(FOUND.to_json(tmp_path / "c.json").read_text(), parse_constant=pytest.fail)
    assert data["settings"] == {"baseline": "a", "test": "t", "adjust": "holm", "confidence": 0.95}
    assert list(data["systems"]) == ["a", "b", "c"]
    assert data["differences"][0]["difference"] == FOUND.differences["difference"][0]


def test_sign_flips_count_what_all_signs_would():
    """All 2^10 signs, by hand; a user with several lists keeps one sign."""
    sums = np.round(np.random.default_rng(0).normal(0.4, 1, 10), 2)
    totals = np.array([abs(np.dot(signs, sums)) for signs in product((-1, 1), repeat=10)])
    exact = (totals >= abs(sums.sum()) - 1e-9).mean()
    p, effect = paired_test(sums, np.ones(10), test="permutation", draws=20_000)
    assert p == pytest.approx(exact, abs=4 * math.sqrt(exact * (1 - exact) / 20_000))
    assert effect == pytest.approx(sums.mean() / sums.std(ddof=1))
    assert p == pytest.approx(stats.ttest_1samp(sums, 0).pvalue, abs=0.05)


def test_signed_ranks_and_their_effect():
    means = np.array([3.0, -1.0, 2.0, 4.0, 0.0])
    p, effect = paired_test(means, np.ones(5), test="wilcoxon")
    assert p == stats.wilcoxon(means[:4]).pvalue
    assert effect == pytest.approx((3 + 2 + 4 - 1) / 10)


def test_tests_where_nothing_can_be_said():
    assert np.isnan(paired_test(np.array([1.0]), np.ones(1))).all()
    assert paired_test(np.zeros(5), np.ones(5), test="wilcoxon") == (1.0, 0.0)
    p, effect = paired_test(np.full(5, 0.1), np.ones(5))  # all differ by the same amount
    assert (p, effect) == (0.0, math.inf)


def test_holm_and_benjamini_hochberg_leave_undefined_out():
    p = np.array([0.01, np.nan, 0.04, 0.03, 0.5])
    np.testing.assert_allclose(adjusted(p), [0.04, np.nan, 0.09, 0.09, 0.5])
    np.testing.assert_allclose(adjusted(p, "bh"), [0.04, np.nan, 0.16 / 3, 0.16 / 3, 0.5])
    assert np.isnan(adjusted(np.array([np.nan]))).all()
    assert adjusted(np.array([0.9, 0.8])).tolist() == [1.0, 1.0]


@pytest.mark.parametrize("test", ["t", "permutation", "wilcoxon"])
def test_without_a_difference_five_in_a_hundred_are_called_one(test):
    """Skewed differences of mean 0 over users with one to three lists; a rate of 5 % is 20 ± 4.4 of 400."""
    generator = np.random.default_rng(7)
    found = 0
    for _ in range(400):
        counts = generator.integers(1, 4, 60).astype(float)
        sums = counts * generator.laplace(size=60)  # lists of one user move together
        found += paired_test(sums, counts, test=test, draws=500, rng=generator)[0] < 0.05
    assert 8 <= found <= 34


def test_two_systems_of_the_same_kind_differ_as_seldom_as_promised():
    """Users get lists of the same distribution from both: corpus tests on the jackknife keep 5 % (of 300: 15 ± 3.8)."""
    generator = np.random.default_rng(3)
    catalog = rd.Catalog(pd.DataFrame({"item_id": range(20)}))
    weights = np.log(1 / np.arange(1, 21) ** 0.7)
    found = np.zeros(2)
    for _ in range(300):
        a, b = (rd.Recommendations(np.argsort(-weights - generator.gumbel(size=(120, 20)))[:, :4]) for _ in "ab")
        options = {"metrics": ["entropy", "gini"], "null": 0, "rng": int(generator.integers(1 << 30))}
        found += (rd.compare({"a": a, "b": b}, catalog, **options).differences["p"] < 0.05).to_numpy()
    assert ((found >= 4) & (found <= 28)).all(), found


def test_wrong_input():
    with pytest.raises(ValueError, match="systems must be two or more, got 1"):
        rd.compare({"a": FIRST}, CATALOG)
    with pytest.raises(ValueError, match=r"systems must share users \(and times\), got two that share none"):
        rd.compare({"a": FIRST, "b": rd.Recommendations(B)}, CATALOG)
    twice = rd.Recommendations(A, users=["u0"] * U)
    with pytest.raises(ValueError, match="systems must have one list a user_id each"):
        rd.compare({"a": FIRST, "b": twice}, CATALOG)
    with pytest.raises(ValueError, match="paired_test must be one of t, permutation, wilcoxon, got 'z'"):
        rd.compare({"a": FIRST, "b": SECOND}, CATALOG, paired_test="z")
    with pytest.raises(ValueError, match="adjust must be one of holm, bh, none, got 'bonferroni'"):
        rd.compare({"a": FIRST, "b": SECOND}, CATALOG, adjust="bonferroni")
