"""What the real sets hold and what they lack: ``results/collect.json``.

``python -m recdiv.experiments.collect``: sizes, times, texts and labels of each set, how concentrated its events are,
how many people a few known items single out, and what a split by person lets a model see of the future. A minute.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from tqdm import tqdm

from recdiv._columns import Rows
from recdiv._provenance import provenance, write_json
from recdiv.datasets import Dataset, anonymity, load
from recdiv.datasets._sources import source
from recdiv.recommend.protocol import k_core, leave_one_out
from recdiv.tables import Interactions

SETS = ("online_retail", "nemig", "lastfm", "movielens", "movietweetings")
KNOWN = (1, 2, 3, 4)
LEAST = 5  # different items of those who are looked for, so that four of them are some and not all
DRAWS = 5
SEED = 0


def main(arguments: Sequence[str] | None = None) -> Path:
    """Look at every set; returns the file written."""
    parser = argparse.ArgumentParser(prog="recdiv.experiments.collect", description=__doc__)
    parser.add_argument("--results", type=Path, default=Path("results"))
    asked = parser.parse_args(arguments)
    begun = time.perf_counter()
    sets = {name: described(load(name), name) for name in tqdm(SETS, unit="set")}
    config = {"known": KNOWN, "least_items": LEAST, "draws": DRAWS}
    files = {name: {file.name: file.sha256 for file in source(name).files} for name in SETS}
    head = provenance(config=config, seeds=[SEED], data=files, seconds=time.perf_counter() - begun)
    target: Path = asked.results / "collect.json"
    write_json(target, {**head, "sets": sets})
    return target


def described(data: Dataset, name: str) -> dict[str, Any]:
    """Everything that is recorded of one set."""
    if data.interactions is None:
        raise ValueError(f"data must hold interactions, got none in {name}")
    events = data.interactions
    return {
        "title": source(name).title,
        "domain": source(name).domain,
        "licence": source(name).licence,
        **sizes(events),
        **texts(data.catalog.frame),
        "unique": unicity(events),
        "future": future(events),
        "clicks_by_position": by_position(data.extras.get("impressions")),
    }


def sizes(events: Interactions) -> dict[str, Any]:
    """How much there is, over what time, and how unevenly it falls on the items."""
    counts = np.sort(events.item_counts().numpy())[::-1]
    pairs = len(_pairs(events))
    times = events.frame.get("timestamp")
    return {
        "items": events.n_items,
        "users": events.n_users,
        "events": len(events),
        "density": pairs / (events.n_items * events.n_users),
        "events_a_user": float(np.median(np.bincount(events.user))),
        "again": 1 - pairs / len(events),
        "half_on": float((np.cumsum(counts) < counts.sum() / 2).sum() + 1) / events.n_items,
        "never": float((counts == 0).mean()),
        "days": None if times is None else (times.iloc[-1] - times.iloc[0]) / pd.Timedelta(days=1),
    }


def texts(frame: pd.DataFrame) -> dict[str, Any]:
    """Which items have words and labels."""
    body = frame["text"].fillna("") if "text" in frame else pd.Series("", index=frame.index)
    words = (frame["title"].fillna("") + " " + body).map(lambda text: len(text.split()))
    labelled = frame["category"].notna() & (frame["category"] != "") if "category" in frame else pd.Series(False)
    return {
        "with_text": float((body != "").mean()),
        "words": float(words.median()),
        "with_label": float(labelled.mean()),
    }


def unicity(events: Interactions) -> dict[str, Any]:
    """Share of people whom so many of their items single out, among all, mean over draws."""
    enough = np.bincount(_pairs(events) // events.n_items, minlength=events.n_users) >= LEAST
    shares = {}
    for known in KNOWN:
        alone = [
            (anonymity(events, known=known, rng=np.random.default_rng([SEED, draw]))[enough] == 1).mean()
            for draw in range(DRAWS)
        ]
        shares[str(known)] = float(np.mean(alone))
    return {"people": int(enough.sum()), "share": shares}


def future(events: Interactions) -> float | None:
    """Mean share of the training events that happened after a test event, when everybody's last event is the test."""
    if "timestamp" not in events.frame:
        return None
    split = leave_one_out(k_core(events, users=2), validation=False)
    known = np.sort(split.train.frame["timestamp"].to_numpy())
    later = len(known) - np.searchsorted(known, split.test.frame["timestamp"].to_numpy(), side="right")
    return float(later.mean() / len(known))


def by_position(impressions: pd.DataFrame | None) -> list[float] | None:
    """Share of clicks at each place, where impressions are published."""
    if impressions is None:
        return None
    return [float(share) for share in impressions.groupby("position")["clicked"].mean()]


def _pairs(events: Interactions) -> Rows:
    """One number for each person and item that met."""
    pairs: Rows = np.unique(events.user * events.n_items + events.item)
    return pairs


if __name__ == "__main__":
    main()
