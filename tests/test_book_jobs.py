"""Notebooks side by side: the same results, at the same time, and nothing left running, however it ends."""

import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest
from nbformat.v4 import new_output
from test_book import project, write_notebook  # noqa: F401 - a fixture
from typer.testing import CliRunner

from recdiv import _threads
from recdiv._threads import share_of_cores, share_taken, usual_jobs
from recdiv.book import notebooks
from recdiv.book.run import Options, expected_seconds, last_run, run
from recdiv.cli import app

MEETING = """
import time
from pathlib import Path
Path("{mine}").touch()
end = time.monotonic() + 60
while not Path("{other}").exists():
    assert time.monotonic() < end, "the other notebook did not run at the same time"
    time.sleep(0.05)
"""
SLEEPING = "import os, time; from pathlib import Path; Path(f'{os.getpid()}.pid').touch(); time.sleep(600)"


def run_all(project, **options):  # noqa: F811
    begun, ended = [], []
    runs = run(
        project, project.names(), Options(), report=lambda one: ended.append(one.name), begin=begun.append, **options
    )
    return {one.name: one for one in runs}, begun, ended


def what_stays(one):
    return replace(one, seconds=0.0, finished="", load=0.0)


def test_two_at_a_time_leave_what_one_at_a_time_leaves(project):  # noqa: F811
    write_notebook(project, "one", "print('first')", "object()")
    write_notebook(project, "two", "1 / 0")
    write_notebook(project, "three", "import os; print(os.getcwd())")
    alone, *_ = run_all(project)
    staged = {name: project.staged(name).read_bytes() for name in ("one", "three")}
    for name in alone:
        project.run_record(name).unlink()
    together, begun, ended = run_all(project, jobs=2)
    assert list(together) == list(alone) == project.names()
    assert set(begun) == set(ended) == set(alone)
    assert {name: one.status for name, one in together.items()} == {"one": "ran", "two": "failed", "three": "ran"}
    assert "ZeroDivisionError" in together["two"].error
    assert {name: what_stays(together[name]) for name in staged} == {name: what_stays(alone[name]) for name in staged}
    assert {name: project.staged(name).read_bytes() for name in staged} == staged
    assert not project.staged("two").exists()
    assert {name: last_run(project, name) for name in together} == together

    again, begun, _ = run_all(project, jobs=2)
    assert {name: one.status for name, one in again.items()} == {
        "one": "unchanged",
        "two": "failed",
        "three": "unchanged",
    }
    assert begun == ["two"], "what did not change is not started"


def test_they_run_at_the_same_time_each_on_its_share_of_the_cores(project, monkeypatch):  # noqa: F811
    for name in _threads.THREADS:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(_threads, "usable_cores", lambda: 7)
    threads = "import os; print(os.environ['OMP_NUM_THREADS'])"
    write_notebook(project, "one", MEETING.format(mine="a", other="b"), threads)
    write_notebook(project, "two", MEETING.format(mine="b", other="a"), threads)
    runs, *_ = run_all(project, jobs=5)
    assert [one.error for one in runs.values()] == ["", ""]
    assert notebooks.read(project.staged("one")).cells[3].outputs[0].text == "3\n", "two processes share seven cores"
    assert "OMP_NUM_THREADS" not in os.environ


def test_the_share_of_the_cores(monkeypatch):
    for name in _threads.THREADS:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(_threads, "usable_cores", lambda: 4)
    assert share_of_cores(1) == {}
    assert set(share_of_cores(2).values()) == {"2"}
    assert set(share_of_cores(9).values()) == {"1"}
    monkeypatch.setenv("MKL_NUM_THREADS", "3")
    assert share_of_cores(2) == {}, "what the user chose stands"
    for threads, share in {"1": 0.25, "3": 0.75, "8": 1.0, "0": 1.0, "all": 1.0}.items():
        monkeypatch.setenv("OMP_NUM_THREADS", threads)
        assert share_taken() == share
    monkeypatch.delenv("OMP_NUM_THREADS")
    assert share_taken() == 1


