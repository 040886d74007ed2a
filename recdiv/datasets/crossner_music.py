"""CrossNER, music: Wikipedia sentences with thirteen kinds of entity (band, album, song, musicalartist, ...).

As published: ``word<TAB>tag`` lines, a blank line between sentences. Nothing is dropped.
"""

from __future__ import annotations

from recdiv.datasets._dataset import Dataset
from recdiv.datasets._fetch import fetch
from recdiv.datasets._tagging import read_conll, tagging_dataset


def load() -> Dataset:
    """One catalogue row a sentence; ``extras["splits"]`` maps train, dev and test to (words, tags)."""
    paths = fetch("crossner_music")
    splits = {split: read_conll(paths[f"{split}.txt"]) for split in ("train", "dev", "test")}
    return tagging_dataset("crossner_music", splits)
