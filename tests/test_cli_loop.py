"""``recdiv loop`` as a person types it: an example to start from, results in a folder, killed and gone on with."""

import os
import signal
import subprocess
import sys
import time

import pandas as pd
import pytest
from typer.testing import CliRunner

from recdiv.cli import app
from recdiv.loop import Config, run

QUICK = 'rounds = 3\nk = 5\n[recommender]\nname = "ItemKNN"\n[measure]\nkernel = "truth"\nnull = 0\n'


def ask(*words):
    return CliRunner().invoke(app, ["loop", *map(str, words)])


def test_the_example_is_a_configuration(tmp_path):
    printed = ask("--example")
    assert printed.exit_code == 0
    (tmp_path / "example.toml").write_text(printed.stdout)
    assert Config.from_toml(tmp_path / "example.toml").rounds == 20


@pytest.mark.parametrize("form", ["csv", "parquet"])
def test_what_is_written_is_what_the_library_finds(tmp_path, form):
    file, out = tmp_path / "loop.toml", tmp_path / "out"
    file.write_text(QUICK)
    result = ask(file, "-o", out, "--format", form, "-q")
    assert result.exit_code == 0, result.stderr
    read = pd.read_csv if form == "csv" else pd.read_parquet
    expected = run(Config.from_toml(file))
    pd.testing.assert_frame_equal(read(out / f"frame.{form}"), expected.frame)
    assert read(out / f"log.{form}")["item_id"].tolist() == expected.log["item_id"].tolist()
    page = (out / "report.html").read_text()
    assert "<svg" in page
    assert "http" not in page.replace("http-equiv", "").replace("http://www.w3.org", "")
    first, last = (expected.series("gamma")[number] for number in (1, 3))
    assert f"{first:.3f}" in result.stdout
    assert f"{last:.3f}" in page


@pytest.mark.parametrize(
    ("text", "words", "sentence"),
    [
        (None, (), "needs a configuration file; --example prints one"),
        (QUICK, ("--format", "xml"), "--format must be one of csv, parquet, got 'xml'"),
        ("rounds = 0", (), "loop.toml: rounds must be a whole number from 1 on, got 0"),
        ("nonsense", (), "loop.toml: not valid TOML"),
    ],
)
def test_bad_input_is_one_sentence(tmp_path, text, words, sentence):
    file = tmp_path / "loop.toml"
    file.write_text(text or "")
    result = ask(*([file] if text else []), *words, "-o", tmp_path / "out")
    assert result.exit_code == 2
    assert sentence in " ".join(result.stderr.split())
    assert "Traceback" not in result.stderr
    assert not (tmp_path / "out").exists()


def test_a_file_is_no_folder_and_another_loop_is_left_alone(tmp_path):
    file, out = tmp_path / "loop.toml", tmp_path / "out"
    file.write_text(QUICK)
    out.write_text("mine")
    assert "--out must be a folder, got the file" in " ".join(ask(file, "-o", out).stderr.split())
    assert out.read_text() == "mine"
    assert ask(file, "-o", tmp_path / "one", "-q").exit_code == 0
    before = (tmp_path / "one" / "frame.csv").read_bytes()
    file.write_text(f"seed = 1\n{QUICK}")
    result = ask(file, "-o", tmp_path / "one", "-q")
    assert "holds a loop with seed = 0, got 1; choose another folder" in " ".join(result.stderr.split())
    assert (tmp_path / "one" / "frame.csv").read_bytes() == before


@pytest.mark.skipif(os.name != "posix", reason="kills by signal")
def test_killed_and_started_again_it_ends_with_the_same_numbers(tmp_path):
    file, out = tmp_path / "loop.toml", tmp_path / "out"
    file.write_text(QUICK.replace("rounds = 3", "rounds = 10"))
    command = [sys.executable, "-m", "recdiv", "loop", str(file), "-o", str(out), "-q"]
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    deadline = time.monotonic() + 120
    while not (out / "state.npz").exists() and time.monotonic() < deadline and process.poll() is None:
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert (out / "state.npz").exists()
    assert not (out / "frame.csv").exists()
    assert ask(file, "-o", out, "-q").exit_code == 0
    expected = run(Config.from_toml(file)).frame
    pd.testing.assert_frame_equal(pd.read_csv(out / "frame.csv"), expected)
