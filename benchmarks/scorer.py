"""How fast item texts are scored after contexts, against plain transformers.

``python -m benchmarks.scorer`` writes results/benchmark_scorer.json.

Three questions about the bundled video sample, asked of one random model (weights do not change the work):

* ``catalogue``: every title after each of some histories of ten titles: what ``Generative.scores`` asks;
* ``lists``: each title of lists of ten after the ones before it: what ``redundancy`` asks;
* ``texts``: title and text of every item, of mixed length, after nothing.

Sides: ``recdiv``; ``without prefixes``, the same batches where each row reads its context itself; ``padded batches``,
32 texts at a time in the order given, as a short script would do it; and ``one by one``. Where a side would take long,
it is asked the first so many questions, and texts a second are compared. All sides answer the same to 1e-4. Seconds are
CPU time of the process on one thread, the median of several runs taken in turn.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
import typer
from torch import Tensor

import recdiv as rd
from recdiv._provenance import provenance, write_json
from recdiv.lm import _batches
from recdiv.lm._causal import Causal
from recdiv.lm._requests import Job
from recdiv.lm.from_scratch import small_causal, train_tokenizer
from recdiv.lm.scorer import CausalScorer

HISTORIES, LISTS, LENGTH, SEED = 5, 120, 10, 0
HIDDEN, LAYERS, VOCABULARY, BATCH = 192, 4, 4000, 32
FIRST = {"without prefixes": 600, "padded batches": 600, "one by one": 120}
TARGET = Path(__file__).parent.parent / "results" / "benchmark_scorer.json"
Question = tuple[list[str], list[tuple[str, ...]]]


def questions() -> dict[str, Question]:
    """Texts and their contexts, by name."""
    catalog = rd.load("video").catalog
    titles, rng = catalog.frame["title"].tolist(), np.random.default_rng(SEED)
    histories = [tuple(rng.choice(titles, LENGTH)) for _ in range(HISTORIES)]
    lists = [tuple(rng.choice(titles, LENGTH)) for _ in range(LISTS)]
    texts = catalog.texts()
    return {
        "catalogue": (titles * HISTORIES, [each for each in histories for _ in titles]),
        "lists": ([title for each in lists for title in each], [each[:r] for each in lists for r in range(LENGTH)]),
        "texts": (texts, [()] * len(texts)),
    }


def rows(causal: Causal, question: Question) -> list[tuple[list[int], int]]:
    """Whole sequences of tokens, and how many at the end are asked about."""
    texts, contexts = question
    ids = dict(
        zip(every := sorted({*texts, *(t for each in contexts for t in each)}), causal.tokens(every), strict=True)
    )
    read = [[causal.begin, *(t for part in each for t in (*ids[part], causal.end))] for each in contexts]
    tails = [[*ids[text], causal.end] for text in texts]
    return [(before + tail, len(tail)) for before, tail in zip(read, tails, strict=True)]


def padded(causal: Causal, question: Question, size: int) -> Tensor:
    """``size`` sequences at a time in the order given, padded on the right, all logits kept."""
    everything, found = rows(causal, question), []
    for start in range(0, len(everything), size):
        part = everything[start : start + size]
        width = max(len(ids) for ids, _ in part)
        ids = torch.tensor([row + [causal.end] * (width - len(row)) for row, _ in part])
        mask = torch.tensor([[1] * len(row) + [0] * (width - len(row)) for row, _ in part])
        with torch.inference_mode():
            log_p = causal.model(input_ids=ids, attention_mask=mask).logits.log_softmax(-1)
        gained = log_p[:, :-1].gather(2, ids[:, 1:, None]).squeeze(2)
        found += [gained[n, len(row) - tail - 1 : len(row) - 1].sum() for n, (row, tail) in enumerate(part)]
    return torch.stack(found).double()


def without_prefixes(scorer: CausalScorer, question: Question) -> Tensor:
    """Our batches, but each row starts from the beginning token."""
    causal = scorer.causal
    jobs = [
        Job((causal.begin,), tuple(row[1:]), ((n, len(row) - tail - 1, len(row) - 1),))
        for n, (row, tail) in enumerate(rows(causal, question))
    ]
    values = torch.zeros(len(jobs), dtype=torch.float64)
    with causal.at_rest():
        for job, log_p in _batches.scored(causal, jobs, scorer):
            [(n, start, stop)] = job.spans
            values[n] = log_p[start:stop].sum()
    return values


def measured(question: Question, scorer: CausalScorer, runs: int) -> dict[str, dict[str, float]]:
    """Texts a second of each side, and how far its answers are from ours."""
    texts, contexts = question
    expected = scorer.log_likelihood(texts, contexts=contexts, progress=False)

    def part(name: str) -> Question:
        return texts[: FIRST.get(name)], contexts[: FIRST.get(name)]

    sides: dict[str, Callable[[Question], Tensor]] = {
        "recdiv": lambda q: scorer.log_likelihood(q[0], contexts=q[1], progress=False),
        "without prefixes": lambda q: without_prefixes(scorer, q),
        "padded batches": lambda q: padded(scorer.causal, q, BATCH),
        "one by one": lambda q: padded(scorer.causal, q, 1),
    }
    seconds: dict[str, list[float]] = {name: [] for name in sides}
    far: dict[str, float] = {}
    for _ in range(runs):
        for name, side in sides.items():
            start = time.process_time()
            found = side(part(name))
            seconds[name].append(time.process_time() - start)
            far[name] = float((found - expected[: len(found)]).abs().max())
    found = {}
    for name, taken in seconds.items():
        asked = len(part(name)[0])
        found[name] = {
            "texts": asked,
            "texts_per_second": round(asked / float(np.median(taken)), 1),
            "differs": far[name],
        }
        print(name, found[name], flush=True)
    return found


def main(runs: int = 3) -> None:
    """Measure all three questions and record them."""
    torch.set_num_threads(1)
    begun = time.perf_counter()
    asked = questions()
    tokenizer = train_tokenizer(asked["texts"][0], vocabulary=VOCABULARY)
    model = small_causal(tokenizer, hidden=HIDDEN, layers=LAYERS, window=512, seed=SEED)
    scorer = CausalScorer((model, tokenizer), device="cpu")
    found = {name: measured(question, scorer, runs) for name, question in asked.items()}
    parameters = sum(each.numel() for each in scorer.causal.model.parameters())
    config = {
        "parameters": parameters, "threads": 1, "runs": runs, "batch_tokens": scorer.batch_tokens, "batch": BATCH,
        "clock": "CPU seconds, median",
    }  # fmt: skip
    head = provenance(config=config, seeds=[SEED], data={}, seconds=time.perf_counter() - begun)
    write_json(TARGET, {**head, "questions": found})


if __name__ == "__main__":
    typer.run(main)
