"""Systems side by side: differences are paired by user, and their intervals know it."""

import numpy as np
import pandas as pd
import pytest

import recdiv as rd

N, U = 40, 80
GENERATOR = np.random.default_rng(4)
CATALOG = rd.Catalog(pd.DataFrame({"item_id": range(N), "category": [f"c{i % 6}" for i in range(N)]}))
A = np.stack([GENERATOR.choice(N, 6, replace=False) for _ in range(U)])
B = A.copy()
B[:, 0] = (A[:, 0] + 1) % N  # one slot changed
USERS = [f"u{u}" for u in range(U)]
FIRST, SECOND = rd.Recommendations(A, users=USERS), rd.Recommendations(B, users=USERS)
KERNEL = rd.EmbeddingKernel(GENERATOR.normal(size=(N, 8)))


def test_values_are_those_of_each_report():
    found = rd.compare({"a": FIRST, "b": SECOND}, CATALOG, kernel=KERNEL)
    for name, recs in (("a", FIRST), ("b", SECOND)):
        alone = rd.evaluate(recs, CATALOG, kernel=KERNEL).frame
        assert found.frame[name].tolist() == alone["value"].tolist()
        assert found.frame.index.tolist() == alone["metric"].tolist()
    assert "ild, b − a:" in repr(found)
    assert "<table" in found._repr_html_()


def test_differences_are_paired_whatever_the_order_of_lists():
    order = GENERATOR.permutation(U)
    plain = rd.compare({"a": FIRST, "b": SECOND}, CATALOG, kernel=KERNEL).differences
    shuffled = rd.compare({"a": FIRST, "b": SECOND.where(order)}, CATALOG, kernel=KERNEL).differences
    pd.testing.assert_series_equal(plain["difference"], shuffled["difference"])
    row = plain.set_index("metric").loc["ild"]
    a, b = (rd.metrics.compute("ild", recs, kernel=KERNEL).per_list for recs in (FIRST, SECOND))
    change = b - a
    assert row["difference"] == pytest.approx(float(change.mean()))
    paired = 2 * 1.96 * float(change.std()) / np.sqrt(U)
    assert row["high"] - row["low"] == pytest.approx(paired, rel=0.15)  # a bootstrap of 1,000


def test_a_system_does_not_differ_from_itself():
    found = rd.compare({"a": FIRST, "again": FIRST}, CATALOG, kernel=KERNEL).differences
    assert (found[["difference", "low", "high"]] == 0).all().all()


def test_users_of_one_system_alone_take_no_part():
    found = rd.compare({"a": FIRST, "b": SECOND.where(range(50))}, CATALOG, metrics=["category_entropy"])
    assert found.differences["n"].tolist() == [50]


def test_wrong_input():
    with pytest.raises(ValueError, match="systems must be two or more, got 1"):
        rd.compare({"a": FIRST}, CATALOG)
    with pytest.raises(ValueError, match="systems must share users, got none"):
        rd.compare({"a": FIRST, "b": rd.Recommendations(B)}, CATALOG)
    twice = rd.Recommendations(A, users=["u0"] * U)
    with pytest.raises(ValueError, match="systems must have one list a user_id each"):
        rd.compare({"a": FIRST, "b": twice}, CATALOG)
