"""Syndicated stories: which articles tell the same one, held to dates that the texts do not show."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from recdiv.experiments._measure import plain
from recdiv.experiments.stream import days_of
from recdiv.kernels import EmbeddingKernel
from recdiv.presets import near_pairs
from recdiv.tables import Catalog

LOWEST, STEP = 0.6, 0.05
DAYS = 3  # the same story is told again within this many days
_DRAWN = 200_000  # pairs drawn at random
_READ = 400  # pairs of a band whose words are compared


def bands(kernel: EmbeddingKernel, catalog: Catalog, *, rng: int = 0) -> list[dict[str, Any]]:
    """Pairs of articles by cosine: how often they lie within :data:`DAYS`, cross outlets, and share words.

    ``same_story`` is a share s such that, if pairs of one story are as near in time as those of the highest band and
    all others as random ones, s of the band's pairs are of one story. The first row is of random pairs.
    """
    generator = np.random.default_rng(rng)
    random = generator.integers(0, len(catalog), (_DRAWN, 2))
    pairs = near_pairs(kernel, LOWEST).numpy()
    left, right = (torch.from_numpy(pairs[:, side]) for side in (0, 1))
    cosine = (kernel.vectors[left] * kernel.vectors[right]).sum(1).numpy()
    edges = np.arange(LOWEST, 1.0, STEP)
    band = np.clip(((cosine - LOWEST) / STEP + 1e-6).astype(int), 0, len(edges) - 1)
    base, top = (_near(catalog, each).mean() for each in (random, pairs[band == len(edges) - 1]))
    rows = [{"from": None, "pairs": None, **_about(catalog, random, generator)}]
    for number, edge in enumerate(edges):
        held = pairs[band == number]
        if len(held):
            share = (_near(catalog, held).mean() - base) / (top - base)
            about = _about(catalog, held, generator)
            rows.append({"from": plain(edge), "pairs": len(held), **about, "same_story": plain(np.clip(share, 0, 1))})
    return rows


def days_apart(catalog: Catalog, pairs: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
    """Days between the articles of each pair."""
    day = days_of(catalog)
    return np.abs(day[pairs[:, 0]] - day[pairs[:, 1]])


def _near(catalog: Catalog, pairs: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
    return np.asarray(days_apart(catalog, pairs) <= DAYS)


def _about(catalog: Catalog, pairs: npt.NDArray[np.int64], rng: np.random.Generator) -> dict[str, Any]:
    outlet = catalog.frame["outlet"].to_numpy()
    some, texts = pairs[rng.permutation(len(pairs))[:_READ]], catalog.texts()
    words = [[set(texts[row].lower().split()) for row in pair] for pair in some.tolist()]
    shared = [len(a & b) / max(1, len(a | b)) for a, b in words]
    return {
        "within_days": plain(_near(catalog, pairs).mean()),
        "other_outlet": plain((outlet[pairs[:, 0]] != outlet[pairs[:, 1]]).mean()),
        "shared_words": plain(np.mean(shared)),
    }


def groups(catalog: Catalog, story: torch.Tensor) -> dict[str, Any]:
    """How many articles share their story, across how many outlets and orientations, over how many days."""
    frame = catalog.frame.assign(story=story.numpy(), day=days_of(catalog))
    each = frame.groupby("story").agg(
        size=("item_id", "size"),
        outlets=("outlet", "nunique"),
        orientations=("orientation", "nunique"),
        first=("day", "min"),
        last=("day", "max"),
    )
    told = each[each["size"] > 1]
    span = told["last"] - told["first"]
    return {
        "articles": len(frame),
        "stories": len(each),
        "told_again": len(told),
        "articles_in_them": int(told["size"].sum()),
        "share": plain(told["size"].sum() / len(frame)),
        "largest": int(each["size"].max()),
        "several_outlets": plain((told["outlets"] > 1).mean()),
        "several_orientations": plain((told["orientations"] > 1).mean()),
        "median_days": plain(span.median()),
        "longest_days": plain(span.max()),
    }
