"""The three tables: what they take, what they refuse and in which words."""

import time

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from recdiv.tables import Catalog, Interactions, Recommendations

FRAME = pd.DataFrame(
    {
        "item_id": ["a", "b", "c", "d"],
        "title": ["Tea", "What?", None, "Mug"],
        "text": ["green", "A question", "only text", float("nan")],
        "category": ["Food", "Home | Gift|Home", None, ["Home", ""]],
    }
)


@pytest.fixture
def catalog():
    return Catalog(FRAME)


# --- Catalog


def test_catalog_knows_its_items(catalog):
    assert len(catalog) == 4
    assert repr(catalog) == "Catalog(4 items; item_id, title, text, category)"
    assert catalog.item_ids.tolist() == ["a", "b", "c", "d"]
    assert catalog.rows(["c", "a", "c"]).tolist() == [2, 0, 2]
    assert catalog.rows(pd.Series(["d"])).dtype == np.int64
    assert catalog.rows([]).tolist() == []
    assert catalog.rows(["z", "a"], unknown="count").tolist() == [-2, 0]


def test_catalog_rows_do_not_follow_the_index_of_the_frame():
    assert Catalog(FRAME.set_index(pd.Index([9, 3, 3, 1]))).rows(["d"]).tolist() == [3]


def test_catalog_is_not_changed_by_what_happens_to_the_frame_later():
    frame = FRAME.copy()
    catalog = Catalog(frame)
    frame.loc[0, "title"] = "Coffee"
    assert catalog.texts()[0] == "Tea. green"


def test_texts(catalog):
    assert catalog.texts() == ["Tea. green", "What? A question", "only text", "Mug"]
    assert Catalog(FRAME[["item_id", "title"]]).texts() == ["Tea", "What?", "", "Mug"]
    numbers = pd.DataFrame({"item_id": [1, 2], "title": [1984, 7], "text": [np.nan, np.nan]})
    assert Catalog(numbers).texts() == ["1984", "7"]


def test_categories(catalog):
    assert catalog.categories == [("Food",), ("Home", "Gift"), (), ("Home",)]
    matrix, names = catalog.category_matrix()
    assert names == ["Food", "Gift", "Home"]
    assert matrix.tolist() == [[1, 0, 0], [0, 1, 1], [0, 0, 0], [0, 0, 1]]
    assert matrix.dtype == torch.float32


def test_nothing_in_a_catalog_is_still_a_catalog():
    empty = Catalog(pd.DataFrame({"item_id": [], "category": []}))
    assert len(empty) == 0
    assert empty.category_matrix()[0].shape == (0, 0)


def test_category_matrix_of_100_000_items_takes_no_time():
    labels = [f"c{i % 50}|c{i % 7}" for i in range(100_000)]
    catalog = Catalog(pd.DataFrame({"item_id": np.arange(100_000), "category": labels}))
    start = time.process_time()
    matrix, names = catalog.category_matrix()
    assert time.process_time() - start < 3  # 0.2 s on a quiet core; a loop over single cells took several
    assert matrix.shape == (100_000, len(names)) == (100_000, 50)
    assert matrix[8].nonzero().squeeze(1).tolist() == sorted([names.index("c8"), names.index("c1")])


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: Catalog([{"item_id": 1}]), TypeError, "catalog must be a pandas DataFrame, got list"),
        (lambda: Catalog(pd.DataFrame({"id": [1]})), ValueError, "catalog: needs a 'item_id' column, got 'id'"),
        (lambda: Catalog(pd.DataFrame()), ValueError, "catalog: needs a 'item_id' column, got none"),
        (lambda: Catalog(pd.DataFrame({"item_id": [1, 2, 1]})), ValueError, "must be unique, got 1 more than once"),
        (
            lambda: Catalog(pd.DataFrame({"item_id": ["x", None]})),
            ValueError,
            "item_id must not be missing, got 1 .* of 2",
        ),
        (
            lambda: Catalog(pd.DataFrame([[1, 2]], columns=["item_id", "item_id"])),
            ValueError,
            "column names must be unique, got 'item_id' more than once",
        ),
        (
            lambda: Catalog(FRAME).rows(["a", "z", "y"]),
            ValueError,
            r"item_id 'z' is not in the catalog \(2 of 3 are not\)",
        ),
        (lambda: Catalog(FRAME).rows([1]), ValueError, "item_id 1 is not in the catalog"),
        (lambda: Catalog(FRAME).rows([None]), ValueError, "is not in the catalog"),
        (
            lambda: Catalog(FRAME).rows(["a"], unknown="drop"),
            ValueError,
            "unknown must be 'raise' or 'count', got 'drop'",
        ),
        (lambda: Catalog(FRAME[["item_id"]]).texts(), ValueError, "needs a 'title' or 'text' column"),
        (lambda: Catalog(FRAME[["item_id"]]).categories, ValueError, "needs a 'category' column, got 'item_id'"),
    ],
)
def test_catalog_errors(make, error, message):
    with pytest.raises(error, match=message):
        make()


