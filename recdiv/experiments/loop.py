"""What the closed loop does, over seeds: ``results/loop_<part>.json``.

``python -m recdiv.experiments.loop --part directions`` runs one part (all of them without it). Every seed is another
world: another draw of the sample (1, 2, ...; 0, which settings were chosen on, is left out) and other choices; on a
real set the users stay and the choices differ. A cell is one loop, kept when it ends.
"""

from __future__ import annotations

import argparse
import hashlib
import sys
import time
from functools import lru_cache
from pathlib import Path
from typing import Any

import pandas as pd
import torch
from tqdm import tqdm

from recdiv._provenance import provenance, write_json
from recdiv.datasets._paths import data_folder
from recdiv.datasets._sources import source
from recdiv.experiments._cells import Cell, Cells
from recdiv.loop import Config, World, make_world, run
from recdiv.loop._seeds import against, change, over_seeds, stacked

CELLS = Cells("loop", recipe=1)  # raise it when the code of the loop changes what a cell means
SEEDS = 10
ROUNDS = 20
MMR = {"method": "mmr", "candidates": 50}
ALS = {"recommender": "ALS", "options": {"factors": 16, "regularization": 2.0, "epochs": 5}}
UPDATES: dict[str, dict[str, Any]] = {
    "none": {},
    "tuned": {**MMR, "update": "tuned", "strength": 0.1},
    "feedback": {**MMR, "update": "feedback", "strength": 1.0},
    "explore": {"update": "explore", "strength": 0.1},
    "refusals": {"update": "refusals", "strength": 3.0},
    "thinned": {"update": "thinned", "strength": 4.0},
}
PARADOX = {"repeats": True, "habit": 0.5, "outside": 0.0}
LEVELS = (0.0, 0.5, 1.0)
PARTS: dict[str, dict[str, dict[str, Any]]] = {
    "directions": {
        **{name: {"recommender": name} for name in ("Popularity", "ItemKNN", "Text", "Ideal", "Random")},
        "ALS": ALS,
        "ItemKNN, trained once": {"recommender": "ItemKNN", "retrain": 0},
        "ALS, trained once": {**ALS, "retrain": 0},
    },
    "updates": {
        **{f"ItemKNN, {arm}": {"recommender": "ItemKNN", **settings} for arm, settings in UPDATES.items()},
        **{f"Text, {arm}": {"recommender": "Text", **UPDATES[arm]} for arm in ("none", "tuned", "explore", "refusals")},
    },
    "adoption": {
        f"{name}, {level:.1f}": {"recommender": name, "adoption": level, **PARADOX}
        for name in ("Popularity", "ItemKNN", "Text")
        for level in LEVELS
        if level or name == "ItemKNN"  # where nobody looks at lists, they all come to the same
    },
    "movielens": {
        f"ItemKNN, {arm}": {"data": "movielens", "recommender": "ItemKNN", "n_items": 600, **UPDATES[arm]}
        for arm in ("none", "feedback", "explore", "refusals")
    },
}
BASELINES = {"updates": ("ItemKNN, none", "Text, none"), "movielens": ("ItemKNN, none",)}


def main(arguments: list[str] | None = None) -> None:
    """Run the parts that are asked for and write what came of them."""
    parser = argparse.ArgumentParser(prog="recdiv.experiments.loop", description=__doc__)
    parser.add_argument("--part", choices=sorted(PARTS), action="append", help="default: all")
    parser.add_argument("--seeds", type=int, default=SEEDS)
    parser.add_argument("--results", type=Path, default=Path("results"))
    asked = parser.parse_args(arguments)
    for part in asked.part or PARTS:
        write_json(asked.results / f"loop_{part}.json", recorded(part, asked.seeds))


