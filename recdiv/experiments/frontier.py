"""Accuracy against diversity on real data, for every re-ranker: ``results/frontier_<data>.json``.

``python -m recdiv.experiments.frontier --data movielens --models item_knn als``. The candidates of each user are the
best 100 of a recommender fitted on the training part, with settings that do well on both sets; they are re-ranked at
eleven values of ``diversity`` by every method. Each (data, model, method) is a cell that is kept when it ends, so an
interrupted run goes on where it stopped; models that the file holds and that are not asked for stay in it.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable, Sequence
from functools import cache, partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from tqdm import tqdm

from recdiv import datasets
from recdiv._provenance import provenance, write_json
from recdiv.datasets._sources import source
from recdiv.evaluation._frontier import MEASURES, STEPS, choices, frontier, padded
from recdiv.evaluation._report import records
from recdiv.experiments._cells import Cell, Cells
from recdiv.experiments._frontier_record import packed, together
from recdiv.experiments._measure import plain as rounded
from recdiv.experiments._models import MODELS, Options, build
from recdiv.experiments._sets import Prepared, readable
from recdiv.kernels import EmbeddingKernel
from recdiv.recommend import Recommender
from recdiv.recommend.protocol import Split, k_core, leave_one_out, temporal_split
from recdiv.reranking import describe, names
from recdiv.tables import Interactions, Recommendations

CELLS = Cells("frontier", recipe=1)  # raise it when settings or code below change what a cell means
POOL = 100  # candidates of each user
K = 10
SEED = 0
SPLITS: dict[str, Callable[[Interactions], Split]] = {"movielens": leave_one_out, "movietweetings": temporal_split}
SETTINGS: dict[str, Options] = {
    "item_knn": {"neighbours": 50, "shrink": 10.0},
    "als": {"regularization": 50.0, "alpha": 10.0},
    **{name: MODELS[name].tried[0] for name in ("sasrec", "text_transformer")},
}
COSTS = (0.01, 0.05, 0.1)


def main(arguments: Sequence[str] | None = None) -> list[Path]:
    """Do what is not done yet; returns the files written."""
    parser = argparse.ArgumentParser(prog="recdiv.experiments.frontier", description=__doc__)
    parser.add_argument("--data", nargs="+", choices=list(SPLITS), default=list(SPLITS))
    parser.add_argument("--models", nargs="+", choices=list(SETTINGS), default=list(SETTINGS))
    parser.add_argument("--methods", nargs="+", choices=names(), default=names())
    parser.add_argument("--results", type=Path, default=Path("results"))
    asked = parser.parse_args(arguments)
    return [run(name, asked.models, asked.methods, asked.results) for name in asked.data]


def run(data: str, models: Sequence[str], methods: Sequence[str], results: Path) -> Path:
    """All cells of one set; its file is written again after each model."""
    prepared, file = whole(data), results / f"frontier_{data}.json"
    kernel = EmbeddingKernel.from_text(prepared.catalog)
    found: dict[str, list[Cell]] = {}
    for name in models:
        settings = [_settings(data, name, method) for method in methods]
        pool = cache(partial(_kept, name, prepared, kernel))  # not before a cell needs it
        found[name] = []
        with tqdm(settings, desc=f"{data}, {name}", unit="method") as bar:
            for each in bar:
                bar.set_postfix_str(each["method"])
                work = partial(_cell, each["method"], prepared, kernel, pool)
                found[name].append(CELLS.get(each, work))
        recorded = json.loads(file.read_text("utf-8")) if file.is_file() else None
        write_json(file, together(table(prepared, found), recorded))
    return file


def whole(data: str) -> Prepared:
    """A whole set, split by its own rule: re-ranking is cheap beside training, so nobody is left out to save time.

    Raises:
        ValueError: if the set holds no interactions.
    """
    loaded = datasets.load(data)
    if loaded.interactions is None:
        raise ValueError(f"{data} holds no interactions")
    catalog = readable(loaded.catalog)
    events = Interactions(loaded.interactions.frame, catalog)
    split = SPLITS[data](k_core(events, users=5))
    about: dict[str, str | int] = {"protocol": split.protocol, **split.counts, "users_tested": split.test.n_users}
    about.update(events_as_loaded=len(events), users_as_loaded=events.n_users, items=len(catalog))
    return Prepared(data, catalog, split, about)


def candidates(name: str, prepared: Prepared, kernel: EmbeddingKernel) -> Recommendations:
    """The best items of everybody tested, with scores, none of which they know."""
    model: Recommender = build(MODELS[name], SETTINGS[name], kernel, seed=SEED)
    return prepared.split.recommend(model.fit(prepared.split.train), k=POOL)


def _kept(name: str, prepared: Prepared, kernel: EmbeddingKernel) -> Recommendations:
    """The candidates from the cell that keeps them: a run that was interrupted does not train again."""

    def found() -> Cell:
        lists = candidates(name, prepared, kernel)
        scores = torch.as_tensor(lists.scores)
        return {
            "items": lists.items.tolist(),
            "scores": scores.tolist(),
            "users": np.asarray(lists.users).tolist(),
            "dtype": str(scores.dtype).removeprefix("torch."),
        }

    cell = CELLS.get({"data": prepared.name, "model": name, "candidates": POOL, "options": SETTINGS[name]}, found)
    scores = torch.tensor(cell["scores"], dtype=getattr(torch, cell["dtype"]))
    return Recommendations(torch.tensor(cell["items"]), scores=scores, users=cell["users"])


def table(prepared: Prepared, found: dict[str, list[Cell]]) -> dict[str, Any]:
    """What is recorded of a set: the numbers of each model's lists, and the choice that follows from them."""
    models: dict[str, Cell] = {}
    for name, cells in found.items():
        frame = pd.DataFrame([row for cell in cells for row in cell["rows"]])
        models[name] = {
            "title": MODELS[name].title,
            "options": dict(SETTINGS[name]),
            "seconds": round(sum(cell["cpu_seconds"] for cell in cells), 1),
            "points": packed(frame),
            "choices": {f"{cost:g}": _chosen(frame, cost) for cost in COSTS},
        }
    config = {
        "split": prepared.about,
        "candidates": POOL,
        "slots": K,
        "encoder": "all-MiniLM-L6-v2",
        "methods": {cell["method"]: describe(cell["method"]).formula for cells in found.values() for cell in cells},
        "cost": f"share of nDCG@{K} lost against diversity 0, paired bootstrap over users",
        "seconds": "of processor time, one thread",
    }
    spent = sum(model["seconds"] for model in models.values())
    files = {each.name: each.sha256 for each in source(prepared.name).files}
    return {**provenance(config=config, seeds=[SEED], data={prepared.name: files}, seconds=spent), "models": models}


def _chosen(frame: pd.DataFrame, cost: float) -> list[Cell]:
    rows = records(choices(frame, cost=cost))
    return [{key: rounded(value) if isinstance(value, float) else value for key, value in row.items()} for row in rows]


def _cell(method: str, prepared: Prepared, kernel: EmbeddingKernel, pool_of: Callable[[], Recommendations]) -> Cell:
    began, split, pool = time.process_time(), prepared.split, pool_of()
    frame = frontier(
        pool, prepared.catalog, kernel=kernel, train=split.known, test=split.test, methods=[method], k=K,
        history=padded(split.known.histories(pool.users)), diversities=STEPS, metrics=MEASURES,
    )  # fmt: skip
    return {"rows": records(frame), "cpu_seconds": round(time.process_time() - began, 1)}


def _settings(data: str, model: str, method: str) -> Cell:
    return {"data": data, "model": model, "method": method, "candidates": POOL, "k": K, "metrics": list(MEASURES)}


if __name__ == "__main__":
    main()
