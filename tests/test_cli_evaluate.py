"""``recdiv evaluate`` as a person types it: files in, a table out, one sentence and code 2 on bad input."""

import json

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

import recdiv as rd
from recdiv.cli import app


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    path = tmp_path_factory.mktemp("files")
    generator = np.random.default_rng(0)
    items = pd.DataFrame({"item_id": np.arange(100, 130), "title": "t", "category": ["a", "b", "c"] * 10})
    items.to_csv(path / "items.csv", index=False)
    lists = np.stack([generator.choice(items["item_id"], 4, replace=False) for _ in range(25)])
    recs = pd.DataFrame({"user_id": np.repeat(np.arange(25), 4), "item_id": lists.ravel(), "rank": [1, 2, 3, 4] * 25})
    recs.sample(frac=1, random_state=0).to_csv(path / "recs.csv", index=False)
    recs.to_parquet(path / "recs.parquet")
    recs.assign(item_id=np.roll(recs["item_id"], 4))[:60].to_csv(path / "before.csv", index=False)
    club = recs["user_id"].map(lambda user: "tea" if user % 3 else "mug")
    recs.assign(club=club).sample(frac=1, random_state=1).to_csv(path / "clubs.csv", index=False)
    recs.assign(club=club).to_parquet(path / "clubs.parquet")
    recs.assign(club=club.where(recs.index != 2, "pot")).to_csv(path / "two_clubs.csv", index=False)
    recs.assign(club=club.where(recs.index != 2)).to_csv(path / "no_club.csv", index=False)
    recs.rename(columns={"user_id": "who", "item_id": "what", "rank": "place"}).to_csv(path / "other.csv", index=False)
    items.rename(columns={"item_id": "what", "category": "kind"}).to_csv(path / "other_items.csv", index=False)
    recs.assign(item_id=recs["item_id"].where(recs.index > 0, 7)).to_csv(path / "unknown.csv", index=False)
    events = pd.DataFrame({"user_id": np.arange(25), "item_id": lists[:, 1], "timestamp": "2024-01-01"})
    events.to_csv(path / "test.csv", index=False)
    (path / "empty.csv").touch()
    (path / "latin.csv").write_bytes("user_id,item_id\n1,caf\xe9\n".encode("latin-1"))
    (path / "header.csv").write_text("user_id,item_id\n")
    (path / "nul.csv").write_bytes(b"\0" * 4000)
    (path / "fake.parquet").write_text("hello")
    recs.to_csv(path / "semicolons.csv", sep=";", index=False)
    recs.to_csv(path / "utf16.csv", encoding="utf-16", index=False)
    recs.to_csv(path / "bom.csv", encoding="utf-8-sig", index=False)
    recs.astype({"item_id": float}).to_csv(path / "floats.csv", index=False)
    recs.assign(rank=[*["1"] * 99, "first"]).to_csv(path / "words.csv", index=False)
    events.assign(timestamp="yesterday").to_csv(path / "yesterday.csv", index=False)
    (path / "folder.csv").mkdir()
    names = [f"x{i}" for i in (0, 0, *range(1, 9))]
    recs.assign(item_id=[*names, *recs["item_id"].iloc[10:]]).to_csv(path / "many.csv", index=False)
    recs.assign(item_id="i" + recs["item_id"].astype(str)).to_csv(path / "words_for_ids.csv", index=False)
    recs.assign(item_id=recs["item_id"].where(recs.index != 1, recs["item_id"][0])).to_csv(
        path / "twice.csv", index=False
    )
    recs.assign(rank=recs["rank"].where(recs.index != 1, 1)).to_csv(path / "tied.csv", index=False)
    scores = recs.drop(columns="rank").assign(score=np.where(recs.index == 5, np.nan, -recs["rank"]))
    scores.to_csv(path / "holes.csv", index=False)
    recs.assign(user_id=recs["user_id"].where(recs.index != 3)).to_csv(path / "nobody.csv", index=False)
    pd.concat([items, items[:1]]).to_csv(path / "two_rows.csv", index=False)
    np.save(path / "short.npy", np.eye(2))
    np.save(path / "vectors.npy", np.eye(30, dtype=np.float32))
    np.savez(path / "vectors.npz", vectors=np.eye(30)[::-1], item_id=items["item_id"].to_numpy()[::-1])
    np.savez(path / "some.npz", vectors=np.eye(1), item_id=["100"])
    (path / "fake.npy").write_text("hello")
    (path / "ragged.csv").write_text("user_id,item_id\n1,2\n1,2,3,4\n")
    return path


