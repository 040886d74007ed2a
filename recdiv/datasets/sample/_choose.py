"""What people do: pages shown by prominence, looked at from the top, chosen by taste."""

from __future__ import annotations

import numpy as np
import pandas as pd

from recdiv.datasets._latent import Floats, Latent
from recdiv.datasets.sample._domain import Clock
from recdiv.datasets.sample._draw import N_SLOTS, POSITION_BIAS, stream

SESSIONS = 22.0  # mean pages a user opens
SEEN_THING = 0.25  # propensity left for another listing of something already chosen
FLOOR = 0.35  # share of a page's ranking that ignores the user


def choose(latent: Latent, release: Floats, clock: Clock, *, seed: int) -> pd.DataFrame:
    """Interactions: user_id, item_id row, timestamp (days) and position (slot, from 1); oldest first."""
    rng = stream(seed, "choices")
    n_segments, n_users = latent.interests.shape[:2]
    propensity = np.stack([latent.propensity(s) for s in range(n_segments)])
    rows: list[tuple[int, int, float, int]] = []
    for user in range(n_users):
        days = np.sort(rng.uniform(0.0, clock.days, max(4, int(rng.gamma(2.0, SESSIONS / 2.0)))))
        rows += _one_user(user, days, propensity[:, user], latent, release, clock, rng)
    frame = pd.DataFrame(rows, columns=["user_id", "item", "timestamp", "position"])
    return frame.sort_values("timestamp", kind="stable").reset_index(drop=True)


def _one_user(
    user: int, days: Floats, propensity: Floats, latent: Latent, release: Floats, clock: Clock, rng: np.random.Generator
) -> list[tuple[int, int, float, int]]:
    taken = np.zeros(len(release), dtype=bool)
    left = np.ones(len(release))
    rows: list[tuple[int, int, float, int]] = []
    days = np.append(days, np.full(40, clock.days))  # a user who has taken too little comes back on the last day
    for visit, day in enumerate(days):
        if visit >= len(days) - 40 and len(rows) >= 5:
            break
        segment = int(np.searchsorted(latent.segments, min(day, clock.days - 1e-6), side="right")) - 1
        wish = propensity[segment] * left
        page = _page(wish, latent.prominence, release, taken, float(day), clock, rng)
        clicked = rng.random(len(page)) < POSITION_BIAS[: len(page)] * wish[page]
        for slot in np.flatnonzero(clicked):
            item = int(page[slot])
            rows.append((user, item, round(float(day) + 0.002 * float(slot), 3), int(slot) + 1))
            taken[item] = True
            left[latent.thing == latent.thing[item]] = SEEN_THING
    return rows


def _page(
    wish: Floats,
    prominence: Floats,
    release: Floats,
    taken: np.ndarray,
    day: float,
    clock: Clock,
    rng: np.random.Generator,
) -> np.ndarray:
    """Ten items out by now: by prominence and freshness, leaning a little to the user, drawn without repeats."""
    age = day - release
    weight = prominence * (FLOOR + wish) * np.exp(-np.maximum(age, 0.0) / clock.life)
    weight[(age < 0) | taken] = 0.0
    with np.errstate(divide="ignore"):
        keys = np.log(weight) + rng.gumbel(size=len(weight))
    best = np.argsort(-keys, kind="stable")[:N_SLOTS]
    return best[weight[best] > 0]
