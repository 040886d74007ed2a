"""Which share of the catalogue is recommended, or something much like it."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import torch
from torch import Tensor

from recdiv import diversity
from recdiv._coverage import coverage_without, nearest
from recdiv._inputs import as_weights
from recdiv.kernels import Kernel
from recdiv.metrics._chance import random_lists
from recdiv.metrics._registry import Result, corpus_result, register
from recdiv.tables import Recommendations

_ASKED = 1000  # items of the catalogue that random lists are asked to come near to


def coverage_left_out(recs: Recommendations, *, group: Tensor, kernel: Kernel, demand: Any = None) -> Tensor:  # noqa: ANN401
    """Values with one group of lists left out, ``[G]``."""
    return coverage_without(recs.items, group, kernel, demand=demand)


@register(
    symbol="C_φ",
    formula="C_φ = Σⱼ mⱼ max(0, max_{i ∈ R} φᵢ·φⱼ) / Σⱼ mⱼ",
    range="[0, 1]",
    direction="higher is more diverse",
    level="corpus",
    undefined_on="no slot holds an item of the catalogue: NaN",
    citation="leinster2012measuring",
    bounds=(0.0, 1.0),
    null_kind="random lists",
    left_out=coverage_left_out,
)
def semantic_coverage(
    recs: Recommendations,
    *,
    kernel: Kernel,
    demand: Any = None,  # noqa: ANN401
    null: int = 0,
    rng: int | np.random.Generator = 0,
) -> Result:
    r"""Share of the (demanded) catalogue that recommendations reach, an item by as much as its nearest shown item.

    .. math:: C_\varphi = \sum_j m_j \max\big(0, \max_{i \in R} \varphi_i \cdot \varphi_j\big) \Big/ \sum_j m_j

    ``demand`` m is how much each item is wanted, 1 each by default. See :func:`recdiv.semantic_coverage`. ``null``
    draws lists of the same lengths from the catalogue, each item once in a list; in a catalogue of more than 1,000
    items a draw asks how near they come to 1,000 of them, drawn by demand.

    >>> from recdiv.kernels import EmbeddingKernel
    >>> kernel = EmbeddingKernel([[1.0, 0.0], [1.0, 0.0], [0.0, 1.0], [0.0, -1.0]])
    >>> semantic_coverage(Recommendations([[0]]), kernel=kernel).value
    0.5
    """
    value = diversity.semantic_coverage(recs.check(kernel.n_items), kernel, demand=demand)
    if not null or math.isnan(value):
        return corpus_result(recs, value)
    generator = np.random.default_rng(rng)
    mass = as_weights(torch.ones(kernel.n_items) if demand is None else demand, kernel.n_items, "demand").cpu()
    lengths = recs.lengths[recs.lengths > 0].cpu()
    chance = [_by_chance(lengths, kernel, mass, generator) for _ in range(null)]
    return corpus_result(recs, value, null=float(np.mean(chance)))


def _by_chance(lengths: Tensor, kernel: Kernel, mass: Tensor, generator: np.random.Generator) -> float:
    """Coverage by random lists, of all items or of a sample of what is demanded."""
    n_items = kernel.n_items
    shown = torch.unique(random_lists(lengths, n_items, generator))
    shown, asked, weight = shown[shown >= 0], torch.arange(n_items), mass
    if n_items > _ASKED:
        asked = torch.from_numpy(generator.choice(n_items, _ASKED, p=mass.numpy()))
        weight = torch.full((_ASKED,), 1 / _ASKED, dtype=torch.float64)
    reached = torch.isin(asked, shown).double()
    rest = (reached == 0).nonzero().squeeze(1)
    if len(rest):
        reached[rest] = nearest(kernel, asked[rest], shown).to(reached)
    return float((weight * reached).sum())