# --- Interactions


def events(catalog, **columns):
    frame = pd.DataFrame({"user_id": [2, 1, 2, 3, 2], "item_id": ["a", "b", "c", "d", "a"], **columns})
    return Interactions(frame, catalog)


def test_interactions_are_in_order_of_time(catalog):
    log = events(
        catalog, timestamp=pd.to_datetime(["2024-03-01", "2024-01-01", "2024-01-01", "2024-02-01", "2023-01-01"])
    )
    assert log.users.tolist() == [1, 2, 3]
    assert log.user.tolist() == [1, 0, 1, 2, 1]
    assert log.item.tolist() == [0, 1, 2, 3, 0]
    assert (len(log), log.n_users, log.n_items) == (5, 3, 4)
    assert repr(log) == "Interactions(5 events, 3 users, 4 items)"
    assert log.item_counts().tolist() == [2, 1, 1, 1]


def test_interactions_without_time_keep_their_order(catalog):
    assert [rows.tolist() for rows in events(catalog).histories()] == [[1], [0, 2, 0], [3]]


def test_histories_of_some_people_in_the_order_asked(catalog):
    log = events(catalog)
    assert [rows.tolist() for rows in log.histories([3, 99, 2, 3])] == [[3], [], [0, 2, 0], [3]]
    assert [rows.tolist() for rows in log.histories(np.array([1]))] == [[1]]
    assert [rows.tolist() for rows in log.histories(torch.tensor([1]))] == [[1]]


def test_leave_one_out(catalog):
    rest, last = events(catalog, timestamp=[5, 1, 2, 3, 9]).leave_one_out()
    assert last.frame[["user_id", "item_id", "timestamp"]].values.tolist() == [[2, "a", 9]]
    assert len(rest) == 4
    assert rest.users.tolist() == [1, 2, 3]  # one event each: 1 and 3 stay


def test_split_at(catalog):
    before, after = events(catalog, timestamp=[5, 1, 2, 3, 9]).split_at(3)
    assert before.frame["timestamp"].tolist() == [1, 2]
    assert after.frame["timestamp"].tolist() == [3, 5, 9]


def test_no_interactions(catalog):
    log = Interactions(pd.DataFrame({"user_id": [], "item_id": []}), catalog)
    assert (len(log), log.n_users) == (0, 0)
    assert log.histories() == []
    assert [len(rows) for rows in log.histories([1])] == [0]
    assert [len(part) for part in log.leave_one_out()] == [0, 0]
    assert log.item_counts().tolist() == [0] * 4


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"item_id": ["a", "b", "z", "z", "a"]}, r"item_id 'z' is not in the catalog \(2 of 5 are not\)"),
        ({"user_id": [1, None, 2, None, 3]}, "interactions: user_id must not be missing, got 2 missing of 5"),
        ({"item_id": ["a", None, "a", "a", "a"]}, "interactions: item_id must not be missing, got 1 missing of 5"),
        ({"timestamp": [1, 2, np.nan, 4, 5]}, "interactions: timestamp must not be missing, got 1 missing of 5"),
    ],
)
def test_interactions_errors(catalog, columns, message):
    with pytest.raises(ValueError, match=message):
        events(catalog, **columns)


def test_more_interactions_errors(catalog):
    with pytest.raises(ValueError, match="interactions: needs a 'item_id' column, got 'user_id'"):
        Interactions(pd.DataFrame({"user_id": [1]}), catalog)
    with pytest.raises(TypeError, match="interactions must be a pandas DataFrame, got dict"):
        Interactions({"user_id": [1]}, catalog)
    with pytest.raises(ValueError, match="needs a 'timestamp' column"):
        events(catalog).split_at(3)
    with pytest.raises(ValueError, match=r"mask must have one truth value an event \[5\]"):
        events(catalog).where(np.array([True]))


