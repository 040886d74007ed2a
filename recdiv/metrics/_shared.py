"""What several metrics of one report have in common."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Any

import numpy as np
import torch
from torch import Tensor

from recdiv._inputs import slot_masses
from recdiv._partition import chi_of_deals
from recdiv._redeal import redeal
from recdiv.diversity import Partition, partition
from recdiv.kernels import Kernel
from recdiv.metrics._categories import Labels, label_table, topic_table
from recdiv.metrics._discount import attention
from recdiv.tables import Catalog, Recommendations


@dataclass
class Shared:
    """What several metrics of the same lists need, made once: partitions, re-dealt lists, and the labels of
    the catalogue.
    """

    null: int = 0
    rng: int | np.random.Generator = 0
    done: dict[tuple[int, float, str], Partition] = field(default_factory=dict)
    labels: dict[str, Labels] = field(default_factory=dict)
    deals: dict[tuple[int, str], list[tuple[Tensor, Tensor]]] = field(default_factory=dict)
    likelihoods: dict[tuple[str, str], dict[tuple[int, ...], dict[int, float]]] = field(default_factory=dict)
    dealing: dict[tuple[int, str], Iterator[tuple[Tensor, Tensor]]] = field(default_factory=dict)


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
    what: str = "",
) -> Partition:
    """The partition of some lists, or the one that was made of them before; ``what`` as in :func:`deals`."""
    weights = attention(recs, discount)
    if shared is None:
        return partition(recs, kernel, q=q, slot_weights=weights, by=groups, null=null, rng=rng)
    key = (recs.k, q, discount)  # all of one Shared are cuts of the same lists
    if groups is None and key in shared.done:
        return shared.done[key]
    if weights is None:
        made = partition(recs, kernel, q=q, by=groups)
        if shared.null and not math.isnan(made.gamma):
            dealt = deals(recs, shared.null, shared.rng, shared, what=what)
            made = replace(made, chi_null=chi_of_deals(made, dealt, kernel, recs, groups))
    else:
        made = partition(recs, kernel, q=q, slot_weights=weights, by=groups, null=shared.null, rng=shared.rng)
    if groups is None:
        shared.done[key] = made
    return made


def deals(
    recs: Recommendations, draws: int, rng: int | np.random.Generator, shared: Shared | None = None, *, what: str = ""
) -> Iterator[tuple[Tensor, Tensor]]:
    """Items ``[U, K]`` and masses ``[U, K]`` of the same exposures dealt at random over the same list lengths.

    A list spreads 1 over its filled slots, and an exposure takes its share along. Metrics of one report share the
    draws; ``what`` tells apart lists that are not those of the report.
    """
    if shared is None:
        yield from islice(_dealt(recs, np.random.default_rng(rng)), draws)
        return
    key = (recs.k, what)
    made = shared.deals.setdefault(key, [])
    if key not in shared.dealing:
        shared.dealing[key] = _dealt(recs, np.random.default_rng(rng))
    more = islice(shared.dealing[key], max(0, draws - len(made)))  # goes on where it stopped
    made += [(items.int(), mass) for items, mass in more]
    for items, mass in made[:draws]:
        yield items.long(), mass


def _dealt(recs: Recommendations, generator: np.random.Generator) -> Iterator[tuple[Tensor, Tensor]]:
    mass, classes = slot_masses(recs.items, None, "items"), torch.zeros_like(recs.items)
    even = mass[recs.valid]
    alike = bool((even == even[:1]).all())
    while True:
        items, dealt = redeal(recs.items, mass, classes, generator)
        yield items, mass if alike else dealt  # equal shares need not be stored again for each draw


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