def run(folder, *arguments):
    words = [
        str(folder / word) if word.endswith((".csv", ".parquet", ".html", ".json", ".npy", ".npz")) else word
        for word in arguments
    ]
    return CliRunner().invoke(app, ["evaluate", *words])


def test_table_and_files(folder):
    result = run(folder, "recs.csv", "items.csv", "--test", "test.csv", "--html", "out.html", "--json", "out.json")
    assert result.exit_code == 0, result.stderr
    assert "25 lists of up to 4 out of 30 items" in result.stdout
    assert "recall@4" in result.stdout
    assert "95% interval" in result.stdout
    assert "needs --text" in result.stdout
    assert (folder / "out.html").read_text(encoding="utf-8").startswith("<!doctype html>")
    numbers = {row["metric"]: row["value"] for row in json.loads((folder / "out.json").read_text())["metrics"]}
    assert numbers["recall@4"] == 1.0
    assert numbers["ndcg@4"] == pytest.approx(1 / np.log2(3))  # each at rank 2, whatever the order of rows


def values(folder, *arguments):
    result = run(folder, *arguments, "--metrics", "gini, category_entropy", "--json", "v.json")
    assert result.exit_code == 0, result.stderr
    return [row["value"] for row in json.loads((folder / "v.json").read_text())["metrics"]]


def test_parquet_and_other_columns_are_the_same(folder):
    plain = values(folder, "recs.csv", "items.csv")
    assert values(folder, "recs.parquet", "items.csv") == plain
    named = ("--user", "who", "--item", "what", "--rank", "place", "--category", "kind")
    assert values(folder, "other.csv", "other_items.csv", *named) == plain


def test_numbers_are_those_of_the_library(folder):
    catalog = rd.Catalog(pd.read_csv(folder / "items.csv"))
    recs = rd.Recommendations.from_frame(pd.read_csv(folder / "recs.csv"), catalog, rank="rank")
    expected = rd.evaluate(recs, catalog, metrics=["gini", "category_entropy"])
    assert values(folder, "recs.csv", "items.csv") == pytest.approx(expected.frame["value"].tolist())


def test_unknown_items_are_counted_when_allowed(folder):
    result = run(folder, "unknown.csv", "items.csv", "--allow-unknown", "--metrics", "validity")
    assert result.exit_code == 0
    assert "slots that hold something else: 1" in " ".join(result.stdout.split())


