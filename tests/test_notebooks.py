"""The chapters: their form, what they print (nbval), their trained numbers; and that each rule can fail."""

import os
import re
import subprocess
import sys
from pathlib import Path

import notebook_rules as rules
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from recdiv._threads import usable_cores
from recdiv.book import notebooks
from recdiv.book.check import check_numbers, expected_values, validate
from recdiv.book.keys import environment_digest
from recdiv.book.project import Project
from recdiv.book.run import Options, fresh, kernel_environment

PROJECT = Project.find(Path(__file__))
NAMES = PROJECT.names()
SVG = '<figure><svg role="img" aria-label="Counts of items fall from left to right"></svg></figure>'


@pytest.mark.parametrize("name", NAMES)
def test_form(name):
    assert rules.broken(PROJECT.source(name), PROJECT.root) == []


@pytest.mark.parametrize("name", NAMES)
def test_in_the_table_of_contents(name):
    assert f"file: notebooks/{name}\n" in (PROJECT.root / "_toc.yml").read_text()


@pytest.mark.notebook
@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_executes_and_prints_what_it_printed(name):
    done = validate(PROJECT, name)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.notebook
@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_smoke_profile_runs(name, tmp_path):
    command = [
        sys.executable,
        "-m",
        "papermill",
        str(PROJECT.source(name)),
        str(tmp_path / "out.ipynb"),
        "-p",
        "PROFILE",
        "smoke",
    ]
    command += ["--cwd", str(PROJECT.notebooks), "-k", "python3", "--no-progress-bar"]
    environment = {**os.environ, **kernel_environment(PROJECT)}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-4000:]


@pytest.mark.parametrize("name", NAMES)
def test_trained_numbers_lie_within_their_tolerance(name):
    assert [str(deviation) for deviation in check_numbers(PROJECT, name)] == []


@pytest.mark.parametrize("name", NAMES)
def test_run_time_lies_within_the_budget(name):
    run = fresh(PROJECT, name, Options(), environment_digest(PROJECT))
    if run is None:
        pytest.skip("not run here as it stands: make book")
    if run.load > 1.5 * usable_cores():
        pytest.skip(f"the machine was busy: {run.load} processes wanted a core")
    assert run.seconds < 300 / run.share  # 3 minutes is the budget on 2 cores; the rest is for slower ones


def test_expected_numbers_belong_to_a_notebook():
    for path in PROJECT.expected.glob("*.json"):
        assert path.stem in NAMES
        assert expected_values(PROJECT, path.stem)


def a_notebook(*cells):
    opening = "# Title\n\nWhat is asked? Prerequisites: none. Takes {glue:text}`n:d` s."
    exercise = "```{exercise}\n:label: ex-one\nDo it.\n```\n\n```{solution} ex-one\nDone.\n```"
    parameters = new_code_cell('PROFILE = "default"\nSEED = 0\nDATA = "sample"', metadata={"tags": ["parameters"]})
    glue = new_output("display_data", {"application/papermill.record/text/plain": "3"})
    glue.metadata = {"scrapbook": {"name": "n", "mime_prefix": "application/papermill.record/"}}
    parameters.outputs = [glue]
    notebook = new_notebook(cells=[new_markdown_cell(opening), parameters, *cells, new_markdown_cell(exercise)])
    for count, cell in enumerate(rules.code(notebook), 1):
        cell.execution_count = count
    return notebooks.clean(notebook, PROJECT.root)


def broken(tmp_path, *cells):
    notebooks.write(a_notebook(*cells), tmp_path / "a.ipynb")
    return rules.broken(tmp_path / "a.ipynb", PROJECT.root)


def shown(data, **metadata):
    return new_code_cell("1", outputs=[new_output("display_data", data)], metadata=metadata)


GOOD = [
    new_markdown_cell("Beta is {glue:text}`n:.2f`, $x = 0.5$, `0.5` and\n\n$$y = 0.25$$"),
    new_markdown_cell("They measured 0.71 {cite:p}`somebody2020`."),
    new_markdown_cell("Python 3.11, chapter 6.4, [here](page-1.5.html), version 1.2.3"),
    new_markdown_cell("```python\nx = 0.5\n```"),
    new_code_cell("def short():\n    return 1"),
    shown({"text/html": SVG}),
    shown({"image/png": "AAAA"}, mystnb={"image": {"alt": "a picture of four things"}}),
    new_code_cell(
        "1 / 0",
        metadata={"tags": ["raises-exception"]},
        outputs=[new_output("error", ename="E", evalue="", traceback=[])],
    ),
]
BAD = {
    "0.37 is typed by hand": new_markdown_cell("Diversity rises by 0.37 here."),
    "12.5 is typed by hand": new_markdown_cell("```{note}\nIt rises by 12.5 %.\n```"),
    "absent is not glued": new_markdown_cell("{glue:text}`absent:.2f`"),
    "exercise ex-two has no solution": new_markdown_cell("```{exercise}\n:label: ex-two\nDo it.\n```"),
    "a picture without alternative text": shown({"image/png": "AAAA"}),
    "a figure without role and label": shown({"text/html": "<svg></svg>"}),
    "a Markdown image without": new_markdown_cell("![](picture.png)"),
    "an image without alternative text": shown({"text/html": '<img src="a.png">'}),
    "ends in ValueError": new_code_cell(
        "1", outputs=[new_output("error", ename="ValueError", evalue="", traceback=[])]
    ),
    "writes to stderr": new_code_cell("1", outputs=[new_output("stream", name="stderr", text="warning")]),
    "long is longer than": new_code_cell("def long():\n" + "    x = 1\n" * 20),
    "machine path /home/somebody": new_markdown_cell("In `/" + "home/somebody/data`."),
    "bytes, at most": new_code_cell("1", outputs=[new_output("stream", text="x" * 500_000)]),
}


@pytest.mark.parametrize("cell", GOOD, ids=range(len(GOOD)))
def test_what_is_right_passes(tmp_path, cell):
    assert broken(tmp_path, cell) == []


@pytest.mark.parametrize(("message", "cell"), BAD.items(), ids=BAD)
def test_what_is_wrong_is_found(tmp_path, message, cell):
    found = broken(tmp_path, cell)
    assert len(found) == 1
    assert re.search(message, found[0])


def test_structure_that_is_wrong_is_found(tmp_path):
    notebook = a_notebook()
    notebook.metadata["papermill"] = {}
    assert rules.metadata(notebook, PROJECT.root)
    notebook = a_notebook()
    notebook.cells[0].source = "no title"
    assert rules.opening(notebook)
    notebook.cells[1].source = "import os"
    assert rules.parameters(notebook)
    notebook.cells[1].execution_count = 7
    assert rules.outputs(notebook)
    assert rules.exercises(new_notebook()) == ["no exercise"]
