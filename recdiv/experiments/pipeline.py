"""What all four applications do, on a sample live and on real data recorded: ``results/pipeline_<data>.json``.

``python -m recdiv.experiments.pipeline --data online_retail nemig``. Text and behaviour go in; recommenders are fitted,
the simple ones and the one that reads; their lists are marked for accuracy and diversity; those of the one that reads
are re-ranked as far as a stated loss of accuracy on the validation part allows; and everybody does one more thing, to
which the lists answer without re-training. Each set is a cell that is kept when it ends.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
from torch import Tensor

from recdiv._provenance import provenance, write_json
from recdiv.datasets._sources import source
from recdiv.evaluation import compare, evaluate, tune_diversity
from recdiv.evaluation._frontier import padded
from recdiv.evaluation._report import records
from recdiv.experiments._answers import answers, one_more
from recdiv.experiments._cells import Cell, Cells
from recdiv.experiments._measure import plain
from recdiv.experiments._models import MODELS, Options, build
from recdiv.experiments._sets import SETS, Prepared, prepare
from recdiv.experiments.recommenders import choose
from recdiv.kernels import EmbeddingKernel
from recdiv.metrics import compute
from recdiv.recommend import Recommender
from recdiv.reranking import rerank
from recdiv.tables import Recommendations

__all__ = ["MEASURES", "answers", "fit", "one_more", "prepare", "re_ranked", "side_by_side"]

CELLS = Cells("pipeline", recipe=3)  # raise it when code below changes what a cell means
SYSTEMS = ("popularity", "item_knn", "als", "text_mean", "text_transformer", "random")
READER = "text_transformer"  # the recommender that reads: a language model that learnt from behaviour
ON_SAMPLES: Mapping[str, Options] = {READER: {"epochs": 20, "patience": None, "learning_rate": 2e-3}}
MEASURES = (
    "ndcg@10", "recall@10", "item_coverage", "gini", "entropy", "mutual_information", "alpha", "beta", "gamma", "chi",
    "semantic_coverage", "novelty", "popularity_lift", "calibration_qjsd",
)  # fmt: skip
UPDATED = (*MEASURES, "chi_excess")  # its interval, which a difference of chi and of its null has not
K, POOL, NULL, SEED = 10, 100, 5, 0
METHOD = "mmr"
GRID = tuple(step / 20 for step in range(21))  # of diversity
COST = 0.05  # share of nDCG that re-ranking may lose on the validation part
Rows = list[dict[str, Any]]


@dataclass(frozen=True)
class ReRanked:
    """What re-ranking did to the lists of one recommender.

    Attributes:
        method, diversity: what was chosen on the validation part; ``low`` and ``high`` its 95 % interval.
        lists: plain and re-ranked, of the test part.
        rows: one a metric: ``plain``, ``re-ranked``, and their paired ``difference`` with its interval.
        note: why nothing was re-ranked, or "".
    """

    method: str
    diversity: float
    low: float
    high: float
    lists: dict[str, Recommendations]
    rows: Rows
    note: str = ""


def fit(
    prepared: Prepared,
    kernel: EmbeddingKernel,
    *,
    systems: Sequence[str] = SYSTEMS,
    options: Mapping[str, Options] | None = None,
    seed: int = 0,
) -> dict[str, Recommender]:
    """The recommenders by title, learnt from the training part.

    Args:
        prepared: items and split, from :func:`prepare`.
        kernel: what those that read are given.
        systems: names of lines of :data:`recdiv.experiments._models.MODELS`.
        options: settings by name; where there are none, the library's own.
        seed: of those that draw.
    """
    given = options or {}
    found = {}
    for name in systems:
        model = build(MODELS[name], given.get(name, {}), kernel, seed=seed)
        found[MODELS[name].title] = model.fit(prepared.split.train)
    return found


def side_by_side(
    lists: Mapping[str, Recommendations],
    prepared: Prepared,
    kernel: EmbeddingKernel,
    *,
    metrics: Sequence[str] = MEASURES,
    null: int = NULL,
) -> pd.DataFrame:
    """Accuracy and diversity of each system's lists: one row a system and metric, as in a report's frame."""
    split = prepared.split
    found = {
        name: evaluate(
            recs.head(K),
            prepared.catalog,
            train=split.known,
            test=split.test,
            kernel=kernel,
            metrics=metrics,
            null=null,
        ).frame
        for name, recs in lists.items()
    }
    return pd.concat(found, names=["system"]).reset_index(level="system").reset_index(drop=True)


def re_ranked(
    model: Recommender,
    prepared: Prepared,
    kernel: EmbeddingKernel,
    *,
    method: str = "mmr",
    cost: float = COST,
    metrics: Sequence[str] = MEASURES,
) -> ReRanked:
    """The lists of ``model`` re-ranked with the largest ``diversity`` that cost at most ``cost`` of nDCG@10 before.

    The value is chosen on the validation part and read on the test part, against the plain lists of the same people.
    """
    split = prepared.split
    before, after = split.recommend(model, part="validation", k=POOL), split.recommend(model, k=POOL)
    plain_lists = after.head(K)
    right = compute("ndcg", before.head(K), test=split.validation).value
    if not right > 0:  # nobody's next item was ever shown: no loss can be weighed
        note = f"no list of {len(before)} held a validation item, so no cost can be told"
        return ReRanked(method, 0.0, 0.0, 0.0, {"plain": plain_lists}, [], note)
    tuned = tune_diversity(
        scored(before), kernel, split.validation, users=before.users, candidates=before.items, method=method,
        cost=cost, k=K, grid=GRID, history=padded(split.histories("validation")),
    )  # fmt: skip
    again = rerank(
        scored(after), kernel, candidates=after.items, method=method, k=K, diversity=tuned.diversity,
        history=padded(split.histories("test")),
    )  # fmt: skip
    lists = {"plain": plain_lists, "re-ranked": Recommendations(again.items, scores=again.scores, users=after.users)}
    found = compare(
        lists, prepared.catalog, train=split.known, test=split.test, kernel=kernel, metrics=metrics, null=NULL
    )
    rows = [
        {
            "metric": row.metric,
            **{name: plain(found.frame[name][str(row.metric)]) for name in lists},
            **{"difference": plain(row.difference), "low": plain(row.low), "high": plain(row.high)},
        }
        for row in found.differences.itertuples()
    ]
    return ReRanked(method, tuned.diversity, tuned.low, tuned.high, lists, rows)


def scored(lists: Recommendations) -> Tensor:
    """The scores of lists that have some: those of every recommender here."""
    if lists.scores is None:
        raise ValueError("lists must have scores to be re-ranked by, got none")
    return lists.scores


def main(arguments: Sequence[str] | None = None) -> list[Path]:
    """Do what is not done yet; returns the files written."""
    parser = argparse.ArgumentParser(prog="recdiv.experiments.pipeline", description=__doc__)
    parser.add_argument("--data", nargs="+", choices=list(SETS), default=list(SETS))
    parser.add_argument("--results", type=Path, default=Path("results"))
    asked = parser.parse_args(arguments)
    return [run(name, asked.results) for name in asked.data]


def run(data: str, results: Path) -> Path:
    """The whole pipeline on one set."""
    prepared = prepare(data)
    kernel = EmbeddingKernel.from_text(prepared.catalog)
    options = {name: choose(name, prepared, kernel, seed=SEED)["options"] for name in SYSTEMS}
    read = {"metrics": list(MEASURES), "metrics of re-ranked": list(UPDATED)}
    settings = {"data": data, "seed": SEED, "options": options, "method": METHOD, **read}
    cell = CELLS.get(settings, lambda: _measured(prepared, kernel, options))
    file = results / f"pipeline_{data}.json"
    write_json(file, _table(prepared, options, cell))
    return file


def _measured(prepared: Prepared, kernel: EmbeddingKernel, options: Mapping[str, Options]) -> Cell:
    """Everything, with the processor time of each step."""
    clock = [time.process_time()]
    models = fit(prepared, kernel, options=options, seed=SEED)
    clock.append(time.process_time())
    lists = {name: prepared.split.recommend(model, k=K) for name, model in models.items()}
    table = side_by_side(lists, prepared, kernel, metrics=MEASURES)
    clock.append(time.process_time())
    again = re_ranked(models[MODELS[READER].title], prepared, kernel, method=METHOD, metrics=UPDATED)
    clock.append(time.process_time())
    answered = one_more(models, prepared, kernel)
    clock.append(time.process_time())
    steps = ("training", "lists and numbers", "re-ranking", "one more action")
    return {
        "systems": records(table[["system", "metric", "value", "low", "high", "null", "excess"]]),
        "re_ranked": {
            **{name: getattr(again, name) for name in ("method", "diversity", "low", "high", "rows", "note")},
            "of": MODELS[READER].title,
            "cost_allowed": COST,
        },
        "one_more": records(answered),
        "cpu_seconds": {step: round(b - a, 1) for step, a, b in zip(steps, clock, clock[1:], strict=False)},
    }


def _table(prepared: Prepared, options: Mapping[str, Options], cell: Cell) -> dict[str, Any]:
    split = prepared.split
    config = {
        "split": prepared.about,
        "options": {name: dict(each) for name, each in options.items()},
        "slots": K,
        "candidates": POOL,
        "null_draws": NULL,
        "encoder": "all-MiniLM-L6-v2",
        "seconds": "of processor time, one thread; encoding and choosing settings not counted",
    }
    size = {
        "items": len(prepared.catalog),
        "users_tested": split.test.n_users,
        "train_events": len(split.train),
        "test_events": len(split.test),
        "cold_test_events": len(split.slice(split.cold())),
    }
    files = {each.name: each.sha256 for each in source(prepared.name).files}
    spent = sum(cell["cpu_seconds"].values())
    head = provenance(config=config, seeds=[SEED], data={prepared.name: files}, seconds=spent)
    found = {key: cell[key] for key in ("systems", "re_ranked", "one_more", "cpu_seconds")}
    return {**head, "size": size, **found}


if __name__ == "__main__":
    main()
