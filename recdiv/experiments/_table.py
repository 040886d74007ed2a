"""From cells to the table of a set: means over seeds, intervals over users, differences of the same users."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from recdiv.evaluation._intervals import bootstrap_means, percentile_interval
from recdiv.experiments._measure import plain

SLICES = (
    "accuracy", "diversity", "warm", "cold", "cold_only", "shown", "turned", "turned_cold", "turned_slots",
)  # fmt: skip
AGAINST = ("popularity", "item_knn", "sasrec", "text_transformer")  # whom each other is compared with, user by user
PER_USER = "ndcg@10 of each user"
Cell = dict[str, Any]


def summary(cells: Sequence[Cell]) -> dict[str, Any]:
    """The cells of one model, seed by seed, as one line.

    Of each number: ``value``, the mean over seeds; ``low`` and ``high``, the mean of the 95 % intervals over users;
    ``seeds``, the values themselves, whose spread is that of training.
    """
    found: dict[str, Any] = {
        "seeds_run": [cell["seed"] for cell in cells],
        "train_cpu_seconds": [cell["train_cpu_seconds"] for cell in cells],
    }
    for part in SLICES:
        if all(part in cell for cell in cells):
            found[part] = {name: _mean([cell[part][name] for cell in cells]) for name in cells[0][part]}
    return found


def _mean(numbers: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """One number of several seeds; undefined where it is undefined for one of them."""
    line: dict[str, Any] = {"n": numbers[0]["n"]}
    for key in ("value", "low", "high", "null"):
        values = [each[key] for each in numbers]
        if values[0] is None and key == "null":
            continue
        line[key] = None if None in values else plain(float(np.mean(values)))
    if len(numbers) > 1:
        line["seeds"] = [each["value"] for each in numbers]
    return line


def differences(
    cells: Mapping[str, Sequence[Cell]], *, draws: int = 2000, confidence: float = 0.95
) -> dict[str, dict[str, dict[str, float | int | None]]]:
    """nDCG@10 of each model less that of those in :data:`AGAINST`, of the same users, averaged over seeds.

    The interval is a bootstrap over users of the paired difference: two models may have overlapping intervals of their
    own and still differ for the same people.
    """
    means = {name: np.mean([cell[PER_USER] for cell in own], axis=0) for name, own in cells.items() if own}
    found: dict[str, dict[str, dict[str, float | int | None]]] = {}
    for name, own in means.items():
        found[name] = {
            other: _paired(own - means[other], draws, confidence)
            for other in AGAINST
            if other in means and other != name
        }
    return found


def _paired(difference: npt.NDArray[np.float64], draws: int, confidence: float) -> dict[str, float | int | None]:
    users = np.arange(len(difference))
    low, high = percentile_interval(bootstrap_means(difference[:, None], users, draws=draws, rng=0)[:, 0], confidence)
    return {"value": plain(float(difference.mean())), "low": plain(low), "high": plain(high)}
