"""Run notebooks with papermill into the staged tree; skip what did not change; resume where it stopped."""

from __future__ import annotations

import hashlib
import json
import math
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from recdiv._extras import require
from recdiv._threads import share_of_cores, share_taken
from recdiv.book import notebooks
from recdiv.book.beside import side_by_side
from recdiv.book.keys import environment_digest, notebook_key
from recdiv.book.project import Project

# Bars would land on the page half-drawn; string hashes decide the order of sets.
_QUIET = {
    "HF_HUB_DISABLE_PROGRESS_BARS": "1",
    "JUPYTER_PLATFORM_DIRS": "1",
    "PYDEVD_DISABLE_FILE_VALIDATION": "1",
    "PYTHONHASHSEED": "0",
    "PYTHONWARNINGS": "ignore:IProgress not found",  # a library looks for notebook widgets that nobody asked for
    "TOKENIZERS_PARALLELISM": "false",
    "TQDM_DISABLE": "1",
}


@dataclass(frozen=True)
class Run:
    """What happened to one notebook; kept beside the staged tree so that the next call can skip it."""

    name: str
    status: str  # "ran", "unchanged" or "failed"
    seconds: float
    finished: str
    data: str
    profile: str
    key: str
    output: str  # SHA-256 of the staged notebook
    error: str = ""
    load: float = 0.0  # processes that wanted a core at its end: seconds on a busy machine say little
    share: float = 1.0  # of the cores, where others ran beside it


@dataclass(frozen=True)
class Options:
    """How to run: ``profile`` and ``data`` are handed to the parameters cell when given."""

    profile: str | None = None
    data: str | None = None
    force: bool = False
    timeout: int = 1800  # seconds a cell; a cell that hangs must not hang the build for ever

    @property
    def parameters(self) -> dict[str, str]:
        """What papermill injects; nothing when the notebook's own values stand."""
        chosen = {"PROFILE": self.profile, "DATA": self.data}
        return {name: value for name, value in chosen.items() if value is not None}


def kernel_environment(project: Project) -> dict[str, str]:
    """The variables a notebook's kernel runs under, so that papermill and nbval see the same."""
    paths = [str(project.root), *filter(None, [os.environ.get("PYTHONPATH")])]
    return {**_QUIET, "PYTHONPATH": os.pathsep.join(paths)}


def run(
    project: Project,
    names: list[str],
    options: Options,
    *,
    report: Callable[[Run], None],
    begin: Callable[[str], None] = lambda name: None,
    jobs: int = 1,
) -> list[Run]:
    """Run ``names``, ``jobs`` at a time: one job in this process and in order, more in one process each, longest first.

    ``begin`` hears of each that starts, ``report`` of each that ends; a failure does not stop the others.
    """
    done: dict[str, Run] = {}

    def tell(one: Run) -> None:
        done[one.name] = one
        report(one)

    environment = environment_digest(project)
    for name in names:
        if not options.force and (earlier := fresh(project, name, options, environment)):
            tell(replace(earlier, status="unchanged"))
    todo = [name for name in dict.fromkeys(names) if name not in done]
    jobs = min(jobs, max(1, len(todo)))
    work = partial(_run_one, project, options=options, environment=environment)
    with _environment({**kernel_environment(project), **share_of_cores(jobs)}):
        for one in _one_by_one(work, todo, begin) if jobs == 1 else _together(work, project, todo, begin, jobs):
            tell(one)
    return [done[name] for name in names]


def _one_by_one(work: Callable[[str], Run], names: list[str], begin: Callable[[str], None]) -> Iterator[Run]:
    for name in names:
        begin(name)
        yield work(name)


def _together(
    work: Callable[[str], Run], project: Project, names: list[str], begin: Callable[[str], None], jobs: int
) -> Iterator[Run]:
    require("papermill", "book")  # its absence is said once, not by every process
    longest_first = sorted(names, key=lambda name: -expected_seconds(project, name))
    for name, outcome, code in side_by_side(work, longest_first, jobs, begin=begin):
        yield outcome or _lost(project, name, code)


