"""Pre-training on real data, against counts, and what it does to an encoder: ``results/pretrain_<data>.json``.

``python -m recdiv.experiments.pretrain --data movietweetings nemig``. Three parts a set, each kept when it ends: a
model from nothing, the default encoder going on with masked words, and the other set's model going on with this one.
Training itself resumes from its checkpoints.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from recdiv._provenance import provenance, write_json
from recdiv.datasets._sources import source
from recdiv.experiments._cells import Cell, Cells
from recdiv.experiments._encoders import compare_encoders, last_items
from recdiv.experiments._sets import Prepared, prepare
from recdiv.lm.documents import Corpus, split_documents
from recdiv.lm.held_out import Perplexity, perplexity
from recdiv.lm.ngram import NgramModel
from recdiv.lm.pretraining import Pretrained, pretrain
from recdiv.lm.training_config import TrainingConfig
from recdiv.lm.weights import DEFAULT_MODEL
from recdiv.tables import Catalog, Interactions

SETS = ("movietweetings", "nemig")
ORDERS = (1, 2, 3, 4, 5)
RECIPE = 2  # raise it when the code below changes what a cell means
CELLS = Cells("pretrain", recipe=RECIPE)
SIZE: dict[str, Any] = {"vocabulary": 2048, "hidden": 128, "layers": 4, "window": 128}
SCRATCH = TrainingConfig(learning_rate=4e-3, batch_size=4, epochs=2, schedule="cosine", checkpoint_every=300)
ON = SCRATCH.replace(learning_rate=2e-3, epochs=1)
MASKED = TrainingConfig(learning_rate=5e-5, batch_size=32, epochs=1)
_MASKED_ITEMS = 1000  # an encoder of 22 million parameters reads slowly on a CPU
_TITLES = ("nemig",)  # the rest of an article's text is its publisher's, the same under every title
_SPLIT = 20_11  # seed of what is held out: part of the data, not of a run


def corpus(prepared: Prepared) -> Corpus:
    """The documents of a set, a tenth of the titles and of the people for testing and a tenth for choosing."""
    catalog, events = prepared.catalog, prepared.split.train
    if prepared.name in _TITLES:
        catalog = Catalog(catalog.frame.drop(columns="text"))
        events = Interactions(events.frame, catalog)
    return split_documents(catalog, events, share=0.1, rng=_SPLIT)


def main(arguments: Sequence[str] | None = None) -> list[Path]:
    """Do what is not done yet; returns the files written."""
    parser = argparse.ArgumentParser(prog="recdiv.experiments.pretrain", description=__doc__)
    parser.add_argument("--data", nargs="+", choices=SETS, default=list(SETS))
    parser.add_argument("--results", type=Path, default=Path("results"))
    asked = parser.parse_args(arguments)
    files = [run(name, asked.results, ("scratch", "masked")) for name in asked.data]
    for name in asked.data:  # the other set's model is there now, where it was asked for
        run(name, asked.results, ("scratch", "masked", "onward"))
    return files


def run(data: str, results: Path, parts: Sequence[str]) -> Path:
    """Some parts of one set; the file is written again after each."""
    prepared = prepare(data)
    documents, folder = corpus(prepared), CELLS.folder
    other = next(name for name in SETS if name != data)
    file = results / f"pretrain_{data}.json"
    done: dict[str, Any] = {}
    for part in parts:
        settings = {"data": data, "part": part}
        if part == "scratch":
            done[part] = CELLS.get(settings, partial(_timed, from_scratch, documents, folder / f"model-{data}"))
        elif part == "masked":
            work = partial(_timed, masked, prepared, documents, folder / f"encoder-{data}")
            done[part] = CELLS.get(settings, work)
        elif (folder / f"model-{other}" / "config.json").is_file():
            places = folder / f"model-{other}", folder / f"model-{other}-{data}"
            done[part] = CELLS.get(settings, partial(_timed, onward, documents, *places))
        else:
            done[part] = {"not_run": f"the model of {other} is not there"}
        write_json(file, {**_head(data, documents, done), **done})
    return file


def from_scratch(documents: Corpus, folder: Path) -> Cell:
    """A new model, beside counts of the same tokens of every order."""
    made = pretrain(documents.train, validation=documents.validation, folder=folder, config=SCRATCH, **SIZE)
    return {**_about(made), **_against_counts(made, documents), "sample": sample(made)}


def onward(documents: Corpus, start: Path, folder: Path) -> Cell:
    """The other set's model, read this set to: does knowing films help to read news, and the reverse?"""
    made = pretrain(documents.train, validation=documents.validation, model=start, folder=folder, config=ON)
    before = {kind: _numbers(perplexity(start, _kind(documents, kind))) for kind in ("items", "histories")}
    after = {kind: _numbers(perplexity(folder, _kind(documents, kind))) for kind in ("items", "histories")}
    return {**_about(made), "before": before, "after": after}


