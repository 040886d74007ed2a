"""Descriptions for part of the items only: what each rule for the others makes of the metrics.

On films that all have a description, a growing share is treated as if it had none. Lists stay as they are; only what
the kernel knows changes. Rules for a film without a description:

* ``title and genres``: it is read as title and genres;
* ``same``: it has no text at all, and all such films are one thing (what encoding "" comes to);
* ``own``: it has no text at all, and is a thing of its own, in a direction drawn at random;
* ``left out``: it has no text at all, and its slots count as empty;
* ``stand-in``: a described film, drawn at random, stands for it;
* ``stand-in by genre``: a described film with as much as possible of its genres, ties drawn, stands for it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from recdiv import datasets, presets
from recdiv._columns import Rows
from recdiv._missing import stand_ins
from recdiv.diversity import partition, semantic_coverage
from recdiv.experiments._measure import plain
from recdiv.experiments._models import MODELS, Options, build
from recdiv.kernels import CategoryKernel, EmbeddingKernel
from recdiv.lm import TextEncoder
from recdiv.recommend.protocol import k_core, leave_one_out
from recdiv.reranking import rerank
from recdiv.tables import EMPTY, Catalog, Interactions, Recommendations

RULES = ("title and genres", "same", "own", "left out", "stand-in", "stand-in by genre")
SHARES = (0.1, 0.25, 0.5, 0.75, 0.9)
ORDERS = ("random", "least watched first", "most watched first")
METRICS = ("alpha", "beta", "gamma", "chi_excess", "semantic_coverage")
SETTINGS: Mapping[str, Options] = {
    "popularity": {},
    "item_knn": {"neighbours": 50, "shrink": 10.0},
    "als": {"regularization": 50.0, "alpha": 10.0},
    "text_mean": {"half_life": 1.0},
    "random": {},
}
K, POOL, PEOPLE, NULL = 10, 50, 800, 3
DRAWS = {"random": 3, "least watched first": 1, "most watched first": 1}


@dataclass(frozen=True)
class Described:
    """Films that all have a description, and lists of them.

    Attributes:
        catalog: as published, descriptions as ``text``.
        full, short, genres: the kernels of all that is known, of title and genres, and of genre labels.
        lists: of each system.
        watched: how often each film was.
    """

    catalog: Catalog
    full: EmbeddingKernel
    short: EmbeddingKernel
    genres: CategoryKernel
    lists: Mapping[str, Recommendations]
    watched: Tensor


def described(data: str, *, seed: int) -> Described:
    """The films of a set with a description, lists of people who watched five of them.

    Raises:
        ValueError: if the set holds no interactions.
    """
    loaded = datasets.load(data)
    if loaded.interactions is None:
        raise ValueError(f"data must hold interactions, got none in {data}")
    frame = loaded.catalog.frame
    there = ~frame["text_source"].isin(["", "tags"])
    catalog = Catalog(frame[there])
    kept = loaded.interactions.frame["item_id"].isin(catalog.item_ids)
    events = k_core(Interactions(loaded.interactions.frame[kept], catalog), users=5)
    return with_lists(catalog, events, seed=seed)


def with_lists(catalog: Catalog, events: Interactions, *, seed: int) -> Described:
    """Lists of ten of five recommenders for up to ``PEOPLE`` people, and the reader's again, re-ranked."""
    preset = presets.get("video")
    full = preset.kernel(catalog)
    short = preset.kernel(Catalog(catalog.frame.assign(text="")))
    split = leave_one_out(events)
    asked = np.random.default_rng(seed).permutation(split.test.users)[:PEOPLE]
    lists, known = {}, split.known.histories(asked)
    for name, options in SETTINGS.items():
        model = build(MODELS[name], options, full, seed=seed).fit(split.train)
        lists[MODELS[name].title] = model.recommend(asked, k=POOL, histories=known)
    pool = lists[MODELS["text_mean"].title]
    if pool.scores is not None:
        spread = rerank(pool.scores, full, candidates=pool.items, method="mmr", k=K, diversity=0.5)
        lists["Text (mean), MMR"] = Recommendations(spread.items, users=asked)
    genres = CategoryKernel(catalog.frame["category"])
    short_lists = {name: recs.head(K) for name, recs in lists.items()}
    return Described(catalog, full, short, genres, short_lists, events.item_counts())


def blanked(n_items: int, share: float, order: str, watched: Tensor, rng: np.random.Generator) -> Rows:
    """Which items lose their text: a share of them, drawn or by how often they were watched (ties drawn).

    Raises:
        ValueError: if ``order`` is not one of :data:`ORDERS`.
    """
    if order not in ORDERS:
        raise ValueError(f"order must be one of {', '.join(ORDERS)}, got {order!r}")
    drawn = rng.permutation(n_items)
    if order != "random":
        sign = 1 if order == "least watched first" else -1
        drawn = drawn[np.argsort(sign * watched.numpy()[drawn], kind="stable")]
    return np.asarray(drawn[: round(share * n_items)], dtype=np.int64)


