"""When are two rows one thing, and which kernel tells? On the sample, whose truth is known, and on Last.fm's names."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from scipy import sparse
from torch import Tensor

from recdiv import presets
from recdiv.datasets import Dataset
from recdiv.datasets.sample import generate
from recdiv.diversity import effective_number
from recdiv.experiments._encoders import auc
from recdiv.experiments._measure import plain
from recdiv.experiments._music_listening import spearman
from recdiv.experiments._music_tags import counted_cosine, weighted
from recdiv.kernels import EmbeddingKernel

Rows = npt.NDArray[np.int64]
NEAR = (0.7, 0.8, 0.85, 0.9, 0.95)
LISTS, SLOTS = 400, 10


def pairs_of(numbers: Tensor | Rows) -> set[tuple[int, int]]:
    """Pairs of rows with the same number, first the lower.

    >>> sorted(pairs_of(np.array([5, 7, 5, 5])))
    [(0, 2), (0, 3), (2, 3)]
    """
    same = np.asarray(numbers)
    order = np.argsort(same, kind="stable")
    found = set()
    for group in np.split(order, np.flatnonzero(np.diff(same[order])) + 1):
        found |= {(int(a), int(b)) for at, a in enumerate(group) for b in group[at + 1 :]}
    return found


def marked(numbers: Tensor, truth: Rows) -> dict[str, float | None]:
    """Precision and recall of the pairs that share a number, and how many things are left, over how many there are."""
    found, right = pairs_of(numbers), pairs_of(truth)
    hit = len(found & right)
    return {
        "precision": round(hit / len(found), 4) if found else None,
        "recall": round(hit / len(right), 4),
        "things": len(torch.unique(numbers)),
        "true_things": len(np.unique(truth)),
    }


def on_samples(encode: Callable[[list[str]], Tensor], seeds: Iterable[int]) -> list[dict[str, Any]]:
    """The title's key, vectors that are near, and both, against the truth of the generated catalogue; kernels too."""
    lines = []
    preset = presets.get("music")
    for seed in seeds:
        data = generate("music", seed=seed)
        if data.latent is None:
            raise ValueError("the sample must come with its truth")
        raw = EmbeddingKernel(encode(data.catalog.texts()))
        text = EmbeddingKernel(encode(data.catalog.frame["text"].tolist()))
        kernels = {"title and text, plain": raw, "title and text, centred": presets.centre(raw)}
        kernels |= {"text, plain": text, "text, centred": presets.centre(text)}
        keys = preset.same_thing(data.catalog)
        rules = {"key": marked(keys, data.latent.thing)}
        for near in NEAR:
            pairs = presets.near_pairs(raw, near)
            alone = presets.components(pairs, torch.arange(len(data.catalog)))
            rules[f"cosine from {near}"] = marked(alone, data.latent.thing)
            rules[f"key, or cosine from {near}"] = marked(presets.components(pairs, keys), data.latent.thing)
        lines.append({"seed": seed, "rules": rules, "kernels": {n: truth_told(k, data) for n, k in kernels.items()}})
    return lines


def truth_told(kernel: EmbeddingKernel, data: Dataset) -> dict[str, float | int | None]:
    """What a kernel knows of the sample's truth.

    ``same_leaf``: chance that a pair of one main topic is nearer than one of two; ``lists``: rank correlation of D_1
    with the true effective number of topics, over lists of ten that hold from one topic to ten.
    """
    if data.latent is None:
        raise ValueError("the sample must come with its truth")
    generator = np.random.default_rng(0)
    leaf = data.latent.leaf
    pairs = generator.choice(len(leaf), size=(20_000, 2))
    pairs = pairs[data.latent.thing[pairs[:, 0]] != data.latent.thing[pairs[:, 1]]]
    cosines = (kernel.vectors[pairs[:, 0]] * kernel.vectors[pairs[:, 1]]).sum(1).double().numpy()
    same = leaf[pairs[:, 0]] == leaf[pairs[:, 1]]
    lists = [_list_of(leaf, 1 + at % SLOTS, generator) for at in range(LISTS)]
    true = effective_number(lists, EmbeddingKernel(data.latent.item_topics)).numpy()
    read = effective_number(lists, kernel).numpy()
    return {
        "same_leaf": plain(auc(cosines[same], cosines[~same])),
        "lists": plain(spearman(true, read)),
        "true_mean": plain(float(true.mean())),
        "read_mean": plain(float(read.mean())),
    }


def _list_of(leaf: Rows, topics: int, generator: np.random.Generator) -> Rows:
    """Ten items of so many main topics, of those that have ten items."""
    chosen = generator.choice(np.flatnonzero(np.bincount(leaf) >= SLOTS), size=topics, replace=False)
    return np.asarray(generator.choice(np.flatnonzero(np.isin(leaf, chosen)), size=SLOTS, replace=False))


def on_names(data: Dataset, *, rng: int) -> dict[str, Any]:
    """Artists of Last.fm whose names share a key: how many, and do people tag them alike?"""
    numbers = presets.get("music").same_thing(data.catalog)
    pairs = np.array(sorted(pairs_of(numbers)), dtype=np.int64).reshape(-1, 2)
    given = data.extras["tags"]
    given = given[given["item_id"].isin(data.catalog.item_ids)]
    code, names = given["tag"].str.lower().factorize()
    rows = data.catalog.rows(given["item_id"])
    tags = weighted(sparse.csr_matrix((np.ones(len(rows)), (rows, code)), shape=(len(numbers), len(names))))
    tagged = np.flatnonzero(np.diff(tags.indptr))
    both = pairs[np.isin(pairs, tagged).all(1)]
    others = np.random.default_rng(rng).choice(tagged, size=(20_000, 2))
    similar = counted_cosine(tags)
    near, far = similar(both[:, 0], both[:, 1]), similar(others[:, 0], others[:, 1])
    return {
        "artists": len(numbers),
        "things": len(torch.unique(numbers)),
        "pairs": len(pairs),
        "pairs_with_tags": len(both),
        "auc_tags": plain(auc(near, far)),
        "share_a_tag": plain(float((near > 0).mean())),
        "others_share_a_tag": plain(float((far > 0).mean())),
    }
