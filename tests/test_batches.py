"""The lists of a Parquet file read some at a time are those of the file read whole."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import recdiv as rd
from recdiv.files import _batches, read_batches

RNG = np.random.default_rng(0)
N, USERS = 30, 200
CATALOG = rd.Catalog(pd.DataFrame({"item_id": [f"{i}" for i in range(100, 100 + N)]}))
LENGTHS = RNG.integers(1, 9, USERS)
ROWS = pd.DataFrame(
    {
        "user_id": np.repeat(RNG.permutation(USERS) + 1000, LENGTHS),
        "item_id": np.concatenate([RNG.permutation(N)[:n] + 100 for n in LENGTHS]),
        "rank": np.concatenate([RNG.permutation(n) + 1 for n in LENGTHS]),
        "score": np.concatenate([RNG.permutation(n) / n for n in LENGTHS]),
        "day": np.repeat(RNG.integers(0, 3, USERS), LENGTHS),
    }
)


@pytest.fixture(autouse=True)
def small_batches(monkeypatch):
    monkeypatch.setattr(_batches, "_ROWS", 64)  # lists lie across the borders of batches
    monkeypatch.setattr(_batches, "_PART", 100)


def written(tmp_path, frame, **options):
    path = tmp_path / "recs.parquet"
    frame.to_parquet(path, row_group_size=50, **options)
    return path


def by_user(batches):
    found = {}
    for recs in batches:
        for i, user in enumerate(recs.users.tolist()):
            key = user if recs.time is None else (user, recs.time[i])
            assert key not in found, "a list came in two pieces"
            scores = None if recs.scores is None else recs.scores[i][recs.items[i] != -1].tolist()
            found[key] = ([item for item in recs.items[i].tolist() if item != -1], scores)
    return found


FORMS = {
    "together": ROWS,
    "scattered": ROWS.sample(frac=1, random_state=1),
    "text": ROWS.astype({"user_id": str, "item_id": str}),
    "categories": ROWS.astype({"user_id": "category", "item_id": "category"}),
    "floats": ROWS.astype({"item_id": float}),
    "by score": ROWS.drop(columns="rank"),
    "in order of rows": ROWS[["user_id", "item_id"]],
}


@pytest.mark.parametrize("form", FORMS)
def test_batches_hold_the_lists_of_the_file(tmp_path, form):
    path = written(tmp_path, FORMS[form])
    whole = by_user([rd.read_recommendations(path, CATALOG)])
    batches = read_batches(path, CATALOG)
    assert by_user(batches) == whole
    assert by_user(batches) == whole  # and again
    assert (batches.n_lists, batches.n_rows) == (USERS, len(ROWS))
    assert batches.slots == LENGTHS.max()
    assert batches.scattered == (form == "scattered")
    assert sum(1 for _ in batches) > 5


def test_users_as_text_and_named_columns(tmp_path):
    path = written(tmp_path, ROWS.rename(columns={"user_id": "u", "rank": "place"}))
    options = {"user": "u", "rank": "place", "ids": "text"}
    assert by_user(read_batches(path, CATALOG, **options)) == by_user(
        [rd.read_recommendations(path, CATALOG, **options)]
    )


@pytest.mark.parametrize("frame", [ROWS, ROWS.sample(frac=1, random_state=2)], ids=["together", "scattered"])
def test_each_time_is_a_list(tmp_path, frame):
    path = written(tmp_path, pd.concat([frame, frame.assign(day=frame["day"] + 5)]))
    found = by_user(read_batches(path, CATALOG, time="day"))
    assert len(found) == 2 * USERS
    assert found == by_user([rd.read_recommendations(path, CATALOG, time="day")])


def test_unknown_missing_and_repeated_items(tmp_path):
    frame = ROWS.astype({"item_id": "Int64"})
    frame.loc[3, "item_id"] = 7
    frame.loc[50, "item_id"] = pd.NA
    path = written(tmp_path, frame)
    options = {"unknown": "count", "repeats": "keep"}
    found, whole = read_batches(path, CATALOG, **options), rd.read_recommendations(path, CATALOG, **options)
    assert by_user(found) == by_user([whole])
    assert sum(recs.n_unknown for recs in found) == 1


def test_nothing_is_left_on_disk(tmp_path):
    path = written(tmp_path, FORMS["scattered"])
    parts = iter(read_batches(path, CATALOG, folder=tmp_path))
    next(parts)
    assert len(list(tmp_path.iterdir())) == 2
    parts.close()
    assert list(tmp_path.iterdir()) == [path]


def broken(path):
    data = path.read_bytes()
    path.write_bytes(data[:60] + b"\xff" * 200 + data[260:])


BAD = {
    "a column": (ROWS.drop(columns="item_id"), {}, "needs a 'item_id' column, got 'user_id', 'rank'"),
    "a named column": (ROWS, {"score": "s"}, "needs a 's' column"),
    "unknown": (
        ROWS.assign(item_id=[1, 1, 2, *ROWS["item_id"][3:]]),
        {},
        r"got 2 it does not know \('1' in 2 rows, '2' in",
    ),
    "kinds": (ROWS.assign(item_id="x"), {}, "it holds text and the catalog numbers; pass unknown='count' to keep them"),
    "ties": (ROWS.assign(rank=1), {}, "must hold a rank once a list, got user_id"),
    "repeats": (ROWS.assign(item_id=101), {}, r"must hold an item once a list, got user_id \d+, item_id '101' again"),
    "scores": (FORMS["by score"].assign(score=np.nan), {}, "score must be a number in every row, got"),
    "words": (ROWS.assign(rank="first"), {}, "rank must hold numbers, got"),
    "users": (
        ROWS.assign(user_id=ROWS["user_id"].where(ROWS.index != 5)),
        {},
        "user_id must not be missing, got 1 missing",
    ),
    "nothing": (ROWS[:0], {}, "must hold rows, got none"),
}


@pytest.mark.parametrize("name", BAD)
def test_errors(tmp_path, name):
    frame, options, message = BAD[name]
    with pytest.raises(ValueError, match=message):
        list(read_batches(written(tmp_path, frame), CATALOG, **options))


def test_files_that_cannot_be_read(tmp_path):
    with pytest.raises(ValueError, match="must be a Parquet file, got no such file"):
        read_batches(tmp_path / "none.parquet", CATALOG)
    (tmp_path / "text.parquet").write_text("user_id,item_id")
    with pytest.raises(ValueError, match="must be a Parquet file, got one that cannot be read"):
        read_batches(tmp_path / "text.parquet", CATALOG)
    path = written(tmp_path, ROWS)
    broken(path)
    with pytest.raises(ValueError, match="must be a whole Parquet file"):
        list(read_batches(path, CATALOG))


def test_lists_across_row_groups_of_one_row(tmp_path):
    path = tmp_path / "tiny.parquet"
    pq.write_table(pa.Table.from_pandas(ROWS[:40]), path, row_group_size=1)
    assert by_user(read_batches(path, CATALOG)) == by_user([rd.read_recommendations(path, CATALOG)])