# --- Recommendations


def test_recommendations_count_what_they_hold():
    recs = Recommendations([[3, 1, -1], [0, -2, 3], [-1, -1, -1]], scores=[[3, 2, 0], [1, 1, 1], [0, 0, 0]])
    assert (len(recs), recs.n_lists, recs.k, recs.n_unknown) == (3, 3, 3, 1)
    assert recs.lengths.tolist() == [2, 2, 0]
    assert recs.valid.tolist() == [[True, True, False], [True, False, True], [False] * 3]
    assert recs.users.tolist() == [0, 1, 2]
    assert recs.counts(5).tolist() == [1, 1, 0, 2, 0]
    assert Recommendations([[2, 2]]).counts(3).tolist() == [0, 0, 2]  # a repeat counts again
    assert recs.items.dtype == torch.int64
    assert recs.scores.dtype == torch.float64
    assert repr(recs) == "Recommendations(3 lists of up to 3)"


@pytest.mark.parametrize(
    "form", [list, np.array, torch.tensor, lambda x: torch.tensor(x, dtype=torch.int32), pd.DataFrame]
)
def test_items_come_in_many_forms(form):
    recs = Recommendations(form([[0, 1], [2, -1]]))
    assert recs.items.tolist() == [[0, 1], [2, -1]]
    assert recs.items.dtype == torch.int64


def test_numpy_items_are_copied_read_only_ones_too():
    items = np.array([[0, 1]])
    recs = Recommendations(items)
    items[0, 0] = 7
    assert recs.items.tolist() == [[0, 1]]
    items.flags.writeable = False
    assert Recommendations(items).items.tolist() == [[7, 1]]


@pytest.mark.parametrize("items", [torch.empty(0, 3), [[], []], np.empty((2, 0))])
def test_nothing_recommended(items):
    recs = Recommendations(items)
    assert recs.counts(4).tolist() == [0] * 4
    assert recs.lengths.tolist() == [0] * recs.n_lists
    assert len(recs.to_frame(Catalog(FRAME))) == 0


def test_head_where_and_labels():
    recs = Recommendations(
        [[0, 1, 2], [3, 0, 1], [2, 2, 2]],
        scores=torch.rand(3, 3),
        users=["x", "y", "x"],
        time=pd.to_datetime(["2024-01-01"] * 3),
        groups=[("a", 1), ("b", 2), ("a", 1)],
    )
    top = recs.head(2)
    assert top.items.tolist() == [[0, 1], [3, 0], [2, 2]]
    assert top.scores.shape == (3, 2)
    assert recs.head(9).k == 3
    for some in (recs.where(recs.users == "x"), recs.where([0, 2]), recs.where(torch.tensor([True, False, True]))):
        assert some.items.tolist() == [[0, 1, 2], [2, 2, 2]]
        assert some.users.tolist() == ["x", "x"]
        assert some.groups.tolist() == [("a", 1), ("a", 1)]
        assert len(some.time) == 2
        torch.testing.assert_close(some.scores, recs.scores[[0, 2]])
    assert recs.where(np.zeros(3, dtype=bool)).n_lists == 0
    assert recs.to("cpu").groups.tolist() == recs.groups.tolist()


def test_from_frame_orders_by_rank_or_score_or_row(catalog):
    frame = pd.DataFrame(
        {"u": ["y", "x", "y", "y"], "i": ["a", "b", "c", "d"], "r": [3, 1, 1, 2], "s": [0.1, 0.5, 0.3, 0.9]}
    )
    read = {"user": "u", "item": "i"}
    by_row = Recommendations.from_frame(frame, catalog, **read)
    assert by_row.users.tolist() == ["x", "y"]
    assert by_row.items.tolist() == [[1, -1, -1], [0, 2, 3]]
    assert Recommendations.from_frame(frame, catalog, **read, rank="r").items[1].tolist() == [2, 3, 0]
    by_score = Recommendations.from_frame(frame, catalog, **read, score="s")
    assert by_score.items[1].tolist() == [3, 2, 0]
    assert by_score.scores[1].tolist() == [0.9, 0.3, 0.1]
    assert by_score.scores[0].isnan().tolist() == [False, True, True]


