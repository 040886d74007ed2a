"""MoreLikeThis: pairs of films that people judged to be good recommendations for each other, or not.

As published: ``ratings.tsv`` (title, year, title, year, ``OK`` or ``NOT_OK``) with titles in lower case. Nothing is
dropped; a film is its title and year.
"""

from __future__ import annotations

import pandas as pd

from recdiv.datasets._build import Cleaning, finish
from recdiv.datasets._dataset import Dataset
from recdiv.datasets._fetch import fetch
from recdiv.datasets.streaming import describe


def load() -> Dataset:
    """One catalogue row a film; ``extras["pairs"]``: item_1, item_2, similar (bool).

    ``text`` is joined by the rule of :mod:`recdiv.datasets.streaming` and empty where no film matches.
    """
    path = fetch("more_like_this", ["ratings.tsv"])["ratings.tsv"]
    raw = pd.read_csv(path, sep="\t", dtype={"title_1": str, "title_2": str}, keep_default_na=False, quoting=3)
    sides = [raw[[f"title_{side}", f"year_{side}"]].set_axis(["title", "year"], axis=1) for side in (1, 2)]
    films = pd.concat(sides).drop_duplicates(ignore_index=True)
    films.insert(0, "item_id", [f"{title} ({year})" for title, year in zip(films["title"], films["year"], strict=True)])
    films = films.join(describe(films))
    pairs = pd.DataFrame(
        {f"item_{side}": raw[f"title_{side}"] + " (" + raw[f"year_{side}"].astype(str) + ")" for side in (1, 2)}
    ).assign(similar=raw["rating"] == "OK")
    cleaning = Cleaning()
    cleaning.keep("pairs", pairs)
    cleaning.note("pairs judged similar", int(pairs["similar"].sum()))
    cleaning.note("films", len(films))
    cleaning.note("films with a description", int((films["text"] != "").sum()))
    return finish("more_like_this", films, cleaning=cleaning, pairs=pairs)
