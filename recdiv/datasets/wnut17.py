"""WNUT-17: social-media text with emerging entities (product, creative-work, corporation, group, person, location).

As published: ``word<TAB>tag`` lines, a blank line between posts; of several tags for one word the last is kept.
"""

from __future__ import annotations

from recdiv.datasets._dataset import Dataset
from recdiv.datasets._fetch import fetch
from recdiv.datasets._tagging import read_conll, tagging_dataset

SPLITS = ("train", "dev", "test")


def load() -> Dataset:
    """One catalogue row a post; ``extras["splits"]`` maps train, dev and test to (words, tags)."""
    paths = fetch("wnut17", [f"{split}.txt" for split in SPLITS])
    splits = {split: read_conll(paths[f"{split}.txt"]) for split in SPLITS}
    return tagging_dataset("wnut17", splits)
