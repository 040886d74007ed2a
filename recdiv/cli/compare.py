"""``recdiv compare``: lists of several systems in, their differences from the first out."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

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
    from recdiv.evaluation import Comparison


def compare(
    files: Annotated[
        list[str],
        typer.Argument(
            metavar="NAME=FILE... CATALOG",
            help="Lists of each system, the baseline first (a file alone is named after itself); items last.",
        ),
    ],
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
    paired_test: Annotated[
        str, typer.Option(help="t, permutation or wilcoxon.", rich_help_panel="What to measure")
    ] = "t",
    adjust: Annotated[
        str, typer.Option(help="For many tests: holm, bh or none.", rich_help_panel="What to measure")
    ] = "holm",
    out: option.Out = None,
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
    """Compare systems on the same users: differences from the first, with paired intervals, tests and effects."""
    with one_sentence("compare"):
        from rich.console import Console

        systems, catalog = _systems(files)
        written = outputs(out, None, None)
        check_outputs(written, inputs=[*systems.values(), catalog, train, test, previous, vectors])
        names = metric_names(metrics)
        chosen = kernel_of(kernel.value, text, domain.value)
        reading = Inputs(
            user, item, rank, score, time, title, body, category, form.value, allow_unknown, allow_repeats, chosen,
            model, vectors, group, domain.value,
        )  # fmt: skip
        items = reading.catalog(catalog)
        lists = {name: reading.lists(path, items) for name, path in systems.items()}
        past, future = reading.events(train, items), reading.events(test, items)
        earlier = reading.earlier(previous, items)
        given = {"train": past, "test": future, "previous": earlier}
        for each in lists.values():
            check_asked(names, confidence, each, reading, given)
        chatter = Console(stderr=True)
        with chatter.status("reading items") as status:
            similarity = reading.similarity(items)
            from recdiv.evaluation import compare as measure

            found = measure(
                lists,
                items,
                paired_test=paired_test,  # type: ignore[arg-type]  # the library names what is allowed
                adjust=adjust,  # type: ignore[arg-type]
                train=past,
                test=future,
                previous=earlier,
                kernel=similarity,
                metrics=names,
                k=k,
                null=null,
                confidence=confidence,
                rng=seed,
                progress=lambda name: status.update(f"measuring {name}"),
            )
        _show(found)
        for path in write_all(written, found, found.differences):
            chatter.print(f"wrote {path}", highlight=False)


def _systems(files: list[str]) -> tuple[dict[str, Path], Path]:
    """The lists by the name of their system, and the catalogue."""
    *lists, catalog = files
    if len(lists) < 2:
        raise ValueError(f"compare needs the lists of two systems and the items last, got {len(files)} files")
    found: dict[str, Path] = {}
    for word in lists:
        name, equals, path = word.partition("=")
        if not equals or Path(word).is_file():
            name, path = Path(word).stem, word
        if name in found:
            raise ValueError(f"systems must have different names, got {name!r} twice; write name=file")
        found[name] = Path(path)
    return found, Path(catalog)


def _show(found: Comparison) -> None:
    from recdiv.cli._print import console, show, show_skipped
    from recdiv.evaluation._compare import how
    from recdiv.evaluation._report import number

    here = console()
    values = found.frame.map(number).reset_index(names="metric")
    show(values, title="values", to=here)
    baseline = found.settings["baseline"]
    heads = {"interval": f"{found.settings['confidence']:.0%} interval", "p_adjusted": "p adjusted"}
    show(found.table(), title=f"differences from {baseline} ({how(found.settings)})", names=heads, to=here)
    show_skipped(next(iter(found.reports.values())).skipped, to=here)
