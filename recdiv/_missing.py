"""Items that say nothing: what a kernel of texts makes of them."""

from __future__ import annotations

import warnings
from typing import Any, Literal, get_args

import numpy as np
import torch
from torch import Tensor

from recdiv._category import CategoryKernel
from recdiv.tables import Catalog

Missing = Literal["same", "own", "category", "stand_in", "raise"]
_BLOCK = 1024  # rows of the table of chances held at once


def vectors_of(
    catalog: Catalog,
    encoder: Any,  # noqa: ANN401
    missing: Missing,
    rng: int | np.random.Generator,
) -> Tensor:
    """A vector for each item, ``[I, d]``, those without title and text by the rule ``missing``."""
    if missing not in get_args(Missing):
        raise ValueError(f"missing must be {', '.join(map(repr, get_args(Missing)))}, got {missing!r}")
    texts = catalog.texts()
    without = sum(not text for text in texts)
    if missing == "raise" and without:
        raise ValueError(f"catalog: every item must have a title or a text, got {without:,} of {len(texts):,} without")
    if missing == "category" and without:
        labels = catalog.categories
        texts = [text or ", ".join(label) for text, label in zip(texts, labels, strict=True)]
    bare = torch.tensor([not text for text in texts], dtype=torch.bool)
    vectors = torch.as_tensor(encoder.encode(texts))
    if missing in ("own", "stand_in") and bare.any():
        return _replaced(vectors.clone(), bare, catalog, missing, np.random.default_rng(rng))
    if bare.sum() > 1:
        warnings.warn(
            f"{int(bare.sum()):,} of {len(bare):,} items have nothing to read and count as one thing; "
            "from_text(catalog, missing=...) has other rules",
            stacklevel=3,
        )
    return vectors


def _replaced(vectors: Tensor, bare: Tensor, catalog: Catalog, missing: Missing, rng: np.random.Generator) -> Tensor:
    rows, others = bare.nonzero().squeeze(1), (~bare).nonzero().squeeze(1)
    if missing == "own":
        drawn = torch.from_numpy(rng.normal(size=(len(rows), vectors.shape[1])))
        vectors[rows] = torch.nn.functional.normalize(drawn, dim=1).to(vectors)
        return vectors
    if not len(others):
        raise ValueError("catalog: some item must have a title or a text to stand in for the others, got none")
    labels = CategoryKernel(catalog.categories) if "category" in catalog.frame else None
    vectors[rows] = vectors[stand_ins(rows, others, labels, rng=rng).to(vectors.device)]
    return vectors


def stand_ins(rows: Tensor, others: Tensor, labels: CategoryKernel | None, *, rng: np.random.Generator) -> Tensor:
    """For each of ``rows`` one of ``others``: of those whose labels are most alike, one drawn; without labels any.

    >>> labels = CategoryKernel(["tea", "mug", "mug"])
    >>> stand_ins(torch.tensor([2]), torch.tensor([0, 1]), labels, rng=np.random.default_rng(0)).tolist()
    [1]
    """
    found = []
    for part in torch.split(rows, _BLOCK):
        chance = torch.from_numpy(rng.random((len(part), len(others))))
        alike = labels.cross(part, others) if labels is not None else torch.zeros_like(chance)
        found.append(others[(alike.double().round(decimals=6) + 1e-7 * chance).argmax(1)])
    return torch.cat(found)
