"""The notebook runner, on tiny notebooks: what is skipped, what runs again, what a failure and a kill leave behind."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output
from typer.testing import CliRunner

from recdiv.book import notebooks
from recdiv.book.build import build
from recdiv.book.check import check_numbers, expected_values, validate
from recdiv.book.keys import environment_digest, tree_digest
from recdiv.book.project import Project
from recdiv.book.record import record
from recdiv.book.run import Options, fresh, run
from recdiv.book.stage import colab_copies, repository, stage
from recdiv.cli import app

PARAMETERS = 'PROFILE = "default"\nSEED = 0\nDATA = "sample"'
ADDRESS = "https://host.example/owner/name"


def write_notebook(project, name, *sources, tags=()):
    cells = [
        new_markdown_cell("# A chapter\n\nMade of {glue:text}`n:d` items, {glue:text}`unknown`."),
        new_code_cell(PARAMETERS, metadata={"tags": ["parameters"]}),
        *(new_code_cell(source, metadata={"tags": list(tags)}) for source in sources),
    ]
    for i, cell in enumerate(cells):
        cell.id = f"cell-{i}"
    project.notebooks.mkdir(exist_ok=True)
    notebook = new_notebook(cells=cells, metadata={"kernelspec": {"name": "python3", "display_name": "Mine"}})
    nbformat.write(notebook, project.source(name))


@pytest.fixture
def project(tmp_path):
    for folder in ("notebooks", "recdiv", "data", "results", "book"):
        (tmp_path / folder).mkdir()
    (tmp_path / "recdiv" / "module.py").write_text("ANSWER = 1\n")
    (tmp_path / "data" / "items.csv").write_text("item_id\n1\n")
    (tmp_path / "constraints.txt").write_text("numpy==2.0\n")
    (tmp_path / "_config.yml").write_text("title: Test\nauthor: Nobody\nonly_build_toc_files: true\nlogo: ''\n")
    (tmp_path / "_toc.yml").write_text("format: jb-book\nroot: book/index\nchapters:\n- file: notebooks/one\n")
    (tmp_path / "book" / "index.md").write_text("# Start\n\nHere.\n")
    return Project(tmp_path)


def run_all(project, **options):
    return {one.name: one for one in run(project, project.names(), Options(**options), report=lambda one: None)}


def statuses(project, **options):
    return {name: one.status for name, one in run_all(project, **options).items()}


def test_project_is_found_from_below_and_its_absence_is_said(project, tmp_path_factory):
    assert Project.find(project.notebooks) == project
    with pytest.raises(FileNotFoundError, match="no book here"):
        Project.find(tmp_path_factory.mktemp("elsewhere"))


def test_unknown_name_is_one_sentence(project):
    write_notebook(project, "one", "1")
    with pytest.raises(ValueError, match="only must name notebooks among one, got 'two'"):
        project.names(["two"])


def test_second_run_skips_and_each_input_makes_it_run_again(project):
    write_notebook(project, "one", "print('hello')")
    assert statuses(project) == {"one": "ran"}
    assert statuses(project) == {"one": "unchanged"}
    assert statuses(project, force=True) == {"one": "ran"}

    key = fresh(project, "one", Options(), environment_digest(project)).key
    for path, text in {
        "recdiv/module.py": "ANSWER = 2\n",
        "data/items.csv": "item_id\n2\n",
        "constraints.txt": "numpy==2.1\n",
        "results/video.json": "{}",
    }.items():
        (project.root / path).write_text(text)
        environment = environment_digest(project)
        assert fresh(project, "one", Options(), environment) is None, path
        source = notebooks.read(project.source("one"))
        from recdiv.book.keys import notebook_key

        assert notebook_key(source.cells, {}, environment) != key
        key = notebook_key(source.cells, {}, environment)


def test_key_follows_source_and_parameters_but_not_outputs(project):
    write_notebook(project, "one", "print('hello')")
    run_all(project)
    environment = environment_digest(project)
    assert fresh(project, "one", Options(), environment)
    assert fresh(project, "one", Options(profile="smoke"), environment) is None

    notebook = notebooks.read(project.source("one"))
    notebook.cells[2].outputs = [new_output("stream", text="something else")]
    notebooks.write(notebook, project.source("one"))
    assert fresh(project, "one", Options(), environment), "outputs are not inputs"
    notebook.cells[2].source = "print('goodbye')"
    notebooks.write(notebook, project.source("one"))
    assert fresh(project, "one", Options(), environment) is None


def test_a_staged_notebook_that_was_tampered_with_is_not_fresh(project):
    write_notebook(project, "one", "1")
    run_all(project)
    project.staged("one").write_text(project.staged("one").read_text() + " ")
    assert fresh(project, "one", Options(), environment_digest(project)) is None


def test_tree_digest_ignores_byte_code_and_sees_renames(tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "x.py").write_text("1")
    before = tree_digest(tmp_path / "a")
    (tmp_path / "a" / "__pycache__").mkdir()
    (tmp_path / "a" / "__pycache__" / "x.pyc").write_text("2")
    assert tree_digest(tmp_path / "a") == before
    (tmp_path / "a" / "x.py").rename(tmp_path / "a" / "y.py")
    assert tree_digest(tmp_path / "a") != before


def test_parameters_reach_the_notebook_and_its_record(project):
    write_notebook(project, "one", "print(PROFILE, DATA)")
    one = run_all(project, profile="smoke", data="movietweetings")["one"]
    assert (one.profile, one.data) == ("smoke", "movietweetings")
    assert "smoke movietweetings" in project.staged("one").read_text()


def test_a_failure_is_told_with_its_traceback_and_leaves_nothing_staged(project):
    write_notebook(project, "one", "print('fine')")
    write_notebook(project, "two", "x = 0", "1 / x")
    assert statuses(project) == {"one": "ran", "two": "failed"}
    assert not project.staged("two").exists()
    assert (project.output / "failed" / "two.ipynb").exists()
    assert "ZeroDivisionError" in json.loads(project.run_record("two").read_text())["error"]
    with pytest.raises(FileNotFoundError, match="not run, or failed: two"):
        build(project)
    assert statuses(project) == {"one": "unchanged", "two": "failed"}, "a failure is never skipped"


def test_a_notebook_that_begins_to_fail_takes_its_old_output_away(project):
    write_notebook(project, "one", "print('fine')")
    run_all(project)
    write_notebook(project, "one", "raise ValueError('no more')")
    assert statuses(project) == {"one": "failed"}
    assert not project.staged("one").exists()


def test_command_line_run_fails_with_a_failing_notebook(project, monkeypatch):
    write_notebook(project, "one", "raise KeyError('the missing thing')")
    monkeypatch.chdir(project.root)
    result = CliRunner().invoke(app, ["book", "run"])
    assert result.exit_code == 1
    assert "the missing thing" in result.output
    assert "failed: one" in result.output


def test_killed_run_resumes_where_it_stopped(project):
    write_notebook(project, "one", "print('first')")
    write_notebook(project, "two", "import time; time.sleep(600)")
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])}
    command = [sys.executable, "-m", "recdiv", "book", "run"]
    process = subprocess.Popen(command, cwd=project.root, env=environment, stdout=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + 60
        while not project.run_record("one").exists() and time.monotonic() < deadline:
            time.sleep(0.1)
        time.sleep(1)
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert project.staged("one").exists()
    assert not project.staged("two").exists()
    first = project.staged("one").stat().st_mtime_ns
    write_notebook(project, "two", "print('second')")
    assert statuses(project) == {"one": "unchanged", "two": "ran"}
    assert project.staged("one").stat().st_mtime_ns == first


def test_clean_leaves_nothing_of_the_run(project):
    write_notebook(project, "one", "import os; print(os.getcwd(), object())", "1 + 1")
    run_all(project)
    notebook = notebooks.read(project.staged("one"))
    text = project.staged("one").read_text()
    assert str(project.root) not in text
    assert "0x" not in text
    assert "papermill" not in text
    assert set(notebook.metadata) == {"kernelspec", "language_info"}
    assert notebook.metadata.kernelspec.display_name == "Python 3"
    assert [cell.execution_count for cell in notebook.cells if cell.cell_type == "code"] == [1, 2, 3]
    again = notebooks.clean(notebooks.read(project.staged("one")), project.root)
    assert again == notebook


def test_clean_drops_widgets_and_unknown_metadata(tmp_path):
    widget = new_output("display_data", {"application/vnd.jupyter.widget-view+json": {}, "text/plain": "bar"})
    cell = new_code_cell("1", outputs=[widget, new_output("stream", text="kept")])
    cell.metadata.update(tags=["x"], execution={"iopub": "2026"}, scrolled=True, mystnb={"image": {"alt": "a"}})
    notebook = notebooks.clean(new_notebook(cells=[cell], metadata={"widgets": {}}), tmp_path)
    assert set(notebook.cells[0].metadata) == {"tags", "mystnb"}
    assert [output.get("text") for output in notebook.cells[0].outputs] == ["kept"]
    assert "widgets" not in notebook.metadata


@pytest.mark.parametrize(
    ("source", "message"), [(None, "one cell tagged"), ("import os", "literals"), ("A = f()", "malformed|literal")]
)
def test_parameters_cell_holds_literals_only(source, message):
    cells = [] if source is None else [new_code_cell(source, metadata={"tags": ["parameters"]})]
    with pytest.raises(ValueError, match=message):
        notebooks.parameters(new_notebook(cells=cells))


def test_record_writes_outputs_into_the_committed_notebook_only_when_fresh(project):
    write_notebook(project, "one", "print('hello')")
    with pytest.raises(ValueError, match="not run as they stand: one"):
        record(project, ["one"])
    run_all(project, profile="smoke")
    with pytest.raises(ValueError, match="not run as they stand: one"):
        record(project, ["one"])
    run_all(project)
    assert record(project, ["one"]) == ["one"]
    assert notebooks.read(project.source("one")).cells[2].outputs[0].text == "hello\n"
    assert record(project, ["one"]) == []
    assert statuses(project) == {"one": "unchanged"}, "recording is not a change"


def test_numbers_are_held_against_expected_values(project):
    write_notebook(project, "one", "from recdiv.notebook import glue\nglue('f1', 0.81)\nglue('n', 3)")
    expected = {"f1": {"value": 0.8, "tolerance": 0.02, "reason": "spread over five seeds"}}
    project.expected.mkdir()
    path = project.expected / "one.json"
    path.write_text(json.dumps(expected))
    # The runner puts the project first on the kernel's path; this project's recdiv is a stub without __init__.py.
    run_all(project)
    assert notebooks.glued(notebooks.read(project.staged("one"))) == {"f1": 0.81, "n": 3}
    record(project, ["one"])
    assert check_numbers(project, "one") == []
    expected["f1"]["tolerance"] = 0.001
    expected["gone"] = {"value": 1, "tolerance": 0, "reason": "exact"}
    path.write_text(json.dumps(expected))
    assert {str(one) for one in check_numbers(project, "one")} == {
        "f1: expected 0.8 ± 0.001, got 0.81",
        "gone: expected 1 ± 0, got not glued",
    }
    path.write_text('{"f1": {"value": 1, "tolerance": 0, "reason": ""}}')
    with pytest.raises(ValueError, match="must have value, tolerance and reason"):
        expected_values(project, "one")


def test_validate_compares_tagged_outputs_and_fails_on_errors(project):
    write_notebook(project, "one", "print('hello')", tags=["nbval-check-output"])
    run_all(project)
    record(project, ["one"])
    assert validate(project, "one").returncode == 0
    notebook = notebooks.read(project.source("one"))
    notebook.cells[2].outputs[0].text = "something else\n"
    notebooks.write(notebook, project.source("one"))
    assert validate(project, "one").returncode == 1
    write_notebook(project, "one", "1 / 0")
    assert validate(project, "one").returncode == 1


def test_repository_comes_from_the_environment_only():
    assert repository({}) is None
    assert repository({"GITHUB_REPOSITORY": "owner/name"}) is None
    assert repository({"RECDIV_REPOSITORY": f"{ADDRESS}/"}) == ADDRESS
    github = {"GITHUB_REPOSITORY": "owner/name", "GITHUB_SERVER_URL": "https://host.example"}
    assert repository(github) == ADDRESS


def test_launch_buttons_and_install_cells_follow_the_address(project):
    write_notebook(project, "one", "from recdiv.notebook import glue\nglue('n', 3)")
    run_all(project)
    stage(project, None)
    plain = (project.stage / "_config.yml").read_text()
    assert "launch_buttons" not in plain
    assert "repository" not in plain
    stage(project, ADDRESS)
    config = (project.stage / "_config.yml").read_text()
    assert f"url: {ADDRESS}" in config
    assert "colab_url" in config
    folder = colab_copies(project, ADDRESS)
    copy = notebooks.read(folder / "notebooks" / "one.ipynb")
    assert copy.cells[0].source.splitlines()[1] == f'%pip install -q "recdiv[plot,lm,data] @ git+{ADDRESS}"'
    assert copy.cells[1].source.endswith("Made of 3 items, {glue:text}`unknown`.")
    nbformat.validate(copy)
    assert "pip install" not in project.staged("one").read_text()
    assert "pip install" not in project.source("one").read_text()


def test_stage_drops_what_is_no_longer_a_notebook_and_writes_the_status(project):
    write_notebook(project, "one", "1")
    write_notebook(project, "two", "1")
    run_all(project)
    project.source("two").unlink()
    stage(project, None)
    assert not project.staged("two").exists()
    status = json.loads((project.stage / "status.json").read_text())
    [row] = status["notebooks"]
    assert (row["file"], row["status"], row["data"], row["profile"]) == ("one", "passed", "sample", "default")
    assert row["seconds"] > 0


@pytest.mark.slow
def test_build_succeeds_skips_and_never_leaves_half_a_book(project, monkeypatch):
    for name in ("RECDIV_REPOSITORY", "GITHUB_REPOSITORY"):
        monkeypatch.delenv(name, raising=False)
    write_notebook(project, "one", "from recdiv.notebook import glue\nglue('n', 3)\nglue('unknown', 'thing')")
    run_all(project)
    assert build(project)
    assert "Made of 3 items, thing" in (project.html / "notebooks" / "one.html").read_text().replace(
        "</span>", ""
    ).replace('<span class="pasted-text">', "")
    assert not build(project)
    assert not (project.output / "colab").exists()
    (project.root / "results" / "real.json").write_text("{}")  # pages draw tables from what is recorded
    assert build(project)
    assert not build(project)

    (project.root / "book" / "index.md").write_text("# Start\n\n[nowhere](nowhere.md)\n")
    with pytest.raises(RuntimeError, match="Jupyter Book ended with code"):
        build(project)
    assert not project.html.exists()
    with pytest.raises(RuntimeError):
        build(project)  # a second build does not forget the warning
    assert not project.html.exists()

    (project.root / "book" / "index.md").write_text("# Start\n\nHere again.\n")
    monkeypatch.setenv("RECDIV_REPOSITORY", "https://github.com/owner/name")
    assert build(project)
    page = (project.html / "notebooks" / "one.html").read_text()
    assert "colab.research.google.com/github/owner/name/blob/colab/notebooks/one.ipynb" in page
    assert (project.output / "colab" / "notebooks" / "one.ipynb").exists()