def under_rule(
    rule: str, found: Described, blank: Rows, empty: Tensor, rng: np.random.Generator
) -> tuple[EmbeddingKernel, Tensor]:
    """The kernel that a rule makes, and the demand of each item (0 where it is left out)."""
    vectors, demand = found.full.vectors.clone(), torch.ones(len(found.catalog))
    rows = torch.from_numpy(blank)
    if rule == "title and genres":
        vectors[rows] = found.short.vectors[rows]
    elif rule == "same":
        vectors[rows] = empty
    elif rule == "own":
        vectors[rows] = torch.from_numpy(rng.normal(size=(len(rows), vectors.shape[1]))).float()
    elif rule == "left out":
        demand[rows] = 0.0
    else:
        others = torch.ones(len(vectors), dtype=torch.bool)
        others[rows] = False
        labels = found.genres if rule == "stand-in by genre" else None
        vectors[rows] = vectors[stand_ins(rows, others.nonzero().squeeze(1), labels, rng=rng)]
    return EmbeddingKernel(vectors), demand


def readings(recs: Recommendations, kernel: EmbeddingKernel, demand: Tensor, *, seed: int) -> dict[str, float]:
    """Every metric of some lists; slots of items that nobody demands are empty."""
    seen = (recs.items >= 0) & (demand[recs.items.clamp(min=0)] > 0)
    items = torch.where(seen, recs.items, EMPTY)
    parts = partition(items, kernel, null=NULL, rng=seed)
    return {
        **{name: float(getattr(parts, name)) for name in ("alpha", "beta", "gamma", "chi_excess")},
        "semantic_coverage": semantic_coverage(items, kernel, demand=demand),
    }


def errors(found: Described, *, rule: str, order: str, seed: int) -> dict[str, Any]:
    """What a rule makes of each metric as the share grows: mean error over systems, pairs of systems put wrongly."""
    empty = TextEncoder().encode([""])[0]
    whole = torch.ones(len(found.catalog))
    truth = [readings(recs, found.full, whole, seed=seed) for recs in found.lists.values()]
    lines = []
    for share in (*SHARES, 1.0) if rule == "title and genres" else SHARES:
        draws = []
        for draw in range(DRAWS[order]):
            rng = np.random.default_rng([seed, draw])
            blank = blanked(len(found.catalog), share, order, found.watched, rng)
            kernel, demand = under_rule(rule, found, blank, empty, rng)
            draws.append([readings(recs, kernel, demand, seed=seed) for recs in found.lists.values()])
        lines.append({"share": share, **{name: _line(name, truth, draws) for name in METRICS}})
    return {"truth": dict(zip(found.lists, truth, strict=True)), "lines": lines}


def _line(name: str, truth: list[dict[str, float]], draws: list[list[dict[str, float]]]) -> dict[str, Any]:
    """Mean of value − truth (in parts of the truth, but of chi in nats) and share of pairs of systems turned around."""
    right = np.array([each[name] for each in truth])
    values = np.array([[each[name] for each in draw] for draw in draws])
    off = values - right if name == "chi_excess" else values / right - 1
    first, second = np.triu_indices(len(right), 1)
    turned = np.sign(values[:, first] - values[:, second]) != np.sign(right[first] - right[second])
    worst = np.abs(off.mean(0)).max()
    return {"error": plain(off.mean()), "worst": plain(worst), "turned": plain(turned.mean())}


def formats(found: Described, *, seed: int) -> dict[str, Any]:
    """Half of the films read with a description, half without: is the format itself a likeness?

    Mean cosine of pairs within and across formats, and the share of a film's ten nearest that are of its own format
    (a half where the format says nothing).
    """
    rng = np.random.default_rng(seed)
    bare = torch.zeros(len(found.catalog), dtype=torch.bool)
    bare[torch.from_numpy(rng.permutation(len(bare))[: len(bare) // 2])] = True
    vectors = torch.where(bare[:, None], found.short.vectors, found.full.vectors)
    answer = {}
    for name, kernel in (
        ("as it is", EmbeddingKernel(vectors)),
        ("centred", presets.centre(EmbeddingKernel(vectors))),
        ("centred by format", by_format(vectors, bare)),
    ):
        cosines = kernel.vectors @ kernel.vectors.T
        cosines.fill_diagonal_(-2.0)
        nearest = cosines.topk(K, dim=1).indices
        off = ~torch.eye(len(bare), dtype=torch.bool)
        means = {
            kind: plain(cosines[one][:, other][off[one][:, other]].mean())
            for kind, one, other in (
                ("both described", ~bare, ~bare), ("neither", bare, bare), ("one of them", bare, ~bare),
            )
        }  # fmt: skip
        answer[name] = {**means, "own format": plain((bare[nearest] == bare[:, None]).double().mean())}
    return answer


def by_format(vectors: Tensor, bare: Tensor) -> EmbeddingKernel:
    """Each format, with a description or ``bare`` of one, without its own mean."""
    moved = vectors.clone()
    for part in (bare, ~bare):
        moved[part] -= vectors[part].mean(0)
    return EmbeddingKernel(moved)
