"""``python -m benchmarks.fit``: the training loop of the sequence models, beside the same through transformers.Trainer.

The same untrained module, windows, batches in the same order, seeds, threads and machine, each side in a process of its
own, by turns. Loading data and building the module do not count; importing the Trainer is timed apart. The losses of
the last epoch must agree. Writes results/benchmark_fit.json.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Annotated, Any

import typer

from benchmarks.speed.rounds import by_turns, side
from recdiv._provenance import provenance, write_json
from recdiv.datasets import SAMPLES
from recdiv.datasets._sources import source

TARGET = Path(__file__).parent.parent / "results" / "benchmark_fit.json"
CASES = (  # model, data, epochs
    ("sasrec", "movielens", 2),
    ("text_transformer", "movielens", 2),
    ("text_transformer", "video", 20),  # a training on the bundled sample
    ("text_transformer", "video", 1),  # an update there
)
AGREE = 1e-4  # of a mean loss: sums in another order


def measure(model: str, data: str, epochs: int, rounds: int, n_threads: int) -> dict[str, Any]:
    """Both loops on one case, and how far their losses lie apart."""
    command = [sys.executable, "-m", "benchmarks.speed.runners.fit_loop"]
    case = [model, data, str(epochs)]
    found = by_turns(
        {"own": [*command, "own", *case], "trainer": [*command, "trainer", *case]}, rounds=rounds, n_threads=n_threads
    )
    own, trainer = found["own"].pop("loss")[0], found["trainer"].pop("loss")[0]
    if not abs(own - trainer) <= AGREE:
        raise ValueError(f"losses must agree to {AGREE:g}, got {own} and {trainer}")
    steps = found["own"].pop("steps")[0]
    found["trainer"].pop("steps")
    sides = {name: side(each) for name, each in found.items()}
    ratio = round(sides["trainer"]["cpu"] / sides["own"]["cpu"], 3)
    return {
        **{"model": model, "data": data, "epochs": epochs, "steps_an_epoch": steps, "threads": n_threads},
        **{**sides, "loss": round(own, 5), "apart": abs(own - trainer), "ratio": ratio},
    }


def main(
    rounds: Annotated[int, typer.Option(help="Times each side runs, by turns; the fastest run counts.")] = 3,
    threads: int = 1,
) -> None:
    """Measure both loops on each case, show and record them."""
    begun, rows = time.perf_counter(), []
    for model, data, epochs in CASES:
        rows.append(measure(model, data, epochs, rounds, threads))
        own, trainer = rows[-1]["own"], rows[-1]["trainer"]
        typer.echo(
            f"{model} on {data}, {epochs} epochs: own loop {own['cpu']:.2f} s, Trainer {trainer['cpu']:.2f} s and "
            f"{trainer['start']:.1f} s to import: {rows[-1]['ratio']:.2f} times"
        )
    config = {"rounds": rounds, "clock": "CPU seconds of the process, fastest run"}
    real = {name for _, name, _ in CASES if name not in SAMPLES}
    files = {name: {each.name: each.sha256 for each in source(name).files} for name in sorted(real)}
    head = provenance(config=config, seeds=[0], data=files, seconds=time.perf_counter() - begun)
    write_json(TARGET, {**head, "rows": rows, "cuda": "not run"})


if __name__ == "__main__":
    typer.run(main)
