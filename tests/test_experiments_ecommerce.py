"""What a shop asks, on made-up shops whose answers are known; nothing real is needed."""

import itertools
import json
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import torch

import recdiv as rd
from recdiv.experiments import _shop_baskets, _shop_copies, _shop_customers, _shop_pairs, _shop_sources, ecommerce
from recdiv.experiments._cells import Cells
from recdiv.experiments._sets import Prepared
from recdiv.experiments._shop import Shop, basket_matrix, baskets, customers, dealt, lines_of, price_bands
from recdiv.recommend.protocol import first_events, temporal_split


def lines(*bought, users=None, days=None, quantity=1, price=1.0):
    """One basket a tuple of item rows."""
    rows = [
        (
            users[b] if users else f"u{b}",
            item,
            f"b{b}",
            pd.Timestamp("2011-01-01") + pd.Timedelta(days=days[b] if days else b),
        )
        for b, items in enumerate(bought)
        for item in items
    ]
    frame = pd.DataFrame(rows, columns=["user_id", "item", "basket_id", "timestamp"])
    return frame.assign(quantity=quantity, price=price)


def test_a_basket_becomes_a_list_of_different_products():
    found = baskets(lines([1, 2, 2, 3], [4, 5], [6, 7, 8, 9], users=["a", "b", "a"]), k=3, rng=0)
    assert found.users.tolist() == ["a"]  # one each, and b bought too few
    assert sorted(found.items[0].tolist()) == [1, 2, 3]
    every = baskets(lines([1, 2, 2, 3], [4, 5], [6, 7, 8, 9], users=["a", "b", "a"]), k=3, rng=0, one_each=False)
    assert len(every.items) == 2
    assert set(every.items[1].tolist()) < {6, 7, 8, 9}
    assert len(baskets(lines([1], [2]), k=3, rng=0).items) == 0


def test_dealt_baskets_hold_the_same_products():
    natural = rd.Recommendations(np.stack([np.random.default_rng(i).permutation(30)[:5] for i in range(40)]))
    again = dealt(natural, rng=1)
    assert torch.equal(natural.items.flatten().bincount(), again.items.flatten().bincount())
    assert all(len(set(row)) == 5 for row in again.items.tolist())
    assert not torch.equal(natural.items, again.items)


def test_wholesale_is_a_dozen_on_the_median_line():
    frame = lines([1, 2, 3], [1, 2, 3], users=["big", "small"])
    frame["quantity"] = [12, 12, 1, 1, 1, 500]
    found = customers(frame)
    assert found["wholesale"].to_dict() == {"big": True, "small": False}
    assert found["spend"].to_dict() == {"big": 25.0, "small": 502.0}


def test_bands_hold_a_fifth_each_and_equal_prices_share_one():
    assert price_bands(pd.Series(range(1, 101))).value_counts().to_dict() == dict.fromkeys(
        price_bands(pd.Series(range(5))), 20
    )
    assert price_bands(pd.Series([2.0] * 9 + [3.0])).nunique() == 2


def test_a_set_without_baskets_is_refused():
    with pytest.raises(ValueError, match="films holds no baskets"):
        lines_of(SimpleNamespace(name="films", interactions=None))


def test_pairs_are_counted_as_a_loop_counts_them():
    generator = np.random.default_rng(0)
    bought = [generator.choice(8, size=generator.integers(1, 6), replace=False).tolist() for _ in range(60)]
    frame = lines(*bought, days=[b % 90 for b in range(60)])
    pairs = _shop_pairs.count_pairs(frame, 8, rows=np.arange(8))
    slow = np.zeros((8, 8))
    for items in bought:
        for i, j in itertools.permutations(items, 2):
            slow[i, j] += 1
    np.testing.assert_array_equal(pairs.observed, slow)
    assert pairs.expected.sum() == pytest.approx(slow.sum())  # by chance as many pairs, over all of them
    assert basket_matrix(frame, 8, most=50).sum() == sum(len(items) for items in bought if len(items) > 1)


