"""Product tagging on real data, DFKI products (English) and DSNER requests (Chinese): ``results/tagging_real.json``.

Run by ``make real``. Each run is kept in the cache folder when it ends, so an interrupted ``make real`` goes on where
it stopped; only numbers leave it.
"""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from tqdm import tqdm

from recdiv._paths import cache_folder
from recdiv._provenance import provenance, write_json
from recdiv.datasets._sources import source
from recdiv.lm._random import seeded
from recdiv.lm.dictionary import DictionaryTagger
from recdiv.lm.tag_scores import spans, tag_scores
from recdiv.lm.tagging import OUTSIDE, Sentence, Tagger, windows
from recdiv.lm.train_tagger import fit
from recdiv.lm.weights import DEFAULT_SHA256

SETS = ("dfki_product", "dsner")
Splits = dict[str, list[Sentence]]

_LONGEST = 64  # words a window: DFKI holds whole pages on one line
_BOOTSTRAP = 1_000
_RECIPE = 2  # raise it when the code below changes what a run means


@dataclass(frozen=True)
class Run:
    """One thing to measure; ``products_only`` drops the other types, ``learn_characters`` widens the vocabulary."""

    data: str
    method: str  # "dictionary" or "encoder"
    products_only: bool = True
    learn_characters: bool = False
    epochs: int = 0
    batch_size: int = 16
    learning_rate: float = 1e-4
    seed: int = 0

    @property
    def key(self) -> str:
        """Names the run in the cache: same key, same numbers."""
        text = json.dumps([asdict(self), _RECIPE, DEFAULT_SHA256], sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:16]


def plan() -> list[Run]:
    """Every run, cheap ones first."""
    runs = [Run(data, "dictionary") for data in SETS]
    chinese: dict[str, Any] = {"data": "dsner", "method": "encoder", "epochs": 5, "learning_rate": 2e-4}
    runs.append(Run(**chinese))
    runs += [Run(**chinese, learn_characters=True, seed=seed) for seed in (0, 1)]
    runs.append(Run("dfki_product", "encoder", epochs=2))
    return runs


def main(results: str | os.PathLike[str] = "results") -> Path:
    """Do what is not done yet and write ``tagging_real.json`` into the folder ``results``; returns the file."""
    cache = cache_folder() / "real" / "tagging"
    cache.mkdir(parents=True, exist_ok=True)
    done = []
    for run in tqdm(plan(), desc="tagging, real data", unit="run"):
        kept = cache / f"{run.key}.json"
        if not kept.is_file():
            write_json(kept, measure(run))
        done.append(json.loads(kept.read_text("utf-8")))
    head = provenance(
        config={"longest_window": _LONGEST, "bootstrap": _BOOTSTRAP, "model_sha256": DEFAULT_SHA256},
        seeds=sorted({run["seed"] for run in done}),
        data={name: {file.name: file.sha256 for file in source(name).files} for name in SETS},
        seconds=sum(run["seconds"] for run in done),
    )
    file = Path(results) / "tagging_real.json"
    write_json(file, {**head, "sets": {name: describe(name) for name in SETS}, "runs": done})
    return file


def measure(run: Run) -> dict[str, Any]:
    """Train where there is something to train, tag the test split, score it."""
    splits = load(run.data, products_only=run.products_only)
    began = time.perf_counter()
    test = splits["test"]
    predicted = _predicted(run, splits)
    gold = [list(tags) for _, tags in test]
    scores = tag_scores(gold, predicted).to_dict()
    low, high = f1_interval(gold, predicted, rng=run.seed)
    seconds = round(time.perf_counter() - began, 1)
    by_kind = {kind: f1_of(kind, gold, predicted) for kind in sorted({span[1] for span in spans(gold)})}
    return {**asdict(run), "scores": scores, "f1_low": low, "f1_high": high, "f1_by_kind": by_kind, "seconds": seconds}


def load(name: str, *, products_only: bool) -> Splits:
    """The splits tagged by hand; types in English; with ``products_only`` every other type becomes ``O``."""
    from recdiv import datasets

    extras = datasets.load(name).extras
    kinds = {kind: english.capitalize() for kind, english in extras.get("kinds", {}).items()}

    def renamed(tag: str) -> str:
        place, _, kind = tag.partition("-")
        kind = kinds.get(kind, kind)
        return tag if tag == OUTSIDE else f"{place}-{kind}" if kind == "Product" or not products_only else OUTSIDE

    return {
        split: [(words, [renamed(tag) for tag in tags]) for words, tags in extras["splits"][split]]
        for split in ("train", "dev", "test")
    }


