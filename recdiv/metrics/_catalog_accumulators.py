"""The corpus metrics that read labels or meanings of the whole catalogue, as :class:`torchmetrics.Metric`."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor

from recdiv import diversity
from recdiv.kernels import Kernel
from recdiv.metrics._accumulators import CorpusMetric
from recdiv.metrics._counts import counts_state
from recdiv.metrics._shared import Shared
from recdiv.tables import Catalog, Recommendations


class _Labels(CorpusMetric):
    """Reads category labels.

    Args:
        catalog: the items, with their labels.
        missing: an item without a label is a category of its ``"own"``, or all such are the ``"same"``.
        options: those of :class:`torchmetrics.Metric`.
    """

    def __init__(self, catalog: Catalog, missing: str = "own", **options: Any) -> None:  # noqa: ANN401
        # what is shared here is the table of labels, read once
        known = {"catalog": catalog, "n_items": len(catalog), "missing": missing, "shared": Shared()}
        super().__init__(known, **options)


class CategoryCoverage(_Labels):
    """Share of the catalogue's category labels that is recommended to anybody."""

    name = "category_coverage"
    higher_is_better = True


class CategoryInformation(_Labels):
    """Mutual information of list and category label, nats."""

    name = "category_information"


class SemanticCoverage(CorpusMetric):
    """Share of the (demanded) catalogue that recommendations reach, an item by as much as its nearest shown item.

    Args:
        kernel: when two items are the same.
        demand: how much each item is wanted ``[I]``; default 1 each.
        options: those of :class:`torchmetrics.Metric`.

    >>> from recdiv.kernels import EmbeddingKernel
    >>> metric = SemanticCoverage(EmbeddingKernel([[1.0, 0.0], [1.0, 0.0], [0.0, 1.0], [0.0, -1.0]]))
    >>> metric.update([[0]])
    >>> metric.update([[2]])
    >>> float(metric.compute())
    0.75
    """

    name = "semantic_coverage"
    higher_is_better = True

    def __init__(self, kernel: Kernel, demand: Any = None, **options: Any) -> None:  # noqa: ANN401
        super().__init__({"kernel": kernel, "demand": demand}, **options)

    def compute(self) -> Tensor:
        """The value, float64; NaN where nothing was recommended."""
        counts: Tensor = getattr(self, "counts")  # noqa: B009  # a state, which torchmetrics types as a module
        shown = counts.nonzero().squeeze(1)
        value = diversity.semantic_coverage(shown, **self._known) if len(shown) else math.nan
        return torch.tensor(value, dtype=torch.float64, device=self.device)

    def _state(self, recs: Recommendations) -> dict[str, Tensor]:
        return counts_state(recs, n_items=self._known["kernel"].n_items)
