"""``recdiv train`` as a person types it: a model in a folder, a table, the same command again, one sentence."""

import dataclasses
import inspect

import numpy as np
import pandas as pd
import pytest
import typer.main
from typer.testing import CliRunner

pytest.importorskip("transformers")
pytest.importorskip("peft")

import recdiv as rd
from recdiv.cli import app
from recdiv.lm.training_config import FROM_NOTHING, ONWARD, TrainingConfig
from recdiv.recommend import Recommender

SMALL = (
    "--vocabulary",
    "300",
    "--hidden",
    "32",
    "--layers",
    "1",
    "--window",
    "32",
    "--epochs",
    "6",
    "--batch-size",
    "4",
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    path = tmp_path_factory.mktemp("shop")
    generator = np.random.default_rng(0)
    titles = [f"A {colour} {thing}" for colour in ("red", "blue", "green") for thing in ("mug", "lamp", "spade", "pot")]
    items = pd.DataFrame(
        {"item_id": range(13), "title": [*titles, ""], "text": ["Well made for the home."] * 12 + [""]}
    )
    items.to_csv(path / "items.csv", index=False)
    people = [(user, item) for user in range(30) for item in generator.choice(12, 5, replace=False)]
    pd.DataFrame(people, columns=["user_id", "item_id"]).to_csv(path / "events.csv", index=False)
    items.assign(title="", text="").to_csv(path / "silent.csv", index=False)
    return path


def run(*words):
    return CliRunner().invoke(app, ["train", *map(str, words)])


@pytest.fixture(scope="module")
def trained(folder):
    words = ("pretrain", folder / "items.csv", "--interactions", folder / "events.csv", "--out", folder / "lm", *SMALL)
    return words, run(*words)


def test_a_model_a_table_and_a_folder(folder, trained):
    _, result = trained
    assert result.exit_code == 0, result.stderr
    said = " ".join(result.stdout.split())
    assert "34 (" in said  # 12 items and 30 people, less a tenth to choose by and a tenth to test on
    assert "causal" in said
    assert "unigram counts" in said
    assert "bits a byte" in said
    texts = ["A red mug. Well made for the home.", "A blue lamp. Well made for the home."]
    assert rd.lm.CausalScorer(folder / "lm").log_likelihood(texts).shape == (2,)


def test_the_same_command_goes_on_and_another_is_refused(folder, trained):
    words, first = trained
    again = run(*words)
    assert again.exit_code == 0, again.stderr
    assert "resumed from" in again.stdout
    table = first.stdout.partition("people held out")[2]
    assert "item texts" in table
    assert "histories" in table
    assert again.stdout.partition("people held out")[2] == table
    other = run(*words, "--learning-rate", "0.1")
    assert other.exit_code == 2
    assert other.stderr.startswith("recdiv train: folder ")
    assert "holds a run with learning_rate=0.003, got 0.1" in other.stderr


def test_a_model_goes_on(folder, trained):
    out = folder / "more"
    result = run("continue", folder / "lm", folder / "items.csv", "--out", out, "--window", 32, "--epochs", 1)
    assert result.exit_code == 0, result.stderr
    assert "vocabulary of 300" in result.stdout
    assert (out / "model.safetensors").is_file()


def test_a_recommender_by_name_is_measured_and_saved(folder):
    files = (folder / "items.csv", "--interactions", folder / "events.csv")
    result = run("recommender", "item_knn", *files, "--out", folder / "knn", "--set", "neighbours=5")
    assert result.exit_code == 0, result.stderr
    assert "ndcg@10" in result.stdout
    catalog = rd.files.read_catalog(folder / "items.csv")
    events = rd.files.read_interactions(folder / "events.csv", catalog, ids="text")
    split = rd.recommend.leave_one_out(events)
    loaded = Recommender.load(folder / "knn", split.train)
    assert loaded.neighbours == 5
    expected = rd.evaluate(
        split.recommend(loaded, k=10), catalog, train=split.known, test=split.test, metrics=["ndcg@10"]
    )
    assert f"{expected.frame['value'][0]:.4f}"[:5] in result.stdout
    whole = run("recommender", "popularity", *files, "--all", "--out", folder / "all")
    assert (whole.exit_code, "ndcg" in whole.stdout) == (0, False)
    assert Recommender.load(folder / "all", events).recommend(["1"], k=3).items.shape == (1, 3)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("pretrain", "nothing"), "SOURCE must be a CSV or Parquet file or one of ecommerce, news, music, video"),
        (("pretrain", "video", "--interactions", "events.csv"), "--interactions belongs to a catalogue file"),
        (("pretrain", "no.csv"), "no.csv must be a CSV or Parquet file, got no such file"),
        (("pretrain", "items.csv", "--held-out", "0.7"), "--held-out must lie between 0 and 0.5, got 0.7"),
        (("pretrain", "items.csv", "--batch-size", "0"), "batch_size must be a whole number from 1, got 0"),
        (
            ("pretrain", "items.csv", "--schedule", "step"),
            "schedule must be one of linear, cosine, constant, got 'step'",
        ),
        (("pretrain", "silent.csv"), "must hold at least 3 items with text, got 0"),
        (("continue", "nobody/nothing", "items.csv"), "'nobody/nothing' is neither a folder here nor a downloaded"),
        (
            ("continue", "default", "items.csv", "--objective", "next"),
            "--objective must be causal or masked, got 'next'",
        ),
        (("recommender", "oracle", "items.csv"), "name must be one of "),
        (("recommender", "popularity", "items.csv"), "must come with what people did, got items only"),
        (("recommender", "item_knn", "items.csv", "--set", "x=1"), "--set: item_knn takes neighbours, shrink, got 'x'"),
        (("recommender", "item_knn", "items.csv", "--set", "shrink"), "--set must be NAME=VALUE, got 'shrink'"),
        (
            ("recommender", "item_knn", "items.csv", "--interactions", "events.csv", "--set", "neighbours=0"),
            "neighbours must be at least 1, got 0",
        ),
    ],
)
def test_bad_input_is_one_sentence(folder, words, said):
    words = [folder / word if str(word).endswith(".csv") else word for word in words]
    result = run(*words, "--out", folder / "never")
    assert result.exit_code == 2, result.stdout
    assert said in result.stderr
    assert result.stderr.startswith("recdiv train: ")
    assert result.stderr.count("\n") == 1
    assert not (folder / "never" / "config.json").exists()


def test_a_loss_that_becomes_nan_is_one_sentence(folder):
    steep = ("--learning-rate", "1e30", "--clip", "0", "--out", folder / "steep")
    result = run("pretrain", folder / "items.csv", *SMALL, *steep)
    assert result.exit_code == 2
    assert "became" in result.stderr
    assert "lower learning_rate" in result.stderr


def test_options_are_those_of_the_configuration_and_nothing_else():
    commands = typer.main.get_command(app).commands["train"].commands
    for name, base in (("pretrain", FROM_NOTHING), ("continue", ONWARD)):
        offered = {parameter.name: parameter for parameter in commands[name].params}
        for field in dataclasses.fields(TrainingConfig):
            assert offered[field.name].default == getattr(base, field.name)
            assert offered[field.name].help == field.metadata["help"]
    assert "config" not in offered
    assert inspect.signature(rd.lm.pretrain).parameters["config"].default is None


def test_help_of_each_command_shows_the_settings():
    for words in (["--help"], ["pretrain", "--help"], ["continue", "--help"], ["recommender", "--help"]):
        result = run(*words)
        assert result.exit_code == 0
        assert "Traceback" not in result.output
    assert "--learning-rate" in run("pretrain", "--help").output
