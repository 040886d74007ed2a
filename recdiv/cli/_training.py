"""Options made from a configuration, documents from a data set or file, and the tables at the end of training."""

from __future__ import annotations

import dataclasses
import functools
import inspect
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from types import NoneType, UnionType
from typing import TYPE_CHECKING, Annotated, Any, Literal, get_args, get_origin, get_type_hints

import typer

from recdiv.lm.training_config import TrainingConfig

if TYPE_CHECKING:
    from recdiv.datasets import Dataset
    from recdiv.lm import Corpus, Pretrained

_PANEL = "Training"


def with_config(base: TrainingConfig) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Give a command one option for each setting of training; it gets them together, as ``config``.

    The names, kinds, help and defaults are those of :class:`TrainingConfig` and ``base``: there is no second list.
    """

    def decorate(command: Callable[..., None]) -> Callable[..., None]:
        own = [each for each in inspect.signature(command, eval_str=True).parameters.values() if each.name != "config"]
        kinds = get_type_hints(TrainingConfig)
        made = [_option(field, kinds[field.name], getattr(base, field.name)) for field in dataclasses.fields(base)]

        @functools.wraps(command)
        def wrapped(**given: Any) -> None:  # noqa: ANN401
            settings = {each.name: given.pop(each.name) for each in made}
            command(**given, config=functools.partial(TrainingConfig, **settings))

        wrapped.__signature__ = inspect.Signature([*own, *made])  # type: ignore[attr-defined]
        wrapped.__annotations__ = {each.name: each.annotation for each in [*own, *made]}
        return wrapped

    return decorate


def _option(field: dataclasses.Field[Any], kind: Any, default: Any) -> inspect.Parameter:  # noqa: ANN401
    plain = str if get_origin(kind) is Literal else kind  # choices are checked by the configuration, in its own words
    if get_origin(kind) is UnionType:
        plain = next(each for each in get_args(kind) if each is not NoneType) | None
    option = typer.Option(help=field.metadata["help"], rich_help_panel=_PANEL)
    return inspect.Parameter(
        field.name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=Annotated[plain, option]
    )


def dataset(source: str, interactions: Path | None) -> Dataset:
    """A named set, or a catalogue file with the file of what people did where one is named."""
    from recdiv import datasets
    from recdiv.files import read_catalog, read_interactions

    path = Path(source)
    if path.suffix:
        catalog = read_catalog(path)
        events = None if interactions is None else read_interactions(interactions, catalog, ids="text")
        return datasets.Dataset(path.name, f"files: {path.name}", catalog, events)
    if interactions is not None:
        raise ValueError(f"--interactions belongs to a catalogue file, got the data set {source!r}")
    if source not in (*datasets.SAMPLES, *datasets.names()):
        known = ", ".join((*datasets.SAMPLES, *datasets.names()))
        raise ValueError(f"SOURCE must be a CSV or Parquet file or one of {known}, got {source!r}")
    return datasets.load(source)


def parts(data: Dataset, *, histories: bool, held_out: float, seed: int) -> Corpus:
    """Documents to learn from, to choose by and to test on."""
    from recdiv.lm import split_documents

    if not 0 < held_out < 0.5:
        raise ValueError(f"--held-out must lie between 0 and 0.5, got {held_out:g}")
    return split_documents(data.catalog, data.interactions if histories else None, share=held_out, rng=seed)


def summary(made: Pretrained, documents: int) -> dict[str, str]:
    """What came of pre-training, in words."""
    run = made.run
    best = "" if run.best_step is None else f", the best at step {run.best_step:,}"
    rows = {
        "documents": f"{documents:,} ({made.n_tokens:,} tokens)",
        "model": f"{made.objective}, {made.n_parameters:,} parameters, vocabulary of {len(made.tokenizer):,}",
        "steps": f"{run.steps:,}{best}" + (" (no better for long)" if run.stopped == "patience" else ""),
        "validation loss": f"{made.loss_before:.3f} before, {made.loss_after:.3f} after (nats a token)",
        "time": f"{run.seconds:,.0f} s",
        "folder": str(made.folder),
    }
    if run.resumed_from is not None:
        rows["resumed from"] = f"step {run.resumed_from:,}"
    return rows


def beside_counts(made: Pretrained, documents: Corpus) -> list[dict[str, str]]:
    """Perplexity on the documents of each kind that were held out, of the model and of counts."""
    from recdiv.lm import NgramModel, perplexity

    models: dict[str, Any] = {"this model": (made.model, made.tokenizer)}
    for order, name in ((1, "unigram counts"), (3, "3-gram counts")):
        models[name] = NgramModel(made.tokenizer, order=order).fit(documents.train)
    kinds = {"item texts": documents.items, "histories": documents.histories}
    rows = []
    for kind, asked in ((kind, asked) for kind, asked in kinds.items() if asked):
        for name, model in models.items():
            found = perplexity(model, asked)
            rows.append(
                {
                    "of": f"{len(asked):,} {kind}",
                    "model": name,
                    "perplexity": f"{found.value:,.1f}",
                    "interval": f"{found.low:,.1f} to {found.high:,.1f}",
                    "bits a byte": f"{found.bits_per_byte:.3f}",
                }
            )
    return rows


def options(given: Sequence[str], known: Sequence[str], name: str) -> dict[str, Any]:
    """``key=value`` pairs as Python values: numbers, true and false, else text.

    >>> options(["epochs=3", "device=cpu"], ["epochs", "device"], "sasrec")
    {'epochs': 3, 'device': 'cpu'}
    """
    found = {}
    for pair in given:
        key, mark, value = pair.partition("=")
        if not mark:
            raise ValueError(f"--set must be NAME=VALUE, got {pair!r}")
        if key not in known:
            raise ValueError(f"--set: {name} takes {', '.join(known) or 'no option'}, got {key!r}")
        try:
            found[key] = json.loads(value)
        except json.JSONDecodeError:
            found[key] = value
    return found
