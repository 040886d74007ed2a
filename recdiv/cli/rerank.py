"""``recdiv rerank``: candidates with scores in, shorter and more diverse lists out."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from recdiv.cli import _options as option
from recdiv.cli._inputs import Inputs, check_outputs, kernel_of, one_sentence

if TYPE_CHECKING:
    import pandas as pd
    from rich.console import Console

    from recdiv.tables import Catalog, Interactions, Recommendations

_ENDINGS = (".csv", ".parquet", ".pq")
_HOW = {
    "kernel": "--text, --vectors FILE or --kernel KIND",
    "popularity": "--history FILE",
    "history": "--history FILE",
}
_METHODS = (  # written out, for help must not load the library
    "calibrated, dpp, entropy, facility_location, mmr, msd, pm2, popularity, random, ssd, tail_quota, topk or xquad; "
    "options after an @, as in dpp@window=5."
)
_PANEL = "How to re-rank"


def rerank(
    candidates: Annotated[Path, typer.Argument(help="Candidates: CSV or Parquet, one row a scored item.")],
    catalog: Annotated[Path, typer.Argument(help="Items: CSV or Parquet, one row an item.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="Lists: .csv or .parquet.", rich_help_panel="Output")],
    method: Annotated[str, typer.Option(metavar="NAME", help=_METHODS, rich_help_panel=_PANEL)] = "mmr",
    diversity: Annotated[
        float, typer.Option(help="0: relevance only, 1: diversity only.", rich_help_panel=_PANEL)
    ] = 0.5,
    k: Annotated[int, typer.Option(help="Slots a list.", rich_help_panel=_PANEL)] = 10,
    best: Annotated[
        int | None, typer.Option(help="Look at the best N candidates of each user.", rich_help_panel=_PANEL)
    ] = None,
    history: Annotated[Path | None, typer.Option(help="What users did before.", rich_help_panel="More files")] = None,
    kernel: option.Kernel = option.KernelChoice.none,
    text: option.Text = False,
    domain: option.DomainOption = option.Domain.none,
    vectors: option.Vectors = None,
    model: option.Model = None,
    form: option.Format = option.Form.auto,
    user: option.User = None,
    item: option.Item = None,
    score: Annotated[
        str | None, typer.Option(help="How relevant.", show_default="score", rich_help_panel="Columns")
    ] = None,
    time: option.Time = None,
    title: option.Title = "title",
    body: option.Body = "text",
    category: option.Category = "category",
    allow_unknown: Annotated[
        bool, typer.Option("--allow-unknown", help="Leave out items outside the catalogue.", rich_help_panel="Tolerate")
    ] = False,
) -> None:
    """Choose lists from scored candidates that trade relevance for diversity.

    The history says what users know, what they care for, and how popular items are; each method takes what it uses.
    """
    with one_sentence("rerank"):
        from rich.console import Console

        _check(out, method, diversity, k, best)
        check_outputs({f"--out {out}": out}, inputs=[candidates, catalog, history, vectors])
        chosen = _kernel_of(method, kernel_of(kernel.value, text, domain.value), vectors, history)
        files = Inputs(
            user, item, None, score, time, title, body, category, form.value, allow_unknown, False, chosen, model,
            vectors, None, domain.value,
        )  # fmt: skip
        items = files.catalog(catalog)
        pool, past = _scored(candidates, items, files), files.events(history, items)
        chatter = Console(stderr=True)
        with chatter.status("reading items"):
            similarity = files.similarity(items)
        asked = {"method": method, "diversity": diversity, "k": k, "candidates": best}
        lists = _reranked(pool, similarity, past, asked, chatter)
        _write(_named(lists.to_frame(items), files), out)
        _report(lists, pool, out, chatter)


def _check(out: Path, method: str, diversity: float, k: int, best: int | None) -> None:
    """Refuse what can be refused before any file is read."""
    if out.suffix.lower() not in _ENDINGS:
        raise ValueError(f"--out {out} must end in {', '.join(_ENDINGS)}, got {out.suffix or 'no ending'!r}")
    if not 0 <= diversity <= 1:
        raise ValueError(f"--diversity must lie in [0, 1], got {diversity:g}")
    for name, value in (("--k", k), ("--best", best)):
        if value is not None and value < 1:
            raise ValueError(f"{name} must be at least 1, got {value}")
    from recdiv.reranking._registry import parse

    parse(method)


def _kernel_of(method: str, kernel: str, vectors: Path | None, history: Path | None) -> str:
    """The kind of kernel: methods that serve interests take the catalogue's categories unasked."""
    from recdiv.reranking._registry import parse

    found = parse(method)[0]
    if any("interests" in need for need in found.needs):
        if kernel not in ("none", "category") or vectors is not None:
            got = f"--kernel {kernel}" if vectors is None else "--vectors"
            raise ValueError(f"method {found.name} needs --kernel category, for it serves labels, got {got}")
        kernel = "category"
    given = {"kernel": kernel != "none" or vectors is not None, "popularity": history, "history": history}
    for need in found.needs:
        one = need.partition("|")[0]
        if not given[one]:
            raise ValueError(f"method {found.name} needs {_HOW[one]}")
    return kernel