def masked(prepared: Prepared, documents: Corpus, folder: Path) -> Cell:
    """The default encoder goes on with masked words of this set: what it gains, and what its vectors lose."""
    train = [document for document in documents.train if len(document) == 1][:_MASKED_ITEMS]
    made = pretrain(train, validation=documents.items[:200], model=DEFAULT_MODEL, folder=folder, config=MASKED)
    encoders = {"default": None, "adapted": folder, "scratch": CELLS.folder / f"model-{prepared.name}"}
    people, slots = last_items(prepared).items.shape
    read = compare_encoders(prepared, documents.held_out, encoders, rng=_SPLIT)
    return {**_about(made), "lists": {"people": people, "slots": slots}, "encoders": read}


def sample(made: Pretrained, n: int = 6) -> list[str]:
    """What the model writes after a beginning token, drawn token by token."""
    import torch

    with torch.random.fork_rng():
        torch.manual_seed(0)
        begin = torch.full((n, 1), made.tokenizer.bos_token_id, device=made.model.device)
        mask = torch.ones_like(begin)
        said = made.model.generate(begin, attention_mask=mask, do_sample=True, temperature=0.8, max_new_tokens=32)
    return [made.tokenizer.decode(row, skip_special_tokens=False).split("<end>")[0][7:].strip() for row in said]


def _against_counts(made: Pretrained, documents: Corpus) -> Cell:
    """Perplexities on both kinds of test document; what the model saves against each order, paired, in bits a byte."""
    kinds = ("items", "histories")
    mine = {kind: perplexity((made.model, made.tokenizer), _kind(documents, kind)) for kind in kinds}
    counted: dict[str, dict[str, Any]] = {kind: {} for kind in kinds}
    for order in ORDERS:
        counts = NgramModel(made.tokenizer, order=order).fit(documents.train)
        chosen_by = perplexity(counts, documents.validation).bits_per_byte
        for kind in kinds:
            theirs = perplexity(counts, _kind(documents, kind))
            saved = dict(zip(("saving", "low", "high"), mine[kind].saving(theirs), strict=True))
            counted[kind][str(order)] = {**_numbers(theirs), "validation_bits": chosen_by, "model_saves": saved}
    return {"model": {kind: _numbers(mine[kind]) for kind in kinds}, "counts": counted}


def _kind(documents: Corpus, kind: str) -> list[tuple[str, ...]]:
    return documents.items if kind == "items" else documents.histories


def _numbers(found: Perplexity) -> dict[str, float]:
    names = ("value", "low", "high", "bits_per_byte", "bits_low", "bits_high", "n_tokens", "n_bytes")
    return {name: round(getattr(found, name), 5) for name in names}


def _about(made: Pretrained) -> Cell:
    looks = [[e["step"], round(e["validation_loss"], 4)] for e in made.run.history if "validation_loss" in e]
    return {
        "tokens": made.n_tokens,
        "parameters": made.n_parameters,
        "steps": made.run.steps,
        "loss_before": round(made.loss_before, 4),
        "loss_after": round(made.loss_after, 4),
        "looks": looks,
    }


def _timed(work: Callable[..., Cell], *arguments: Any) -> Cell:  # noqa: ANN401
    began = time.process_time()
    return {**work(*arguments), "cpu_seconds": round(time.process_time() - began, 1)}


def _head(data: str, documents: Corpus, done: dict[str, Any]) -> dict[str, Any]:
    names = ("train", "validation", "items", "histories")
    config = {
        "size": SIZE,
        "scratch": SCRATCH.to_dict(),
        "onward": ON.to_dict(),
        "reads": "titles" if data in _TITLES else "titles, genres and descriptions",
        "masked": {**MASKED.to_dict(), "items": _MASKED_ITEMS},
        "documents": {name: len(getattr(documents, name)) for name in names},
        "seconds": "of processor time, one thread; what an interrupted run did before is not counted",
    }
    files = {each.name: each.sha256 for each in source(data).files}
    spent = sum(part.get("cpu_seconds", 0.0) for part in done.values())
    return provenance(config=config, seeds=[SCRATCH.seed, _SPLIT], data={data: files}, seconds=spent)


if __name__ == "__main__":
    main()
