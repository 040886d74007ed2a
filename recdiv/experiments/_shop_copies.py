"""Near-copies of a product: whether a rule finds them, and what each reading of variety makes of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import torch

from recdiv.diversity import effective_number
from recdiv.evaluation import compare
from recdiv.evaluation._intervals import bootstrap_means, percentile_interval
from recdiv.experiments._ecommerce_judged import BY_COSINE, JOINED, NOT_JOINED, Judged
from recdiv.experiments._encoders import auc
from recdiv.experiments._measure import plain
from recdiv.experiments._models import MODELS, build
from recdiv.experiments._sets import Prepared
from recdiv.kernels import EmbeddingKernel, Kernel
from recdiv.presets import Preset, centre, components, near_pairs, product
from recdiv.tables import Catalog, Recommendations

FAMILY = 5  # the largest number of copies that are counted together
Ints = npt.NDArray[np.int64]


def stems(catalog: Catalog) -> Ints:
    """The number of each stock code without its letter: 85123A and 85123B are one design, says the shop itself."""
    codes, _ = pd.factorize(catalog.frame["item_id"].str[:5])
    return np.asarray(codes, dtype=np.int64)


def of_keys(catalog: Catalog) -> EmbeddingKernel:
    """Titles without colour, size and count, as the encoder reads them; the whole title where nothing is left."""
    titles = catalog.frame["title"].fillna("")
    keys = titles.map(product)
    return EmbeddingKernel.from_text(Catalog(catalog.frame[["item_id"]].assign(title=keys.where(keys != "", titles))))


def pairs_within(numbers: Ints) -> Ints:
    """All pairs of items ``[n, 2]`` that share a number, first the lower.

    >>> pairs_within(np.array([4, 7, 4, 4])).tolist()
    [[0, 2], [0, 3], [2, 3]]
    """
    order = np.argsort(numbers, kind="stable")
    parts = np.split(order, np.flatnonzero(np.diff(numbers[order])) + 1)
    pairs = [np.stack([part[i] for i in np.triu_indices(len(part), 1)], 1) for part in parts if len(part) > 1]
    found: Ints = np.concatenate(pairs) if pairs else np.empty((0, 2), dtype=np.int64)
    return found[np.lexsort((found[:, 1], found[:, 0]))]


def rules(catalog: Catalog, kernel: EmbeddingKernel, preset: Preset) -> dict[str, Ints]:
    """The things that each rule makes: exact titles, keys, cosines, and keys with the nearest cosines (the preset)."""
    titles, _ = pd.factorize(catalog.frame["title"].str.lower())
    alone = torch.arange(len(catalog))
    found = {"same title": torch.from_numpy(titles.astype(np.int64))}
    found |= {f"cosine {near}": components(near_pairs(kernel, near), alone) for near in (0.95, 0.9, 0.85, 0.8)}
    return {
        name: each.numpy()
        for name, each in {
            **found,
            "key of the title": preset.same_thing(catalog),
            "preset": preset.same_thing(catalog, kernel),
        }.items()
    }


def marked(thing: Ints, catalog: Catalog, kernel: EmbeddingKernel) -> dict[str, float | int | None]:
    """How many pairs a rule joins, and how right it is.

    ``precision`` and ``recall`` among all pairs of cosine 0.6 and more, from pairs that were drawn within bands of it
    and judged by hand, each weighted by how many stand behind it. ``stems``: the share of pairs of one stock number
    with another letter that it joins; some of these differ in pattern or scent, so not all should be.
    """
    sizes = band_sizes(kernel)
    right = joined = true = 0.0
    for low, pairs in BY_COSINE.items():
        weight = sizes[low] / len(pairs)
        for one, other, same in pairs:
            left, rest = catalog.rows([one, other])
            together = thing[left] == thing[rest]
            right += weight * (same and together)
            joined += weight * together
            true += weight * same
    shop = pairs_within(stems(catalog))
    every = pairs_within(thing)
    return {
        "pairs": len(every),
        "items": len(np.unique(every)),
        "precision": plain(right / joined) if joined else None,
        "recall": plain(right / true) if true else None,
        "stems": plain(float((thing[shop[:, 0]] == thing[shop[:, 1]]).mean())),
    }


def band_sizes(kernel: EmbeddingKernel) -> dict[float, int]:
    """How many pairs lie in each band of the cosine that pairs were drawn from."""
    lows = sorted(BY_COSINE)
    at_least = [len(near_pairs(kernel, low)) for low in lows]
    return {low: n - m for low, n, m in zip(lows, at_least, [*at_least[1:], 0], strict=True)}


def checked_after(thing: Ints, catalog: Catalog) -> dict[str, Any]:
    """The key, judged on pairs drawn after it was fixed: of what it joins, and of what it does not from 0.8 on."""
    found: dict[str, Any] = {}
    for name, pairs in (("joined", JOINED), ("not_joined", NOT_JOINED)):
        found[name] = {
            "pairs": len(pairs),
            "copies": sum(same for *_, same in pairs),
            **_as_said(pairs, thing, catalog),
        }
    return found


def _as_said(pairs: Judged, thing: Ints, catalog: Catalog) -> dict[str, int]:
    rows = np.array([catalog.rows([one, other]) for one, other, _ in pairs])
    return {"joined": int((thing[rows[:, 0]] == thing[rows[:, 1]]).sum())}


def templates(prepared: Prepared) -> dict[str, dict[str, Any]]:
    """What each text that could be read does, its mean vector left in or taken out.

    ``validation`` is nDCG@10 of averaged texts on the validation part, and its paired difference from the first.
    """
    catalog, split = prepared.catalog, prepared.split
    read = {
        "title and other descriptions": EmbeddingKernel.from_text(catalog),
        "title": EmbeddingKernel.from_text(Catalog(catalog.frame[["item_id", "title"]])),
        "key of the title": of_keys(catalog),
    }
    kernels = {f"{name}, plain": kernel for name, kernel in read.items()}
    kernels |= {f"{name}, centred": centre(kernel) for name, kernel in read.items()}
    models = {name: build(MODELS["text_mean"], {"half_life": 2.0}, kernel, seed=0) for name, kernel in kernels.items()}
    lists = {name: split.recommend(m.fit(split.train), part="validation", k=10) for name, m in models.items()}
    told = compare(lists, catalog, test=split.validation, metrics=["ndcg@10"])
    rows: Any = told.differences.set_index("system").to_dict("index")
    return {
        name: {
            **told_apart(kernel, catalog),
            "validation": plain(told.reports[name]["ndcg@10"]),
            **{key: plain(rows[name][key]) for key in ("difference", "low", "high") if name in rows},
        }
        for name, kernel in kernels.items()
    }


def told_apart(kernel: EmbeddingKernel, catalog: Catalog, *, rng: int = 0) -> dict[str, float | int | None]:
    """AUC of the kernel's cosines: pairs of one stock number against pairs at random, and against near neighbours."""
    generator = np.random.default_rng(rng)
    shop, number = pairs_within(stems(catalog)), stems(catalog)
    others = generator.choice(len(catalog), size=(20_000, 2))
    others = others[number[others[:, 0]] != number[others[:, 1]]]
    rows = generator.permutation(len(catalog))[:1000]
    cosines = kernel.cross(rows, np.arange(len(catalog))).numpy().copy()
    cosines[number[rows][:, None] == number] = -2.0
    of = [(kernel.vectors[pairs[:, 0]] * kernel.vectors[pairs[:, 1]]).sum(1).numpy() for pairs in (shop, others)]
    return {
        "random": plain(auc(of[0], of[1])),
        "nearest": plain(auc(of[0], np.sort(cosines, 1)[:, -3:].ravel())),
        "mean_cosine": plain(float(of[1].mean())),
    }


