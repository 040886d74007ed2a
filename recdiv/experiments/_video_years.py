"""Does what people watch drift over the years, and is it the catalogue that changes or the taste?

Windows are months or years. A person's films in a window are one list, so that within a window everybody counts the
same. Five readings of the same events stand beside each other:

* ``observed``;
* ``people``: the same lists, each at a random window: what chance makes of who came when;
* ``events``: the same exposures dealt anew over all lists: what chance makes of single views;
* ``calendar``: exposures dealt anew among films that came out together: only the calendar of releases is left;
* ``meaning``: each film standing for another one: only turnover is left.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import torch
from torch import Tensor

from recdiv._columns import Rows
from recdiv._redeal import redeal
from recdiv._spectra import moment
from recdiv.kernels import EmbeddingKernel
from recdiv.metrics._shuffled import shuffled
from recdiv.tables import Interactions

MOST = 50  # films of a person and window: whoever rates a thousand in one sitting is one person still
LEAST = {"M": 500, "Y": 10}  # people in a window of this length: a month of which one day is there is none
KNOWN = 5  # events from which the window of a film's first says when it came out
READINGS = ("observed", "people", "events", "calendar", "meaning")


class Lists:
    """Who watched what in which window: one list a person and window, its latest ``MOST`` films.

    Attributes:
        items: films ``[U, K]``, padded with -1.
        window: number of each list's window ``[U]``.
        names: of the windows, oldest first.
    """

    def __init__(self, events: Interactions, *, every: str, keep: npt.NDArray[np.bool_] | None = None) -> None:
        frame = pd.DataFrame({"user": events.user, "item": events.item})
        frame["window"] = events.frame["timestamp"].dt.to_period(every).astype(str)
        if keep is not None:
            frame = frame[keep[frame["item"]]]
        people = frame.groupby("window")["user"].nunique()
        frame = frame[frame["window"].isin(people.index[people >= LEAST[every]])]
        code, self.names = pd.factorize(frame["window"], sort=True)
        frame = frame.assign(window=code).drop_duplicates(["user", "window", "item"])
        frame = frame[frame[::-1].groupby(["user", "window"]).cumcount()[::-1] < MOST]
        rows = frame.groupby(["window", "user"], sort=True)["item"].agg(list)
        self.window: Rows = rows.index.get_level_values("window").to_numpy().astype(np.int64)
        self.items = torch.full((len(rows), MOST), -1, dtype=torch.int64)
        for at, held in enumerate(rows):
            self.items[at, : len(held)] = torch.tensor(held)


def over_time(items: Tensor, window: Rows, kernel: EmbeddingKernel) -> dict[str, Any]:
    """``chi`` (ln of the temporal beta, windows by their lists), each window's ``step``, its distance ``from first``.

    Distances are the square root of the quantum Jensen–Shannon divergence of two windows' states.
    """
    filled = (items >= 0).double()
    mass = filled / filled.sum(1, keepdim=True)
    size = np.bincount(window)
    states = []
    for number in range(len(size)):
        mine = torch.from_numpy(window == number)
        weights = torch.zeros(kernel.n_items, dtype=torch.float64)
        weights.index_add_(0, items[mine].clamp(min=0).flatten(), mass[mine].flatten())
        states.append(kernel.state(weights))
    own = [_entropy(state) for state in states]
    share = size / size.sum()
    whole = torch.stack([state * part for state, part in zip(states, share, strict=True)]).sum(0)

    def apart(a: int, b: int) -> float:
        return _distance(_entropy((states[a] + states[b]) / 2), own[a], own[b])

    return {
        "chi": _entropy(whole) - float(share @ np.array(own)),
        "step": [apart(at, at - 1) for at in range(1, len(states))],
        "from first": [apart(at, 0) for at in range(1, len(states))],
    }


def years(
    events: Interactions, kernel: EmbeddingKernel, *, every: str, reading: str, only: str, draws: int, seed: int
) -> dict[str, Any]:  # fmt: skip
    """One reading of the films in ``only`` (all, or those older than the first window); numbers of each draw.

    Raises:
        ValueError: if ``reading`` is not one of :data:`READINGS`.
    """
    if reading not in READINGS:
        raise ValueError(f"reading must be one of {', '.join(READINGS)}, got {reading!r}")
    lists = Lists(events, every=every, keep=older(events) if only == "old" else None)
    if reading == "observed":
        return {"windows": list(lists.names), **over_time(lists.items, lists.window, kernel)}
    ways: dict[str, Callable[..., Iterator[tuple[Tensor, Rows]]]] = {
        "people": _people, "events": _events, "calendar": _calendar, "meaning": _meaning,
    }  # fmt: skip
    rng = np.random.default_rng(seed)
    found = [over_time(*each, kernel) for each in ways[reading](lists, came_out(events, every), draws, rng)]
    return {key: [each[key] for each in found] for key in ("chi", "step", "from first")}


def older(events: Interactions) -> npt.NDArray[np.bool_]:
    """Films released before the year of the first event; those without a year are not."""
    year = events.catalog.frame["year"].astype("Int64")
    older = (year < events.frame["timestamp"].iloc[0].year).fillna(False)
    return np.asarray(older.to_numpy(dtype=bool))


def came_out(events: Interactions, every: str) -> Rows:
    """A number for films that came out together: in one year; where windows are shorter, also first seen in one."""
    year: Rows = np.asarray(events.catalog.frame["year"].astype("Int64").fillna(-1).to_numpy(dtype=np.int64))
    if every == "Y":
        return year
    period = events.frame["timestamp"].dt.to_period(every)
    first = pd.Series(period.to_numpy()).groupby(events.item).min().astype(str).reindex(range(events.n_items))
    new = (year >= events.frame["timestamp"].iloc[0].year) & (events.item_counts().numpy() >= KNOWN)
    keys = pd.Series(year.astype(str)) + first.where(new, "").fillna("").to_numpy()
    return np.asarray(pd.factorize(keys)[0], dtype=np.int64)


def by_window(events: Interactions, every: str) -> list[dict[str, Any]]:
    """Of each window: people, events, share on films of its year or the one before, median age of what was watched."""
    frame = pd.DataFrame({"user": events.user, "window": events.frame["timestamp"].dt.to_period(every).astype(str)})
    year = events.catalog.frame["year"].astype("Int64").astype("Float64").to_numpy(dtype=float, na_value=np.nan)
    frame["age"] = events.frame["timestamp"].dt.year.to_numpy() - year[events.item]
    groups = frame.groupby("window", sort=True)
    rows = groups.agg(people=("user", "nunique"), events=("user", "size"), age=("age", "median"))
    rows["new"] = groups["age"].agg(lambda age: float((age <= 1).mean()))
    kept = rows[rows["people"] >= LEAST[every]].reset_index()
    return [{str(key): value for key, value in row.items()} for row in kept.to_dict("records")]


def _people(lists: Lists, _: Rows, draws: int, rng: np.random.Generator) -> Iterator[tuple[Tensor, Rows]]:
    for _draw in range(draws):
        yield lists.items, rng.permutation(lists.window)


def _events(lists: Lists, _: Rows, draws: int, rng: np.random.Generator) -> Iterator[tuple[Tensor, Rows]]:
    mass = (lists.items >= 0).double()
    for _draw in range(draws):
        yield redeal(lists.items, mass, torch.zeros_like(lists.items), rng)[0], lists.window


def _calendar(lists: Lists, together: Rows, draws: int, rng: np.random.Generator) -> Iterator[tuple[Tensor, Rows]]:
    """Slots trade with slots whose films came out together; a list may then hold a film twice, which counts as such."""
    at = (lists.items >= 0).nonzero()
    held = lists.items[at[:, 0], at[:, 1]].numpy()
    for _draw in range(draws):
        chance = rng.random(len(held))
        source = np.lexsort((chance, together[held]))
        target = np.lexsort((np.arange(len(held)), together[held]))
        dealt = np.empty_like(held)
        dealt[target] = held[source]
        items = lists.items.clone()
        items[at[:, 0], at[:, 1]] = torch.from_numpy(dealt)
        yield items, lists.window


def _meaning(lists: Lists, _: Rows, draws: int, rng: np.random.Generator) -> Iterator[tuple[Tensor, Rows]]:
    for items in shuffled(lists.items, draws, rng):
        yield items, lists.window


def _entropy(state: Tensor) -> float:
    return float(moment(torch.linalg.eigvalsh(state).clamp(min=0), 1))


def _distance(middle: float, one: float, other: float) -> float:
    divergence = middle - (one + other) / 2
    return math.sqrt(min(max(divergence, 0.0), math.log(2))) if divergence > 1e-12 else 0.0
