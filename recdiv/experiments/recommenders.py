"""All recommenders on real data, accuracy and diversity side by side: ``results/recommenders_<data>.json``.

``python -m recdiv.experiments.recommenders --data movielens lastfm --seeds 0 1 2``. Each (data, model, seed) is a cell
that is kept when it ends, so an interrupted run goes on where it stopped; the file of a set is written again after each
cell, with what is still to come marked so. Settings are chosen on the validation part with the first seed; the test
part is looked at once.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

from tqdm import tqdm

from recdiv._provenance import provenance, write_json
from recdiv.datasets._sources import source
from recdiv.experiments._cells import Cell, Cells
from recdiv.experiments._measure import NULL, K, marks, plain, turned, validation_mark
from recdiv.experiments._models import COST, MODELS, Entry, Options, build, missing
from recdiv.experiments._sets import SETS, Prepared, prepare
from recdiv.experiments._shown import auc
from recdiv.experiments._table import differences, summary
from recdiv.kernels import EmbeddingKernel
from recdiv.recommend import Recommender

RECIPE = 4  # raise it when the code below changes what a cell means
CELLS = Cells("recommenders", recipe=RECIPE)


def main(arguments: Sequence[str] | None = None) -> list[Path]:
    """Do what is not done yet; returns the files written."""
    parser = argparse.ArgumentParser(prog="recdiv.experiments.recommenders", description=__doc__)
    parser.add_argument("--data", nargs="+", choices=list(SETS), default=list(SETS))
    parser.add_argument("--models", nargs="+", choices=list(MODELS), default=list(MODELS))
    parser.add_argument("--seeds", nargs="+", type=int, default=[0, 1, 2])
    parser.add_argument("--results", type=Path, default=Path("results"))
    asked = parser.parse_args(arguments)
    return [run(name, asked.seeds, asked.models, asked.results) for name in asked.data]


def run(data: str, seeds: Sequence[int], models: Sequence[str], results: Path) -> Path:
    """All cells of one set: first one seed of every model, then the next."""
    prepared = prepare(data)
    kernel = EmbeddingKernel.from_text(prepared.catalog)
    file = results / f"recommenders_{data}.json"
    asked = [name for name in models if not missing(MODELS[name], data)]
    todo = [(name, seed) for seed in seeds for name in asked if seed in _seeds(MODELS[name], seeds)]
    with tqdm(todo, desc=data, unit="cell") as bar:
        for name, seed in bar:
            bar.set_postfix_str(f"{name}, seed {seed}")
            options = choose(name, prepared, kernel, seed=seeds[0])["options"]
            work = partial(_fit_and_mark, MODELS[name], options, prepared, kernel, seed)
            CELLS.get(_settings(name, data, seed, options), work)
            write_json(file, table(prepared, seeds))
    return file


def choose(name: str, prepared: Prepared, kernel: EmbeddingKernel, *, seed: int, reads: str = "") -> Cell:
    """The settings with the best nDCG@10 on the validation part (the first of equals), and what all reached.

    Of a dial: the last value before the first that costs too much. ``reads`` says what ``kernel`` is of where it is not
    the set's own text: what is best for one reading is not taken for another.
    """
    entry = MODELS[name]
    reads = reads if entry.vectors or entry.encoder else ""
    for options in entry.tried if len(entry.tried) > 1 or entry.dial else ():
        work = partial(_validate, entry, options, prepared, kernel, seed)
        CELLS.get(_validated(name, prepared.name, seed, options, reads), work)
    return _chosen(name, prepared.name, seed, reads) or {}


def table(prepared: Prepared, seeds: Sequence[int]) -> dict[str, Any]:
    """What is recorded of a set: every model, run or not, with the reason."""
    data, rows, cells = prepared.name, {}, {}
    for name, entry in MODELS.items():
        chosen = _chosen(name, data, seeds[0])
        settings = [_settings(name, data, seed, chosen["options"]) for seed in _seeds(entry, seeds)] if chosen else []
        cells[name] = [cell for each in settings if (cell := CELLS.done(each)) is not None]
        about = {"title": entry.title, "reads_text": entry.vectors is not None or entry.encoder or entry.writes}
        if cells[name] and chosen:
            rows[name] = {**about, **chosen, **summary(cells[name])}
        else:
            rows[name] = {**about, "not_run": missing(entry, data) or "not reached"}
    spent = sum(cell["train_cpu_seconds"] + cell["measure_cpu_seconds"] for own in cells.values() for cell in own)
    config = {
        "split": prepared.about,
        "diversity_slots": K,
        "null_draws": NULL,
        "encoder": "all-MiniLM-L6-v2",
        "settings": "chosen by nDCG@10 on the validation part, with the first seed",
        "dials": f"on the validation part, the last value before the first that costs over {COST:.0%} of nDCG@10",
        "seconds": "of processor time, one thread; choosing settings not counted",
    }
    files = {each.name: each.sha256 for each in source(data).files}
    head = provenance(config=config, seeds=list(seeds), data={data: files}, seconds=spent)
    return {**head, "size": _size(prepared), "models": rows, "against": differences(cells)}


_last: dict[str, tuple[Recommender, float]] = {}  # the fit before: one that only turns a dial is not fitted twice


def _fitted(
    entry: Entry, options: Options, prepared: Prepared, kernel: EmbeddingKernel, seed: int
) -> tuple[Recommender, float]:
    """A recommender fitted with these settings, but for a dial, and the seconds that it took."""
    learnt = {name: value for name, value in options.items() if name != entry.dial}
    key = repr((prepared.name, entry.model, entry.vectors, entry.encoder, learnt, seed))
    if key not in _last:
        _last.clear()
        model, began = build(entry, learnt, kernel, seed=seed), time.process_time()
        model.fit(prepared.split.train)
        _last[key] = model, time.process_time() - began
    return _last[key]


def _validate(entry: Entry, options: Options, prepared: Prepared, kernel: EmbeddingKernel, seed: int) -> Cell:
    model, seconds = _fitted(entry, options, prepared, kernel, seed)
    if not entry.dial:
        return {**validation_mark(model, prepared), "cpu_seconds": round(seconds, 2)}
    lines = []
    for value in entry.turned:
        setattr(model, entry.dial, value)
        lines.append({"options": {**options, entry.dial: value}, **validation_mark(model, prepared)})
    setattr(model, entry.dial, entry.turned[0])  # the line above may go on with this model
    return {"lines": lines}


def _fit_and_mark(entry: Entry, options: Options, prepared: Prepared, kernel: EmbeddingKernel, seed: int) -> Cell:
    model, seconds = _fitted(entry, options, prepared, kernel, seed)
    began = time.process_time()
    if entry.dial:
        setattr(model, entry.dial, options[entry.dial])
    found = marks(model, prepared, kernel)
    if entry.dial and "cold" in found:
        found |= turned(model, entry.dial, entry.turned, prepared)
    spent = {"train_cpu_seconds": seconds, "measure_cpu_seconds": time.process_time() - began}
    return {**{name: round(seconds, 2) for name, seconds in spent.items()}, **found}


def _chosen(name: str, data: str, seed: int, reads: str = "") -> Cell | None:
    """What :func:`choose` found, from the cells that are there; None where some are still to come."""
    entry = MODELS[name]
    if len(entry.tried) == 1 and not entry.dial:
        return {"options": dict(entry.tried[0]), "tried": []}
    tried = [CELLS.done(_validated(name, data, seed, options, reads)) for options in entry.tried]
    if None in tried:
        return None
    lines = [line for cell in tried if cell for line in cell.get("lines", [_line(cell)])]
    best = affordable(lines) if entry.dial else max(lines, key=lambda line: line["ndcg@10"])
    return {"options": best["options"], "tried": lines}


def affordable(lines: Sequence[Cell]) -> Cell:
    """The last of some settings before the first that costs more than :data:`COST` of the first one's nDCG@10.

    >>> affordable([{"at": at, "ndcg@10": mark} for at, mark in enumerate([1.0, 1.1, 0.96, 0.9, 0.99])])["at"]
    2
    """
    dear = [line["ndcg@10"] < (1 - COST) * lines[0]["ndcg@10"] for line in lines]
    return lines[dear.index(True) - 1 if any(dear) else -1]


def _line(cell: Cell) -> Cell:
    return {"options": cell["validate"], **{name: cell[name] for name in cell if name.startswith("ndcg@10")}}


def _settings(name: str, data: str, seed: int, options: Options) -> Cell:
    return {"data": data, "model": name, "seed": seed, "options": dict(options)}


def _validated(name: str, data: str, seed: int, options: Options, reads: str = "") -> Cell:
    read = {"reads": reads} if reads else {}
    return {"data": data, "model": name, "seed": seed, "validate": dict(options), **read}


def _seeds(entry: Entry, seeds: Sequence[int]) -> Sequence[int]:
    return seeds[: entry.seeds] if entry.seeded else seeds[:1]


def _size(prepared: Prepared) -> dict[str, float | int | None]:
    split = prepared.split
    size: dict[str, float | int | None] = {
        "train_events": len(split.train),
        "validation_events": len(split.validation),
        "test_events": len(split.test),
        "users_tested": split.test.n_users,
        "items": len(prepared.catalog),
        "cold_items": int(split.cold().sum()),
        "cold_test_events": len(split.slice(split.cold())),
    }
    if prepared.impressions is not None:  # what the place in the list alone says, whatever stands there
        shown = prepared.impressions
        size["auc_of_position"] = plain(auc(shown, -shown["position"].to_numpy(dtype="float64"))["value"])
    return size


if __name__ == "__main__":
    main()
