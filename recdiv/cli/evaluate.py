"""``recdiv evaluate``: two files in, numbers and a page out."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from recdiv.cli._tables import as_numbers, as_times, read_table

if TYPE_CHECKING:
    from recdiv.kernels import Kernel
    from recdiv.tables import Catalog, Interactions


def evaluate(
    recs: Annotated[Path, typer.Argument(help="Lists: CSV or Parquet, one row a recommended item.")],
    catalog: Annotated[Path, typer.Argument(help="Items: CSV or Parquet, one row an item.")],
    train: Annotated[Path | None, typer.Option(help="What users did before (for novelty).")] = None,
    test: Annotated[Path | None, typer.Option(help="What users did next (for accuracy).")] = None,
    text: Annotated[bool, typer.Option("--text/--no-text", help="Read item texts with a language model.")] = False,
    model: Annotated[str | None, typer.Option(help="Model for --text: hub name or folder.")] = None,
    k: Annotated[int | None, typer.Option(min=1, help="Look at the first K slots only.")] = None,
    metrics: Annotated[str | None, typer.Option(help='Names apart by spaces: "ndcg@10 gini chi".')] = None,
    html: Annotated[Path | None, typer.Option(help="Write a self-contained page.")] = None,
    json: Annotated[Path | None, typer.Option(help="Write the numbers.")] = None,
    user: Annotated[str, typer.Option(help="Column of the user.")] = "user_id",
    item: Annotated[str, typer.Option(help="Column of the item, in every file.")] = "item_id",
    rank: Annotated[str | None, typer.Option(help="Column that orders a list, upwards.")] = None,
    score: Annotated[str | None, typer.Option(help="Column that orders a list, downwards.")] = None,
    time: Annotated[str | None, typer.Option(help="Column of when a list was shown: one list a user and time.")] = None,
    title: Annotated[str, typer.Option(help="Catalogue column of the title.")] = "title",
    body: Annotated[str, typer.Option(help="Catalogue column of the longer text.")] = "text",
    category: Annotated[str, typer.Option(help="Catalogue column of the category, several joined by |.")] = "category",
    allow_unknown: Annotated[
        bool,
        typer.Option("--allow-unknown", help="Count items outside the catalogue instead of refusing them."),
    ] = False,
    confidence: Annotated[float, typer.Option(help="Of the intervals.")] = 0.95,
    seed: Annotated[int, typer.Option(min=0, help="Of resamples and re-dealt draws.")] = 0,
) -> None:
    """Measure the diversity of recommendation lists, with intervals, and with what chance alone would give."""
    from rich.console import Console

    try:
        _check_outputs({"--html": html, "--json": json}, inputs=[recs, catalog, train, test])
        items = _catalog(catalog, item, {"title": title, "text": body, "category": category})
        lists = _recommendations(recs, items, user, item, rank, score, time, allow_unknown)
        past, future = (_interactions(path, items, user, item) for path in (train, test))
        chatter = Console(stderr=True)
        with chatter.status("reading texts") as status:
            kernel = _kernel(items, model) if text else None
            from recdiv.evaluation import evaluate as measure

            report = measure(
                lists,
                items,
                train=past,
                test=future,
                kernel=kernel,
                metrics=metrics.replace(", ", " ").split() if metrics else "default",
                k=k,
                confidence=confidence,
                rng=seed,
                progress=lambda name: status.update(f"measuring {name}"),
            )
        _show(report)
        for path, write in ((html, report.to_html), (json, report.to_json)):
            if path is not None:
                chatter.print(f"wrote {write(path)}", highlight=False)
    except (ValueError, ImportError, OSError) as error:
        message = " ".join(str(error).split()).replace("unknown='count'", "--allow-unknown")
        message = message.replace("needs kernel, got none", "needs --text, which reads the items with a language model")
        typer.echo(f"recdiv evaluate: {message}", err=True)
        raise typer.Exit(2) from None


def _check_outputs(outputs: dict[str, Path | None], *, inputs: list[Path | None]) -> None:
    """Refuse, before anything is measured, to write over what is read or where nothing can be written."""
    read = {path.resolve() for path in inputs if path is not None}
    given = {option: path for option, path in outputs.items() if path is not None}
    for option, path in given.items():
        folder = path.absolute().parent
        if not folder.is_dir():
            raise ValueError(f"{option} {path} must be in a folder that exists, got no folder {path.parent}")
        if path.is_dir():
            raise ValueError(f"{option} {path} must be a file, got a folder")
        if not os.access(folder, os.W_OK):
            raise ValueError(f"{option} {path} must be in a folder that can be written, got {folder}")
        if path.resolve() in read:
            raise ValueError(f"{option} {path} must not be one of the files that are read")
    if len({path.resolve() for path in given.values()}) < len(given):
        raise ValueError(f"{' and '.join(given)} must be different files, got {', '.join(map(str, given.values()))}")


def _catalog(path: Path, item: str, columns: dict[str, str]) -> Catalog:
    """The items, with the columns that go by other names in the file renamed."""
    from recdiv.tables import Catalog

    frame = read_table(path, [item], needs=[name for usual, name in columns.items() if name != usual])
    renamed = {name: usual for usual, name in {"item_id": item, **columns}.items() if name != usual}
    frame = frame.drop(columns=[usual for usual in renamed.values() if usual in frame])  # the one named is meant
    return Catalog(frame.rename(columns=renamed))


def _recommendations(
    path: Path,
    catalog: Catalog,
    user: str,
    item: str,
    rank: str | None,
    score: str | None,
    time: str | None,
    allow_unknown: bool,
) -> Any:  # noqa: ANN401
    from recdiv.tables import Recommendations

    frame = read_table(path, [user, item], needs=[name for name in (rank, score, time) if name])
    if rank is None and score is None:
        rank = "rank" if "rank" in frame else None
        score = "score" if rank is None and "score" in frame else None
    for name in (rank, score):
        if name is not None:
            frame[name] = as_numbers(frame[name], path)
    return Recommendations.from_frame(
        frame,
        catalog,
        user=user,
        item=item,
        rank=rank,
        score=score,
        time=time,
        unknown="count" if allow_unknown else "raise",
    )


def _interactions(path: Path | None, catalog: Catalog, user: str, item: str) -> Interactions | None:
    from recdiv.tables import Interactions

    if path is None:
        return None
    frame = read_table(path, [user, item]).rename(columns={user: "user_id", item: "item_id"})
    if "timestamp" in frame:
        frame["timestamp"] = as_times(frame["timestamp"], path)
    return Interactions(frame, catalog)


def _kernel(catalog: Catalog, model: str | None) -> Kernel:
    from recdiv.kernels import EmbeddingKernel
    from recdiv.lm import TextEncoder

    return EmbeddingKernel.from_text(catalog, encoder=TextEncoder(model))


def _show(report: Any) -> None:  # noqa: ANN401
    from rich.console import Console
    from rich.table import Table

    console = Console()
    if not console.is_terminal:
        console = Console(width=100)
    table = Table(title=report.heading(), title_justify="left", box=None, pad_edge=False)
    shown = report.table()
    names = {"interval": f"{report.settings['confidence']:.0%} interval", "null": "by chance", "excess": "beyond"}
    for column in shown:
        table.add_column(names.get(column, column), justify="left" if column == "metric" else "right", no_wrap=True)
    for row in shown.itertuples(index=False):
        table.add_row(*map(str, row))
    console.print(table)
    if report.skipped:
        reasons: dict[str, list[str]] = {}
        for name, why in report.skipped.items():
            reasons.setdefault({"needs kernel": "needs --text"}.get(why, why), []).append(name)
        for why, names_left in reasons.items():
            console.print(f"[dim]not measured: {', '.join(names_left)} ({why})[/dim]", highlight=False)
