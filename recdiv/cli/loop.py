"""``recdiv loop``: a configuration file in, a closed loop run or gone on with, its numbers and a page out."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from recdiv.cli._inputs import one_sentence

if TYPE_CHECKING:
    from recdiv.loop import Result

_FORMS = ("csv", "parquet")
_SHOWN = ("gamma", "alpha", "semantic_coverage", "popularity", "homogenisation", "satisfaction")


def loop(
    config: Annotated[Path | None, typer.Argument(help="Configuration (TOML).", show_default=False)] = None,
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder of results and checkpoint.")] = Path("loop"),
    form: Annotated[str, typer.Option("--format", metavar="KIND", help="Of the tables: csv or parquet.")] = "csv",
    example: Annotated[bool, typer.Option("--example", help="Print a configuration to start from.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress bar.")] = False,
) -> None:
    """Run a closed loop (recommend, choose, log, learn), or go on with the one in the folder.

    Writes frame (a row a round, group, view and measure), log (every choice) and report.html into the folder. Stopped,
    the same command goes on from the last whole round.
    """
    with one_sentence("loop"):
        from recdiv.loop import EXAMPLE, Config, run

        if example:
            typer.echo(EXAMPLE, nl=False)
            return
        if config is None:
            raise ValueError("needs a configuration file; --example prints one")
        if form not in _FORMS:
            raise ValueError(f"--format must be one of {', '.join(_FORMS)}, got {form!r}")
        settings = Config.from_toml(config)
        _check_folder(out)
        from tqdm import tqdm

        with tqdm(total=settings.rounds, desc="loop", unit="round", disable=quiet or None) as bar:

            def told(done: int, of: int) -> None:
                bar.update(done - bar.n)

            result = run(settings, folder=out, progress=told)
            bar.update(settings.rounds - bar.n)
        written = _write(result, out, form)
        _show(result)
        for path in written:
            typer.echo(f"wrote {path}", err=True)


def _check_folder(out: Path) -> None:
    """Said before anything is loaded."""
    if out.exists() and not out.is_dir():
        raise ValueError(f"--out must be a folder, got the file {out}")
    out.mkdir(parents=True, exist_ok=True)
    if not os.access(out, os.W_OK):
        raise ValueError(f"--out must be a folder that can be written, got {out}")


def _write(result: Result, out: Path, form: str) -> list[Path]:
    """The tables and the page."""
    from recdiv.evaluation._report import write
    from recdiv.report._loop import loop_page

    paths = []
    for name, table in {"frame": result.frame, "log": result.log}.items():
        path = out / f"{name}.{form}"
        if form == "csv":
            write(path, table.to_csv(index=False))
        else:
            unfinished = path.with_name(f".{path.name}.{os.getpid()}")
            table.to_parquet(unfinished, index=False)
            os.replace(unfinished, path)
        paths.append(path)
    return [*paths, write(out / "report.html", loop_page(result))]


def _show(result: Result) -> None:
    """First and last round on the terminal, by group."""
    import pandas as pd

    from recdiv.cli._print import show

    frame = result.frame[(result.frame["view"] == "shown") & result.frame["measure"].isin(_SHOWN)]
    last = int(result.frame["round"].max())
    table = pd.DataFrame(
        {
            f"{group}, {number}": [f"{result.series(name, group=group)[number]:.3f}" for name in _SHOWN]
            for group in dict.fromkeys(frame["group"])
            for number in sorted({1, last})
        },
        index=list(_SHOWN),
    )
    title = f"what was shown, first and last round ({result.config.recommender}, {result.world.name})"
    show(table.reset_index(names="metric"), title=title)
