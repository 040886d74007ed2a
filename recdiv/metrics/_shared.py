"""What several metrics of one report have in common."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from recdiv.diversity import Partition, partition
from recdiv.kernels import Kernel
from recdiv.metrics._categories import Labels, label_table, topic_table
from recdiv.metrics._discount import attention
from recdiv.tables import Catalog, Recommendations


@dataclass
class Shared:
    """What several metrics of the same lists need, made once: partitions, and the labels of the catalogue."""

    null: int = 0
    rng: int | np.random.Generator = 0
    done: dict[tuple[int, float, str], Partition] = field(default_factory=dict)
    labels: dict[str, Labels] = field(default_factory=dict)


def split(
    recs: Recommendations,
    kernel: Kernel,
    *,
    q: float,
    discount: str = "none",
    groups: str | Iterable[Any] | None = None,
    null: int = 0,
    rng: int | np.random.Generator = 0,
    shared: Shared | None = None,
) -> Partition:
    """The partition of some lists, or the one that was made of them before."""
    weights = attention(recs, discount)
    if shared is None or groups is not None:
        return partition(recs, kernel, q=q, slot_weights=weights, by=groups, null=null, rng=rng)
    key = (recs.k, q, discount)  # all of one Shared are cuts of the same lists
    if key not in shared.done:
        shared.done[key] = partition(recs, kernel, q=q, slot_weights=weights, null=shared.null, rng=shared.rng)
    return shared.done[key]


def labels_for(catalog: Catalog, missing: str, shared: Shared | None) -> Labels:
    """The catalogue's labels, or those that were read before."""
    if shared is None:
        return label_table(catalog, missing)
    if missing not in shared.labels:
        shared.labels[missing] = label_table(catalog, missing)
    return shared.labels[missing]


def topics_for(catalog: Catalog, shared: Shared | None) -> Labels:
    """The catalogue's labels without any for items that have none, or those that were read before."""
    if shared is None:
        return topic_table(catalog)
    if "" not in shared.labels:
        shared.labels[""] = topic_table(catalog)
    return shared.labels[""]
