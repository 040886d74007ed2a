"""Lists as LensKit, RecBole, Recommenders and RePlay hand them over: frames, files, arrays of exactly their forms."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import torch

import recdiv as rd
from recdiv.files._formats import columns_of

CATALOG = rd.Catalog(pd.DataFrame({"item_id": [10, 20, 30, 40]}))
NAMED = rd.Catalog(pd.DataFrame({"item_id": ["10", "20", "30", "40"]}))
USERS, ITEMS = [1, 1, 2, 2], [10, 30, 20, 40]
SCORES = [0.1, 0.9, 0.5, 0.4]  # user 1: 30 before 10; user 2: 20 before 40
EXPECTED = [[2, 0], [1, 3]]


def frame(user, item, **more):
    return pd.DataFrame({user: USERS, item: ITEMS, **more})


FRAMES = {
    "plain": frame("user_id", "item_id", score=SCORES),
    "lenskit": frame("user_id", "item_id", score=[0.5] * 4, rank=[2, 1, 1, 2]),
    "recbole": frame("user_id:token", "item_id:token", **{"score:float": SCORES}),
    "recommenders": frame("userID", "itemID", prediction=SCORES),
    "replay": frame("query_id", "item_id", rating=SCORES),
}


@pytest.mark.parametrize("catalog", [CATALOG, NAMED], ids=["numbers", "text"])
@pytest.mark.parametrize("form", FRAMES)
@pytest.mark.parametrize("asked", ["auto", None])
def test_frames_of_every_library(form, asked, catalog):
    recs = rd.read_recommendations(FRAMES[form], catalog, format=asked or form)
    assert recs.items.tolist() == EXPECTED
    assert recs.users.tolist() == [1, 2]


@pytest.mark.parametrize("form", FRAMES)
@pytest.mark.parametrize("ending", [".csv", ".parquet"])
def test_files_of_every_library(tmp_path, form, ending):
    path = tmp_path / f"recs{ending}"
    FRAMES[form].to_csv(path, index=False) if ending == ".csv" else FRAMES[form].to_parquet(path)
    recs = rd.read_recommendations(path, CATALOG)
    assert recs.items.tolist() == EXPECTED
    assert recs.users.tolist() == [1, 2]
    assert rd.read_recommendations(str(path), CATALOG, ids="text").users.tolist() == ["1", "2"]


def test_older_replay_and_ranked_recommenders():
    old = frame("user_idx", "item_idx", relevance=SCORES)
    assert rd.read_recommendations(old, CATALOG).items.tolist() == EXPECTED
    top = frame("userID", "itemID", prediction=[9, 8, 7, 6], rank=[2, 1, 1, 2])  # as get_top_k_items ranks
    assert rd.read_recommendations(top, CATALOG).items.tolist() == EXPECTED


def lenskit_native(path):
    """One row a list, as ItemListCollection.save_parquet writes by default."""
    inner = pa.struct([("item_id", pa.int64()), ("score", pa.float32()), ("rank", pa.int32())])
    lists = [
        [{"item_id": 30, "score": 0.9, "rank": 1}, {"item_id": 10, "score": 0.1, "rank": 2}],
        [{"item_id": 20, "score": 0.5, "rank": 1}],
    ]
    pq.write_table(pa.table({"user_id": [1, 2], "items": pa.array(lists, pa.list_(inner))}), path)


def test_lenskit_collections_of_both_layouts(tmp_path):
    lenskit_native(tmp_path / "native.parquet")
    assert rd.read_recommendations(tmp_path / "native.parquet", CATALOG).items.tolist() == [[2, 0], [1, -1]]

    class Collection:
        def to_df(self):
            return FRAMES["lenskit"]

    assert rd.read_recommendations(Collection(), CATALOG).items.tolist() == EXPECTED


def test_recbole_arrays_with_masked_slots():
    scores = torch.tensor([[0.9, 0.1], [0.5, -torch.inf]])  # the history of the second user fills the rest
    items = np.array(
        [["30", "10"], ["20", "[PAD]"]], dtype=object
    )  # dataset.id2token(dataset.iid_field, topk_iid_list)
    recs = rd.read_recommendations((scores, items), CATALOG, users=["u1", "u2"])
    assert recs.items.tolist() == [[2, 0], [1, -1]]
    assert recs.users.tolist() == ["u1", "u2"]
    assert rd.read_recommendations((scores, items), CATALOG).users.tolist() == [0, 1]


def test_recbole_atomic_file_is_apart_by_tabs(tmp_path):
    FRAMES["recbole"].to_csv(tmp_path / "recs.inter", sep="\t", index=False)
    assert rd.read_recommendations(tmp_path / "recs.inter", CATALOG).items.tolist() == EXPECTED


def test_frames_of_other_libraries():
    class Frame:
        def to_pandas(self):
            return FRAMES["replay"]

    assert rd.read_recommendations(Frame(), CATALOG).items.tolist() == EXPECTED


@pytest.mark.parametrize("written", [["10", "30", "20", "40"], [10.0, 30.0, 20.0, 40.0]])
def test_an_id_is_the_same_however_it_is_written(written):
    given = FRAMES["plain"].assign(item_id=written)
    for catalog in (CATALOG, NAMED):
        assert rd.read_recommendations(given, catalog).items.tolist() == EXPECTED


def test_leading_zeros_are_part_of_an_id(tmp_path):
    (tmp_path / "recs.csv").write_text("user_id,item_id\n007,010\n")
    with pytest.raises(ValueError, match=r"got 1 it does not know \('010' in 1 rows"):
        rd.read_recommendations(tmp_path / "recs.csv", NAMED)
    catalog = rd.Catalog(pd.DataFrame({"item_id": ["010", "10"]}))
    recs = rd.read_recommendations(tmp_path / "recs.csv", catalog)
    assert recs.items.tolist() == [[0]]
    assert recs.users.tolist() == ["007"]


def test_named_columns_and_time():
    given = FRAMES["plain"].assign(day=["2024-01-02", "2024-01-01"] * 2)
    recs = rd.read_recommendations(given, CATALOG, time="day")
    assert recs.items.tolist() == [[2], [0], [3], [1]]
    swapped = given.rename(columns={"user_id": "item_id", "item_id": "user_id"})
    assert (
        rd.read_recommendations(swapped, CATALOG, user="item_id", item="user_id", score="score").items.tolist()
        == EXPECTED
    )


def test_unknown_and_repeated_items_are_kept_when_asked():
    given = FRAMES["plain"].assign(item_id=[10, 10, 99, 40])
    recs = rd.read_recommendations(given, CATALOG, unknown="count", repeats="keep")
    assert recs.items.tolist() == [[0, 0], [-2, 3]]


@pytest.mark.parametrize(
    ("recs", "options", "error", "message"),
    [
        (FRAMES["plain"], {"format": "csv"}, ValueError, "format must be one of auto, plain, lenskit"),
        (FRAMES["plain"], {"format": "replay"}, ValueError, "recs needs a 'query_id' column, got 'user_id'"),
        (FRAMES["plain"], {"users": [1, 2]}, ValueError, "users must be given only beside the two arrays"),
        (FRAMES["plain"], {"ids": "words"}, ValueError, "ids must be 'native' or 'text', got 'words'"),
        ([1, 2], {}, TypeError, r"recs must be a file, a frame or \(scores, items\), got list"),
        ((np.ones((2, 2)),), {}, ValueError, "two arrays"),
        ((np.ones((2, 2)), np.ones((2, 3))), {}, ValueError, "scores and items must share a shape"),
        ((np.ones((2, 1)), np.ones((2, 1))), {"users": [1]}, ValueError, r"users must be one a list \(2\), got 1"),
        (FRAMES["plain"].assign(item_id=10), {}, ValueError, r"user_id 1, item_id 10 again \(2 such rows\)"),
        (FRAMES["lenskit"].assign(rank=1), {}, ValueError, "must hold a rank once a list, got user_id 1, rank 1 again"),
        (FRAMES["plain"].assign(score=[1, 2, 3, np.nan]), {}, ValueError, "score must be a number in every row"),
        (FRAMES["plain"].assign(item_id=None), {}, ValueError, "recs must hold items, got none in any row"),
        (FRAMES["plain"].assign(item_id=["a", "b", "c", "d"]), {}, ValueError, "it holds text and the catalog numbers"),
    ],
)
def test_errors(recs, options, error, message):
    with pytest.raises(error, match=message):
        rd.read_recommendations(recs, CATALOG, **options)


def test_events_under_other_names(tmp_path):
    pd.DataFrame({"userID": [1, 2], "itemID": [10, 40], "timestamp": [9, 5]}).to_csv(tmp_path / "log.csv", index=False)
    log = rd.files.read_interactions(tmp_path / "log.csv", CATALOG)
    assert log.users.tolist() == [1, 2]
    assert log.item.tolist() == [3, 0]  # in order of time


def test_catalog_keeps_numbers_and_ids(tmp_path):
    (tmp_path / "items.csv").write_text("itemID,title,price,year\n007,Tea,1.5,\n8,1984,2,1999\n")
    catalog = rd.files.read_catalog(tmp_path / "items.csv")
    assert catalog.item_ids.tolist() == ["007", "8"]
    assert catalog.texts() == ["Tea", "1984"]
    assert catalog.frame["price"].tolist() == [1.5, 2.0]
    assert catalog.frame["year"].isna().tolist() == [True, False]


def test_the_column_that_says_the_order_decides_between_formats():
    assert columns_of(["user_id", "item_id", "rating"], "auto").score == "rating"
    assert columns_of(["user_id", "item_id", "score", "rank"], "auto").rank == "rank"
    assert columns_of(["nothing"], "auto").user == "user_id"
