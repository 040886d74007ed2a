"""``recdiv evaluate``: two files in, numbers and a page out."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from recdiv.cli import _options as option
from recdiv.cli._inputs import Inputs, check_outputs, one_sentence, outputs, write_all

if TYPE_CHECKING:
    from recdiv.evaluation import Report


def evaluate(
    recs: Annotated[Path, typer.Argument(help="Lists: CSV or Parquet, one row a recommended item.")],
    catalog: Annotated[Path, typer.Argument(help="Items: CSV or Parquet, one row an item.")],
    train: option.Train = None,
    test: option.Test = None,
    kernel: option.Kernel = option.KernelChoice.none,
    text: option.Text = False,
    vectors: option.Vectors = None,
    model: option.Model = None,
    metrics: option.Metrics = None,
    k: option.K = None,
    null: option.Null = 5,
    confidence: option.Confidence = 0.95,
    seed: option.Seed = 0,
    out: option.Out = None,
    html: option.Html = None,
    json: option.Json = None,
    form: option.Format = option.Form.auto,
    user: option.User = None,
    item: option.Item = None,
    rank: option.Rank = None,
    score: option.Score = None,
    time: option.Time = None,
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

        written = outputs(out, html, json)
        check_outputs(written, inputs=[recs, catalog, train, test, vectors])
        chosen = "text" if text else kernel.value
        files = Inputs(
            user, item, rank, score, time, title, body, category, form.value, allow_unknown, allow_repeats, chosen,
            model, vectors,
        )  # fmt: skip
        items = files.catalog(catalog)
        lists = files.lists(recs, items)
        past, future = files.events(train, items), files.events(test, items)
        chatter = Console(stderr=True)
        with chatter.status("reading items") as status:
            similarity = files.similarity(items)
            from recdiv.evaluation import evaluate as measure

            report = measure(
                lists,
                items,
                train=past,
                test=future,
                kernel=similarity,
                metrics=metrics.replace(", ", " ").split() if metrics else "default",
                k=k,
                null=null,
                confidence=confidence,
                rng=seed,
                progress=lambda name: status.update(f"measuring {name}"),
            )
        show_report(report)
        for path in write_all(written, report, report.frame):
            chatter.print(f"wrote {path}", highlight=False)


def show_report(report: Report) -> None:
    """The table of a report on the terminal."""
    from recdiv.cli._print import console, show, show_skipped

    here = console()
    heads = {"interval": f"{report.settings['confidence']:.0%} interval", "null": "by chance", "excess": "beyond"}
    show(report.table(), title=report.heading(), names=heads, to=here)
    show_skipped(report.skipped, to=here)
