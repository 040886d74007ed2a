"""What only music asks, on real data: ``results/music.json``.

``python -m recdiv.experiments.music``: repeats that are wanted (Last.fm's play counts), tags as text, who pays for
popularity, and people's judgement of which of two lists is more diverse. Each part is a cell that is kept when it ends.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from torch import Tensor
from tqdm import tqdm

from recdiv import datasets, presets
from recdiv._provenance import provenance, write_json
from recdiv.datasets import Dataset
from recdiv.datasets._sources import source
from recdiv.evaluation import evaluate
from recdiv.experiments._cells import Cell, Cells
from recdiv.experiments._measure import interval, plain
from recdiv.experiments._music_doubles import marked, on_names, on_samples
from recdiv.experiments._music_exploring import explored, widening
from recdiv.experiments._music_halves import TEMPLATES, halves, template
from recdiv.experiments._music_listening import known_share, listening, played, slate, slates
from recdiv.experiments._music_lists import judged
from recdiv.experiments._music_tags import tags_as_text
from recdiv.experiments._music_tail import by_group, who_pays
from recdiv.experiments._sets import SHUFFLE
from recdiv.kernels import EmbeddingKernel
from recdiv.recommend import ALS, ItemKNN, Popularity, Recommender, Split, Text, k_core, leave_one_out

__all__ = ["by_group", "explored", "known_share", "marked", "slate", "widening"]  # what the chapter runs live

RECIPE = 1  # raise it when the code below, or beside it, changes what a cell means
CELLS = Cells("music", recipe=RECIPE)
VERSIONS = {"slates": {"version": 2}}  # raise it where one part alone changes
SAMPLES = (0, 1, 2, 3, 7_654_321)  # the key was written looking at the titles of the first
LEAST = 10  # artists that somebody must have, so that a list of ten can hold known ones only
MODELS: Mapping[str, Callable[[EmbeddingKernel], Recommender]] = {
    "popularity": lambda kernel: Popularity(),
    "item kNN": lambda kernel: ItemKNN(neighbours=200, shrink=10.0),
    "ALS": lambda kernel: ALS(regularization=50.0, alpha=10.0, rng=0),
    "text": Text,
}


def main(arguments: Sequence[str] | None = None) -> Path:
    """Do what is not done yet; returns the file written."""
    parser = argparse.ArgumentParser(prog="recdiv.experiments.music", description=__doc__)
    parser.add_argument("--parts", nargs="+", choices=list(PARTS), default=list(PARTS))
    parser.add_argument("--results", type=Path, default=Path("results"))
    asked = parser.parse_args(arguments)
    target: Path = asked.results / "music.json"
    with tqdm(asked.parts, desc="music", unit="part") as bar:
        for name in bar:
            bar.set_postfix_str(name)
            CELLS.get(_settings(name), lambda name=name: _timed(PARTS[name]))  # type: ignore[misc]
            write_json(target, table())
    return target


def table() -> dict[str, Any]:
    """What is recorded: every part that is done, with its processor time."""
    done = {name: cell for name in PARTS if (cell := CELLS.done(_settings(name)))}
    config = {
        "encoder": "all-MiniLM-L6-v2",
        "reads": "Last.fm by the preset: twelve tags, the name where there is none, centred; the study uncentred",
        "split": "one artist of each person with at least ten, drawn at random, is held out with all its plays",
        "seconds": "of processor time, one thread; encoding and fitting shown apart by part",
        "cpu_seconds": {name: cell["cpu_seconds"] for name, cell in done.items()},
        "encoding_cpu_seconds": {name: cell["encoding_cpu_seconds"] for name, cell in done.items()},
    }
    names = ("lastfm", "human_music")
    files = {name: {each.name: each.sha256 for each in source(name).files} for name in names}
    spent = sum(cell["cpu_seconds"] for cell in done.values())
    head = provenance(config=config, seeds=[SHUFFLE], data=files, seconds=spent)
    return {**head, **{name: cell["found"] for name, cell in done.items()}}


def _settings(part: str) -> Cell:
    return {"part": part, **VERSIONS.get(part, {})}


class Encoder:
    """The default encoder, and how long it was busy."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def encode(self, texts: list[str]) -> Tensor:
        """Unit vectors ``[n, d]``."""
        from recdiv.lm import TextEncoder

        began = time.process_time()
        vectors = TextEncoder().encode(texts)
        self.seconds += time.process_time() - began
        return vectors