def test_from_frame_gives_each_time_its_own_list(catalog):
    frame = pd.DataFrame({"user_id": [1, 1, 1, 2], "item_id": ["a", "b", "c", "d"], "day": [2, 1, 2, 1]})
    recs = Recommendations.from_frame(frame, catalog, time="day")
    assert recs.users.tolist() == [1, 1, 2]
    assert recs.time.tolist() == [1, 2, 1]
    assert recs.items.tolist() == [[1, -1], [0, 2], [3, -1]]


def test_from_frame_keeps_what_is_missing_unknown_or_repeated(catalog):
    frame = pd.DataFrame(
        {"user_id": pd.Categorical([1, 1, 2, 2], categories=[0, 1, 2, 3]), "item_id": ["a", None, "z", "a"]}
    )
    recs = Recommendations.from_frame(frame, catalog, unknown="count")
    assert recs.items.tolist() == [[0, -1], [-2, 0]]
    assert recs.n_unknown == 1
    twice = pd.DataFrame({"user_id": [1, 1], "item_id": ["a", "a"]})
    assert Recommendations.from_frame(twice, catalog).items.tolist() == [[0, 0]]
    assert Recommendations.from_frame(twice[:0], catalog).items.shape == (0, 0)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.lists(st.integers(0, 3), min_size=1, max_size=4), min_size=1, max_size=6), st.booleans())
def test_round_trip(lists, scored):
    catalog = Catalog(FRAME)
    items = [row + [-1] * (4 - len(row)) for row in lists]
    scores = [[10.0 - s for s in range(4)] for _ in items] if scored else None
    recs = Recommendations(items, scores=scores, users=[f"u{u}" for u in range(len(items))])
    frame = recs.to_frame(catalog)
    assert frame.columns.tolist() == ["user_id", "rank", "item_id", *(["score"] if scored else [])]
    back = Recommendations.from_frame(
        frame.sample(frac=1, random_state=0), catalog, rank="rank", score="score" if scored else None
    )
    width = back.k
    assert back.items.tolist() == [row[:width] for row in items]
    assert back.users.tolist() == recs.users.tolist()
    if scored:
        kept = back.valid
        assert back.scores[kept].tolist() == recs.scores[:, :width][kept].tolist()


def test_to_frame_shows_unknown_slots_time_and_groups(catalog):
    recs = Recommendations([[0, -2, -1], [-1, -1, 3]], time=[7, 8], groups=["g", "h"])
    frame = recs.to_frame(catalog)
    assert frame["rank"].tolist() == [1, 2, 3]
    assert frame["item_id"].isna().tolist() == [False, True, False]
    assert frame["time"].tolist() == [7, 7, 8]
    assert frame["group"].tolist() == ["g", "g", "h"]
    whole = Catalog(pd.DataFrame({"item_id": [10, 20]}))
    assert Recommendations([[1, 0]]).to_frame(whole)["item_id"].dtype == np.int64


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Recommendations([1, 2]), r"items must have shape \[U, K\], got \[2\]"),
        (lambda: Recommendations([[0, -3]]), r"items must be catalogue rows, -1 \(empty\) or -2 \(unknown\), got -3"),
        (lambda: Recommendations([[0.5]]), "items must be integers, got float64"),
        (lambda: Recommendations(torch.tensor([[True]])), "items must be integers, got bool"),
        (lambda: Recommendations([["a"]]), "items must be integers, got <U1"),
        (
            lambda: Recommendations([[1, 2], [3]]),
            "items must be of one length, got lists of several: pad short ones with -1",
        ),
        (lambda: Recommendations([[1, 2]], scores=[[1.0]]), r"scores must be shaped like items \[1, 2\], got \[1, 1\]"),
        (lambda: Recommendations([[1], [2]], users=["a"]), r"users must have one label a list \(2\), got 1"),
        (lambda: Recommendations([[1], [2]], groups=["a", None]), "groups must not be missing, got a missing label"),
        (lambda: Recommendations([[1]], time=[pd.NaT]), "time must not be missing"),
        (lambda: Recommendations([[4]]).check(4), r"items must be rows of the catalogue, 0\.\.3, got 4"),
        (lambda: Recommendations([[4]]).counts(4), r"items must be rows of the catalogue, 0\.\.3, got 4"),
        (lambda: Recommendations([[1]]).head(0), "k must be at least 1, got 0"),
        (
            lambda: Recommendations([[1]]).where([True, False]),
            r"mask must have one truth value a list \[1\], got shape \[2\]",
        ),
        (lambda: Recommendations([[1]]).where([0.5]), "mask must be integers, got float64"),
    ],
)
def test_recommendations_errors(make, message):
    with pytest.raises(ValueError, match=message):
        make()