def _predicted(run: Run, splits: Splits) -> list[list[str]]:
    words = [words for words, _ in splits["test"]]
    if run.method == "dictionary":
        return DictionaryTagger(splits["train"]).predict(words)
    kinds = sorted({tag for _, tags in splits["train"] for tag in tags} - {OUTSIDE})
    device = "cuda" if torch.cuda.is_available() else "cpu"
    tagger = Tagger.from_encoder(tags=(OUTSIDE, *kinds), rng=run.seed, device=device)
    if run.learn_characters:
        learn_characters(tagger, [words for words, _ in splits["train"]], rng=run.seed)
    fit(
        tagger,
        windowed(splits["train"]),
        epochs=run.epochs,
        batch_size=run.batch_size,
        learning_rate=run.learning_rate,
        rng=run.seed,
    )
    return predict_long(tagger, words)


def learn_characters(tagger: Tagger, sentences: Sequence[Sequence[str]], *, rng: int = 0) -> int:
    """Give each word that the tokenizer does not know an entry of its own, to be trained; returns how many."""
    tokenizer = tagger.tokenizer
    unknown = {w for words in sentences for w in words if tokenizer.unk_token in tokenizer.tokenize(w)}
    added = int(tokenizer.add_tokens(sorted(unknown)))
    with seeded(rng):
        tagger.model.resize_token_embeddings(len(tokenizer), mean_resizing=False)
    return added


def windowed(sentences: Sequence[Sentence]) -> list[Sentence]:
    """Long sentences in several pieces."""
    return [(words[cut], tags[cut]) for words, tags in sentences for cut in windows(words, _LONGEST)]


def predict_long(tagger: Tagger, sentences: Sequence[Sequence[str]]) -> list[list[str]]:
    """Tags of sentences of any length: window by window, put together again."""
    cuts = [(i, cut) for i, words in enumerate(sentences) for cut in windows(words, _LONGEST)]
    whole: list[list[str]] = [[] for _ in sentences]
    for (i, _), tags in zip(cuts, tagger.predict([sentences[i][cut] for i, cut in cuts]), strict=True):
        whole[i] += tags
    return whole


def f1_interval(gold: list[list[str]], predicted: list[list[str]], *, rng: int) -> tuple[float, float]:
    """95 % bootstrap interval of the entity F1 over test sentences (not over training runs)."""
    counts = np.zeros((len(gold), 3))
    for column, found in enumerate((spans(gold), spans(predicted), spans(gold) & spans(predicted))):
        for sentence, *_ in found:
            counts[sentence, column] += 1
    draws = np.random.default_rng(rng).integers(len(gold), size=(_BOOTSTRAP, len(gold)))
    total, made, hits = counts[draws].sum(1).T
    low, high = np.quantile(2 * hits / np.maximum(total + made, 1), [0.025, 0.975])
    return float(low), float(high)


def f1_of(kind: str, gold: list[list[str]], predicted: list[list[str]]) -> float:
    """Entity F1 of one type."""
    true, found = ({span for span in spans(tags) if span[1] == kind} for tags in (gold, predicted))
    return 2 * len(true & found) / (len(true) + len(found))


def describe(name: str) -> dict[str, Any]:
    """Sizes of a set, and how much of it the tokenizer does not know."""
    tokenizer = Tagger.from_encoder(tags=(OUTSIDE,)).tokenizer
    described: dict[str, Any] = {}
    for split, sentences in load(name, products_only=False).items():
        pieces = [piece for words, _ in sentences for word in words for piece in tokenizer.tokenize(word)]
        described[split] = {
            "sentences": len(sentences),
            "words": sum(len(words) for words, _ in sentences),
            "longest": max(len(words) for words, _ in sentences),
            "entities": len(spans([list(tags) for _, tags in sentences])),
            "unknown_share": pieces.count(tokenizer.unk_token) / len(pieces),
        }
    return described


if __name__ == "__main__":
    main()
