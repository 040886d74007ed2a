"""``recdiv book``: run, record, build and check the chapters."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.text import Text

if TYPE_CHECKING:
    from recdiv.book.project import Project
    from recdiv.book.run import Options, Run

app = typer.Typer(help="Run, record, build and check the chapters of the book.", no_args_is_help=True)

_COLOURS = {"ran": "green", "unchanged": "dim", "failed": "red"}
Only = Annotated[list[str] | None, typer.Option("--only", help="Only this notebook; may be repeated.")]


def _project() -> Project:
    from recdiv.book.project import Project

    return Project.find()


@app.command()
def run(
    only: Only = None,
    profile: Annotated[str | None, typer.Option(help="smoke, default or full; else what the notebook says.")] = None,
    data: Annotated[str | None, typer.Option(help="A data set instead of the bundled sample.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Run even what did not change.")] = False,
    jobs: Annotated[int | None, typer.Option(min=1, help="Notebooks at a time; else one a core.")] = None,
) -> None:
    """Run the notebooks into _build/stage; what did not change is skipped."""
    from recdiv._threads import usual_jobs
    from recdiv.book.run import Options
    from recdiv.notebook import PROFILES

    if profile is not None and profile not in PROFILES:
        raise typer.BadParameter(f"profile must be one of {', '.join(PROFILES)}, got {profile!r}")
    project = _project()
    names = project.names(only)
    options = Options(profile=profile, data=data, force=force)
    runs = _run_with_bar(project, names, options, jobs or usual_jobs())
    failed = [one.name for one in runs if one.status == "failed"]
    if failed:
        typer.echo(f"failed: {', '.join(failed)} (as far as they got: _build/failed/)", err=True)
        raise typer.Exit(1)


def _run_with_bar(project: Project, names: list[str], options: Options, jobs: int) -> list[Run]:
    from recdiv.book.run import run

    console = Console()
    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, TimeElapsedColumn(), console=console, transient=True) as progress:
        task = progress.add_task("" if names else "no notebooks", total=len(names))
        running: list[str] = []

        def begin(name: str) -> None:
            running.append(name)
            progress.update(task, description=_a_few(running))
            if not console.is_terminal:  # where no bar says what runs
                console.print(f"{name:<32} started")

        def report(one: Run) -> None:
            console.print(Text(f"{one.name:<32} {one.status:<10} {one.seconds:7.1f} s", style=_COLOURS[one.status]))
            if one.error:
                console.print(Text.from_ansi(one.error))
            if one.name in running:
                running.remove(one.name)
            progress.update(task, advance=1, description=_a_few(running))

        return run(project, names, options, report=report, begin=begin, jobs=jobs)


def _a_few(names: list[str]) -> str:
    return ", ".join(names[:2]) + (f" and {len(names) - 2} more" if len(names) > 2 else "")


@app.command()
def build(force: Annotated[bool, typer.Option("--force", help="Build even if nothing changed.")] = False) -> None:
    """Build _build/html from the notebooks that were run; a warning is an error."""
    from recdiv.book.build import build, index_page

    project = _project()
    try:
        built = build(project, force=force)
    except RuntimeError as error:
        typer.echo(f"recdiv: {error}", err=True)
        raise typer.Exit(1) from None
    typer.echo(f"{'built' if built else 'unchanged'}: {index_page(project).relative_to(project.root)}")


@app.command()
def record(only: Only = None) -> None:
    """Write the outputs of the last run into the committed notebooks, cleaned."""
    from recdiv.book.record import record

    project = _project()
    changed = record(project, project.names(only))
    typer.echo(f"recorded: {', '.join(changed) or 'nothing changed'}")


@app.command()
def check(only: Only = None) -> None:
    """Execute the committed notebooks again (nbval) and hold trained numbers against their tolerances."""
    from recdiv.book.check import check_numbers, validate

    project, good = _project(), True
    for name in project.names(only):
        done = validate(project, name)
        wrong = check_numbers(project, name)
        good &= done.returncode == 0 and not wrong
        typer.echo(f"{name}: {'good' if done.returncode == 0 and not wrong else 'FAILED'}")
        if done.returncode != 0:
            typer.echo(done.stdout + done.stderr)
        for deviation in wrong:
            typer.echo(f"  {deviation}")
    raise typer.Exit(0 if good else 1)
