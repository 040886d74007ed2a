"""The recommenders of the tables: what each is called, what it is tried with, what it is given."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from recdiv.kernels import EmbeddingKernel
from recdiv.lm import TextEncoder
from recdiv.recommend import Recommender, make, names

Options = Mapping[str, Any]


@dataclass(frozen=True)
class Entry:
    """A line of the table.

    Attributes:
        title: what readers see.
        model: its name in the registry of recommenders.
        seeded: whether another seed makes another model; else one run says all.
        tried: settings to choose from by nDCG@10 on the validation part, on the first seed.
        vectors: the name of the argument that takes the catalogue's vectors, or None for a model that reads no text.
        only: the sets it is run on, or None for all, and ``why`` not on the others.
        seeds: at most how many seeds.
        encoder: whether the encoder itself is given (to be tuned), not its vectors.
        writes: whether it writes lists and has no cheap score of every item.
        dial: a setting that is turned on the fitted model, upwards through ``turned``; on the validation part the last
            value is taken before the first that costs more than :data:`COST` of the nDCG@10 of the first value.
    """

    title: str
    model: str
    seeded: bool = False
    tried: tuple[Options, ...] = ({},)
    vectors: str | None = None
    only: tuple[str, ...] | None = None
    why: str = ""
    seeds: int = 3
    encoder: bool = False
    writes: bool = False
    dial: str = ""
    turned: tuple[float, ...] = ()


COST = 0.05  # share of nDCG@10 on the validation part that a dial may cost
_SHORT: Options = {"epochs": 12, "patience": 3}  # as long as one core has time for; most runs stop before

MODELS: dict[str, Entry] = {
    "popularity": Entry("Popularity", "popularity"),
    "random": Entry("Random", "random", seeded=True),
    "item_knn": Entry(
        "Item kNN",
        "item_knn",
        tried=tuple({"neighbours": n, "shrink": s} for n in (50, 200) for s in (10.0, 100.0)),
    ),
    "text_mean": Entry(
        "Text (mean)", "text", tried=tuple({"half_life": h} for h in (None, 10.0, 5.0, 2.0, 1.0)), vectors="source"
    ),
    "als": Entry(
        "ALS",
        "als",
        seeded=True,
        tried=tuple({"regularization": r, "alpha": a} for r in (10.0, 50.0) for a in (2.0, 10.0)),
    ),
    "bpr": Entry("BPR", "bpr", seeded=True, tried=({"epochs": 30}, {"epochs": 100})),
    "sasrec": Entry("SASRec", "sasrec", seeded=True, tried=(_SHORT,)),
    "sasrec_text": Entry("SASRec from text", "sasrec", seeded=True, tried=(_SHORT,), vectors="vectors"),
    "text_transformer": Entry(
        "Text Transformer",
        "text_transformer",
        seeded=True,
        tried=(_SHORT,),
        vectors="source",
    ),
    "text_transformer_new": Entry(
        "Text Transformer, new favoured",
        "text_transformer",
        seeded=True,
        tried=(_SHORT,),
        vectors="source",
        dial="favour_new",
        turned=(0.0, 0.25, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0, 5.0),
    ),
    "text_transformer_lora": Entry(
        "Text Transformer, LoRA",
        "text_transformer",
        seeded=True,
        tried=({"tune": "lora", "live": 16, "epochs": 5, "patience": None},),
        only=("online_retail",),
        why="the encoder reads texts with gradients each step: without a GPU, only on the set with the fewest and "
        "shortest texts",
        seeds=1,
        encoder=True,
    ),
    "generative": Entry(
        "Generative",
        "generative",
        seeded=True,
        tried=({"epochs": 4},),
        only=("movielens",),
        why="training, and writing lists for thousands, take many minutes of one core: on one set only",
        seeds=1,
        writes=True,
    ),
    "text_transformer_full": Entry(
        "Text Transformer, fully tuned",
        "text_transformer",
        only=(),
        why="needs a GPU: all of the encoder's 22 million weights learn",
    ),
}


def build(entry: Entry, options: Options, kernel: EmbeddingKernel, *, seed: int) -> Recommender:
    """The recommender of a line, with these settings, not yet fitted."""
    given: dict[str, Any] = dict(options)
    if entry.seeded:
        given["rng"] = seed
    if entry.vectors:
        given[entry.vectors] = kernel.vectors.clone() if entry.vectors == "vectors" else kernel
    if entry.encoder:
        given["source"] = TextEncoder()
    return make(entry.model, **given)


def missing(entry: Entry, data: str) -> str | None:
    """Why a line is not run on a set, or None if it is."""
    if entry.model not in names():
        return f"{entry.model} is not there"
    if entry.only is not None and data not in entry.only:
        return entry.why
    return None