def expected_seconds(project: Project, name: str) -> float:
    """How long it took: here, else when it was recorded; where nobody knows, without end, so that it starts first."""
    earlier = last_run(project, name)
    if earlier is not None and earlier.status == "ran":
        return earlier.seconds
    return float(notebooks.glued(notebooks.read(project.source(name))).get("run_seconds", math.inf))


def fresh(project: Project, name: str, options: Options, environment: str) -> Run | None:
    """The record of an earlier run whose inputs and staged output still stand, else None."""
    recorded = last_run(project, name)
    if recorded is None or recorded.status == "failed" or not project.staged(name).is_file():
        return None
    same_input = recorded.key == _key(notebooks.read(project.source(name)), options, environment)
    return recorded if same_input and recorded.output == _sha256(project.staged(name)) else None


def last_run(project: Project, name: str) -> Run | None:
    """The record of the last run, if there is one."""
    path = project.run_record(name)
    return Run(**json.loads(path.read_text(encoding="utf-8"))) if path.is_file() else None


def _run_one(project: Project, name: str, options: Options, environment: str) -> Run:
    source = notebooks.read(project.source(name))
    project.staged(name).unlink(missing_ok=True)  # nothing old may pass for the outcome of this run
    require("papermill", "book")  # a second that is no notebook's
    started = time.perf_counter()
    error = _execute(project, name, options)
    used = {**notebooks.parameters(source), **options.parameters}
    result = Run(
        name=name,
        status="failed" if error else "ran",
        seconds=round(time.perf_counter() - started, 1),
        finished=datetime.now(UTC).strftime("%Y-%m-%d %H:%M"),
        data=str(used.get("DATA", "")),
        profile=str(used.get("PROFILE", "")),
        key=_key(source, options, environment),
        output="" if error else _sha256(project.staged(name)),
        error=error,
        load=round(os.getloadavg()[0], 1),
        share=share_taken(),
    )
    return _recorded(project, result)


def _lost(project: Project, name: str, code: int) -> Run:
    """The record of a notebook whose process died: killed for its memory, say."""
    project.staged(name).unlink(missing_ok=True)
    finished = datetime.now(UTC).strftime("%Y-%m-%d %H:%M")
    error = f"the process that ran it ended with code {code}"
    return _recorded(project, Run(name, "failed", 0.0, finished, data="", profile="", key="", output="", error=error))


def _recorded(project: Project, result: Run) -> Run:
    notebooks.write_text(project.run_record(result.name), json.dumps(asdict(result), indent=1) + "\n")
    return result


def _execute(project: Project, name: str, options: Options) -> str:
    """Run the notebook and stage what came out; the traceback when it failed, which is left in ``_build/failed``."""
    papermill = require("papermill", "book")
    partial = project.output / "failed" / f"{name}.ipynb"
    partial.parent.mkdir(parents=True, exist_ok=True)
    try:
        papermill.execute_notebook(
            str(project.source(name)),
            str(partial),
            parameters=options.parameters,
            kernel_name="python3",
            language="python",
            cwd=str(project.notebooks),
            progress_bar=False,
            execution_timeout=options.timeout,
            extra_arguments=["--Application.log_level=50"],  # its notes on encryption and on its own end help nobody
        )
    except papermill.PapermillExecutionError as error:
        return f"cell {error.exec_count}: {error.ename}: {error.evalue}\n" + "\n".join(error.traceback)
    except (RuntimeError, TimeoutError) as error:  # the kernel died, or a cell took longer than the limit
        return f"{type(error).__name__}: {error}"
    notebooks.write(notebooks.clean(notebooks.read(partial), project.root), project.staged(name))
    partial.unlink()
    return ""


def _key(source: Any, options: Options, environment: str) -> str:  # noqa: ANN401
    return notebook_key(source.cells, options.parameters, environment)


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


@contextmanager
def _environment(variables: dict[str, str]) -> Iterator[None]:
    before = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