def counted(thing: Ints, kernels: Mapping[str, Kernel], *, q: float = 1.0) -> dict[str, dict[str, float | int | None]]:
    """As how many items n copies of one thing count, n = 2 to FAMILY; ``of five`` random things for comparison.

    1 would be "once", n "separately". The copies of a thing are its first n.
    """
    order = np.argsort(thing, kind="stable")
    families = [part for part in np.split(order, np.flatnonzero(np.diff(thing[order])) + 1) if len(part) > 1]
    strangers = np.random.default_rng(0).choice(len(thing), size=(500, FAMILY))
    found: dict[str, dict[str, float | int | None]] = {}
    for name, kernel in kernels.items():
        found[name] = {"strangers": plain(float(effective_number(strangers, kernel, q=q).mean()))}
        for n in range(2, FAMILY + 1):
            lists = [part[:n] for part in families if len(part) >= n]
            found[name][str(n)] = plain(float(effective_number(np.stack(lists), kernel, q=q).mean())) if lists else None
    return found


def copies_in(lists: Recommendations, thing: Ints) -> dict[str, float | int | None]:
    """Share of slots that hold a copy of what an earlier slot holds, with a bootstrap interval over users."""
    items = lists.items.numpy()
    own = np.where(items >= 0, thing[items.clip(min=0)], -1)
    length = (items >= 0).sum(1)
    different = np.array([len(np.unique(row[row >= 0])) for row in own])
    share = (length - different) / np.maximum(length, 1)
    low, high = percentile_interval(bootstrap_means(share[:, None], list(lists.users))[:, 0], 0.95)
    return {"value": plain(float(share.mean())), "low": plain(low), "high": plain(high), "lists": len(share)}


def largest(thing: Ints, catalog: Catalog, *, n: int = 8, shown: int = 4) -> list[dict[str, Any]]:
    """The things with most copies, with some of their titles."""
    titles = catalog.frame["title"].to_numpy()
    sizes = np.bincount(thing)
    found = []
    for number in np.argsort(-sizes, kind="stable")[:n]:
        rows = np.flatnonzero(thing == number)
        found.append({"copies": int(sizes[number]), "titles": titles[rows[:shown]].tolist()})
    return found
