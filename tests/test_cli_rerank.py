"""``recdiv rerank`` as a person types it: candidates in, lists out that ``recdiv evaluate`` reads, or one sentence."""

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

import recdiv as rd
from recdiv.cli import app

N, U, POOL = 40, 25, 12
FILES = (".csv", ".parquet", ".npy", ".txt")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    path = tmp_path_factory.mktemp("rerank")
    generator = np.random.default_rng(0)
    items = pd.DataFrame({"item_id": np.arange(100, 100 + N), "title": "t", "category": ["a", "b|c", "c", "d"] * 10})
    items.to_csv(path / "items.csv", index=False)
    items.rename(columns={"item_id": "what", "category": "kind"}).to_csv(path / "other_items.csv", index=False)
    lists = np.stack([generator.choice(items["item_id"], POOL, replace=False) for _ in range(U)])
    pool = pd.DataFrame({"user_id": np.repeat(np.arange(U), POOL), "item_id": lists.ravel()})
    pool["score"] = generator.normal(size=len(pool)).round(3)
    pool = pool.sample(frac=1, random_state=1)
    pool.to_csv(path / "pool.csv", index=False)
    pool.to_parquet(path / "pool.parquet")
    pool.assign(rank=pool.groupby("user_id")["score"].rank(ascending=False)).to_csv(path / "ranked.csv", index=False)
    pool.rename(columns={"user_id": "who", "item_id": "what", "score": "liking"}).to_csv(
        path / "other.csv", index=False
    )
    pool.rename(columns={"user_id": "userID", "item_id": "itemID", "score": "prediction"}).to_csv(
        path / "recommenders.csv", index=False
    )
    pool.drop(columns="score").to_csv(path / "bare.csv", index=False)
    pool.assign(item_id=pool["item_id"].where(pool.index != 3, 7)).to_csv(path / "unknown.csv", index=False)
    pool.assign(day=np.arange(len(pool)) % 2).to_csv(path / "days.csv", index=False)
    pool.assign(score=pool["score"].where(pool.index != 3)).to_csv(path / "holes.csv", index=False)
    pd.concat([pool, pool[:1]]).to_csv(path / "twice.csv", index=False)
    pool[pool["user_id"].ne(0) | pool["item_id"].isin(lists[0, :3])].to_csv(path / "short.csv", index=False)
    past = pd.DataFrame({"user_id": generator.integers(0, U - 1, 200), "item_id": generator.integers(100, 140, 200)})
    past.to_csv(path / "past.csv", index=False)
    np.save(path / "vectors.npy", generator.normal(size=(N, 6)).astype(np.float32))
    return path


def run(folder, *words, command="rerank"):
    return CliRunner().invoke(app, [command, *(str(folder / w) if str(w).endswith(FILES) else str(w) for w in words)])


def rerank(folder, *words, pool="pool.csv", items="items.csv", out="out.csv"):
    return run(folder, pool, items, "--out", out, *words)


def read(path):
    return pd.read_csv(path) if path.suffix == ".csv" else pd.read_parquet(path)


def by_library(folder, kernel, method="mmr", diversity=0.5, k=5, **known):
    """The same lists by the library, as item ids."""
    pool = pd.read_csv(folder / "pool.csv")
    catalog = rd.Catalog(pd.read_csv(folder / "items.csv"))
    recs = rd.Recommendations.from_frame(pool, catalog, score="score")
    lists = rd.rerank(
        recs.scores, kernel, candidates=recs.items, method=method, diversity=diversity, k=k, **known
    ).items.numpy()
    return dict(zip(recs.users.tolist(), catalog.item_ids[lists].tolist(), strict=True))


def lists_in(frame):
    ordered = frame.sort_values(["user_id", "rank"])
    return {int(u): list(map(int, rows)) for u, rows in ordered.groupby("user_id")["item_id"]}