def test_chance_agrees_with_dealing_the_same_baskets():
    generator = np.random.default_rng(1)
    weight = np.linspace(3, 1, 30) / np.linspace(3, 1, 30).sum()
    bought = [generator.choice(30, size=5, replace=False, p=weight).tolist() for _ in range(400)]
    pairs = _shop_pairs.count_pairs(lines(*bought, days=[0] * 400), 30, rows=np.arange(30))
    natural = rd.Recommendations(np.array(bought))
    draws = []
    for seed in range(20):
        again = dealt(natural, rng=seed).items.numpy().tolist()
        draws.append(_shop_pairs.count_pairs(lines(*again, days=[0] * 400), 30, rows=np.arange(30)).observed)
    mean = np.mean(draws, 0)
    rare, often = np.arange(20, 30), np.arange(10)
    for rows in (rare, often):  # a product does not meet itself, which the formula allows for only on the whole
        expected, dealt_ = pairs.expected[np.ix_(rows, rows)].sum(), mean[np.ix_(rows, rows)].sum()
        assert expected == pytest.approx(dealt_, rel=0.08)  # 20 draws of some hundred pairs: about 2 % of noise


def test_a_season_is_not_a_complement():
    """Two products of December are in each other's baskets no more than other products of December."""
    generator = np.random.default_rng(2)
    winter = [generator.choice(10, size=4, replace=False).tolist() for _ in range(300)]
    summer = [(10 + generator.choice(10, size=4, replace=False)).tolist() for _ in range(300)]
    frame = lines(*winter, *summer, days=[0] * 300 + [100] * 300)
    pairs = _shop_pairs.count_pairs(frame, 20, rows=np.arange(20))
    off = ~np.eye(10, dtype=bool)
    assert (pairs.observed / np.maximum(pairs.expected, 1e-9))[:10, :10][off].mean() == pytest.approx(1, abs=0.02)
    assert not _shop_pairs.together(pairs).any()


def test_a_planted_pair_is_found_and_named():
    generator = np.random.default_rng(3)
    bought = [generator.choice(np.arange(4, 40), size=4, replace=False).tolist() for _ in range(600)]
    bought += [[0, 1, int(generator.integers(4, 40))] for _ in range(60)]  # alike, together
    bought += [[0, 2, int(generator.integers(4, 40))] for _ in range(60)]  # unlike, together
    pairs = _shop_pairs.count_pairs(lines(*bought, days=[0] * len(bought)), 40, rows=np.arange(40))
    alike = np.zeros((40, 40), dtype=bool)
    alike[0, 1] = alike[1, 0] = alike[5, 6] = alike[6, 5] = True
    kinds = _shop_pairs.kinds_of_pair(pairs, alike)
    assert [_shop_pairs.KINDS[kinds[pair]] for pair in ((0, 1), (0, 2), (5, 6))] == [
        "matching set",
        "complements",
        "alternatives",
    ]
    assert _shop_pairs.together(pairs)[4:, 4:].mean() < 0.01
    shown = _shop_pairs.examples(pairs, kinds, [f"t{i}" for i in range(40)])
    assert {shown["matching set"][0]["one"], shown["matching set"][0]["other"]} == {"t0", "t1"}
    share = _shop_pairs.shares_of_kinds(rd.Recommendations([[0, 1, 2], [0, 1, -1]]), pairs, kinds, 40)
    assert share["judged"] == pytest.approx(4 / 6, abs=1e-5)
    assert share["matching set"]["value"] == pytest.approx((1 / 3 + 1) / 2, abs=1e-5)
    groups = _shop_pairs.by_likeness(pairs, {"none": np.zeros_like(alike), "alike": alike, "again": alike})
    assert (groups["alike"]["pairs"], groups["alike"]["together"]) == (2, 0.5)
    assert (groups["none"]["together"], groups["again"]["pairs"]) == (None, 0)  # the first group that holds it
    assert sum(each["pairs"] for each in groups.values()) == 40 * 39 / 2


def test_lift_rises_where_near_products_are_bought_together():
    generator = np.random.default_rng(4)
    kernel = rd.EmbeddingKernel(np.repeat(np.eye(10), 2, 0) + 0.01)
    bought = [
        [2 * a, 2 * a + 1, *(2 * generator.choice(10, size=2, replace=False) + generator.integers(2)).tolist()]
        for a in generator.integers(10, size=400)
    ]
    frame = lines(*bought, days=[0] * 400)
    pairs = _shop_pairs.count_pairs(frame, 20, rows=np.arange(20))
    table = pd.DataFrame(_shop_pairs.lift_by_likeness(frame, kernel, pairs)).query("pairs > 0")
    assert table["lift"].iloc[-1] > 3 > 1 > table["lift"].iloc[0]
    assert (table["low"] < table["lift"]).all()
    assert table["low"].iloc[-1] > table["high"].iloc[0]


