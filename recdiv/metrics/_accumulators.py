"""Corpus metrics as :class:`torchmetrics.Metric`: update, compute, merge_state, device, distributed sync.

Each adds up the state of its registered metric, so a value is the same however lists were spread over batches and
machines. Counts stay integers and sums float64.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

import numpy.typing as npt
import torch
from torch import Tensor
from torchmetrics import Metric

from recdiv.kernels import Kernel
from recdiv.metrics._registry import describe, with_known
from recdiv.tables import Interactions, Recommendations


class CorpusMetric(Metric):
    """What all of them share."""

    full_state_update = False
    name: ClassVar[str]

    def __init__(self, known: dict[str, Any], **options: Any) -> None:  # noqa: ANN401
        super().__init__(**options)
        self._known = known
        self._metric = describe(self.name)
        nothing = Recommendations(torch.empty(0, 1, dtype=torch.int64))
        for key, value in self._state(nothing).items():
            self.add_state(key, torch.zeros_like(value), dist_reduce_fx="sum")

    def update(self, recs: Recommendations | Tensor | npt.ArrayLike) -> None:
        """Add some lists: :class:`~recdiv.Recommendations` or catalogue rows ``[U, K]``."""
        lists = recs if isinstance(recs, Recommendations) else Recommendations(recs)
        for key, value in self._state(lists).items():
            setattr(self, key, getattr(self, key) + value.to(self.device))

    def compute(self) -> Tensor:
        """The value, float64; NaN where it is undefined."""
        state = {key: getattr(self, key) for key in self._defaults}
        finish = self._metric.value
        if finish is None:
            raise NotImplementedError(f"{self.name} has no mergeable state")
        return torch.tensor(with_known(finish, state, self._known), dtype=torch.float64, device=self.device)

    def _state(self, recs: Recommendations) -> dict[str, Tensor]:
        if self._metric.state is None:
            raise NotImplementedError(f"{self.name} has no mergeable state")
        state: dict[str, Tensor] = with_known(self._metric.state, recs, self._known)
        return state


class _Counting(CorpusMetric):
    """Counts identities.

    Args:
        n_items: size of the catalogue.
        options: those of :class:`torchmetrics.Metric`.
    """

    def __init__(self, n_items: int, **options: Any) -> None:  # noqa: ANN401
        super().__init__({"n_items": _size(n_items)}, **options)


class _Exposed(CorpusMetric):
    """Counts identities by the attention to their slot.

    Args:
        n_items: size of the catalogue.
        discount: attention to each slot: ``"none"`` (the same), ``"log"`` or ``"rbp"``.
        options: those of :class:`torchmetrics.Metric`.
    """

    def __init__(self, n_items: int, discount: str = "none", **options: Any) -> None:  # noqa: ANN401
        super().__init__({"n_items": _size(n_items), "discount": discount}, **options)


def _size(n_items: int) -> int:
    if n_items < 1:
        raise ValueError(f"n_items must be at least 1, got {n_items}")
    return n_items


class _Spectral(CorpusMetric):
    """Reads the state rho.

    Args:
        kernel: when two items are the same.
        q: order of the effective number.
        discount: attention to each slot: ``"none"`` (the same), ``"log"`` or ``"rbp"``.
        options: those of :class:`torchmetrics.Metric`.
    """

    def __init__(self, kernel: Kernel, q: float = 1.0, discount: str = "none", **options: Any) -> None:  # noqa: ANN401
        super().__init__({"kernel": kernel, "q": q, "discount": discount}, **options)


class _Labelled(CorpusMetric):
    """Keeps one state rho a label, which the lists carry."""

    labels: ClassVar[str]

    def __init__(self, kernel: Kernel, labels: Sequence[Any], known: dict[str, Any], **options: Any) -> None:  # noqa: ANN401
        if not len(labels):
            raise ValueError(f"{self.labels} must name at least one, got none")
        super().__init__({"kernel": kernel, self.labels: list(labels), **known}, **options)


class ItemCoverage(_Counting):
    """Share of the catalogue that is recommended to anybody.

    >>> metric = ItemCoverage(n_items=4)
    >>> metric.update([[0, 1], [0, -2]])
    >>> float(metric.compute())
    0.5
    """

    name = "item_coverage"
    higher_is_better = True


class ItemCount(_Counting):
    """Number of different items recommended to anybody."""

    name = "item_count"
    higher_is_better = True


class Entropy(_Exposed):
    """Shannon entropy of what is recommended, nats."""

    name = "entropy"
    higher_is_better = True


class EffectiveCatalogSize(_Exposed):
    """Number of equally often shown items with the same entropy."""

    name = "effective_catalog_size"
    higher_is_better = True


class Gini(_Exposed):
    """Inequality of how often items are shown."""

    name = "gini"
    higher_is_better = False


class Concentration(_Exposed):
    """Chance that two exposures drawn at random show the same item."""

    name = "concentration"
    higher_is_better = False


class TailShare(CorpusMetric):
    """Share of exposure that goes to the least popular items.

    Args:
        train: what people did before.
        share: part of its interactions that the tail holds at most.
        discount: attention to each slot: ``"none"`` (the same), ``"log"`` or ``"rbp"``.
        options: those of :class:`torchmetrics.Metric`.
    """

    name = "tail_share"
    higher_is_better = True

    def __init__(self, train: Interactions, share: float = 0.2, discount: str = "none", **options: Any) -> None:  # noqa: ANN401
        known = {"train": train, "n_items": _size(train.n_items), "share": share, "discount": discount}
        super().__init__(known, **options)


class PopularityLift(CorpusMetric):
    """By what part lists are more popular than the training profiles of their users.

    Args:
        train: what people did before.
        options: those of :class:`torchmetrics.Metric`.
    """

    name = "popularity_lift"

    def __init__(self, train: Interactions, **options: Any) -> None:  # noqa: ANN401
        super().__init__({"train": train}, **options)

    def update(self, recs: Recommendations | Tensor | npt.ArrayLike) -> None:
        """Add some lists: :class:`~recdiv.Recommendations`, which know their users."""
        if not isinstance(recs, Recommendations):
            raise ValueError(f"recs must be Recommendations with the users of train, got {type(recs).__name__}")
        super().update(recs)


class MutualInformation(_Counting):
    """Mutual information of list and item identity, nats."""

    name = "mutual_information"


class Alpha(_Spectral):
    """Effective number of different items within a list."""

    name = "alpha"
    higher_is_better = True


class Beta(_Spectral):
    """Effective number of different lists."""

    name = "beta"


class Gamma(_Spectral):
    """Effective number of different items over all lists."""

    name = "gamma"
    higher_is_better = True


class Chi(_Spectral):
    """What the list tells about its items, nats."""

    name = "chi"


class GammaRatio(_Spectral):
    """Effective number over all lists, as a share of the catalogue's."""

    name = "gamma_ratio"
    higher_is_better = True


