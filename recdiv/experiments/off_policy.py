"""What another order of the same articles would have brought, from clicks on the order that was shown."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import pandas as pd

from recdiv.evaluation._intervals import bootstrap_means, percentile_interval
from recdiv.experiments.clicks import Choice, Floats, Ints, Shown

_DRAWS = 2000


def orders(shown: Shown, ranks: Mapping[str, Floats]) -> dict[str, Ints]:
    """The same articles in another order: those with the higher rank value ``[N, K]`` first, ties as shown."""
    best = {name: np.argsort(-value, axis=1, kind="stable") for name, value in ranks.items()}
    return {name: np.take_along_axis(shown.items, order, axis=1) for name, order in best.items()}


def worth(
    shown: Shown, lists: Mapping[str, Ints], model: Choice, wanted: npt.NDArray[np.bool_], *, reach: Floats
) -> pd.DataFrame:
    """Share of clicks that would go to wanted articles under other orders, estimated in three ways.

    Args:
        shown: the impressions.
        lists: by name, the same articles in another order, ``[N, K]``.
        model: chooses with appeal and place.
        wanted: which articles, ``[I]``.
        reach: share of clicks of each place, ``[K]``.

    Returns:
        One row an order. ``direct``: what the model of choice foretells. ``weighted``: the clicks that were made, each
        weighing r(new place) / r(old place), scaled to sum 1; ``effective`` says how many clicks that weigh alike know
        as much. ``replayed``: the clicks on impressions that were shown in just this order, ``matched`` of them. All
        with 95 % intervals over people (``direct_low`` ...); a model that is wrong is not in them.
    """
    hit = wanted[shown.items[np.arange(len(shown)), shown.clicked]].astype(float)
    rows = []
    for name, items in lists.items():
        chances = (model.chances(items) * wanted[items]).sum(1)
        weight = reach[_place(shown, items)] / reach[shown.clicked]
        same = (items == shown.items).all(1).astype(float)
        rows.append(
            {
                "order": name,
                "direct": float(chances.mean()),
                **{f"direct_{key}": value for key, value in _ends(chances, np.ones(len(shown)), shown.user).items()},
                "weighted": float((weight * hit).sum() / weight.sum()),
                **{f"weighted_{key}": value for key, value in _ends(weight * hit, weight, shown.user).items()},
                "effective": float(weight.sum() ** 2 / (weight**2).sum()),
                "matched": int(same.sum()),
                "replayed": float((hit * same).sum() / same.sum()) if same.any() else float("nan"),
                **{f"replayed_{key}": value for key, value in _ends(hit * same, same, shown.user).items()},
            }
        )  # fmt: skip
    return pd.DataFrame(rows)


def _place(shown: Shown, items: Ints) -> Ints:
    """Where the clicked article of each impression stands in another order."""
    clicked = shown.items[np.arange(len(shown)), shown.clicked]
    return np.asarray((items == clicked[:, None]).argmax(1), dtype=np.int64)


def _ends(top: Floats, bottom: Floats, user: Ints) -> dict[str, float]:
    means = bootstrap_means(np.stack([top, bottom], axis=1), user.tolist(), draws=_DRAWS, rng=0)
    with np.errstate(invalid="ignore", divide="ignore"):  # a resample may hold no matched impression
        low, high = percentile_interval(means[:, 0] / means[:, 1], 0.95)
    return {"low": low, "high": high}
