"""What only video asks: ``results/video.json``.

``python -m recdiv.experiments.video``: what metrics make of films without a description, how kernels see sequels and
remakes and how many slots they take, whether kernels say what people say of two films, and whether what is watched
drifts by taste or by the calendar of releases. Each answer is a cell that is kept when it ends.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Sequence
from functools import cache, partial
from pathlib import Path
from typing import Any

import numpy as np
from tqdm import tqdm

from recdiv import datasets, presets
from recdiv._provenance import provenance, write_json
from recdiv._titles import series
from recdiv.datasets._sources import source
from recdiv.experiments import _video_people, _video_series, _video_texts, _video_years
from recdiv.experiments._cells import Cell, Cells
from recdiv.experiments._measure import plain
from recdiv.experiments._sets import prepare
from recdiv.experiments._video_texts import Described
from recdiv.kernels import EmbeddingKernel
from recdiv.tables import Interactions

CELLS = Cells("video", recipe=1)  # raise it when settings or code below change what a cell means
SETS = ("movietweetings", "movielens")
EVERY = {"movietweetings": "M", "movielens": "Y"}
NULLS = {"observed": 1, "people": 40, "events": 20, "calendar": 20, "meaning": 20}
SEED = 0
Work = tuple[dict[str, Any], Callable[[], Cell]]


def main(arguments: Sequence[str] | None = None) -> Path:
    """Do what is not done yet; returns the file written."""
    parser = argparse.ArgumentParser(prog="recdiv.experiments.video", description=__doc__)
    parser.add_argument("--results", type=Path, default=Path("results"))
    asked = parser.parse_args(arguments)
    cells = []
    with tqdm(works(), unit="cell") as bar:
        for settings, compute in bar:
            bar.set_postfix_str(" ".join(map(str, settings.values())))
            cells.append(CELLS.get(settings, partial(_timed, compute)))
    target: Path = asked.results / "video.json"
    write_json(target, table(cells))
    return target


def works() -> list[Work]:
    """Every cell there is, in order, with what computes it."""
    found: list[Work] = [
        ({"part": "people"}, _video_people.people),
        ({"part": "same film"}, partial(_video_series.same_film, rng=SEED)),
        ({"part": "known truth"}, _video_series.known_truth),
    ]
    for data in SETS:
        described = cache(partial(_video_texts.described, data, seed=SEED))
        found += _of_texts(data, described)
        found.append(({"part": "series", "data": data}, partial(_series, data)))
        found += _of_years(data)
    return found


def table(cells: Sequence[Cell]) -> dict[str, Any]:
    """What is recorded: head, and the parts by data set."""
    parts: dict[str, Any] = {}
    for cell in cells:
        at = parts
        keys = [str(cell[key]) for key in ("part", "data", "rule", "order", "films", "reading") if key in cell]
        for key in keys[:-1]:
            at = at.setdefault(key, {})
        at[keys[-1]] = _rounded(cell["found"])
    config = {
        "encoder": "all-MiniLM-L6-v2",
        "texts": {"rules": _video_texts.RULES, "shares": _video_texts.SHARES, "draws": _video_texts.DRAWS,
                  "people": _video_texts.PEOPLE, "null_draws": _video_texts.NULL},
        "series": {"people": _video_series.PEOPLE, "pairs_drawn": _video_series.PAIRS},
        "people": {"bootstrap_draws": _video_people.DRAWS, "resampled": "the films beside which others were judged"},
        "years": {"windows": EVERY, "draws": NULLS, "most_films_of_a_person_and_window": _video_years.MOST,
                  "least_people_in_a_window": _video_years.LEAST},
        "seconds": "of processor time, one thread, encoding of texts that were not yet in the cache included",
    }  # fmt: skip
    files = {
        name: {file.name: file.sha256 for file in source(name).files} for name in (*SETS, "more_like_this", "streaming")
    }
    spent = sum(cell["cpu_seconds"] for cell in cells)
    return {**provenance(config=config, seeds=[SEED], data=files, seconds=spent), **parts}


def _rounded(found: Any) -> Any:  # noqa: ANN401
    """The same with six significant digits of every number."""
    if isinstance(found, dict):
        return {key: _rounded(value) for key, value in found.items()}
    if isinstance(found, list):
        return [_rounded(value) for value in found]
    return plain(found) if isinstance(found, float) else found


def _of_texts(data: str, described: Callable[[], Described]) -> list[Work]:
    found: list[Work] = [
        ({"part": "texts", "data": data, "rule": "formats"}, lambda: _video_texts.formats(described(), seed=SEED))
    ]
    for rule in _video_texts.RULES:
        for order in _video_texts.ORDERS:
            settings = {"part": "texts", "data": data, "rule": rule, "order": order}
            found.append((settings, partial(_errors, described, rule=rule, order=order)))
    return found


def _errors(described: Callable[[], Described], *, rule: str, order: str) -> Cell:
    return _video_texts.errors(described(), rule=rule, order=order, seed=SEED)


def _series(data: str) -> Cell:
    prepared = prepare(data)
    frame = datasets.load(data).catalog.frame
    titles = frame["title"].tolist()
    kernel = presets.get("video").kernel(datasets.load(data).catalog)
    lists = _video_series.lists_of(prepared, kernel, seed=SEED)
    group = series(titles)
    size = np.bincount(group)
    return {
        "films": len(titles),
        "films in series": int((size[group] > 1).sum()),
        "series": int((size > 1).sum()),
        "events": plain((size[group] > 1)[prepared.split.known.item].mean()),
        "seen": _video_series.seen(frame, rng=SEED),
        "slots": _video_series.slots(lists, titles, kernel),
    }


def _of_years(data: str) -> list[Work]:
    @cache
    def loaded() -> tuple[Interactions, EmbeddingKernel]:
        whole = datasets.load(data)
        if whole.interactions is None:
            raise ValueError(f"data must hold interactions, got none in {data}")
        return whole.interactions, presets.get("video").kernel(whole.catalog)

    settings = {"part": "years", "data": data, "films": "windows"}
    found: list[Work] = [(settings, lambda: {"rows": _video_years.by_window(loaded()[0], EVERY[data])})]
    for only in ("all", "old"):
        for reading in _video_years.READINGS:
            settings = {"part": "years", "data": data, "films": only, "reading": reading}
            found.append((settings, partial(_reading, loaded, data, only, reading)))
    return found


def _reading(loaded: Callable[[], tuple[Interactions, EmbeddingKernel]], data: str, only: str, reading: str) -> Cell:
    events, kernel = loaded()
    return _video_years.years(
        events, kernel, every=EVERY[data], reading=reading, only=only, draws=NULLS[reading], seed=SEED
    )


def _timed(compute: Callable[[], Cell]) -> Cell:
    began = time.process_time()
    found = compute()
    return {"found": found, "cpu_seconds": round(time.process_time() - began, 1)}


if __name__ == "__main__":
    main()