def test_texts_are_read_only_when_asked(folder, monkeypatch):
    class Encoder:
        def __init__(self, model):
            assert model == "some/model"

        def encode(self, texts):
            return np.eye(len(texts))

    monkeypatch.setattr("recdiv.lm.TextEncoder", Encoder)
    result = run(folder, "recs.csv", "items.csv", "--text", "--model", "some/model", "--metrics", "effective_number")
    assert result.exit_code == 0, result.stderr
    assert "4 to 4" in result.stdout  # four items at right angles


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("nope.csv", "items.csv"), "nope.csv must be a CSV or Parquet file, got no such file"),
        (("folder.csv", "items.csv"), "folder.csv must be a CSV or Parquet file, got a folder"),
        (("empty.csv", "items.csv"), "empty.csv must hold a header line and rows, got an empty file"),
        (("latin.csv", "items.csv"), "latin.csv must be a CSV file in UTF-8, got one that cannot be read"),
        (("ragged.csv", "items.csv"), "ragged.csv must be a CSV file in UTF-8, got one that cannot be read"),
        (("recs.csv", "items.csv", "--user", "id"), "recs.csv needs a 'id' column, got 'user_id', 'item_id', 'rank'"),
        (("unknown.csv", "items.csv"), "pass --allow-unknown to keep"),
        (("recs.csv", "items.csv", "--metrics", "giny"), "metric must be one of"),
        (("recs.csv", "items.csv", "--metrics", "ild"), "metric ild needs --text"),
        (("recs.csv", "items.csv", "--rank", "nix"), "needs a 'nix' column"),
        (("recs.csv", "items.csv", "--confidence", "2"), "confidence must lie between 0 and 1, got 2"),
        (("recs.csv", "items.csv", "--html", "no/out.html"), "must be in a folder that exists"),
        (("recs.csv", "items.csv", "--json", "recs.csv"), "recs.csv must not be one of the files that are read"),
        (("recs.csv", "items.csv", "--html", "a.html", "--json", "a.html"), "must be different files"),
        (("recs.csv", "items.csv", "--html", "/"), "--html / must be a file, got a folder"),
        (("header.csv", "items.csv"), "header.csv must hold a header line and rows, got no rows"),
        (("recs.csv", "items.csv", "--test", "header.csv"), "must hold a header line and rows, got no rows"),
        (("nul.csv", "items.csv"), "nul.csv must hold a header line and rows"),
        (("fake.parquet", "items.csv"), "fake.parquet must be a Parquet file, got one that cannot be read"),
        (("semicolons.csv", "items.csv"), "write it with commas, not semicolons"),
        (("utf16.csv", "items.csv"), "utf16.csv must be a CSV file in UTF-8"),
        (("words.csv", "items.csv"), "words.csv: rank must hold numbers, got 'first'"),
        (("recs.csv", "items.csv", "--train", "yesterday.csv"), "timestamp must hold numbers or dates"),
        (("recs.csv", "items.csv", "--category", "kind"), "items.csv needs a 'kind' column"),
        (("unknown.csv", "items.csv"), "got 1 it does not know ('7' in 1 rows; 1 of 100 rows)"),
        (("many.csv", "items.csv"), "('x0' in 2 rows, 'x1' in 1 rows, 'x2' in 1 rows, and 6 more; 10 of 100 rows)"),
        (("words_for_ids.csv", "items.csv"), "it holds text and the catalog numbers"),
        (("twice.csv", "items.csv"), "must hold an item once a list, got user_id '0', item_id "),
        (("twice.csv", "items.csv"), "(1 such rows); pass --allow-repeats to keep them"),
        (("tied.csv", "items.csv"), "must hold a rank once a list, got user_id '0', rank 1 again (1 such rows)"),
        (("holes.csv", "items.csv"), "holes.csv: score must be a number in every row, got 1 of 100 NaN"),
        (("nobody.csv", "items.csv"), "user_id must not be missing, got 1 missing of 100"),
        (("recs.csv", "items.csv", "--train", "unknown.csv"), "unknown.csv must hold items of the catalog"),
        (("recs.csv", "two_rows.csv"), "two_rows.csv: item_id must be unique, got '100' more than once"),
        (("recs.csv", "items.csv", "--out", "x.xlsx"), "must end in .html, .json, .csv, got '.xlsx'"),
        (("recs.csv", "items.csv", "--out", "items.csv"), "items.csv must not be one of the files that are read"),
        (("recs.csv", "items.csv", "--vectors", "nope.npy"), "nope.npy must be a .npy or .npz file of numbers"),
        (("recs.csv", "items.csv", "--vectors", "fake.npy"), "fake.npy must be a .npy or .npz file of numbers"),
        (("recs.csv", "items.csv", "--vectors", "short.npy"), "must hold one vector an item (30), got 2"),
        (("recs.csv", "items.csv", "--vectors", "some.npz"), "must hold a vector of every item, got none of '101'"),
        (("recs.csv", "items.csv", "--vectors", "short.npy", "--text"), "--vectors must stand alone"),
        (("recs.csv", "items.csv", "--stream"), "--stream needs a Parquet file, got"),
        (("recs.parquet", "items.csv", "--stream", "-o", "p.html"), "p.html needs all lists in memory; write .json or"),
        (("recs.parquet", "items.csv", "--stream", "--metrics", "ild"), "metric ild needs --text"),
        (("recs.parquet", "items.csv", "--stream", "--previous", "recs.csv"), "recs.csv needs all lists in memory"),
        (("clubs.parquet", "items.csv", "--stream", "--group", "club"), "--group club needs all lists in memory"),
        (("recs.parquet", "items.csv", "--stream", "--metrics", "drift"), "drift compares lists that are not at"),
        (("recs.parquet", "items.csv", "--stream", "--metrics", "chi_excess"), "or pass --no-stream"),
        (("two_clubs.csv", "items.csv", "--group", "club"), "must be the same in all rows of a list, got 'mug' and"),
        (("no_club.csv", "items.csv", "--group", "club"), "no_club.csv: club must not be missing"),
        (("recs.csv", "items.csv", "--group", "club"), "recs.csv needs a 'club' column"),
        (("recs.csv", "items.csv", "--previous", "nope.csv"), "nope.csv must be a CSV or Parquet file, got no such"),
        (("recs.csv", "items.csv", "--previous", "unknown.csv"), "unknown.csv must hold items of the catalog"),
        (("recs.csv", "items.csv", "--confidence", "95"), "--confidence must lie between 0 and 1, got 95"),
        (("recs.csv", "items.csv", "--metrics", "temporal_diversity"), "needs --time COLUMN or --previous FILE"),
        (("recs.csv", "items.csv", "--text", "--metrics", "interest_information"), "needs --group COLUMN"),
        (("recs.csv", "items.csv", "--metrics", "gini ndcg"), "metric ndcg needs --test FILE"),
        (("recs.csv", "items.csv", "--format", "recommenders"), "needs a 'userID' column"),
    ],
)
def test_bad_input_is_one_sentence_and_code_two(folder, arguments, sentence):
    result = run(folder, *arguments)
    assert result.exit_code == 2
    assert sentence in result.stderr
    assert result.stderr.startswith("recdiv evaluate: ")
    assert result.stderr.count("\n") == 1
    assert len(result.stderr) < 600
    assert result.stdout == ""


