"""Encoders side by side: do they tell what belongs together, and how diverse do they call the same lists?"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor

from recdiv.diversity import partition
from recdiv.experiments._sets import Prepared
from recdiv.kernels import EmbeddingKernel
from recdiv.lm.encoder import TextEncoder
from recdiv.tables import Recommendations

_PAIRS = 20_000
_LISTS = 300
_SLOTS = 10


def compare_encoders(
    prepared: Prepared,
    rows: np.ndarray[Any, np.dtype[np.int64]],
    encoders: Mapping[str, str | os.PathLike[str] | None],
    *,
    rng: int,
) -> dict[str, dict[str, float]]:
    """For each encoder: AUC of same-category pairs among ``rows``, mean cosine, and α, β, γ of people's last items."""
    lists = last_items(prepared)
    needed = np.unique(np.concatenate([rows, lists.items.numpy().ravel()]))
    texts = prepared.catalog.texts()
    found = {}
    for name, model in encoders.items():
        vectors = torch.zeros(len(texts), 1)
        encoded = TextEncoder(model).encode([texts[row] for row in needed])
        vectors = torch.zeros(len(texts), encoded.shape[1])
        vectors[:, 0] = 1.0  # rows that nobody looks at need a direction
        vectors[torch.from_numpy(needed)] = encoded
        parts = partition(lists, EmbeddingKernel(vectors))
        same, cosines = pair_auc(prepared, rows, vectors, rng=rng)
        found[name] = {
            "auc_same_category": round(same, 4),
            "mean_cosine": round(cosines, 4),
            **{part: round(float(getattr(parts, part)), 4) for part in ("alpha", "beta", "gamma")},
        }
    return found


def last_items(prepared: Prepared, *, people: int = _LISTS, slots: int = _SLOTS) -> Recommendations:
    """What some people had last: ``slots`` items of each, or as many as so many people had where that is fewer."""
    histories = prepared.split.train.histories()
    lengths = sorted((len(each) for each in histories), reverse=True)
    width = min(slots, lengths[min(people, len(lengths)) - 1])
    return Recommendations(np.stack([each[-width:] for each in histories if len(each) >= width][:people]))


def pair_auc(
    prepared: Prepared, rows: np.ndarray[Any, np.dtype[np.int64]], vectors: Tensor, *, rng: int
) -> tuple[float, float]:
    """Chance that a pair that shares a category is closer than one that does not; and the mean cosine of all pairs."""
    labels = prepared.catalog.categories
    labelled = np.array([row for row in rows if labels[row]])
    pairs = np.random.default_rng(rng).choice(labelled, size=(_PAIRS, 2))
    pairs = pairs[pairs[:, 0] != pairs[:, 1]]
    cosines = (vectors[pairs[:, 0]] * vectors[pairs[:, 1]]).sum(1).double().numpy()
    shared = np.array([bool(set(labels[a]) & set(labels[b])) for a, b in pairs])
    return auc(cosines[shared], cosines[~shared]), float(cosines.mean())


def auc(higher: np.ndarray[Any, Any], lower: np.ndarray[Any, Any]) -> float:
    """Chance that one of ``higher`` exceeds one of ``lower``, equals counted half.

    >>> auc(np.array([3.0, 1.0]), np.array([1.0, 0.0]))
    0.875
    """
    from scipy.stats import rankdata

    ranks = rankdata(np.concatenate([higher, lower]))[: len(higher)]
    return float((ranks.sum() - len(higher) * (len(higher) + 1) / 2) / (len(higher) * len(lower)))