def _scored(path: Path, items: Catalog, files: Inputs) -> Recommendations:
    """The candidates, best first; their score is needed where lists make do with a rank."""
    from recdiv.files import read_recommendations
    from recdiv.files._formats import columns_of, exploded
    from recdiv.files._tables import need, read_table

    frame = exploded(read_table(path))
    score = files.score or columns_of(frame, files.form).score
    if score is None:
        raise ValueError(f"{path} needs a score column (or --score NAME), got {', '.join(map(repr, frame))}")
    need(list(frame), [score], path)
    reading = {**files.reading(), "score": score, "rank": None}
    try:
        return read_recommendations(frame, items, ids="text", **reading)
    except ValueError as error:
        said = str(error).partition("; pass repeats=")[0]  # two scores of one candidate: neither is to be kept
        raise ValueError(said.replace("recs", str(path), 1)) from None


def _reranked(
    pool: Recommendations,
    kernel: Any,  # noqa: ANN401
    past: Interactions | None,
    asked: dict[str, Any],
    chatter: Console,
) -> Recommendations:
    """The lists, under a bar that fills with users."""
    import torch
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    from recdiv.reranking import rerank as choose
    from recdiv.reranking._pool import ordered
    from recdiv.tables import EMPTY, Recommendations

    rows = pool.items.clamp(min=EMPTY)  # an unknown candidate is none
    scores = torch.where(rows == EMPTY, -torch.inf, pool.scores if pool.scores is not None else torch.nan)
    if asked["candidates"] is not None:
        rows, scores = (each[:, : asked["candidates"]] for each in ordered(scores, rows, None))
    known = {} if past is None else {"history": _histories(past, pool.users), "popularity": past.item_counts()}
    columns = (TextColumn("users"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=chatter) as bar:
        task = bar.add_task("users", total=pool.n_lists)
        lists = choose(
            scores, kernel, **{**asked, "candidates": rows, **known},
            progress=lambda done: bar.update(task, completed=done),
        )  # fmt: skip
    return Recommendations(lists.items, scores=lists.scores, users=pool.users, time=pool.time)


def _histories(past: Interactions, users: Any) -> Any:  # noqa: ANN401
    from recdiv.evaluation._frontier import padded

    return padded(past.histories(users))


def _named(frame: pd.DataFrame, files: Inputs) -> pd.DataFrame:
    """Columns as they were named, so that the same options read lists and candidates; ``rank`` holds the order."""
    names = {"user_id": files.user, "item_id": files.item, "time": files.time}
    return frame.rename(columns={ours: theirs for ours, theirs in names.items() if theirs})


def _write(frame: pd.DataFrame, path: Path) -> None:
    """Whole or not at all."""
    beside = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        if path.suffix.lower() == ".csv":
            frame.to_csv(beside, index=False)
        else:
            frame.to_parquet(beside, index=False)
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)


def _report(lists: Recommendations, pool: Recommendations, out: Path, chatter: Console) -> None:
    said: Sequence[str] = [f"wrote {lists.n_lists:,} lists of up to {lists.k} to {out}"]
    if pool.n_unknown:
        said = [*said, f"left out {pool.n_unknown:,} candidates outside the catalogue"]
    if short := int((lists.lengths < lists.k).sum()):
        said = [*said, f"{short:,} lists are shorter than {lists.k}, for want of candidates"]
    for line in said:
        chatter.print(line, highlight=False)