def test_nothing_that_is_read_is_written_over(folder):
    before = (folder / "recs.csv").read_bytes()
    run(folder, "recs.csv", "items.csv", "--html", "recs.csv")
    assert (folder / "recs.csv").read_bytes() == before


def test_files_as_spreadsheets_write_them_are_the_same(folder):
    plain = values(folder, "recs.csv", "items.csv")
    assert values(folder, "bom.csv", "items.csv") == plain
    assert values(folder, "floats.csv", "items.csv") == plain  # 101.0 is what a missing value once made of 101


def test_the_column_that_is_named_is_meant(folder):
    items = pd.read_csv(folder / "items.csv").rename(columns={"category": "kind"}).assign(category="all")
    items.to_csv(folder / "two.csv", index=False)
    assert values(folder, "recs.csv", "two.csv", "--category", "kind") == values(folder, "recs.csv", "items.csv")


def test_outputs_by_their_ending(folder):
    outs = ("--out", "page.html", "-o", "numbers.json", "-o", "table.csv")
    result = run(folder, "recs.csv", "items.csv", "--metrics", "gini", *outs)
    assert result.exit_code == 0, result.stderr
    assert (folder / "page.html").read_text(encoding="utf-8").startswith("<!doctype html>")
    table = pd.read_csv(folder / "table.csv")
    assert table["value"].tolist() == [json.loads((folder / "numbers.json").read_text())["metrics"][0]["value"]]


@pytest.mark.parametrize(
    "given", [("--vectors", "vectors.npy"), ("--vectors", "vectors.npz"), ("--kernel", "identity")]
)
def test_kernels_that_are_the_same(folder, given):
    result = run(folder, "recs.csv", "items.csv", *given, "--metrics", "effective_number chi", "-o", "k.json")
    assert result.exit_code == 0, result.stderr
    each, chi = (row["value"] for row in json.loads((folder / "k.json").read_text())["metrics"])
    assert each == pytest.approx(4)  # every item a thing of its own
    assert chi > 0


def test_categories_as_a_kernel(folder):
    result = run(folder, "recs.csv", "items.csv", "--kernel", "category", "--metrics", "gamma", "-o", "k.json")
    assert result.exit_code == 0, result.stderr
    assert 2 < json.loads((folder / "k.json").read_text())["metrics"][0]["value"] <= 3


def test_repeats_are_kept_when_allowed(folder):
    result = run(folder, "twice.csv", "items.csv", "--allow-repeats", "--metrics", "validity", "-o", "v.json")
    assert json.loads((folder / "v.json").read_text())["metrics"][0]["value"] == pytest.approx(1 - 1 / 100), (
        result.stderr
    )


