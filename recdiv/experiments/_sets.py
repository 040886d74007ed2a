"""The five real sets of the recommender tables: what the encoder reads, and how each is split."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from recdiv import datasets, presets
from recdiv.recommend.protocol import Split, first_events, k_core, leave_one_out, temporal_split
from recdiv.tables import Catalog, Interactions

SHUFFLE = 20_11  # seed of what is drawn where the data have no order: part of the split, not of a run
# How much of the larger sets is kept, so that three seeds of every model take minutes on one core: this many people,
# and of MovieLens the latest events of each.
PEOPLE = {"movietweetings": 2000, "online_retail": 1000, "lastfm": 400}
EVENTS = 50
SAMPLES = ("ecommerce", "news", "music", "video")  # domains of the bundled sample


@dataclass(frozen=True)
class Prepared:
    """A real set, ready to be measured.

    Attributes:
        name: of the set.
        catalog: every item; its ``text`` is what the encoder reads after the title.
        split: training, validation and test part.
        about: how the split was made and what was left out, for the record.
        impressions: what was shown, one row a candidate, where the set says so.
    """

    name: str
    catalog: Catalog
    split: Split
    about: dict[str, str | int]
    impressions: pd.DataFrame | None = None


def prepare(name: str) -> Prepared:
    """Load a set and split it by its own rule; a domain of the bundled sample is split in time.

    Raises:
        ValueError: if ``name`` is not one of :data:`SETS` or :data:`SAMPLES`.
    """
    if name not in SETS and name not in SAMPLES:
        raise ValueError(f"name must be one of {', '.join([*SETS, *SAMPLES])}, got {name!r}")
    data = datasets.load(name)
    if data.interactions is None:
        raise ValueError(f"{name} holds no interactions")
    catalog = readable(data.catalog)
    interactions = Interactions(data.interactions.frame, catalog)
    split, why = SETS.get(name, _sample)(interactions)
    about: dict[str, str | int] = {"protocol": split.protocol, "why": why, **split.counts}
    about.update(events_as_loaded=len(interactions), users_as_loaded=interactions.n_users, items=len(catalog))
    about.update(people_kept=PEOPLE.get(name, "all"), latest_events_kept=EVENTS if name == "movielens" else "all")
    return Prepared(name, catalog, split, about, data.extras.get("impressions"))


def readable(catalog: Catalog) -> Catalog:
    """Films are read with their genres, for a title alone is thin, and without the text that is a film's tags.

    Tags of MovieLens were partly given after the ratings that they would help to predict.
    """
    return presets.get("video").catalog(catalog) if "text_source" in catalog.frame else catalog


def _movielens(events: Interactions) -> tuple[Split, str]:
    why = (
        "most people rate in one sitting: past the time point of the last tenth of events only a few dozen of 610 "
        "people have a history, so the clock cannot be the split; a held-out view may be older than another person's "
        "training view"
    )
    return leave_one_out(latest_events(k_core(events, users=5), EVENTS)), why


def _movietweetings(events: Interactions) -> tuple[Split, str]:
    kept = latest_users(k_core(events, users=5), PEOPLE["movietweetings"])
    return temporal_split(kept), "times are known: nothing after the time point is learnt from"


def _online_retail(events: Interactions) -> tuple[Split, str]:
    kept = latest_users(k_core(first_events(events), users=5), PEOPLE["online_retail"])
    why = "first purchases of a product only, as a list never shows what was bought before; times are known"
    return temporal_split(kept), why


def _lastfm(events: Interactions) -> tuple[Split, str]:
    why = (
        "plays carry no times and rows are sorted by artist number, so 'last' would mean the newest number: one artist "
        "of each person, drawn at random, is held out; tags by the same people are part of the text"
    )
    return leave_one_out(drawn_users(k_core(events, users=5), PEOPLE["lastfm"]), rng=SHUFFLE), why


def _nemig(events: Interactions) -> tuple[Split, str]:
    why = (
        "clicks carry no times and keep their published order; histories are short, 10 clicks at most, so people with "
        "3 count"
    )
    return leave_one_out(k_core(events, users=3)), why


def _sample(events: Interactions) -> tuple[Split, str]:
    return temporal_split(events), "times are known: nothing after the time point is learnt from"


def latest_users(events: Interactions, n: int) -> Interactions:
    """The events of the ``n`` users whose last event is the most recent."""
    last = ~events.frame.duplicated("user_id", keep="last").to_numpy()
    kept = events.user[np.flatnonzero(last)[::-1][:n]]
    return events.where(np.isin(events.user, kept))


def latest_events(events: Interactions, n: int) -> Interactions:
    """The latest ``n`` events of each user."""
    later = events.frame[::-1].groupby("user_id", sort=False).cumcount()[::-1].to_numpy()
    return events.where(later < n)


def drawn_users(events: Interactions, n: int) -> Interactions:
    """The events of ``n`` users, drawn once and for all."""
    kept = np.random.default_rng(SHUFFLE).permutation(events.n_users)[:n]
    return events.where(np.isin(events.user, kept))


SETS: dict[str, Callable[[Interactions], tuple[Split, str]]] = {
    "movielens": _movielens,
    "movietweetings": _movietweetings,
    "lastfm": _lastfm,
    "online_retail": _online_retail,
    "nemig": _nemig,
}
