"""The commands, the CI script and the public workflows: valid, bounded in what they may do, and true to their word."""

import hashlib
import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

yaml = pytest.importorskip("yaml")
ROOT = Path(__file__).parents[1]
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
WRITES = {"pages.yml": {"publish": {"pages", "id-token"}, "colab": {"contents"}}}  # the only jobs that may write


def load(path):
    document = yaml.safe_load(path.read_text())
    document["on"] = document.pop(True, document.get("on"))  # YAML 1.1 reads the key `on` as true
    return document


def steps(workflow):
    return [step for job in workflow["jobs"].values() for step in job["steps"]]


def test_the_workflows_are_those_promised():
    assert {path.name for path in WORKFLOWS} == {"pull-request.yml", "pages.yml", "weekly.yml", "colab.yml"}
    assert "pull_request" in load(ROOT / ".github/workflows/pull-request.yml")["on"]
    assert load(ROOT / ".github/workflows/pages.yml")["on"]["push"] == {"branches": ["main"]}
    for name in ("weekly.yml", "colab.yml"):
        assert load(ROOT / ".github/workflows" / name)["on"]["schedule"]


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_workflow_has_least_permissions_limits_and_pinned_actions(path):
    workflow = load(path)
    assert workflow["permissions"] == {"contents": "read"}
    assert "pull_request_target" not in workflow["on"]
    assert "secrets." not in path.read_text()
    for name, job in workflow["jobs"].items():
        assert job["timeout-minutes"] <= 90
        writes = {scope for scope, level in job.get("permissions", {}).items() if level == "write"}
        assert writes == WRITES.get(path.name, {}).get(name, set())
    for step in steps(workflow):
        if "uses" in step:
            assert re.search(r"@(v\d+\.\d+\.\d+|[0-9a-f]{40})$", step["uses"]), step["uses"]


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_workflow_scripts_parse_and_hold_no_untrusted_text(path):
    for step in steps(load(path)):
        if "run" in step:
            assert "${{" not in step["run"], "values reach a script through its environment only"
            assert subprocess.run(["bash", "-n"], input=step["run"], text=True, check=False).returncode == 0


def test_the_weekly_run_has_no_cache_and_colab_deletes_its_own():
    for path in WORKFLOWS:
        assert "actions/cache" not in path.read_text()
    colab = load(ROOT / ".github/workflows/colab.yml")["jobs"]["colab"]["steps"]
    scripts = [step.get("run", "") for step in colab]
    deletes, sings = (
        next(i for i, text in enumerate(scripts) if word in text) for word in ("rm -rf _build", "canary.ipynb")
    )
    assert deletes < sings
    assert "unchanged" in scripts[sings + 1]


def test_the_canary_sings_the_nonce_it_was_handed_and_no_other(tmp_path):
    papermill = pytest.importorskip("papermill")
    source = ROOT / ".github" / "canary.ipynb"
    song = hashlib.sha256(b"a nonce").hexdigest()
    assert song not in source.read_text()
    papermill.execute_notebook(
        source, tmp_path / "out.ipynb", {"NONCE": "a nonce"}, progress_bar=False, kernel_name="python3"
    )
    assert song in (tmp_path / "out.ipynb").read_text()


def test_changed_pages_are_copied_and_changed_numbers_listed(tmp_path):
    def git(*arguments):
        subprocess.run(["git", "-c", "user.name=a", "-c", "user.email=a@b.c", *arguments], cwd=tmp_path, check=True)

    for name in ("book", "results", "html/book", "html/_static"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "book" / "a.md").write_text("one")
    (tmp_path / "results" / "r.json").write_text('{"x": {"y": 1, "z": [2]}}')
    (tmp_path / "html" / "book" / "a.html").write_text("page")
    git("init", "-q")
    git("add", ".")
    git("commit", "-qm", "before")
    (tmp_path / "book" / "a.md").write_text("two")
    (tmp_path / "results" / "r.json").write_text('{"x": {"y": 1, "z": [3]}}')
    git("commit", "-qam", "after")
    command = [sys.executable, str(ROOT / ".github" / "changed_pages.py"), "HEAD~1", "html", "changed"]
    said = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True).stdout
    assert "- book/a.html" in said
    assert "| results/r.json/x/z/0 | 2 | 3 |" in said
    assert "/x/y" not in said
    assert (tmp_path / "changed" / "book" / "a.html").exists()


def test_ci_script_is_executable_and_parses():
    script = ROOT / ".ci" / "run"
    assert os.access(script, os.X_OK)
    assert subprocess.run(["bash", "-n", str(script)], check=False).returncode == 0


def test_ci_brings_what_the_tests_of_spark_need():
    script = (ROOT / ".ci" / "run").read_text()
    assert "default-jre-headless" in script
    assert '-c constraints.txt -e ".[spark]"' in script


def make(*arguments, **variables):
    command = ["make", "--no-print-directory", *arguments, *(f"{key}={value}" for key, value in variables.items())]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


needs_make = pytest.mark.skipif(shutil.which("make") is None, reason="make is not installed")


@needs_make
def test_make_help_lists_what_there_is():
    said = make("help").stdout
    for target in ("book", "test", "test-fast", "lint", "serve", "real", "record", "dist", "clean"):
        assert f"make {target} " in said


def test_every_module_the_makefile_runs_exists():
    modules = re.findall(r"python -m (recdiv[\w.]*)", (ROOT / "Makefile").read_text())
    assert "recdiv.datasets.check" in modules
    assert [name for name in modules if importlib.util.find_spec(name) is None] == []


@needs_make
def test_make_without_a_python_says_what_it_needs(tmp_path):
    done = make("env", PYTHON="", VENV=tmp_path / "env")
    assert done.returncode != 0
    assert "Python 3.11 or newer" in done.stdout + done.stderr


@needs_make
def test_torch_is_installed_first_and_can_be_chosen(tmp_path):
    plan = make(
        "-n", "env", VENV=tmp_path / "env", TORCH_INDEX_URL="https://index.example/cpu", TORCH_SPEC="torch==9.9"
    ).stdout
    first, second = (line for line in plan.splitlines() if "pip install" in line)
    assert '--index-url https://index.example/cpu "torch==9.9"' in first
    assert '-c constraints.txt -e ".[dev]"' in second
    assert "--index-url" not in make("-n", "env", VENV=tmp_path / "env").stdout


def test_notebook_kernel_sees_the_same_variables_under_papermill_and_nbval():
    from recdiv.book.project import Project
    from recdiv.book.run import kernel_environment

    variables = kernel_environment(Project.find(ROOT))
    assert variables["PYTHONPATH"].split(os.pathsep)[0] == str(ROOT)
    assert json.dumps(variables)