@pytest.mark.parametrize(
    ("pool", "out"), [("pool.csv", "a.csv"), ("pool.parquet", "a.parquet"), ("ranked.csv", "b.csv")]
)
def test_the_lists_are_those_of_the_library(folder, pool, out):
    result = rerank(folder, "--vectors", "vectors.npy", "--k", 5, "--diversity", 0.7, pool=pool, out=out)
    assert result.exit_code == 0, result.stderr
    assert f"wrote {U} lists of up to 5 to " in result.stderr.replace("\n", "")
    frame = read(folder / out)
    assert list(frame.columns) == ["user_id", "rank", "item_id", "score"]
    kernel = rd.EmbeddingKernel(np.load(folder / "vectors.npy"))
    assert lists_in(frame) == by_library(folder, kernel, diversity=0.7)
    given = pd.read_csv(folder / "pool.csv").set_index(["user_id", "item_id"])["score"]
    found = frame.astype({"user_id": int, "item_id": int}).set_index(["user_id", "item_id"])["score"]
    pd.testing.assert_series_equal(found.sort_index(), given[found.index].sort_index())


def test_interests_and_popularity_come_from_the_history(folder):
    catalog = rd.Catalog(pd.read_csv(folder / "items.csv"))
    past = rd.Interactions(pd.read_csv(folder / "past.csv"), catalog)
    rows = past.histories(range(U))
    known = np.array([[*row, *[-1] * (60 - len(row))] for row in rows])
    labels = rd.CategoryKernel(catalog.categories)
    assert rerank(folder, "--method", "calibrated", "--history", "past.csv", "--k", 5).exit_code == 0
    assert lists_in(read(folder / "out.csv")) == by_library(folder, labels, method="calibrated", history=known)
    assert rerank(folder, "--method", "tail_quota@share=0.4", "--history", "past.csv", "--k", 5).exit_code == 0
    expected = by_library(folder, None, method="tail_quota@share=0.4", popularity=past.item_counts())
    assert lists_in(read(folder / "out.csv")) == expected


def test_evaluate_reads_what_is_written(folder):
    assert rerank(folder, "--kernel", "category", "--k", 5, "--diversity", 1).exit_code == 0
    shown = run(folder, "out.csv", "items.csv", "--metrics", "category_coverage item_count ild", "--kernel", "category",
                command="evaluate")  # fmt: skip
    assert shown.exit_code == 0, shown.stderr
    assert f"{U} lists of up to 5 out of {N} items" in shown.stdout


def test_the_order_survives_evaluate_where_scores_say_otherwise(folder):
    assert rerank(folder, "--vectors", "vectors.npy", "--k", 5, "--diversity", 1).exit_code == 0
    frame = read(folder / "out.csv")
    assert not frame.groupby("user_id")["score"].apply(lambda s: s.is_monotonic_decreasing).all()
    catalog = rd.Catalog(pd.read_csv(folder / "items.csv"))
    recs = rd.read_recommendations(folder / "out.csv", catalog)
    assert recs.items.tolist() == rd.Recommendations.from_frame(frame, catalog, rank="rank").items.tolist()


def test_other_names_of_columns_stay(folder):
    names = ["--user", "who", "--item", "what"]
    result = rerank(
        folder, *names, "--score", "liking", "--category", "kind", "--kernel", "category", pool="other.csv",
        items="other_items.csv",
    )  # fmt: skip
    assert result.exit_code == 0, result.stderr
    assert list(read(folder / "out.csv").columns) == ["who", "rank", "what", "score"]
    again = run(
        folder, "out.csv", "other_items.csv", *names, "--category", "kind", "--metrics", "gini", command="evaluate"
    )
    assert again.exit_code == 0, again.stderr


def test_columns_of_other_libraries_are_known(folder):
    assert rerank(folder, "--method", "topk", "--k", 4, pool="recommenders.csv").exit_code == 0
    assert lists_in(read(folder / "out.csv")) == by_library(folder, None, method="topk", k=4)


def test_one_list_a_user_and_time(folder):
    assert rerank(folder, "--method", "topk", "--k", 2, "--time", "day", pool="days.csv").exit_code == 0
    frame = read(folder / "out.csv")
    assert list(frame.columns) == ["user_id", "rank", "item_id", "score", "day"]
    assert frame.groupby(["user_id", "day"]).size().eq(2).all()


def test_the_best_few_and_short_lists(folder):
    result = rerank(folder, "--method", "random", "--diversity", 1, "--best", 3, "--k", 5, pool="short.csv")
    assert result.exit_code == 0, result.stderr
    frame = read(folder / "out.csv")
    best = pd.read_csv(folder / "short.csv").sort_values("score", ascending=False).groupby("user_id").head(3)
    assert {u: sorted(rows) for u, rows in lists_in(frame).items()} == {
        u: sorted(rows) for u, rows in best.groupby("user_id")["item_id"]
    }
    assert f"{U} lists are shorter than 5, for want of candidates" in result.stderr


