"""One call: a domain and its dials in, a data set whose truth is known out."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from recdiv.datasets._dataset import Dataset
from recdiv.datasets._latent import Latent
from recdiv.datasets.sample._choose import choose
from recdiv.datasets.sample._domain import Domain, read_domain
from recdiv.datasets.sample._draw import (
    N_SEGMENTS,
    POSITION_BIAS,
    Things,
    draw_interests,
    draw_prominence,
    draw_release,
    draw_things,
    stream,
)
from recdiv.datasets.sample._write import Listing, catalog_frame, write_categories, write_listings
from recdiv.tables import Catalog, Interactions

DUPLICATE_RATE, LABEL_NOISE, DRIFT = 0.25, 0.2, 0.6


def generate(
    domain: str | Path,
    *,
    seed: int = 0,
    n_items: int = 600,
    n_users: int = 400,
    duplicate_rate: float = DUPLICATE_RATE,
    label_noise: float = LABEL_NOISE,
    drift: float = DRIFT,
    twin: bool = False,
) -> Dataset:
    """Draw a catalogue and its interactions from a vocabulary, latent first.

    Args:
        domain: a bundled vocabulary's name, or the path of a TOML file in the format of ``data/vocabularies``.
        seed: everything is a function of it; seed 0 with the default dials is what ``rd.load`` reads.
        n_items: rows of the catalogue, near-duplicates included.
        n_users: users; each has five interactions at least wherever the catalogue allows it.
        duplicate_rate: share of rows that list a thing which stands in the catalogue already, in [0, 0.9].
        label_noise: chance that a row's category is not its topic's, in [0, 1].
        drift: how far the interests of those who change move towards the rising topics, in [0, 1]; 0: nobody changes.
        twin: the content-free twin: the same texts dealt to other rows, so that content says nothing.

    Raises:
        ValueError: if a dial is out of range or the vocabulary breaks its format.
    """
    _check_dials(n_items, n_users, duplicate_rate, label_noise, drift)
    words = read_domain(domain)
    things = draw_things(words, seed=seed, n_items=n_items, duplicate_rate=duplicate_rate)
    listings = write_listings(words, things, seed=seed)
    latent = _latent(words, things, listings, seed=seed, n_users=n_users, drift=drift)
    release = draw_release(words.clock, things, np.array([x.delay for x in listings]), seed=seed)
    categories = write_categories(words, things.main[things.of_row], seed=seed, label_noise=label_noise)
    frame = catalog_frame(words, listings, categories, release)
    events = choose(latent, release, words.clock, seed=seed)
    if twin:
        frame = _shuffled_texts(frame, seed)
    dials: dict[str, object] = {
        "duplicate_rate": duplicate_rate,
        "label_noise": label_noise,
        "drift": drift,
        "seed": seed,
        "twin": twin,
    }
    return assemble(words.name, frame, events, latent, dials=dials)


def assemble(
    name: str, frame: pd.DataFrame, events: pd.DataFrame, latent: Latent, *, dials: dict[str, object] | None = None
) -> Dataset:
    """The data set of a catalogue frame and its raw events."""
    catalog = Catalog(frame)
    acts = pd.DataFrame(
        {
            "user_id": [f"u{user:04d}" for user in events["user_id"]],
            "item_id": catalog.item_ids[events["item"].to_numpy()],
            "timestamp": events["timestamp"],
            "position": events["position"],
        }
    )
    source = f"bundled sample, {name}: generated text, truth known, CC0 1.0"
    if dials is not None:
        source = f"generated sample, {name}: " + ", ".join(f"{key}={value}" for key, value in dials.items())
    return Dataset(name, source, catalog, Interactions(acts, catalog), latent, {"dials": dials} if dials else {})


def _latent(
    domain: Domain, things: Things, listings: list[Listing], *, seed: int, n_users: int, drift: float
) -> Latent:
    topics = domain.topics
    interests, when = draw_interests(domain, seed=seed, n_users=n_users, drift=drift)
    main = things.main[things.of_row]
    return Latent(
        topics=np.array([topic.name for topic in topics]),
        parents=np.array([domain.parents[topic.parent] for topic in topics]),
        tail=np.array([topic.tail for topic in topics]),
        neighbour=np.array([domain.index(topic.neighbour or topic.id) for topic in topics], dtype=np.int64),
        item_topics=things.topics[things.of_row],
        thing=things.of_row.astype(np.int64),
        variant=np.array([x.variant for x in listings]),
        true_category=np.array([topics[leaf].category for leaf in main]),
        prominence=draw_prominence(domain, things, seed=seed),
        segments=np.arange(N_SEGMENTS) * domain.clock.days / N_SEGMENTS,
        interests=interests,
        drift=when,
        position_bias=POSITION_BIAS.copy(),
    )


def _shuffled_texts(frame: pd.DataFrame, seed: int) -> pd.DataFrame:
    order = stream(seed, "twin").permutation(len(frame))
    out = frame.copy()
    for column in ("title", "text"):
        out[column] = frame[column].to_numpy()[order]
    return out


def _check_dials(n_items: int, n_users: int, duplicate_rate: float, label_noise: float, drift: float) -> None:
    for name, count in (("n_items", n_items), ("n_users", n_users)):
        if count < 1:
            raise ValueError(f"{name} must be at least 1, got {count}")
    dials = {
        "duplicate_rate": (duplicate_rate, 0.9),
        "label_noise": (label_noise, 1.0),
        "drift": (drift, 1.0),
    }
    for name, (value, most) in dials.items():
        if not 0.0 <= value <= most:
            raise ValueError(f"{name} must lie in [0, {most}], got {value}")
