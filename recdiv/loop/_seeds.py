"""Several loops side by side: means over seeds, changes over time, differences between loops, with intervals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from scipy.stats import t as student

KEYS = ("arm", "view", "group", "measure")


def stacked(results: Mapping[tuple[str, int], pd.DataFrame]) -> pd.DataFrame:
    """One frame of several: ``results`` by (arm, seed), each the ``frame`` of a loop; adds columns arm and seed."""
    parts = [frame.assign(arm=arm, seed=seed) for (arm, seed), frame in results.items()]
    return pd.concat(parts, ignore_index=True)


def over_seeds(frame: pd.DataFrame, *, confidence: float = 0.95) -> pd.DataFrame:
    """Mean of every arm, view, group, measure and round over seeds, with a t interval: mean, low, high, n.

    >>> one = pd.DataFrame({"round": [1], "view": ["shown"], "group": ["all"], "measure": ["gini"], "value": [0.4]})
    >>> both = stacked({("a", 0): one, ("a", 1): one.assign(value=0.6)})
    >>> over_seeds(both)[["mean", "n"]].to_numpy().tolist()
    [[0.5, 2.0]]
    """
    return _summed(frame.dropna(subset="value"), [*KEYS, "round"], confidence)


def change(frame: pd.DataFrame, *, first: Sequence[int], last: Sequence[int], confidence: float = 0.95) -> pd.DataFrame:
    """How each measure moves within a seed, from its mean over rounds ``first`` to its mean over rounds ``last``."""
    ends = [_averaged(frame, rounds) for rounds in (first, last)]
    return _summed((ends[1] - ends[0]).dropna().reset_index(), list(KEYS), confidence)


def against(frame: pd.DataFrame, baseline: str, *, rounds: Sequence[int], confidence: float = 0.95) -> pd.DataFrame:
    """Every arm less the ``baseline`` of the same seed, means over ``rounds``: mean, low, high, n.

    Raises:
        ValueError: if there is no such arm.
    """
    if baseline not in set(frame["arm"]):
        raise ValueError(f"baseline must be one of {', '.join(sorted(set(frame['arm'])))}, got {baseline!r}")
    values = _averaged(frame, rounds)
    base = values.xs(baseline, level="arm")
    table = values.unstack("arm").sub(base, axis=0).drop(columns=baseline)
    long = table.reset_index().melt(table.index.names, var_name="arm").dropna(subset="value")
    return _summed(long, list(KEYS), confidence)


def _averaged(frame: pd.DataFrame, rounds: Sequence[int]) -> pd.Series[float]:
    """Mean over some rounds, by arm, view, group, measure and seed."""
    some = frame[frame["round"].isin(list(rounds))]
    return some.groupby([*KEYS, "seed"], sort=True)["value"].mean()


def _summed(frame: pd.DataFrame, keys: list[str], confidence: float) -> pd.DataFrame:
    found = frame.groupby(keys, sort=True)["value"].agg(["mean", "std", "count"]).reset_index()
    n = found["count"].to_numpy()
    half = student.ppf((1 + confidence) / 2, np.maximum(n - 1, 1)) * found["std"].to_numpy() / np.sqrt(n)
    half = np.where(n > 1, half, np.nan)
    return found[keys].assign(mean=found["mean"], low=found["mean"] - half, high=found["mean"] + half, n=n)