def test_help_fits_a_terminal_of_80_columns():
    done = CliRunner().invoke(app, ["evaluate", "--help"], env={"COLUMNS": "80", "TERMINAL_WIDTH": "80"})
    lines = done.output.splitlines()
    assert max(map(len, lines)) <= 80
    assert len(lines) < 110


@pytest.mark.parametrize("k", [(), ("--k", "2"), ("--k", "9")])
def test_reading_in_batches_gives_the_same_numbers(folder, k):
    names = ("--metrics", "gini category_entropy recall@2 mutual_information", "--test", "test.csv", *k)
    whole = run(folder, "recs.parquet", "items.csv", *names, "-o", "whole.json")
    parts = run(folder, "recs.parquet", "items.csv", *names, "-o", "parts.json", "--stream")
    assert whole.exit_code == parts.exit_code == 0, parts.stderr
    rows = [json.loads((folder / name).read_text())["metrics"] for name in ("whole.json", "parts.json")]
    for one, other in zip(*rows, strict=True):
        assert one["value"] == pytest.approx(other["value"], rel=1e-12)
        assert one["n"] == other["n"]
    assert f"25 lists of up to {2 if '2' in k else 4} out of 30 items" in parts.stdout
    assert "read in batches: chance levels need all lists in memory" in parts.stdout


def test_large_files_are_read_in_batches_by_themselves(folder, monkeypatch):
    monkeypatch.setattr("recdiv.cli.evaluate._MANY_ROWS", 100)
    assert "read in batches" in run(folder, "recs.parquet", "items.csv").stdout
    assert "read in batches" not in run(folder, "recs.parquet", "items.csv", "--no-stream").stdout
    assert "read in batches" not in run(folder, "recs.csv", "items.csv").stdout


@pytest.mark.parametrize(
    "words", ["gini,entropy alpha@q=2,k=5", "gini, entropy,alpha@q=2,k=5", "gini entropy alpha@q=2,k=5,"]
)
def test_names_stand_apart_by_spaces_or_commas(words):
    from recdiv.cli._inputs import metric_names

    assert metric_names(words) == ["gini", "entropy", "alpha@q=2,k=5"]


def test_a_wrong_name_is_said_before_a_file_is_read(tmp_path):
    found = CliRunner().invoke(
        app, ["evaluate", str(tmp_path / "no.csv"), str(tmp_path / "no.csv"), "--metrics", "ginii"]
    )
    assert found.exit_code == 2
    assert "metric must be one of" in found.output


def test_earlier_lists_and_groups_are_read_from_files(folder):
    names = "temporal_diversity drift interest_information"
    given = ("--previous", "before.csv", "--group", "club", "--kernel", "identity", "--metrics", names)
    result = run(folder, "clubs.csv", "items.csv", *given, "-o", "g.json")
    assert result.exit_code == 0, result.stderr
    catalog = rd.files.read_catalog(folder / "items.csv")
    recs = rd.read_recommendations(folder / "clubs.csv", catalog, ids="text", group="club")
    assert dict(zip(recs.users.tolist(), recs.groups.tolist(), strict=True))["4"] == "tea"
    before = rd.read_recommendations(folder / "before.csv", catalog, ids="text")
    expected = rd.evaluate(
        recs, catalog, kernel=rd.IdentityKernel(30), previous=before, metrics=names.split()
    ).frame.set_index("metric")
    for row in json.loads((folder / "g.json").read_text())["metrics"]:
        assert row["value"] == pytest.approx(expected.loc[row["metric"], "value"], rel=1e-12)
        assert row["value"] > 0


def test_what_cannot_be_measured_is_said_before_a_language_model_reads(folder, monkeypatch):
    def reads(*_):
        raise AssertionError("items were read")

    monkeypatch.setattr("recdiv.cli._inputs.Inputs.similarity", reads)
    for wrong in (("--confidence", "95"), ("--metrics", "chi ndcg"), ("--metrics", "interest_information")):
        result = run(folder, "recs.csv", "items.csv", "--text", *wrong)
        assert result.exit_code == 2, result.output
        assert result.stderr.startswith("recdiv evaluate: ")
