"""What only news asks, on NeMig (US articles about migration): ``results/news.json``.

``python -m recdiv.experiments.news``. Whether the order of what was shown was random; what foretells a click; click
rates with the place taken out; what another order of the same articles would have brought, and what cannot be said;
stories told again; the normative metrics of several systems; and a stream of new articles. Each question is a cell that
is kept when it ends, so an interrupted run goes on where it stopped.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from recdiv import presets
from recdiv._provenance import provenance, write_json
from recdiv.datasets._sources import source
from recdiv.evaluation._report import records
from recdiv.experiments import _impressions, _normative, _readings, _stories, stream
from recdiv.experiments._cells import Cell, Cells
from recdiv.experiments._measure import plain
from recdiv.experiments._sets import Prepared, prepare
from recdiv.experiments.pipeline import fit
from recdiv.experiments.recommenders import choose
from recdiv.kernels import EmbeddingKernel
from recdiv.tables import Recommendations

CELLS = Cells("news", recipe=1)  # raise it when code below changes what a cell means
DATA, SEED, FIELD = "nemig", 0, "news"
SYSTEMS = ("popularity", "als", "text_mean", "text_transformer", "random")
READERS, EVERY = 300, 28  # readers of the stream, and days between their visits
FIRST = 120  # day of the first visit: by then there is something to choose from
HALF_LIVES = {
    "never": stream.FOREVER, "1000 days": 1000.0, "300 days": 300.0, "100 days": 100.0, "30 days": 30.0, "7 days": 7.0,
}  # fmt: skip


def main(arguments: Sequence[str] | None = None) -> Path:
    """Do what is not done yet; returns the file written."""
    parser = argparse.ArgumentParser(prog="recdiv.experiments.news", description=__doc__)
    parser.add_argument("--results", type=Path, default=Path("results"))
    asked = parser.parse_args(arguments)
    began = time.process_time()
    prepared = prepare(DATA)
    prepared = replace(prepared, catalog=presets.get(FIELD).catalog(prepared.catalog))
    kernel = presets.get(FIELD).kernel(prepared.catalog)
    encoding = time.process_time() - began
    found = {name: _cell(name, partial(work, prepared, kernel)) for name, work in QUESTIONS.items()}
    file: Path = asked.results / "news.json"
    write_json(file, _table(prepared, found, encoding))
    return file


def _cell(name: str, work: Callable[[], Any]) -> Cell:
    """What a question found, with the processor time it took."""

    def timed() -> Cell:
        began = time.process_time()
        answer = work()
        return {"answer": answer, "cpu_seconds": round(time.process_time() - began, 1)}

    preset = presets.get(FIELD)
    rule = {"near": preset.near, "days": preset.days, "reads": list(preset.reads), "centred": preset.centred}
    return CELLS.get({"data": DATA, "model": name, "seed": SEED, "preset": rule}, timed)


def stories(prepared: Prepared, kernel: EmbeddingKernel) -> Any:  # noqa: ANN401
    """Pairs by cosine, and the groups that the rule of the preset makes."""
    preset = presets.get(FIELD)
    return {
        "bands": _stories.bands(kernel, prepared.catalog),
        "rule": {"near": preset.near, "days": preset.days},
        "groups": _stories.groups(prepared.catalog, preset.same_thing(prepared.catalog, kernel)),
        "without_dates": _stories.groups(
            prepared.catalog, replace(preset, days=float("inf")).same_thing(prepared.catalog, kernel)
        ),
    }


def lists_followed(prepared: Prepared, _: EmbeddingKernel) -> Any:  # noqa: ANN401
    """How well numbers about a list follow its sub-topics, plain and centred."""
    labels = prepared.catalog.frame["category"].tolist()
    return {name: _readings.followed(labels, kernel) for name, kernel in _readings.kernels(prepared.catalog).items()}


def systems(prepared: Prepared, kernel: EmbeddingKernel) -> tuple[dict[str, Recommendations], Recommendations]:
    """Lists of each recommender, and the candidates of the one that reads."""
    reads = f"{FIELD} preset"
    options = {name: choose(name, prepared, kernel, seed=SEED, reads=reads)["options"] for name in SYSTEMS}
    models = fit(prepared, kernel, systems=SYSTEMS, options=options, seed=SEED)
    lists = {name: prepared.split.recommend(model, k=_normative.K) for name, model in models.items()}
    return lists, prepared.split.recommend(models["Text (mean)"], k=_normative.POOL)


def norms(prepared: Prepared, kernel: EmbeddingKernel) -> Any:  # noqa: ANN401
    """The normative metrics of every system and of what the study showed, and lists steered to what is published."""
    with_story = _normative.with_columns(prepared, presets.get(FIELD).same_thing(prepared.catalog, kernel))
    lists, candidates = systems(prepared, kernel)
    lists["as shown in the study"] = _normative.shown_lists(prepared)
    return {
        "rows": _normative.normative(lists, with_story),
        "mixes": {name: _normative.mixes(lists, with_story, name) for name in ("orientation", "sentiment")},
        "steered": _normative.steered(candidates, with_story, kernel, column="orientation"),
    }


def streaming(prepared: Prepared, kernel: EmbeddingKernel) -> Any:  # noqa: ANN401
    """Readers who come back every four weeks, and lists that forget at several speeds."""
    train = prepared.split.known
    users = np.random.default_rng(SEED).permutation(train.users)[:READERS].tolist()
    last = stream.days_of(prepared.catalog).max()
    days = np.arange(FIRST, last, EVERY)
    lists = {
        name: stream.served(kernel, prepared.catalog, train, at=days, users=users, half_life=half)
        for name, half in HALF_LIVES.items()
    }
    story = presets.get(FIELD).same_thing(prepared.catalog, kernel)
    found = stream.compared(lists, prepared.catalog, kernel, story)
    rows = [{key: plain(v) if isinstance(v, float) else v for key, v in row.items()} for row in records(found)]
    return {"visits": len(days), "readers": len(users), "rows": rows}


QUESTIONS: Mapping[str, Callable[[Prepared, EmbeddingKernel], Any]] = {
    "order": _impressions.order,
    "foretold": _impressions.foretold,
    "rates": lambda prepared, _: _impressions.rates(prepared),
    "other_orders": _impressions.other_orders,
    "support": _impressions.support,
    "readings": lambda prepared, _: _readings.readings(prepared.catalog),
    "lists": lists_followed,
    "stories": stories,
    "normative": norms,
    "stream": streaming,
}


def _table(prepared: Prepared, found: Mapping[str, Cell], encoding: float) -> dict[str, Any]:
    config = {
        "split": prepared.about,
        "encoder": "all-MiniLM-L6-v2",
        "intervals": "95 %, bootstrap over people",
        "places": _impressions.PLACES,
        "slots": _normative.K,
        "null_draws": _normative.NULL,
        "seconds": "of processor time, one thread; reading and encoding (cached by content) stand apart",
    }
    files = {each.name: each.sha256 for each in source(DATA).files}
    seconds = {name: cell["cpu_seconds"] for name, cell in found.items()}
    head = provenance(config=config, seeds=[SEED], data={DATA: files}, seconds=sum(seconds.values()))
    answers = {name: cell["answer"] for name, cell in found.items()}
    return {**head, "cpu_seconds": {"reading and encoding": round(encoding, 1), **seconds}, **answers}


if __name__ == "__main__":
    main()