def test_pairs_within_things():
    numbers = np.random.default_rng(0).integers(6, size=40)
    slow = [(i, j) for i, j in itertools.combinations(range(40), 2) if numbers[i] == numbers[j]]
    assert [tuple(pair) for pair in _shop_copies.pairs_within(numbers).tolist()] == slow
    assert _shop_copies.pairs_within(np.arange(3)).shape == (0, 2)


def test_as_how_many_copies_count():
    thing = np.array([0, 0, 0, 1, 1, 2])
    same = rd.EmbeddingKernel(np.eye(3)[thing])
    found = _shop_copies.counted(thing, {"same": same, "identities": rd.IdentityKernel(6)})
    assert (found["same"]["2"], found["same"]["3"]) == (1.0, 1.0)
    assert (found["identities"]["2"], found["identities"]["3"]) == (2.0, 3.0)
    assert found["identities"]["4"] is None  # no thing has four copies


def test_slots_that_hold_a_copy_of_an_earlier_one():
    lists = rd.Recommendations([[0, 1, 5], [0, 3, 5], [0, 1, -1]])
    found = _shop_copies.copies_in(lists, np.array([0, 0, 0, 1, 1, 2]))
    assert found["value"] == pytest.approx((1 / 3 + 0 + 1 / 2) / 3, abs=1e-5)


@pytest.fixture
def judged(monkeypatch):
    """Two bands with two judged pairs each."""
    bands = {
        0.6: [("10000A", "20000", True), ("10000A", "30000", False)],
        0.9: [("10000A", "10000B", True), ("20000", "30000", True)],
    }
    monkeypatch.setattr(_shop_copies, "BY_COSINE", bands)
    return rd.Catalog(pd.DataFrame({"item_id": ["10000A", "10000B", "20000", "30000"], "title": ["x", "x", "y", "z"]}))


def test_a_rule_is_marked_by_weighted_judgements(judged, monkeypatch):
    monkeypatch.setattr(_shop_copies, "band_sizes", lambda kernel: {0.6: 20, 0.9: 2})
    found = _shop_copies.marked(np.array([0, 0, 0, 3]), judged, None)  # joins the first three
    # weights 10 (low band) and 1 (high): joined are 10 and 1, both right; true are 10 + 1 + 1
    assert (found["precision"], found["recall"]) == (1.0, pytest.approx(11 / 12, abs=1e-5))
    assert (found["pairs"], found["items"], found["stems"]) == (3, 3, 1.0)
    wrong = _shop_copies.marked(np.array([0, 1, 2, 0]), judged, None)  # joins the first and the last
    assert (wrong["precision"], wrong["recall"]) == (0.0, 0.0)


def test_bands_of_the_cosine_add_up(judged):
    kernel = rd.EmbeddingKernel(np.random.default_rng(0).normal(size=(200, 3)))
    sizes = _shop_copies.band_sizes(kernel)
    cosine = kernel.gram(torch.arange(200)).numpy()[np.triu_indices(200, 1)]
    assert sizes == {0.6: ((cosine >= 0.6) & (cosine < 0.9)).sum(), 0.9: (cosine >= 0.9).sum()}


def test_two_groups_are_compared():
    generator = np.random.default_rng(0)
    found = _shop_customers.compared(generator.normal(2, 1, 400), generator.normal(0, 1, 100))
    assert found["low"] < 2 < found["high"]
    assert found["n"] == [400, 100]


def test_heads_are_right_where_the_word_is():
    catalog = rd.Catalog(pd.DataFrame({"item_id": ["a", "b", "c"], "title": ["red mugs", "tea tin", "sale"]}))
    heads = [("mug",), ("tea",), ()]
    found = _shop_sources.right_heads(catalog, heads, {"a": "mugs", "b": "tin|tins", "c": "sale"})
    assert (found["right"], found["none"]) == (pytest.approx(1 / 3, abs=1e-5), pytest.approx(1 / 3, abs=1e-5))
    assert _shop_sources.describe_labels(heads) == {
        "labels": 2,
        "without": pytest.approx(1 / 3, abs=1e-5),
        "alone": pytest.approx(2 / 3, abs=1e-5),
        "commonest": [{"label": "mug", "items": 1}, {"label": "tea", "items": 1}],
    }


