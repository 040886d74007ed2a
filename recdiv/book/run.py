"""Run notebooks with papermill into the staged tree; skip what did not change; resume where it stopped."""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from recdiv._extras import require
from recdiv.book import notebooks
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


def run(project: Project, names: list[str], options: Options, *, report: Callable[[Run], None]) -> list[Run]:
    """Run ``names`` in order, telling ``report`` of each as it ends; a failure does not stop the others."""
    environment = environment_digest(project)
    done = []
    with _environment(kernel_environment(project)):
        for name in names:
            done.append(_run_one(project, name, options, environment))
            report(done[-1])
    return done


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
    if not options.force and (earlier := fresh(project, name, options, environment)):
        return Run(**{**asdict(earlier), "status": "unchanged"})
    source = notebooks.read(project.source(name))
    project.staged(name).unlink(missing_ok=True)  # nothing old may pass for the outcome of this run
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
    )
    notebooks.write_text(project.run_record(name), json.dumps(asdict(result), indent=1) + "\n")
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
            extra_arguments=["--Application.log_level=40"],  # its note on encryption is nothing a reader can act on
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