def _timed(part: Callable[[Encoder], dict[str, Any]]) -> Cell:
    encoder, began = Encoder(), time.process_time()
    found = part(encoder)
    spent = {"cpu_seconds": time.process_time() - began, "encoding_cpu_seconds": encoder.seconds}
    return {**{name: round(value, 1) for name, value in spent.items()}, "found": found}


@cache
def _lastfm() -> Dataset:
    return datasets.load("lastfm")


def _split(data: Dataset) -> Split:
    if data.interactions is None:
        raise ValueError(f"data must hold interactions, got none in {data.name}")
    return leave_one_out(k_core(data.interactions, users=LEAST), validation=False, rng=SHUFFLE)


def _fitted(split: Split, kernel: EmbeddingKernel) -> dict[str, Recommender]:
    return {name: make(kernel).fit(split.train) for name, make in MODELS.items()}


def _listening(encoder: Encoder) -> dict[str, Any]:
    data = _lastfm()
    if data.interactions is None:
        raise ValueError("lastfm must hold interactions, got none")
    return listening(played(data.interactions), presets.get("music").kernel(data.catalog, encoder=encoder))


def _slates(encoder: Encoder) -> dict[str, Any]:
    data = _lastfm()
    split, kernel = _split(data), presets.get("music").kernel(data.catalog, encoder=encoder)
    return slates(_fitted(split, kernel), split, data.catalog, kernel, new_from="ALS")


def _tail(encoder: Encoder) -> dict[str, Any]:
    data = _lastfm()
    split, kernel = _split(data), presets.get("music").kernel(data.catalog, encoder=encoder)
    return who_pays(_fitted(split, kernel), split, data.catalog, kernel, quota_of="ALS")


def _tags(encoder: Encoder) -> dict[str, Any]:
    return tags_as_text(_lastfm(), encoder.encode, rng=SHUFFLE)


def _text_recommender(encoder: Encoder) -> dict[str, Any]:
    """Does it help to find the next artist? Tags of other people only, then those of everybody, the asked included."""
    data, both = _lastfm(), halves(_lastfm(), rng=SHUFFLE)
    split = _split(data)
    asked = split.test.where(np.isin(split.test.frame["user_id"], both.listeners))
    titles = data.catalog.frame["title"].tolist()
    texts = {name: template(both.tags, titles, **TEMPLATES[name]) for name in ("name", "12 tags")}
    texts["12 tags, the asked people's too"] = presets.get("music").catalog(data.catalog).texts()
    hits, found = {}, {}
    for name, read in texts.items():
        model = Text(presets.centre(EmbeddingKernel(encoder.encode(read)))).fit(split.train)
        lists = model.recommend(asked.users, k=10)
        report = evaluate(lists, data.catalog, test=asked, metrics=["ndcg@10", "recall@10"])
        rows = report.frame.set_index("metric")
        found[name] = {
            metric: {key: plain(rows.loc[metric, key]) for key in ("value", "low", "high")}
            for metric in ("ndcg@10", "recall@10")
        }
        hits[name] = report.lists["ndcg@10"].to_numpy(dtype=np.float64)
    own = "12 tags, the asked people's too"
    pairs = {"tags_over_name": ("12 tags", "name"), "own_tags_over_others": (own, "12 tags")}
    gaps = {name: interval(hits[a] - hits[b], asked.users) for name, (a, b) in pairs.items()}
    return {"people": asked.n_users, "texts": found, "ndcg@10 gained": gaps}


def _doubles(encoder: Encoder) -> dict[str, Any]:
    return {"samples": on_samples(encoder.encode, SAMPLES), "lastfm": on_names(_lastfm(), rng=SHUFFLE)}


def _people(encoder: Encoder) -> dict[str, Any]:
    return judged(datasets.load("human_music"), encoder.encode)


PARTS: Mapping[str, Callable[[Encoder], dict[str, Any]]] = {
    "people": _people,
    "tags": _tags,
    "doubles": _doubles,
    "listening": _listening,
    "slates": _slates,
    "tail": _tail,
    "text_recommender": _text_recommender,
}

if __name__ == "__main__":
    main()
