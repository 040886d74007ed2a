"""What the encoder should read of an article, and when two tell the same story: templates and kernels side by side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from recdiv.datasets import Latent
from recdiv.experiments._measure import plain
from recdiv.kernels import EmbeddingKernel
from recdiv.metrics import compute
from recdiv.presets import centre
from recdiv.tables import Catalog, Recommendations

_PAIRS = 100_000
_ARTICLES = 3000  # read by every template
_LISTS, _FEWEST = 600, 20  # lists drawn, and articles that a label must have
NEAR = (0.7, 0.75, 0.8, 0.85, 0.9)


def templates(catalog: Catalog) -> dict[str, Catalog]:
    """What might be read: the title, title and text, and these with what the columns say."""
    frame = catalog.frame
    found = {"title": Catalog(frame.assign(text="")), "title and text": catalog}
    for column in ("category", "outlet", "place"):
        if column in frame:
            words = frame[column].fillna("").astype(str).str.replace(r"[|_]", " ", regex=True)
            found[f"title, {column} and text"] = Catalog(frame.assign(text=words + ". " + frame["text"].fillna("")))
    return found


def readings(catalog: Catalog, *, column: str = "category", rng: int = 0) -> list[dict[str, Any]]:
    """How well pairs that share a label in ``column`` (drawn evenly from labelled articles) lie closer than others.

    A template that reads the column itself is left out.
    """
    generator = np.random.default_rng(rng)
    labelled = np.flatnonzero(catalog.frame[column].notna())
    catalog = Catalog(catalog.frame.iloc[np.sort(generator.permutation(labelled)[:_ARTICLES])])
    label = catalog.frame[column]
    pairs = generator.choice(len(catalog), (_PAIRS, 2))
    pairs = pairs[pairs[:, 0] != pairs[:, 1]]
    same = label.to_numpy()[pairs[:, 0]] == label.to_numpy()[pairs[:, 1]]
    found = []
    for name, read in templates(catalog).items():
        if column in name:
            continue
        for kind, kernel in kernels(read).items():
            values = cosines(kernel, pairs)
            line = {"reads": name, "kernel": kind, "auc": plain(auc(values[same], values[~same]))}
            found.append({**line, "mean_cosine": plain(values[~same].mean())})
    return found


def followed(labels: Sequence[Any], kernel: EmbeddingKernel, *, rng: int = 0) -> dict[str, float | int | None]:
    """Rank correlation, over lists of ten of 1 to 10 labels, of effective number and mean distance with exp entropy.

    Args:
        labels: of each article, None or NaN for none; those of fewer than 20 articles are not drawn from.
        kernel: what is tried.
        rng: seed of the lists.
    """
    generator = np.random.default_rng(rng)
    column = pd.Series(labels, dtype=object)
    counts = column.value_counts()
    names = counts.index[counts >= _FEWEST]
    rows = []
    for number in range(_LISTS):
        some = generator.choice(names, min(1 + number % 10, len(names)), replace=False)
        rows.append(generator.choice(np.flatnonzero(column.isin(some)), 10, replace=False))
    lists = Recommendations(np.stack(rows))
    catalog = Catalog(pd.DataFrame({"item_id": range(len(column)), "category": column}))
    truth = pd.Series(compute("category_entropy", lists, catalog=catalog).per_list).map(np.exp)
    found = {name: compute(name, lists, kernel=kernel).per_list for name in ("effective_number", "ild")}
    return {name: plain(pd.Series(value).corr(truth, method="spearman")) for name, value in found.items()}


def kernels(catalog: Catalog) -> dict[str, EmbeddingKernel]:
    """Plain and centred cosines of a template."""
    kernel = EmbeddingKernel.from_text(catalog)
    return {"plain": kernel, "centred": centre(kernel)}


def cosines(kernel: EmbeddingKernel, pairs: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
    """Of each pair, ``[n, 2] -> [n]``."""
    vectors = kernel.vectors.numpy()
    found = np.einsum("nd,nd->n", vectors[pairs[:, 0]], vectors[pairs[:, 1]])
    return np.asarray(found, dtype=np.float64)


def auc(higher: npt.NDArray[np.float64], lower: npt.NDArray[np.float64]) -> float:
    """Chance that one of the first is larger than one of the second, ties half.

    >>> auc(np.array([2.0, 1.0]), np.array([1.0, 0.0]))
    0.875
    """
    ordered = np.sort(lower)
    below = np.searchsorted(ordered, higher, side="left") + np.searchsorted(ordered, higher, side="right")
    return float(below.mean() / (2 * len(lower)))


def known_things(
    catalog: Catalog, latent: Latent, kernel: EmbeddingKernel, *, days: Mapping[str, float]
) -> list[dict[str, Any]]:
    """On a sample, where it is known which articles tell the same: precision and recall of near pairs by cosine, for
    each limit in ``days`` between the two.
    """
    from recdiv.experiments.stream import days_of

    left, right = np.triu_indices(len(catalog), 1)
    cosine, same = cosines(kernel, np.stack([left, right], 1)), latent.thing[left] == latent.thing[right]
    apart = np.abs(days_of(catalog)[left] - days_of(catalog)[right])
    rows = []
    for name, most in days.items():
        for near in NEAR:
            joined = (cosine >= near) & (apart <= most)
            right_ones = int((joined & same).sum())
            rows.append(
                {
                    "days": name, "near": near, "pairs": int(joined.sum()),
                    "precision": right_ones / max(1, int(joined.sum())), "recall": right_ones / int(same.sum()),
                }
            )  # fmt: skip
    return rows