def test_items_outside_the_catalogue(folder):
    refused = rerank(folder, "--method", "topk", pool="unknown.csv")
    assert refused.exit_code == 2
    assert "--allow-unknown" in refused.stderr
    allowed = rerank(folder, "--method", "topk", "--k", POOL, "--allow-unknown", pool="unknown.csv")
    assert allowed.exit_code == 0, allowed.stderr
    assert "left out 1 candidates outside the catalogue" in allowed.stderr
    assert len(read(folder / "out.csv")) == U * POOL - 1
    assert read(folder / "out.csv")["item_id"].notna().all()


@pytest.mark.parametrize(
    ("words", "pool", "says"),
    [
        ([], "pool.csv", "method mmr needs --text, --vectors FILE or --kernel KIND"),
        (["--method", "popularity"], "pool.csv", "method popularity needs --history FILE"),
        (["--method", "xquad"], "pool.csv", "method xquad needs --history FILE"),
        (["--method", "best"], "pool.csv", "method must be one of calibrated, dpp"),
        (["--method", "dpp@width=3"], "pool.csv", "options of dpp must be among"),
        (["--method", "topk", "--diversity", 2], "pool.csv", "--diversity must lie in [0, 1], got 2"),
        (["--method", "topk", "--k", 0], "pool.csv", "--k must be at least 1, got 0"),
        (["--method", "topk", "--best", -1], "pool.csv", "--best must be at least 1, got -1"),
        (["--method", "topk"], "bare.csv", "needs a score column (or --score NAME), got 'user_id', 'item_id'"),
        (["--method", "topk", "--score", "liking"], "pool.csv", "needs a 'liking' column"),
        (["--method", "topk"], "holes.csv", "holes.csv: score must be a number in every row"),
        (["--method", "topk"], "twice.csv", "twice.csv must hold an item once a list"),
        (["--method", "topk"], "missing.csv", "missing.csv must be a CSV or Parquet file, got no such file"),
        (["--method", "topk", "--out", "lists.txt"], "pool.csv", "must end in .csv, .parquet, .pq, got '.txt'"),
        (["--method", "topk", "--out", "pool.csv"], "pool.csv", "must not be one of the files that are read"),
        (["--method", "xquad", "--history", "past.csv", "--vectors", "vectors.npy"], "pool.csv",
         "method xquad needs --kernel category, for it serves labels, got --vectors"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_in_one_sentence(folder, words, pool, says):
    (folder / "out.csv").unlink(missing_ok=True)
    result = rerank(folder, *words, pool=pool)
    assert result.exit_code == 2
    assert result.stderr.startswith("recdiv rerank: ")
    assert says in result.stderr
    assert len(result.stderr.strip().splitlines()) == 1
    assert not (folder / "out.csv").exists()


def test_help_names_every_method():
    from recdiv import reranking

    text = " ".join(CliRunner().invoke(app, ["rerank", "--help"]).output.split())
    assert [name for name in reranking.names() if name not in text] == []


def test_nothing_half_written_stays(folder, monkeypatch):
    monkeypatch.setattr(pd.DataFrame, "to_csv", lambda *a, **k: (_ for _ in ()).throw(OSError("disk full")))
    result = rerank(folder, "--method", "topk", out="half.csv")
    assert result.exit_code == 2
    assert "disk full" in result.stderr
    assert list(folder.glob("*half*")) == []


def test_ties_at_the_cut_go_to_the_lower_row_whatever_the_order_of_the_file(tmp_path):
    items, pool, out = (tmp_path / name for name in ("items.csv", "pool.csv", "out.csv"))
    items.write_text("item_id,title\na,tea\nb,mug\nc,cup\n")
    pool.write_text("user_id,item_id,score\n1,c,0.5\n1,b,0.5\n1,a,0.5\n")
    asked = [str(pool), str(items), "-o", str(out), "--method", "topk", "--k", "2", "--best", "2"]
    assert CliRunner().invoke(app, ["rerank", *asked]).exit_code == 0
    assert pd.read_csv(out)["item_id"].tolist() == ["a", "b"]
