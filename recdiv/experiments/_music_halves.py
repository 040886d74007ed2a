"""People dealt into two: writers, whose tags make an artist's text, and listeners, who say what belongs together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import sparse

from recdiv._columns import sentence
from recdiv.datasets import Dataset

Sparse = Any  # scipy's sparse matrices have no type of their own
PERSONAL = 2  # writers who must have given a tag to an artist for it to be the artist's and not the writer's


@dataclass(frozen=True)
class Halves:
    """People dealt into two, and what each half says.

    Attributes:
        tags: how often writers gave each artist each tag, most often first: item row, tag, n.
        heard: who of the listeners played which artist, sparse ``[U, I]``.
        told: how often listeners gave each artist each tag, sparse ``[I, T]``.
        listeners: the ids of the listeners.
    """

    tags: pd.DataFrame
    heard: Sparse
    told: Sparse
    listeners: npt.NDArray[Any]


def halves(data: Dataset, *, rng: int) -> Halves:
    """Deal people into writers and listeners.

    Raises:
        ValueError: if ``data`` holds no interactions.
    """
    if data.interactions is None:
        raise ValueError(f"data must hold interactions, got none in {data.name}")
    people = data.interactions.users
    writes = np.random.default_rng(rng).permutation(len(people)) < len(people) // 2
    listeners = people[~writes]
    played = data.interactions.frame[data.interactions.frame["user_id"].isin(listeners)]
    given = data.extras["tags"]
    given = given[given["item_id"].isin(data.catalog.item_ids)].assign(tag=given["tag"].str.lower().str.strip())
    given = given.assign(row=data.catalog.rows(given["item_id"]))
    own = given["user_id"].isin(people[writes])
    heard = sparse.csr_matrix(
        (np.ones(len(played)), (pd.factorize(played["user_id"])[0], data.catalog.rows(played["item_id"]))),
        shape=(len(listeners), len(data.catalog)),
    )
    other, n_items = given[given["user_id"].isin(listeners)], len(data.catalog)
    code, names = pd.factorize(other["tag"])
    told = sparse.csr_matrix((np.ones(len(other)), (other["row"], code)), shape=(n_items, len(names)))
    return Halves(_counted(given[own]), heard, told, listeners)


def _counted(given: pd.DataFrame) -> pd.DataFrame:
    counts = given.groupby(["row", "tag"]).size().reset_index(name="n")
    return counts.sort_values(["row", "n", "tag"], ascending=[True, False, True])


def template(tags: pd.DataFrame, titles: Sequence[str], *, most: int, least: int = 1, named: bool = True) -> list[str]:
    """What the encoder reads of each artist: the name, then the tags given most, by ``least`` people at least.

    Where no tag was given by so many, those that were given by anybody stand; without ``named``, the name stands only
    where there is no tag.

    >>> tags = pd.DataFrame({"row": [0, 0, 1], "tag": ["rock", "seen live", "jazz"], "n": [3, 1, 1]})
    >>> template(tags, ["A", "B"], most=2)
    ['A. rock, seen live', 'B. jazz']
    >>> template(tags, ["A", "B"], most=2, least=2, named=False)
    ['rock', 'jazz']
    """
    often = tags[tags["n"] >= least]
    kept = pd.concat([often, tags[~tags["row"].isin(often["row"])]])
    words = kept.groupby("row")["tag"].agg(lambda mine: ", ".join(mine.iloc[:most])).reindex(range(len(titles)))
    said = words.fillna("").tolist()
    return [sentence(title, text) if named else text or title for title, text in zip(titles, said, strict=True)]


TEMPLATES: Mapping[str, Mapping[str, Any]] = {
    "name": {"most": 0},
    "name and 3 tags": {"most": 3},
    "name and 12 tags": {"most": 12},
    "name and 12 tags of two people": {"most": 12, "least": PERSONAL},
    "12 tags": {"most": 12, "named": False},
}