def test_every_judgement_is_of_two_products():
    from recdiv.experiments import _ecommerce_judged as hand

    for pairs in (*hand.BY_COSINE.values(), hand.JOINED, hand.NOT_JOINED):
        assert all(one != other and one[:5].isdigit() and other[:5].isdigit() for one, other, _ in pairs)
        assert len({(one, other) for one, other, _ in pairs}) == len(pairs)
    assert [len(pairs) for pairs in hand.BY_COSINE.values()] == [45, 45, 45, 25]
    assert (len(hand.JOINED), len(hand.NOT_JOINED), len(hand.HEADS)) == (80, 60, 100)


U, N = 60, 240


@pytest.fixture
def shop(tmp_path, monkeypatch):
    """A shop of two kinds of customer, every question of which can be asked; nothing is downloaded or encoded."""
    generator = np.random.default_rng(0)
    names = [
        f"{colour} {thing} {place}"
        for place in "attic barn cellar den eaves flat".split()
        for thing in "mug tin box hat jar lamp rug vase".split()
        for colour in "red blue green pink grey".split()
    ]
    frame = pd.DataFrame({"item_id": [f"{10000 + i // 5}{'ABCDE'[i % 5]}" for i in range(N)], "title": names})
    catalog = rd.Catalog(frame.assign(text="", price=generator.uniform(1, 9, N)))
    rows = [
        (
            u,
            catalog.item_ids[i],
            f"{u}-{b}",
            pd.Timestamp("2011-01-01") + pd.Timedelta(days=20 * b + u % 20),
            24 if u % 3 == 0 else 1,
        )
        for u in range(U)
        for b in range(6)
        for i in generator.choice(N, size=20, replace=False)
    ]
    events = pd.DataFrame(rows, columns=["user_id", "item_id", "basket_id", "timestamp", "quantity"]).assign(price=2.0)
    data = SimpleNamespace(name="online_retail", catalog=catalog, interactions=rd.Interactions(events, catalog))
    split = temporal_split(first_events(data.interactions))
    prepared = Prepared("online_retail", catalog, split, {"protocol": split.protocol})
    kernel = rd.EmbeddingKernel(generator.normal(size=(N, 40)))
    pairs = [(catalog.item_ids[0], catalog.item_ids[1], True), (catalog.item_ids[0], catalog.item_ids[9], False)]
    monkeypatch.setenv("RECDIV_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(ecommerce, "CELLS", Cells("ecommerce", recipe=1))
    monkeypatch.setattr(ecommerce, "SYSTEMS", ("popularity", "random"))
    monkeypatch.setattr(ecommerce, "choose", lambda *a, **k: {"options": {}})
    monkeypatch.setattr(ecommerce, "prepare", lambda name: prepared)
    monkeypatch.setattr(ecommerce.datasets, "load", lambda name: data)
    monkeypatch.setattr(rd.EmbeddingKernel, "from_text", lambda catalog, **options: kernel)
    monkeypatch.setattr(ecommerce, "TextEncoder", lambda: SimpleNamespace(encode=lambda texts, **k: None))
    monkeypatch.setattr(_shop_sources, "train_tagger", lambda **k: _shop_sources.LastWord())
    monkeypatch.setattr(ecommerce, "HEADS", {catalog.item_ids[0]: "attic"})
    monkeypatch.setattr(_shop_sources, "SIZES", (4,))
    monkeypatch.setattr(_shop_copies, "BY_COSINE", {0.6: pairs, 0.9: pairs})
    monkeypatch.setattr(_shop_copies, "JOINED", pairs)
    monkeypatch.setattr(_shop_copies, "NOT_JOINED", pairs)
    monkeypatch.setattr(_shop_pairs, "OFTEN", 5)
    return tmp_path


def test_every_question_is_answered_once(shop, monkeypatch):
    file = ecommerce.main(["--results", str(shop)])
    recorded = json.loads(file.read_text())
    assert set(ecommerce.QUESTIONS) < set(recorded)
    assert recorded["copies"]["things"] == 48  # eight objects in six places, whatever the colour
    assert recorded["copies"]["rules"]["key of the title"]["stems"] == 1.0
    assert recorded["customers"]["rule"]["wholesale"] == U // 3
    assert recorded["customers"]["new_products"]["n"] == recorded["customers"]["lists"]["Random"]["ndcg@10"]["n"]
    identities = [row for row in recorded["sources"]["readings"] if row["source"] == "identities"]
    assert all(abs(row["chi_excess"]) < 1e-9 for row in identities)  # equal lists without repeats: nothing to tell
    assert recorded["baskets"]["systems"][0]["system"] == "baskets"
    assert {row["k"] for row in recorded["baskets"]["by_length"]} == {5, 10, 20}
    assert set(recorded["prices"]["systems"]) == {"baskets", "baskets, dealt", "Popularity", "Random"}
    monkeypatch.setattr(ecommerce, "_timed", lambda question, run: pytest.fail("asked again"))
    assert json.loads(ecommerce.main(["--results", str(shop)]).read_text())["copies"] == recorded["copies"]


def test_by_length_compares_each_customer_with_their_own_basket():
    generator = np.random.default_rng(3)
    kernel = rd.EmbeddingKernel(generator.normal(size=(40, 8)))
    bought = lines(*(generator.choice(40, size=size, replace=False).tolist() for size in [5] * 9 + [22] * 12))
    whole = _shop_baskets.baskets(bought, k=20, rng=0)
    back = np.arange(len(whole.items))[::-1].copy()
    same = rd.Recommendations(whole.items[back], users=np.asarray(whole.users)[back].tolist())
    one = rd.Recommendations(torch.zeros_like(whole.items), users=whole.users)
    found = {row["k"]: row for row in _shop_baskets.by_length(bought, {"same": same, "one": one}, kernel, rng=0)}
    assert [found[k]["lists"] for k in (5, 10, 20)] == [21, 12, 12]
    means, apart = found[20]["means"], found[20]["against_baskets"]
    assert apart["same"] == pytest.approx({"value": 0, "low": 0, "high": 0}, abs=1e-9)  # whatever the order of rows
    assert apart["one"]["value"] == pytest.approx(1 - means["baskets"]["value"], rel=1e-5)
    each = rd.effective_number(whole, kernel).numpy()
    assert means["baskets"]["value"] == pytest.approx(each.mean(), rel=1e-5)
    reach = 1.96 * each.std() / len(each) ** 0.5
    assert means["baskets"]["high"] - means["baskets"]["low"] == pytest.approx(2 * reach, rel=0.15)
    assert means["one"] == pytest.approx({"value": 1, "low": 1, "high": 1})


def test_the_season_is_taken_out_within_months():
    """Baskets of one month hold products of that month, else anything: over the year alike, within a month not."""
    generator = np.random.default_rng(5)
    kernel = rd.EmbeddingKernel(np.eye(2)[np.repeat([0, 1], 20)] + 0.2 * generator.normal(size=(40, 2)))
    bought = [(20 * (b % 2) + generator.choice(20, size=5, replace=False)).tolist() for b in range(200)]
    found = _shop_baskets.season(lines(*bought, days=[40 * (b % 2) for b in range(200)]), kernel, k=5, rng=0)
    assert found["excess"] > 0.1
    assert abs(found["excess_within_month"]) < 0.02


def test_variants_in_one_basket():
    found = _shop_baskets.variants_bought(lines([0, 1, 3], [0, 3], [3, 4]), np.array([0, 0, 2, 3, 4]))
    assert (found["with_a_copy"], found["times_bought"]) == (0.5, 2)


def test_text_that_tells_the_price_is_noticed():
    price = np.repeat([1.0, 10.0], 50)
    kernel = rd.EmbeddingKernel(np.eye(2)[np.repeat([0, 1], 50)] + 0.01)
    catalog = rd.Catalog(pd.DataFrame({"item_id": range(100), "title": "t", "price": price}))
    told = Shop(Prepared("x", catalog, None, {}), kernel, pd.DataFrame(), {}, pd.Timestamp(0))
    found = _shop_customers.seen_by_text(told, pairs=2000)
    assert found["rank_correlation"] == pytest.approx(-1, abs=1e-6)
