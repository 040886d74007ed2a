"""CrossNER, music: Wikipedia sentences with thirteen kinds of entity (band, album, song, musicalartist, ...).

As published: ``word<TAB>tag`` lines, a blank line between sentences. Nothing is dropped.
"""

from __future__ import annotations

from recdiv.datasets._dataset import Dataset
from recdiv.datasets._fetch import fetch
from recdiv.datasets._tagging import read_conll, tagging_dataset

SPLITS = ("train", "dev", "test")


def load() -> Dataset:
    """One catalogue row a sentence; ``extras["splits"]`` maps train, dev and test to (words, tags)."""
    paths = fetch("crossner_music", [f"{split}.txt" for split in SPLITS])
    splits = {split: read_conll(paths[f"{split}.txt"]) for split in SPLITS}
    return tagging_dataset("crossner_music", splits)
