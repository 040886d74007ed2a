"""``recdiv train``: language models and recommenders from a data set or from files, resumed by the same command."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from recdiv.cli._inputs import one_sentence
from recdiv.cli._training import beside_counts, dataset, options, parts, summary, with_config
from recdiv.lm.training_config import FROM_NOTHING, ONWARD, TrainingConfig

if TYPE_CHECKING:
    from recdiv.datasets import Dataset
    from recdiv.lm import Corpus, Pretrained

app = typer.Typer(
    help="Train language models and recommenders. The same command again goes on after an interruption.",
    no_args_is_help=True,
)

Source = Annotated[str, typer.Argument(help="A data set (recdiv data list), a bundled domain, or a catalogue file.")]
Out = Annotated[Path, typer.Option("--out", "-o", help="Folder for the model and its checkpoints.")]
Events = Annotated[Path | None, typer.Option("--interactions", help="What people did, beside a catalogue file.")]
Histories = Annotated[bool, typer.Option(help="Read people's histories too, not only the items.")]
HeldOut = Annotated[float, typer.Option(help="Share of titles and of people to choose by, and as many to test on.")]
Device = Annotated[str | None, typer.Option(help="Where to compute.", show_default="cuda where there is one")]
Window = Annotated[int, typer.Option(help="Tokens read at once.")]
Config = Callable[[], TrainingConfig]


@app.command("pretrain")
@with_config(FROM_NOTHING)
def pretrain_new(
    source: Source,
    out: Out,
    interactions: Events = None,
    histories: Histories = True,
    held_out: HeldOut = 0.1,
    vocabulary: Annotated[int, typer.Option(help="Tokens of the new tokenizer.", rich_help_panel="Model")] = 2048,
    hidden: Annotated[int, typer.Option(help="Width, a multiple of 32.", rich_help_panel="Model")] = 128,
    layers: Annotated[int, typer.Option(help="Layers.", rich_help_panel="Model")] = 4,
    window: Window = 128,
    device: Device = None,
    *,
    config: Config,
) -> None:
    """Train a tokenizer and a small causal language model from nothing."""
    sizes = {"vocabulary": vocabulary, "hidden": hidden, "layers": layers, "window": window, "device": device}
    with _said():
        _pretrain(dataset(source, interactions), out, histories, held_out, config(), **sizes)


@app.command("continue")
@with_config(ONWARD)
def pretrain_onward(
    model: Annotated[str, typer.Argument(help="Folder or hub name of a model; `default` is the default encoder.")],
    source: Source,
    out: Out,
    interactions: Events = None,
    histories: Histories = True,
    held_out: HeldOut = 0.1,
    objective: Annotated[
        str | None, typer.Option(help="causal or masked.", show_default="what the model was made for")
    ] = None,
    window: Window = 128,
    device: Device = None,
    *,
    config: Config,
) -> None:
    """Train a given language model further on item texts and histories."""
    from recdiv.lm.weights import DEFAULT_MODEL

    with _said():
        if objective not in (None, "causal", "masked"):
            raise ValueError(f"--objective must be causal or masked, got {objective!r}")
        name = DEFAULT_MODEL if model == "default" else model
        more: dict[str, Any] = {"model": name, "objective": objective, "window": window, "device": device}
        _pretrain(dataset(source, interactions), out, histories, held_out, config(), **more)


@app.command("recommender")
def recommender(
    name: Annotated[str, typer.Argument(help="popularity, item_knn, als, sasrec, ...: recdiv.recommend.names().")],
    source: Source,
    out: Out,
    interactions: Events = None,
    settings: Annotated[
        list[str] | None, typer.Option("--set", metavar="NAME=VALUE", help="A setting of the recommender; repeatable.")
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="Learn from every event and measure nothing.")] = False,
    k: Annotated[int, typer.Option(min=1, help="Slots of the lists that are measured.")] = 10,
) -> None:
    """Train a recommender, measure it on everybody's last event, and save it."""
    with _said():
        from recdiv.recommend import Recommender, leave_one_out, make
        from recdiv.recommend._registry import class_of

        kind: type[Recommender] = class_of(name)
        known = kind.settings()
        chosen = options(settings or (), known, name)
        automatic = {"folder": out / "training", "progress": True}
        chosen |= {key: value for key, value in automatic.items() if key in known and key not in chosen}
        data = dataset(source, interactions)
        if data.interactions is None:
            raise ValueError(f"{data.name} must come with what people did, got items only; pass --interactions")
        split = leave_one_out(data.interactions)
        model = make(name, **chosen)
        model.fit(data.interactions if everything else split.train)
        model.save(out)
        if not everything:
            from recdiv.cli.evaluate import show_report
            from recdiv.evaluation import evaluate

            lists = split.recommend(model, k=k)
            names = [f"ndcg@{k}", f"recall@{k}", "item_coverage", "gini"]
            show_report(evaluate(lists, data.catalog, train=split.known, test=split.test, metrics=names))
        typer.echo(f"wrote {out}", err=True)


def _pretrain(
    data: Dataset,
    out: Path,
    histories: bool,
    held_out: float,
    config: TrainingConfig,
    **more: Any,  # noqa: ANN401
) -> None:
    from recdiv.lm import pretrain

    documents = parts(data, histories=histories, held_out=held_out, seed=config.seed)
    made = pretrain(documents.train, validation=documents.validation, folder=out, config=config, **more)
    if _is_first():
        _show(made, documents)


def _show(made: Pretrained, documents: Corpus) -> None:
    import pandas as pd

    from recdiv.cli._print import show

    rows = summary(made, len(documents.train))
    show(pd.DataFrame({"what": list(rows), "value": list(rows.values())}), title="Trained")
    if made.objective == "causal":
        show(pd.DataFrame(beside_counts(made, documents)), title="On items and people held out, which no history names")


def _is_first() -> bool:
    import os

    return os.environ.get("RANK", "0") == "0"


def _said() -> Any:  # noqa: ANN401
    return one_sentence("train")
