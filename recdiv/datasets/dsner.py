"""DSNER e-commerce requests (COLING 2018): Chinese, one tag a character.

As published: ``character<TAB>tag`` lines, a blank line between requests; train, dev and test are tagged by hand
(cp product, pp brand, gg specification, xh model, yl material), ``ds_pa`` by matching a dictionary, where ``UNK`` marks
a character nothing matched: distant supervision, never gold. Nothing is dropped.
"""

from __future__ import annotations

from recdiv.datasets._dataset import Dataset
from recdiv.datasets._fetch import fetch
from recdiv.datasets._tagging import read_conll, tagging_dataset

SPLITS = ("train", "dev", "test", "ds_pa")
KINDS = {"cp": "product", "pp": "brand", "gg": "specification", "xh": "model", "yl": "material"}


def load() -> Dataset:
    """One catalogue row a request; ``extras["splits"]``: (characters, tags); ``extras["kinds"]``: tag in English."""
    paths = fetch("dsner", [f"{split}.txt" for split in SPLITS])
    splits = {split: read_conll(paths[f"{split}.txt"]) for split in SPLITS}
    dataset = tagging_dataset("dsner", splits, joiner="")
    dataset.extras["kinds"] = dict(KINDS)
    return dataset