def recorded(part: str, seeds: int) -> dict[str, Any]:
    """One part: every arm under every seed, summed up."""
    began = time.monotonic()
    work = [(arm, seed) for seed in range(1, seeds + 1) for arm in PARTS[part]]
    found = {
        (arm, seed): CELLS.get(settings(part, arm, seed), lambda arm=arm, seed=seed: cell(part, arm, seed))  # type: ignore[misc]
        for arm, seed in tqdm(work, desc=part, unit="loop", file=sys.stderr, mininterval=5)
    }
    frame = stacked({key: pd.DataFrame(each["rows"], columns=COLUMNS) for key, each in found.items()})
    head = provenance(
        config={"part": part, "arms": PARTS[part], "rounds": ROUNDS, "defaults": Config().as_dict()},
        seeds=list(range(1, seeds + 1)),
        data=_data(part),
        seconds=sum(each["seconds"] for each in found.values()),
    )
    head["wall_seconds"] = round(time.monotonic() - began, 1)
    bases = BASELINES.get(part, ())
    return {**head, **summary(frame, bases)}


COLUMNS = ["round", "view", "group", "measure", "value"]


def summary(frame: pd.DataFrame, bases: tuple[str, ...]) -> dict[str, Any]:
    """Curves of everybody, changes from the first round to the last five, differences from a baseline, as records."""
    late = range(ROUNDS - 4, ROUNDS + 1)
    whole = over_seeds(frame[frame["group"] == "all"])
    curves = whole.sort_values("round").groupby(["arm", "view", "group", "measure"], sort=False)
    return {
        "curves": [
            {**dict(zip(("arm", "view", "group", "measure"), key, strict=True)), **_lists(part)} for key, part in curves
        ],
        "changes": _records(change(frame, first=[1], last=late)),
        "groups": _records(gap(frame, late)),
        "differences": [
            {"baseline": base, **row}
            for base in bases
            for row in _records(against(_family(frame, base), base, rounds=late))
        ],
    }


def gap(frame: pd.DataFrame, late: range) -> pd.DataFrame:
    """By how much more the niche group changed than the mainstream one, within a seed."""
    sides = [frame[frame["group"] == name].assign(group="niche less mainstream") for name in ("niche", "mainstream")]
    keys = ["arm", "seed", "view", "group", "measure", "round"]
    both = sides[0].set_index(keys)["value"] - sides[1].set_index(keys)["value"]
    return change(both.reset_index(), first=[1], last=late)


def settings(part: str, arm: str, seed: int) -> dict[str, Any]:
    """The configuration of one cell."""
    given = PARTS[part][arm]
    real = given.get("data", "video") != "video"
    return Config(rounds=ROUNDS, null=1, seed=seed, draw=0 if real else seed, **given).as_dict()


def cell(part: str, arm: str, seed: int) -> Cell:
    """One loop: its numbers, round by round."""
    torch.set_num_threads(1)
    config = Config(**settings(part, arm, seed))
    world = _world(config.data, config.draw, config.n_users, config.n_items)
    began = time.perf_counter()
    frame = run(config, world=world).frame
    kept = frame[frame["value"].notna()]
    rows = [[*row[:-1], round(float(row[-1]), 5)] for row in kept[COLUMNS].itertuples(index=False)]
    return {"rows": rows, "seconds": round(time.perf_counter() - began, 1)}


@lru_cache(maxsize=1)
def _world(data: str, draw: int, n_users: int, n_items: int) -> World:
    return make_world(Config(data=data, draw=draw, n_users=n_users, n_items=n_items))


def _family(frame: pd.DataFrame, base: str) -> pd.DataFrame:
    """The arms that share a baseline's recommender."""
    return frame[frame["arm"].str.partition(", ")[0] == base.partition(", ")[0]]


def _lists(part: pd.DataFrame) -> dict[str, list[float | None]]:
    return {name: _numbers(part[name]) for name in ("round", "mean", "low", "high")}


def _records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    table = {
        str(name): _numbers(column) if column.dtype.kind == "f" else column.tolist() for name, column in frame.items()
    }
    return [dict(zip(table, row, strict=True)) for row in zip(*table.values(), strict=True)]


def _numbers(column: pd.Series[float]) -> list[float | None]:
    return [None if pd.isna(value) else round(float(value), 4) for value in column]


def _data(part: str) -> dict[str, dict[str, str]]:
    """SHA-256 of what is read; draws of the sample are made from its vocabularies."""
    if part == "movielens":
        return {"movielens": {file.name: file.sha256 for file in source("movielens").files}}
    words = data_folder() / "vocabularies" / "video.toml"
    return {"video": {words.name: hashlib.sha256(words.read_bytes()).hexdigest()}}


if __name__ == "__main__":
    main()
