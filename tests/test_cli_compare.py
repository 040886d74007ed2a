"""``recdiv compare`` as a person types it: lists of several systems in, differences out, one sentence on bad input."""

import json

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

import recdiv as rd
from recdiv.cli import app


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    path = tmp_path_factory.mktemp("systems")
    rng = np.random.default_rng(0)
    pd.DataFrame({"item_id": range(20), "category": ["a", "b"] * 10}).to_csv(path / "items.csv", index=False)
    for name, drawn in {"wide": range(20), "narrow": range(6)}.items():
        lists = np.stack([rng.permutation(list(drawn))[:4] for _ in range(30)])
        frame = pd.DataFrame({"userID": np.repeat(np.arange(30), 4), "itemID": lists.ravel()})
        frame.assign(prediction=np.tile([4, 3, 2, 1], 30)).to_csv(path / f"{name}.csv", index=False)
        club = np.where(frame["userID"] % 2, "tea", "mug")
        frame.assign(prediction=np.tile([4, 3, 2, 1], 30), club=club).to_csv(path / f"{name}_clubs.csv", index=False)
    pd.DataFrame({"userID": [99], "itemID": [1], "prediction": [1]}).to_csv(path / "stranger.csv", index=False)
    return path


def run(folder, *arguments):
    return CliRunner().invoke(app, ["compare", *(placed(folder, word) for word in arguments)])


def placed(folder, word):
    """``b=lists.csv`` or ``lists.csv`` in the folder; other words as they are."""
    if not word.endswith((".csv", ".json")):
        return word
    name, equals, file = word.rpartition("=")
    return f"{name}{equals}{folder / file}"


def test_differences_are_those_of_the_library(folder):
    asked = ("--metrics", "category_entropy gini", "-o", "c.json", "-o", "c.csv")
    result = run(folder, "few=narrow.csv", "wide.csv", "items.csv", *asked)
    assert result.exit_code == 0, result.stderr
    assert "differences from few" in result.stdout
    assert "p adjusted" in result.stdout
    catalog = rd.files.read_catalog(folder / "items.csv")
    systems = {"few": "narrow.csv", "wide": "wide.csv"}
    lists = {name: rd.read_recommendations(folder / file, catalog, ids="text") for name, file in systems.items()}
    expected = rd.compare(lists, catalog, metrics=["category_entropy", "gini"]).differences
    found = pd.read_csv(folder / "c.csv")
    assert found["system"].tolist() == ["wide", "wide"]
    assert found["difference"].tolist() == pytest.approx(expected["difference"].tolist())
    written = json.loads((folder / "c.json").read_text())
    assert [row["p"] for row in written["differences"]] == pytest.approx(expected["p"].tolist())


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("wide.csv", "items.csv"), "needs the lists of two systems and the items last, got 2 files"),
        (("wide.csv", "wide.csv", "items.csv"), "systems must have different names, got 'wide' twice; write name=file"),
        (("a=wide.csv", "b=nope.csv", "items.csv"), "nope.csv must be a CSV or Parquet file, got no such file"),
        (("wide.csv", "stranger.csv", "items.csv"), "systems must share users"),
        (("wide.csv", "narrow.csv", "items.csv", "--adjust", "luck"), "adjust must be one of"),
        (
            ("wide.csv", "narrow.csv", "items.csv", "-o", "wide.csv"),
            "wide.csv must not be one of the files that are read",
        ),
        (("wide.csv", "narrow.csv", "items.csv", "--metrics", "chi"), "metric chi needs --text"),
        (("wide.csv", "narrow.csv", "items.csv", "--confidence", "95"), "--confidence must lie between 0 and 1, got"),
        (("wide_clubs.csv", "narrow.csv", "items.csv", "--group", "club"), "narrow.csv needs a 'club' column"),
        (("wide.csv", "narrow.csv", "items.csv", "--previous", "nope.csv"), "nope.csv must be a CSV or Parquet file"),
    ],
)
def test_bad_input_is_one_sentence_and_code_two(folder, arguments, sentence):
    result = run(folder, *arguments)
    assert result.exit_code == 2, result.output
    assert sentence in result.stderr
    assert result.stderr.startswith("recdiv compare: ")
    assert result.stderr.count("\n") == 1


def test_systems_are_measured_by_group_and_against_the_same_earlier_lists(folder):
    given = ("--previous", "narrow.csv", "--group", "club", "--kernel", "identity")
    names = ("--metrics", "temporal_diversity interest_information", "-o", "g.json")
    result = run(folder, "narrow_clubs.csv", "wide_clubs.csv", "items.csv", *given, *names)
    assert result.exit_code == 0, result.stderr
    found = {
        name: {row["metric"]: row["value"] for row in report["metrics"]}
        for name, report in json.loads((folder / "g.json").read_text())["systems"].items()
    }
    assert found["narrow_clubs"]["temporal_diversity"] == 0  # the same lists again
    assert found["wide_clubs"]["temporal_diversity"] > 0.5
    assert found["wide_clubs"]["interest_information"] > 0
