"""``recdiv evaluate``: two files in, numbers and a page out."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from recdiv.cli import _options as option
from recdiv.cli._inputs import (
    Inputs,
    check_asked,
    check_outputs,
    kernel_of,
    metric_names,
    one_sentence,
    outputs,
    write_all,
)

if TYPE_CHECKING:
    from rich.console import Console
    from rich.status import Status

    from recdiv.evaluation import Report
    from recdiv.files import Batches
    from recdiv.tables import Catalog

_MANY_ROWS = 5_000_000  # of a Parquet file: about 1 GB in memory, and minutes


def evaluate(
    recs: Annotated[Path, typer.Argument(help="Lists: CSV or Parquet, one row a recommended item.")],
    catalog: Annotated[Path, typer.Argument(help="Items: CSV or Parquet, one row an item.")],
    train: option.Train = None,
    test: option.Test = None,
    previous: option.Previous = None,
    kernel: option.Kernel = option.KernelChoice.none,
    text: option.Text = False,
    domain: option.DomainOption = option.Domain.none,
    vectors: option.Vectors = None,
    model: option.Model = None,
    metrics: option.Metrics = None,
    k: option.K = None,
    null: option.Null = 5,
    confidence: option.Confidence = 0.95,
    seed: option.Seed = 0,
    stream: option.Stream = None,
    out: option.Out = None,
    html: option.Html = None,
    json: option.Json = None,
    form: option.Format = option.Form.auto,
    user: option.User = None,
    item: option.Item = None,
    rank: option.Rank = None,
    score: option.Score = None,
    time: option.Time = None,
    group: option.Group = None,
    title: option.Title = "title",
    body: option.Body = "text",
    category: option.Category = "category",
    allow_unknown: option.AllowUnknown = False,
    allow_repeats: option.AllowRepeats = False,
) -> None:
    """Measure the diversity of recommendation lists, with intervals, and with what chance alone would give.

    Lists of LensKit, RecBole, Recommenders and RePlay are known by their columns.
    """
    with one_sentence("evaluate"):
        from rich.console import Console

        from recdiv.tables import Recommendations

        written = outputs(out, html, json)
        check_outputs(written, inputs=[recs, catalog, train, test, previous, vectors])
        names = metric_names(metrics)
        chosen = kernel_of(kernel.value, text, domain.value)
        files = Inputs(
            user, item, rank, score, time, title, body, category, form.value, allow_unknown, allow_repeats, chosen,
            model, vectors, group, domain.value,
        )  # fmt: skip
        items = files.catalog(catalog)
        past, future = files.events(train, items), files.events(test, items)
        asked: dict[str, Any] = {
            "train": past,
            "test": future,
            "metrics": names,
            "confidence": confidence,
        }
        in_batches = _in_batches(recs, stream)
        if in_batches:
            _refuse_together(written, names, {"--previous": previous, "--group": group})
        lists: Any = files.batches(recs, items) if in_batches else files.lists(recs, items)
        earlier = files.earlier(previous, items)
        given = {"train": past, "test": future, "previous": earlier}
        check_asked(names, confidence, Recommendations([[]]) if in_batches else lists, files, given)
        chatter = Console(stderr=True)
        with chatter.status("reading items"):  # last, for a language model may take minutes over them
            asked["kernel"] = files.similarity(items)
        if in_batches:
            report = _streamed(lists, items, k, asked, chatter)
        else:
            with chatter.status("measuring") as status:
                from recdiv.evaluation import evaluate as measure

                said = partial(_say, status)
                report = measure(lists, items, k=k, null=null, rng=seed, progress=said, previous=earlier, **asked)
        show_report(report)
        for path in write_all(written, report, report.frame):
            chatter.print(f"wrote {path}", highlight=False)


def _say(status: Status, name: str) -> None:
    status.update(f"measuring {name}")


def _in_batches(path: Path, wanted: bool | None) -> bool:
    """Whether lists are read some at a time: as asked, else where a Parquet file has many rows."""
    from recdiv.files import parquet_rows

    rows = parquet_rows(path)
    if wanted and rows is None:
        raise ValueError(f"--stream needs a Parquet file, got {path}")
    return rows is not None and (rows >= _MANY_ROWS if wanted is None else wanted)


def _refuse_together(written: dict[str, Path], names: Sequence[str], given: dict[str, object]) -> None:
    """What needs all lists at hand, which are not kept; said before hours of measuring."""
    from recdiv.evaluation._tally import why_not
    from recdiv.metrics._compute import parse

    for told, value in given.items():
        if value is not None:
            raise ValueError(f"{told} {value} needs all lists in memory; leave it out, or pass --no-stream")
    for name in () if names == "default" else names:
        if reason := why_not(parse(name)[0]):
            raise ValueError(f"metric {name} {reason}; leave it out, or pass --no-stream")
    for told, path in written.items():
        if path.suffix.lower() == ".html" or told.startswith("--html"):
            raise ValueError(f"{told} needs all lists in memory; write .json or .csv, or pass --no-stream")


def _streamed(batches: Batches, items: Catalog, k: int | None, asked: dict[str, Any], chatter: Console) -> Report:
    """The report on lists that are read some at a time, under a bar that fills with them."""
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    from recdiv.evaluation import Tally

    confidence = asked.pop("confidence")
    slots = batches.slots if k is None else min(k, batches.slots)
    tally = Tally(items, slots=slots, **asked)
    if batches.scattered:
        chatter.print("rows of one list stand apart: bringing them together on disk first", highlight=False)
    columns = (TextColumn("lists"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), TimeRemainingColumn())
    with Progress(*columns, console=chatter) as bar:
        task = bar.add_task("lists", total=batches.n_lists)
        for recs in batches:
            tally.add(recs.head(slots))
            bar.advance(task, recs.n_lists)
    with chatter.status("adding up"):
        return tally.report(confidence=confidence)


def show_report(report: Report) -> None:
    """The table of a report on the terminal."""
    from recdiv.cli._print import console, show, show_skipped

    here = console()
    heads = {"interval": f"{report.settings['confidence']:.0%} interval", "null": "by chance", "excess": "beyond"}
    show(report.table(), title=report.heading(), names=heads, to=here)
    show_skipped(report.skipped, to=here)
    if "streamed" in report.settings:
        here.print("[dim]read in batches: chance levels need all lists in memory (--no-stream)[/dim]", highlight=False)
