"""How fine-tuning moves diversity: one dial turned at a time, accuracy and α, β, γ read at each setting.

``python -m recdiv.experiments.finetune`` writes ``results/finetune_movielens.json``. Each training is a cell that is
kept when it ends, so an interrupted run goes on where it stopped.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from tqdm import tqdm

from recdiv._provenance import provenance, write_json
from recdiv.datasets._sources import source
from recdiv.experiments._cells import Cell, Cells
from recdiv.experiments._dials import Dial, readings
from recdiv.experiments._models import MODELS, build, missing
from recdiv.experiments._sets import SETS, Prepared, prepare
from recdiv.kernels import EmbeddingKernel
from recdiv.recommend import Recommender, draw

RECIPE = 2  # raise it when the code changes what a cell means
CELLS = Cells("finetune", recipe=RECIPE)

# Nobody is held out while a dial is turned: what is read at 16 epochs is the model after 16, not the best on the way.
_ALL = {"patience": None, "epochs": 6}
DIALS: dict[str, Dial] = {
    "epochs": Dial("Epochs", "text_transformer", "epochs", (1, 3, 6, 12, 24), {"patience": None}),
    "learning_rate": Dial("Learning rate", "text_transformer", "learning_rate", (2e-4, 5e-4, 2e-3, 8e-3), _ALL),
    "length": Dial("Latest items read", "text_transformer", "length", (2, 10, 50), _ALL),
    "own_dropout": Dial(
        "Items without their own part in training", "text_transformer", "own_dropout", (0.0, 0.2, 0.5, 0.8), _ALL
    ),
    "temperature": Dial(
        "Temperature", "text_transformer", "temperature", (0.25, 0.5, 1.0, 1.5, 2.0), _ALL, decoding=True
    ),
    "favour_new": Dial(
        "New items favoured by (nats)", "text_transformer", "favour_new", (0.0, 0.5, 1.0, 2.0), _ALL, decoding=True
    ),
    "width": Dial("Beam width", "generative", "width", (10, 20, 50), {"epochs": 4}, decoding=True),
    "rank": Dial(
        "Rank of LoRA", "text_transformer_lora", "rank", (2, 8, 32),
        {"tune": "lora", "live": 16, "patience": None, "epochs": 3}, on=("movielens",),
    ),
}  # fmt: skip


def main(arguments: Sequence[str] | None = None) -> list[Path]:
    """Do what is not done yet; returns the files written."""
    parser = argparse.ArgumentParser(prog="recdiv.experiments.finetune", description=__doc__)
    parser.add_argument("--data", nargs="+", choices=list(SETS), default=["movielens"])
    parser.add_argument("--dials", nargs="+", choices=list(DIALS), default=list(DIALS))
    parser.add_argument("--seeds", nargs="+", type=int, default=[0])
    parser.add_argument("--results", type=Path, default=Path("results"))
    asked = parser.parse_args(arguments)
    return [run(name, asked.dials, asked.seeds, asked.results) for name in asked.data]


def run(data: str, dials: Sequence[str], seeds: Sequence[int], results: Path) -> Path:
    """All settings of all dials on one set."""
    prepared = prepare(data)
    kernel = EmbeddingKernel.from_text(prepared.catalog)
    file = results / f"finetune_{data}.json"
    todo = [(name, cell) for name in dials if not _why_not(name, data) for cell in cells(name, data, seeds)]
    with tqdm(todo, desc=f"{data}, dials", unit="cell") as bar:
        for name, settings in bar:
            bar.set_postfix_str(f"{name}, {settings['values']}, seed {settings['seed']}")
            CELLS.get(settings, partial(_turned, DIALS[name], settings, prepared, kernel))
            write_json(file, table(prepared, seeds))
    return file


def cells(name: str, data: str, seeds: Sequence[int]) -> Iterator[Cell]:
    """The settings of each cell: one training, read at one value, or at all of a dial that is turned afterwards."""
    dial = DIALS[name]
    for seed in seeds:
        for values in [list(dial.values)] if dial.decoding else [[value] for value in dial.values]:
            fixed = dict(dial.fixed)
            yield {"data": data, "model": dial.model, "seed": seed, "dial": name, "fixed": fixed, "values": values}


def table(prepared: Prepared, seeds: Sequence[int]) -> dict[str, Any]:
    """What is recorded: each dial with its readings, value by value, seed by seed."""
    lines: dict[str, Any] = {}
    spent = 0.0
    for name, dial in DIALS.items():
        done = [cell for each in cells(name, prepared.name, seeds) if (cell := CELLS.done(each))]
        spent += sum(cell["cpu_seconds"] for cell in done)
        about = {"title": dial.title, "model": MODELS[dial.model].title, "option": dial.option}
        about["fixed"] = dict(dial.fixed)  # type: ignore[assignment]
        points = [{"seed": cell["seed"], **point} for cell in done for point in cell["points"]]
        lines[name] = (
            {**about, "points": points}
            if points
            else {**about, "not_run": _why_not(name, prepared.name) or "not reached"}
        )
    head = provenance(
        config={"split": prepared.about, "encoder": "all-MiniLM-L6-v2", "seconds": "of processor time, one thread"},
        seeds=list(seeds),
        data={prepared.name: {each.name: each.sha256 for each in source(prepared.name).files}},
        seconds=spent,
    )
    return {**head, "dials": lines}


def _turned(dial: Dial, settings: Cell, prepared: Prepared, kernel: EmbeddingKernel) -> Cell:
    """Train once, read at each value of the cell."""
    began = time.process_time()
    first = {} if dial.decoding else {dial.option: settings["values"][0]}
    model = build(MODELS[dial.model], {**dial.fixed, **first}, kernel, seed=settings["seed"])
    model.fit(prepared.split.train)
    points = [
        {"value": value, **_read(dial, model, value, prepared, kernel, settings["seed"])}
        for value in settings["values"]
    ]
    return {"cpu_seconds": round(time.process_time() - began, 1), "points": points}


def _read(
    dial: Dial,
    model: Recommender,
    value: Any,  # noqa: ANN401
    prepared: Prepared,
    kernel: EmbeddingKernel,
    seed: int,
) -> Cell:
    split = prepared.split
    if dial.decoding and hasattr(model, dial.option):
        setattr(model, dial.option, value)
        lists = split.recommend(model, k=10)
    elif dial.decoding:  # of a draw from the scores: temperature
        users, histories = split.test.users, split.histories("test")
        lists = draw(model, users, temperature=value, histories=histories, rng=seed)
    else:
        lists = split.recommend(model, k=10)
    return readings(lists, split, prepared.catalog, kernel)


def _why_not(name: str, data: str) -> str | None:
    return None if data in DIALS[name].on else missing(MODELS[DIALS[name].model], data)


if __name__ == "__main__":
    main()
