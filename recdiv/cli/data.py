"""``recdiv data``: which real sets there are, where they lie, and fetching them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from rich.console import Console

    from recdiv.datasets._sources import Source

app = typer.Typer(help="List and fetch the real data sets.", no_args_is_help=True)


@app.command("list")
def list_sets() -> None:
    """Show every real set: domain, language, licence, where it lies and its size."""
    from rich.console import Console
    from rich.table import Table

    from recdiv._paths import cache_folder, mirror_folder
    from recdiv.datasets._fetch import whereabouts
    from recdiv.datasets._sources import sources

    table = Table(box=None, pad_edge=False)
    for column in ("name", "domain", "lang", "licence", "where", "size"):
        table.add_column(column, justify="right" if column == "size" else "left", no_wrap=column in ("name", "size"))
    for name, entry in sorted(sources().items()):
        place = whereabouts(entry)
        colour = {"absent": "yellow", "partly": "yellow"}.get(place, "green")
        table.add_row(
            name, entry.domain, entry.language, _terms(entry), f"[{colour}]{place}[/]", f"{entry.bytes / 1e6:,.2f} MB"
        )
    console = Console()
    console.print(table)
    mirror = mirror_folder()
    console.print(f"\nmirror: {mirror if mirror else 'none (RECDIV_DATA is not set)'}", soft_wrap=True)
    console.print(f"cache:  {cache_folder() / 'datasets'}", soft_wrap=True)
    console.print("The bundled sample (ecommerce, news, music, video) is always there.", soft_wrap=True)


@app.command("get")
def get(
    names: Annotated[
        list[str] | None, typer.Argument(metavar="NAME...", help="Sets, as `recdiv data list` names them.")
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="Every set.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Download again what is there already.")] = False,
) -> None:
    """Fetch real sets into the cache, check them, and say under which licence they come.

    Leaves with 0 when every file is there and right, 1 when one is not, 2 when a name is unknown.
    """
    from rich.console import Console

    from recdiv.datasets._sources import sources

    known = sources()
    wanted = sorted(known) if everything else list(dict.fromkeys(names or []))
    if not wanted:
        raise typer.BadParameter("name one or more sets (see: recdiv data list), or pass --all")
    for name in wanted:
        if name not in known:
            raise typer.BadParameter(f"NAME must be one of {', '.join(sorted(known))}, got {name!r}")
    console = Console()
    failures = sum(not _get(known[name], force, console) for name in wanted)
    if failures:
        console.print(f"[red]{failures} of {len(wanted)} sets could not be had.[/]")
        raise typer.Exit(1)


def _get(entry: Source, force: bool, console: Console) -> bool:
    """Fetch one set under a progress bar; whether it is there now."""
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn

    from recdiv.datasets._fetch import DataUnavailableError, fetch, whereabouts

    console.print(f"[bold]{entry.name}[/]: {entry.title}. Licence: {_terms(entry)}. {entry.homepage}", soft_wrap=True)
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    try:
        with Progress(*columns, console=console, transient=True) as bars:
            tasks = {file.name: bars.add_task(file.name, total=file.bytes, visible=False) for file in entry.files}

            def advance(name: str, more: int) -> None:
                bars.update(tasks[name], advance=more, visible=True)

            paths = fetch(entry.name, force=force, progress=advance)
    except DataUnavailableError as error:
        console.print(f"[red]recdiv: {error}[/]", soft_wrap=True, highlight=False)
        return False
    console.print(f"  {len(paths)} files, checked, in the {whereabouts(entry)}. Cite: {entry.citation}", soft_wrap=True)
    return True


def _terms(entry: Source) -> str:
    flagged = entry.non_commercial and "non-commercial" not in entry.licence
    return entry.licence + (" (non-commercial)" if flagged else "")
