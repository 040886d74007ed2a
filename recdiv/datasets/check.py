"""Load every real set, hold its counts against the expected ones, and record what was found.

``make real`` runs it: ``python -m recdiv.datasets.check [results/datasets.json]``. It leaves with 1 when a set cannot
be loaded or a count differs.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Any

import typer

from recdiv._provenance import machine, versions, write_json
from recdiv.datasets import Dataset, load, names
from recdiv.datasets._fetch import DataUnavailableError, fetch, whereabouts
from recdiv.datasets._sources import source

#: What each set must hold: items, events, users, and any step of its cleaning table by name.
EXPECTED: dict[str, dict[str, int]] = {
    "ag_news": {"items": 7600, "classes": 4},
    "crossner_music": {"items": 945, "train: sentences": 100, "dev: sentences": 380, "test: sentences": 465},
    "dfki_product": {
        "items": 1101,
        "train: documents": 139,
        "dev: documents": 18,
        "test: documents": 17,
        "train: published spans": 6025,
        "dev: published spans": 740,
        "test: published spans": 743,
        "train: entities": 5703,
        "dev: entities": 674,
        "test: entities": 729,
    },
    "dsner": {
        "items": 4855,
        "train: sentences": 1097,
        "dev: sentences": 400,
        "test: sentences": 798,
        "ds_pa: sentences": 2560,
    },
    "human_diversity": {
        "items": 29655,
        "sets": 10341,
        "sets of McDiv": 6002,
        "sets of McDiv_nuggets": 3669,
        "sets of conTest": 670,
        "sets with human scores": 1270,
    },
    "human_ils": {"items": 44, "ratings": 834, "lists presented": 12},
    "human_music": {"items": 96, "participants": 115, "questions": 12, "answers": 1380},
    "lastfm": {"items": 17632, "events": 92834, "users": 1892, "tag assignments": 186479},
    "more_like_this": {"items": 1354, "pairs": 1650},
    "movielens": {
        "items": 9742,
        "events": 100836,
        "users": 610,
        "tags": 3683,
        "films whose text is a description": 1812,
    },
    "movietweetings": {
        "items": 10506,
        "events": 80854,
        "users": 4692,
        "ratings as published": 100000,
        "films with a description": 1465,
        "ratings of films with a description": 22763,
    },
    "nemig": {"items": 10814, "study users": 3000, "impressions": 15000, "events": 13937, "users": 2463},
    "online_retail": {
        "items": 3659,
        "events": 396337,
        "users": 4334,
        "baskets": 18402,
        "lines as published": 541909,
    },
    "streaming": {"items": 22998},
    "sts": {
        "pairs with a score": 4749,
        "scored pairs of headlines": 2499,
        "scored pairs of images": 1500,
        "scored pairs of tweet-news": 750,
    },
    "wikitext2": {"valid: words": 213886, "test: words": 241211},
    "wnut17": {"items": 5690, "train: sentences": 3394, "dev: sentences": 1009, "test: sentences": 1287},
    "xmind_zh": {"items": 42416},
}


def found(dataset: Dataset) -> dict[str, int]:
    """Every count of a set: items, events, users, and the rows of its cleaning table."""
    table = dataset.extras["cleaning"]
    counts = {str(step): int(rows) for step, rows in zip(table["step"], table["rows"], strict=True)}
    counts["items"] = len(dataset.catalog)
    if dataset.interactions is not None:
        counts["events"] = len(dataset.interactions)
        counts["users"] = dataset.interactions.n_users
    return counts


def differences(name: str, counts: dict[str, int]) -> list[str]:
    """One line a count that is not as expected; empty when all are."""
    return [
        f"{name}: {step} is {counts.get(step, 'absent')}, expected {number}"
        for step, number in EXPECTED[name].items()
        if counts.get(step) != number
    ]


def record(name: str) -> dict[str, Any]:
    """Load one set and describe what came: counts, cleaning steps, seconds, SHA-256 of its files."""
    begun = time.perf_counter()
    dataset = load(name)
    seconds = time.perf_counter() - begun
    counts = found(dataset)
    files = {file.name: file.sha256 for file in source(name).files if not file.optional}
    return {
        "title": source(name).title,
        "items": counts["items"],
        "events": counts.get("events"),
        "users": counts.get("users"),
        "cleaning": dataset.extras["cleaning"].to_dict(orient="records"),
        "problems": differences(name, counts),
        "seconds": round(seconds, 2),
        "sha256": files,
    }


def main(output: Path = Path("results/datasets.json")) -> None:
    """Check every set and write ``output``; leave with 1 if one is absent or differs."""
    sets: dict[str, dict[str, Any]] = {}
    for name in names():
        sets[name] = _checked(name)
        said = sets[name]["problems"] or [sets[name].get("skipped", "as expected")]
        typer.echo(f"{name:16} {'; '.join(said)}")
    if all("items" in entry or "skipped" in entry for entry in sets.values()):
        write_json(output, {"versions": versions(), "machine": machine(), "sets": sets})
    if any(entry["problems"] for entry in sets.values()):
        raise SystemExit(1)


def _checked(name: str) -> dict[str, Any]:
    """The record of a set, or why there is none; without a mirror, one that nobody can download is skipped."""
    try:
        fetch(name)  # all of its files are right, not only those the loader opens
        return record(name)
    except DataUnavailableError as error:
        if whereabouts(source(name)) == "absent" and not any(file.urls for file in source(name).files):
            return {"skipped": str(error), "problems": []}
        return {"problems": [str(error)]}


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:2]))
