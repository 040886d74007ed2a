"""Do kernels say what people say of two films? More-Like-This judgements against text, genres and co-watching."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import torch

from recdiv import datasets
from recdiv._columns import Rows
from recdiv._titles import remakes, series
from recdiv.datasets.streaming import title_key
from recdiv.evaluation._intervals import percentile_interval
from recdiv.experiments._measure import plain
from recdiv.experiments._video_texts import by_format
from recdiv.kernels import CategoryKernel, EmbeddingKernel
from recdiv.presets import centre
from recdiv.tables import Catalog, Interactions, labels_of

Numbers = npt.NDArray[np.float64]
Truths = npt.NDArray[np.bool_]
DRAWS = 2000
CENTRED, BY_FORMAT = ", centred", ", centred by format"
COLUMNS = ("auc", "low", "high", "gain", "gain_low", "gain_high")
SOURCES = ("movielens", "movietweetings")  # in this order, for the genres of a film


def people() -> dict[str, Any]:
    """AUC of each kernel on the judged pairs, by what is known of both films; whole sets and paired differences."""
    judged = datasets.load("more_like_this")
    films, pairs = judged.catalog.frame, judged.extras["pairs"]
    rows = np.stack([judged.catalog.rows(pairs[side]) for side in ("item_1", "item_2")], 1)
    similar = pairs["similar"].to_numpy()
    genres, watched = _genres(films), _watched(films)
    readings = similarities(films.assign(category=genres), rows, watched)
    known = {
        "genres": (genres != "").to_numpy(),
        "genres and descriptions": ((genres != "") & (films["text"] != "")).to_numpy(),
        "genres and co-watching": ((genres != "").to_numpy() & (watched.sum(0) >= 5)),
    }
    found = {"all": subset(readings, rows, similar, np.ones(len(rows), dtype=bool), ("title", "title, centred"))}
    for name, there in known.items():
        found[name] = subset(readings, rows, similar, there[rows].all(1), tuple(readings))
    titles = films["title"].tolist()
    return {"subsets": found, "series": said_of_series(titles, rows, similar)}


def similarities(films: pd.DataFrame, rows: Rows, watched: Numbers) -> dict[str, Numbers]:
    """What each kernel says of each pair of films ``rows`` [n, 2]."""
    genres = films["category"].str.replace("|", ", ").map(lambda words: f"{words}." if words else "")
    texts = {
        "title": films["title"],
        "genres": genres,
        "title, genres": films["title"] + ". " + genres,
        "title, genres, description": films["title"] + ". " + genres + " " + films["text"],
        "description": films["text"],
    }
    found = {}
    for name, text in texts.items():
        kernel = EmbeddingKernel.from_text(Catalog(pd.DataFrame({"item_id": range(len(text)), "text": text})))
        found[name] = _of_pairs(kernel, rows)
        found[name + CENTRED] = _of_pairs(centre(kernel), rows)
        if "genres, description" in name:
            bare = torch.tensor((films["text"] == "").to_numpy())
            found[name + BY_FORMAT] = _of_pairs(by_format(kernel.vectors, bare), rows)
    labels = [set(labels_of(value)) for value in films["category"]]
    found["genre labels, Jaccard"] = np.array([_jaccard(labels[a], labels[b]) for a, b in rows])
    found["genre labels, cosine"] = _of_pairs(CategoryKernel(films["category"]), rows)
    found["co-watching"] = co_watching(watched, rows)
    return found


def co_watching(watched: Numbers, rows: Rows) -> Numbers:
    """Cosine of who watched each of two films, from ``watched`` [users, films]; 0 where nobody watched one."""
    both = (watched[:, rows[:, 0]] * watched[:, rows[:, 1]]).sum(0)
    times = watched.sum(0)
    return np.asarray(both / np.sqrt(np.maximum(times[rows[:, 0]] * times[rows[:, 1]], 1)))


def subset(
    readings: Mapping[str, Numbers], rows: Rows, similar: Truths, use: Truths, names: tuple[str, ...]
) -> dict[str, Any]:
    """AUC of each reading on the pairs in ``use`` and what it gains over another, with intervals over films.

    A centred reading is set against the same one as it is, any other against title and genres (or the first).
    """
    rows, similar = rows[use], similar[use]
    values = np.stack([readings[name][use] for name in names])
    point = weighted_auc(values, similar, np.ones(len(rows)))
    drawn = film_bootstrap(values, rows, similar, draws=DRAWS, rng=0)
    usual = "title, genres" if "title, genres" in names else names[0]
    lines = {}
    for at, name in enumerate(names):
        plainly = name.removesuffix(CENTRED).removesuffix(BY_FORMAT)
        against = plainly if plainly != name else usual
        base = names.index(against)
        low, high = percentile_interval(drawn[:, at], 0.95)
        less, more = percentile_interval(drawn[:, at] - drawn[:, base], 0.95)
        numbers = (point[at], low, high, point[at] - point[base], less, more)
        lines[name] = {"against": against, **dict(zip(COLUMNS, map(plain, numbers), strict=True))}
    return {"pairs": len(rows), "similar": int(similar.sum()), "films": len(np.unique(rows)), "kernels": lines}


def film_bootstrap(values: Numbers, rows: Rows, similar: Truths, *, draws: int, rng: int) -> Numbers:
    """AUC of each row of ``values`` in resamples of films, ``[draws, M]``.

    People judged what was proposed beside a film, so pairs come in bundles of about ten that share that film, and are
    no independent judgements: resampling pairs would call the intervals too narrow. A pair goes with whichever of its
    films has more of them.
    """
    generator = np.random.default_rng(rng)
    counts = np.bincount(rows.ravel())[rows]
    asked = np.where(counts[:, 0] >= counts[:, 1], rows[:, 0], rows[:, 1])
    _, bundle = np.unique(asked, return_inverse=True)
    n = int(bundle.max()) + 1
    times = (np.bincount(generator.integers(0, n, n), minlength=n) for _ in range(draws))
    return np.stack([weighted_auc(values, similar, each[bundle].astype(np.float64)) for each in times])


def weighted_auc(values: Numbers, similar: Truths, weight: Numbers) -> Numbers:
    """Chance that a similar pair is rated above one that is not, ties half, pairs by weight; of each row of values.

    >>> weighted_auc(np.array([[3.0, 1.0, 1.0]]), np.array([True, True, False]), np.array([1.0, 1.0, 5.0])).tolist()
    [0.75]
    """
    yes, no = weight * similar, weight * ~similar
    found = []
    for row in values:
        level = np.unique(row, return_inverse=True)[1]
        high, low = np.bincount(level, yes), np.bincount(level, no)
        below = np.cumsum(low) - low
        total = high.sum() * low.sum()
        found.append(float((high * (below + low / 2)).sum() / total) if total else np.nan)
    return np.array(found)


def said_of_series(titles: list[str], rows: Rows, similar: Truths) -> dict[str, Any]:
    """How often people call two films of one series, or two of one title, good recommendations for each other."""
    group, name = series(titles), remakes(titles)
    same_name = name[rows[:, 0]] == name[rows[:, 1]]
    kinds = {
        "same title, other year": same_name,
        "same series": (group[rows[:, 0]] == group[rows[:, 1]]) & ~same_name,
    }
    kinds["others"] = ~np.logical_or.reduce(list(kinds.values()))
    return {kind: {"pairs": int(of.sum()), "similar": int(similar[of].sum())} for kind, of in kinds.items()}


def _of_pairs(kernel: EmbeddingKernel | CategoryKernel, rows: Rows) -> Numbers:
    gram = kernel.gram(torch.from_numpy(rows))
    return np.asarray(gram[:, 0, 1].numpy())


def _jaccard(one: set[str], other: set[str]) -> float:
    return len(one & other) / len(one | other) if one | other else 0.0


def _keys(films: pd.DataFrame) -> pd.Series[Any]:
    main = films["title"].str.partition(" (")[0].map(title_key)
    return main + " " + films["year"].astype("Int64").astype(str)


def _genres(films: pd.DataFrame) -> pd.Series[Any]:
    """Genres of the same title and year in the sets that hold some; "" where neither does."""
    found = pd.Series("", index=films.index)
    for source in SOURCES:
        other = datasets.load(source).catalog.frame
        by_key = other["category"].set_axis(_keys(other))
        by_key = by_key[~by_key.index.duplicated()]
        found = found.mask(found == "", _keys(films).map(by_key).fillna(""))
    return found


def _watched(films: pd.DataFrame) -> Numbers:
    """Which users of MovieLens watched each film, 0/1 ``[users, films]``."""
    events = datasets.load("movielens").interactions
    if events is None:
        raise ValueError("movielens must hold interactions, got none")
    return who_watched(events, films)


def who_watched(events: Interactions, films: pd.DataFrame) -> Numbers:
    """Users × films, 1 where somebody watched the film of that title and year."""
    place = pd.Series(range(len(films)), index=_keys(films))
    place = place[~place.index.duplicated()]
    column = _keys(events.catalog.frame).map(place)
    table = np.zeros((events.n_users, len(films)))
    at = column.to_numpy(dtype=float, na_value=np.nan)[events.item]
    there = ~np.isnan(at)
    table[events.user[there], at[there].astype(int)] = 1.0
    return table