class Personalization(_Counting):
    """One minus the mean cosine of the item sets of two lists."""

    name = "personalization"


class Fragmentation(_Counting):
    """Mean Jensen–Shannon divergence of two lists by item and rank, bits."""

    name = "fragmentation"


class InterestInformation(_Labelled):
    """What the interest group of a list tells about its items, nats.

    Args:
        kernel: when two items are the same.
        labels: the groups; lists carry theirs (``Recommendations(..., groups=...)``).
        q: order of the effective number.
        options: those of :class:`torchmetrics.Metric`.
    """

    name, labels = "interest_information", "labels"

    def __init__(self, kernel: Kernel, labels: Sequence[Any], q: float = 1.0, **options: Any) -> None:  # noqa: ANN401
        super().__init__(kernel, labels, {"q": q}, **options)


class TemporalBeta(_Labelled):
    """Effective number of different windows of time.

    Args:
        kernel: when two items are the same.
        times: the windows; lists carry theirs (``Recommendations(..., time=...)``).
        q: order of the effective number.
        options: those of :class:`torchmetrics.Metric`.
    """

    name, labels = "temporal_beta", "times"

    def __init__(self, kernel: Kernel, times: Sequence[Any], q: float = 1.0, **options: Any) -> None:  # noqa: ANN401
        super().__init__(kernel, times, {"q": q}, **options)


class Drift(_Labelled):
    """Mean distance of what is shown in a window from the window before.

    Args:
        kernel: when two items are the same.
        times: the windows in order; lists carry theirs (``Recommendations(..., time=...)``).
        options: those of :class:`torchmetrics.Metric`.
    """

    name, labels = "drift", "times"

    def __init__(self, kernel: Kernel, times: Sequence[Any], **options: Any) -> None:  # noqa: ANN401
        super().__init__(kernel, times, {}, **options)