@pytest.mark.parametrize(("cores", "gigabytes", "jobs"), [(2, 8, 2), (64, 16, 6), (4, 1, 1)])
def test_as_many_jobs_as_cores_and_memory_allow(monkeypatch, cores, gigabytes, jobs):
    monkeypatch.setattr(_threads, "usable_cores", lambda: cores)
    monkeypatch.setattr(os, "sysconf", {"SC_PHYS_PAGES": gigabytes * 2**18, "SC_PAGE_SIZE": 2**12}.get)
    assert usual_jobs() == jobs


def test_the_longest_starts_first(project):  # noqa: F811
    for name in ("a", "b", "c"):
        write_notebook(project, name, f"print('{name}')")
    glue = new_output("display_data", {"application/papermill.record/text/plain": "90.5"})
    glue.metadata = {"scrapbook": {"name": "run_seconds", "mime_prefix": "application/papermill.record/"}}
    notebook = notebooks.read(project.source("c"))
    notebook.cells[2].outputs = [glue]
    notebooks.write(notebook, project.source("c"))
    assert expected_seconds(project, "a") == float("inf")
    assert expected_seconds(project, "c") == 90.5, "as it was recorded"
    run(project, ["a"], Options(), report=lambda one: None)
    assert 0 < expected_seconds(project, "a") < 90, "as it was here"
    notebook = notebooks.read(project.source("a"))
    notebook.cells[2].source += "  # changed"
    notebooks.write(notebook, project.source("a"))
    _, begun, _ = run_all(project, jobs=2)
    assert begun == ["b", "c", "a"]


def test_a_process_that_dies_is_a_failure_and_the_others_go_on(project, monkeypatch):  # noqa: F811
    write_notebook(project, "one", "import os, signal; os.kill(os.getppid(), signal.SIGKILL)")
    write_notebook(project, "two", "print('alive')")
    monkeypatch.chdir(project.root)
    result = CliRunner().invoke(app, ["book", "run", "--jobs", "2"])
    assert result.exit_code == 1
    assert "the process that ran it ended with code -9" in result.output
    assert "failed: one (" in result.output
    assert [last_run(project, name).status for name in ("one", "two")] == ["failed", "ran"]


def test_jobs_below_one_are_refused(project, monkeypatch):  # noqa: F811
    monkeypatch.chdir(project.root)
    assert CliRunner().invoke(app, ["book", "run", "--jobs", "0"]).exit_code == 2


def alive(pid):
    status = Path(f"/proc/{pid}/status")
    return status.exists() and "State:\tZ" not in status.read_text()


# Where tests run in the background, SIGINT is ignored, and every process they start inherits that.
HEARS_CTRL_C = (
    "import signal; signal.signal(signal.SIGINT, signal.default_int_handler); from recdiv.cli import main; main()"
)


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="asks Linux which processes run")
@pytest.mark.parametrize("ending", ["ctrl-c", "kill"])
def test_nothing_runs_on_when_it_is_stopped(project, ending):  # noqa: F811
    for name in ("one", "two", "zero"):
        write_notebook(project, name, SLEEPING)
    command = [sys.executable, "-c", HEARS_CTRL_C, "book", "run", "--jobs", "2"]
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])}
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
    process = subprocess.Popen(command, cwd=project.root, env=environment, start_new_session=True, **pipes)
    try:
        until(lambda: len(kernels(project)) == 2)
        started = kernels(project)
        if ending == "ctrl-c":
            os.killpg(process.pid, signal.SIGINT)  # a terminal tells all of them
        else:
            process.kill()
        said, _ = process.communicate(timeout=60)  # the pipe is open until the last process has ended
    finally:
        process.kill()
    assert process.returncode != 0
    assert "recdiv/" not in said.decode(), "a traceback of ours"
    until(lambda: not any(map(alive, started)))
    assert kernels(project) == started, "no other one was started"
    assert not list(project.stage.glob("notebooks/*"))
    assert not list(project.output.glob("runs/*"))


def kernels(project):  # noqa: F811
    return sorted(int(path.stem) for path in project.notebooks.glob("*.pid"))


def until(condition):
    end = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < end, "waited a minute"
        time.sleep(0.1)