@pytest.mark.parametrize(
    ("columns", "options", "message"),
    [
        ({"item_id": ["z"]}, {}, "item_id 'z' is not in the catalog"),
        ({"item_id": ["a"], "user_id": [None]}, {}, "recommendations: user_id must not be missing, got 1 missing of 1"),
        ({"item_id": ["a"], "s": [np.nan]}, {"score": "s"}, "recommendations: s must not be missing"),
        ({"item_id": ["a"]}, {"rank": "r"}, "recommendations: needs a 'r' column, got 'user_id', 'item_id'"),
        ({"item_id": ["a"]}, {"unknown": "keep"}, "unknown must be 'raise' or 'count', got 'keep'"),
    ],
)
def test_from_frame_errors(catalog, columns, options, message):
    frame = pd.DataFrame({"user_id": [1], **columns})
    with pytest.raises(ValueError, match=message):
        Recommendations.from_frame(frame, catalog, **options)


def test_a_mutant_is_caught(monkeypatch):
    """Counting unknown slots as items would make an invented item diverse."""
    monkeypatch.setattr(Recommendations, "valid", property(lambda self: self.items != -1))
    with pytest.raises((AssertionError, RuntimeError)):
        test_recommendations_count_what_they_hold()


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_recommendations_follow_their_device():
    recs = Recommendations([[0, 1], [2, -1]], scores=[[1.0, 2.0], [3.0, 0.0]]).to("cuda")
    assert recs.device.type == recs.scores.device.type == "cuda"
    assert recs.where(recs.lengths > 1).items.tolist() == [[0, 1]]
    assert recs.counts(3).is_cuda
    assert len(recs.to_frame(Catalog(FRAME))) == 3


@pytest.mark.parametrize("hole", [None, float("nan"), "", " "])
def test_a_hole_in_a_list_of_labels_is_no_label(hole):
    assert Catalog(pd.DataFrame({"item_id": [0], "category": [["tea", hole]]})).categories == [("tea",)]


def test_what_is_kept_about_lists_follows_what_is_written_into_them():
    recs = Recommendations(torch.tensor([[0, 1], [2, -1]]))
    assert (recs.reach, recs.lengths.tolist(), recs.counts(4).tolist()) == ((-1, 2), [2, 1], [1, 1, 1, 0])
    recs.lengths.zero_()  # what was handed out is a copy
    recs.counts(4).zero_()
    assert (recs.lengths.tolist(), recs.counts(3).tolist()) == ([2, 1], [1, 1, 1])
    recs.items[1, 1] = 3
    assert (recs.reach, recs.lengths.tolist(), recs.counts(4).tolist()) == ((0, 3), [2, 2], [1, 1, 1, 1])
    recs.items = torch.tensor([[0, 0, -2]])
    assert (recs.reach, recs.lengths.tolist(), recs.counts(2).tolist(), recs.n_filled) == ((-2, 0), [2], [2, 0], 1)
    with torch.inference_mode():
        assert Recommendations(torch.tensor([[0, -1]])).lengths.tolist() == [1]


def test_counts_of_long_lists_are_added_up_part_by_part():
    items = np.random.default_rng(0).integers(-2, 50, (3000, 100))  # more slots than are counted together
    expected = [int((items == i).sum()) for i in range(60)]
    assert Recommendations(items).counts(60).tolist() == expected
    assert Recommendations(np.abs(items)).counts(60).tolist() == [int((np.abs(items) == i).sum()) for i in range(60)]


def test_users_are_found_by_position_and_popularity_counts_events_and_people():
    catalog = Catalog(pd.DataFrame({"item_id": [0, 1, 2]}))
    events = Interactions(pd.DataFrame({"user_id": ["b", "b", "a"], "item_id": [1, 1, 1]}), catalog)
    assert events.positions(["a", "z", "b"]).tolist() == [0, -1, 1]
    assert events.item_counts().tolist() == [0, 3, 0]
    assert events.item_users().tolist() == [0, 2, 0]
    events.item_counts().zero_()
    assert events.item_counts().tolist() == [0, 3, 0]


def test_a_list_written_as_text_is_not_one_label():
    frame = pd.DataFrame({"item_id": ["a"], "category": ["['Food', 'Home']"]})
    with pytest.raises(ValueError, match="got a list written as text"):
        Catalog(frame).categories  # noqa: B018
