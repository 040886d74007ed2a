"""Options that ``recdiv evaluate`` and ``recdiv compare`` share, in the panels of their help."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

_EVENTS, _KERNEL, _WHAT, _OUT, _NAMES = "More files", "When items are the same", "What to measure", "Output", "Columns"


class Form(StrEnum):
    """Whose names the columns of the lists go by."""

    auto = "auto"
    plain = "plain"
    lenskit = "lenskit"
    recbole = "recbole"
    recommenders = "recommenders"
    replay = "replay"


class Domain(StrEnum):
    """Whose way of reading items; the names of :mod:`recdiv.presets`, which is not loaded for them."""

    none = "none"
    ecommerce = "ecommerce"
    news = "news"
    music = "music"
    video = "video"


class KernelChoice(StrEnum):
    """What makes two items the same."""

    none = "none"
    text = "text"
    category = "category"
    identity = "identity"


Train = Annotated[Path | None, typer.Option(help="What users did before: novelty.", rich_help_panel=_EVENTS)]
Test = Annotated[Path | None, typer.Option(help="What users did next: accuracy.", rich_help_panel=_EVENTS)]
Previous = Annotated[Path | None, typer.Option(help="Lists shown before: change over time.", rich_help_panel=_EVENTS)]
Kernel = Annotated[
    KernelChoice, typer.Option(metavar="KIND", help="text, category, identity or none.", rich_help_panel=_KERNEL)
]
Text = Annotated[bool, typer.Option("--text", help="Short for --kernel text.", rich_help_panel=_KERNEL)]
Model = Annotated[
    str | None, typer.Option(help="Language model that reads texts: hub name, folder.", rich_help_panel=_KERNEL)
]
DomainOption = Annotated[
    Domain,
    typer.Option(
        "--domain",
        metavar="NAME",
        help="Read items as this field does: ecommerce, news, music or video; implies --text.",
        rich_help_panel=_KERNEL,
    ),
]
Vectors = Annotated[
    Path | None, typer.Option(help="One vector an item: .npy, or .npz with item_id.", rich_help_panel=_KERNEL)
]
Metrics = Annotated[str | None, typer.Option(help='Names: "ndcg@10 gini chi".', rich_help_panel=_WHAT)]
K = Annotated[int | None, typer.Option(min=1, help="Look at the first K slots only.", rich_help_panel=_WHAT)]
Null = Annotated[int, typer.Option(min=0, help="Draws that say what chance gives.", rich_help_panel=_WHAT)]
Confidence = Annotated[float, typer.Option(help="Of the intervals.", rich_help_panel=_WHAT)]
Seed = Annotated[int, typer.Option(min=0, help="Of draws and resamples.", rich_help_panel=_WHAT)]
Out = Annotated[
    list[Path] | None,
    typer.Option("--out", "-o", help="Write .html, .json or .csv; may be repeated.", rich_help_panel=_OUT),
]
Html = Annotated[Path | None, typer.Option(hidden=True, help="As --out, whatever the ending.")]
Json = Annotated[Path | None, typer.Option(hidden=True, help="As --out, whatever the ending.")]
Stream = Annotated[
    bool | None,
    typer.Option(
        "--stream/--no-stream",
        help="Read Parquet lists in batches; by default from 5 million rows.",
        show_default=False,
        rich_help_panel=_WHAT,
    ),
]
Format = Annotated[
    Form,
    typer.Option(
        "--format", metavar="NAME", help="plain, lenskit, recbole, recommenders or replay.", rich_help_panel=_NAMES
    ),
]
User = Annotated[str | None, typer.Option(help="The user.", show_default="user_id", rich_help_panel=_NAMES)]
Item = Annotated[
    str | None, typer.Option(help="The item, in every file.", show_default="item_id", rich_help_panel=_NAMES)
]
Rank = Annotated[str | None, typer.Option(help="Orders a list, upwards.", rich_help_panel=_NAMES)]
Score = Annotated[str | None, typer.Option(help="Orders a list, downwards.", rich_help_panel=_NAMES)]
Time = Annotated[str | None, typer.Option(help="When shown: one list a user and time.", rich_help_panel=_NAMES)]
Group = Annotated[str | None, typer.Option(help="Interest group of a list.", rich_help_panel=_NAMES)]
Title = Annotated[str, typer.Option(help="Title of an item.", rich_help_panel=_NAMES)]
Body = Annotated[str, typer.Option(help="Longer text of an item.", rich_help_panel=_NAMES)]
Category = Annotated[str, typer.Option(help="Categories of an item, joined by |.", rich_help_panel=_NAMES)]
AllowUnknown = Annotated[
    bool, typer.Option("--allow-unknown", help="Count items outside the catalogue.", rich_help_panel="Tolerate")
]
AllowRepeats = Annotated[
    bool, typer.Option("--allow-repeats", help="Keep an item twice in a list.", rich_help_panel="Tolerate")
]
