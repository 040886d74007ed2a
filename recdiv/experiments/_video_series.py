"""Sequels, remakes and editions: how kernels see them, how many slots they take, and which of them are one thing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import torch
from torch import Tensor

from recdiv import datasets, presets
from recdiv._columns import Rows
from recdiv._titles import edition_key, remakes, series
from recdiv.datasets.streaming import read_titles, title_key
from recdiv.diversity import effective_number
from recdiv.experiments._encoders import auc
from recdiv.experiments._measure import plain
from recdiv.experiments._models import MODELS, build
from recdiv.experiments._sets import Prepared
from recdiv.experiments._video_texts import SETTINGS
from recdiv.kernels import EmbeddingKernel
from recdiv.recommend.protocol import Split
from recdiv.tables import Catalog, Recommendations

K, PAIRS, PEOPLE = 10, 20_000, 1000
Pairs = npt.NDArray[np.int64]


def catalog_pairs(titles: list[str], categories: pd.Series[Any], *, rng: int) -> dict[str, Pairs]:
    """Pairs of films ``[n, 2]``: of a series, of one title, of just the same genres (drawn), any (drawn)."""
    generator = np.random.default_rng(rng)
    group, name = series(titles), remakes(titles)
    related = _within(group)
    alike = name[related[:, 0]] == name[related[:, 1]]
    drawn = generator.integers(0, len(titles), (PAIRS * 20, 2))
    drawn = drawn[group[drawn[:, 0]] != group[drawn[:, 1]]]
    genre = np.where(categories.to_numpy() == "", -1 - np.arange(len(titles)), pd.factorize(categories)[0])
    same_genre = drawn[genre[drawn[:, 0]] == genre[drawn[:, 1]]][:PAIRS]
    return {"sequels": related[~alike], "same title, other year": related[alike], "same genres": same_genre,
            "any two": drawn[:PAIRS]}  # fmt: skip


def seen(frame: pd.DataFrame, *, rng: int) -> dict[str, Any]:
    """Cosines of each kind of pair and AUC of telling it from two films of the same genres, by what is read.

    ``described`` is of pairs that both have a description: there the description can be read alone.
    """
    titles = frame["title"].tolist()
    pairs = catalog_pairs(titles, frame["category"].fillna(""), rng=rng)
    blurb = frame["text"].fillna("").mask(frame["text_source"].isin(["", "tags"]), "")
    whole = presets.get("video").catalog(Catalog(frame))
    full = EmbeddingKernel.from_text(whole)
    has = (blurb != "").to_numpy()
    both = {kind: rows[has[rows].all(1)] for kind, rows in pairs.items()}
    used = np.unique(np.concatenate([each[:2000] for each in both.values()]))
    both = {kind: rows[np.isin(rows, used).all(1)] for kind, rows in both.items()}
    text = blurb.where(np.isin(np.arange(len(frame)), used), "")
    alone = EmbeddingKernel.from_text(Catalog(pd.DataFrame({"item_id": range(len(text)), "text": text})))
    return {
        "all": {"all that is known": cosines(full, pairs), "centred": cosines(presets.centre(full), pairs)},
        "described": {"all that is known": cosines(full, both), "description alone": cosines(alone, both)},
    }


def cosines(kernel: EmbeddingKernel, pairs: Mapping[str, Pairs]) -> dict[str, Any]:
    """Number, mean and quartiles of the cosines of each kind of pair; AUC against pairs of the same genres."""
    values = {kind: _cosine(kernel, rows) for kind, rows in pairs.items()}
    usual = values["same genres"]
    return {
        kind: {"pairs": len(each), "mean": plain(each.mean()), "quartiles": [plain(v) for v in _quartiles(each)],
               "auc": plain(auc(each, usual))}
        for kind, each in values.items() if len(each)
    }  # fmt: skip


def slots(lists: Mapping[str, Recommendations], titles: list[str], kernel: EmbeddingKernel) -> dict[str, Any]:
    """Of each system's lists: slots that repeat a series or a title, lists with such a slot, and alpha.

    ``alpha`` is the mean effective number of a list; ``merged`` counts a series once.
    """
    found = {}
    for name, recs in lists.items():
        answer: dict[str, Any] = {}
        for what, group in (("series", series(titles)), ("title", remakes(titles))):
            again = repeated(recs.items, group)
            answer[what] = {"slots": plain(again.double().mean()), "lists": plain(again.any(1).double().mean())}
        answer["alpha"] = plain(effective_number(recs.items, kernel).mean())
        answer["merged"] = plain(effective_number(merged(recs.items, series(titles)), kernel).mean())
        found[name] = answer
    return found


def repeated(items: Tensor, group: Rows) -> Tensor:
    """Which slots hold a film whose group stands in an earlier slot, bool ``[U, K]``.

    >>> repeated(torch.tensor([[0, 1, 2]]), np.array([0, 1, 0])).tolist()
    [[False, False, True]]
    """
    own = torch.where(items >= 0, torch.from_numpy(group)[items.clamp(min=0)], -1 - torch.arange(items.shape[1]))
    return (own[:, :, None] == own[:, None, :]).tril(-1).any(2)


def merged(items: Tensor, group: Rows) -> Tensor:
    """The same lists with the first film of each group in place of all of them."""
    first = np.unique(group, return_index=True)[1]
    return torch.where(items >= 0, torch.from_numpy(first[group])[items.clamp(min=0)], items)


def lists_of(prepared: Prepared, kernel: EmbeddingKernel, *, seed: int) -> dict[str, Recommendations]:
    """Lists of ten for up to ``PEOPLE`` people tested; and what people themselves watched last, ten films at a time."""
    split: Split = prepared.split
    asked = np.random.default_rng(seed).permutation(split.test.users)[:PEOPLE]
    known, found = split.known.histories(asked), {}
    for name, options in SETTINGS.items():
        model = build(MODELS[name], options, kernel, seed=seed).fit(split.train)
        found[MODELS[name].title] = model.recommend(asked, k=K, histories=known)
    own = [rows[-K:] for rows in known if len(rows) >= K]
    found["what people watched"] = Recommendations(np.stack(own))
    return found


def same_film(*, rng: int) -> dict[str, Any]:
    """Real near-duplicates: one film on two streaming services with two descriptions, against other pairs.

    Cosines by what is read, and of each threshold the share of such pairs that reach it beside that of pairs of a
    series and of any two films.
    """
    titles = read_titles()
    films = titles[titles["type"].eq("Movie") & titles["text"].ne("")]
    key = films["title"].map(title_key)
    films = films.assign(key=key)[key != ""].drop_duplicates(["key", "year", "text"]).reset_index(drop=True)
    code: Rows = np.asarray(films.groupby(["key", "year"], sort=False).ngroup(), dtype=np.int64)
    twice = _within(code)
    generator = np.random.default_rng(rng)
    others = generator.choice(len(films), (2000, 2))
    names = films["title"].tolist()
    group = series(names)
    related = _within(group)
    related = related[(code[related[:, 0]] != code[related[:, 1]])]
    related = related[generator.permutation(len(related))[:1000]]
    kinds = {"same film": twice, "series or title": related, "any two": others[others[:, 0] != others[:, 1]]}
    used = np.unique(np.concatenate(list(kinds.values())))
    place = np.full(len(films), -1)
    place[used] = np.arange(len(used))
    frame = films.loc[used].assign(item_id=range(len(used)))
    answer = {}
    for name, catalog in (
        ("title, genres, description", presets.get("video").catalog(Catalog(frame))),
        ("description", Catalog(frame[["item_id", "text"]])),
    ):
        kernel = EmbeddingKernel.from_text(catalog)
        values = {kind: _cosine(kernel, place[rows]) for kind, rows in kinds.items()}
        answer[name] = {
            "auc against any two": plain(auc(values["same film"], values["any two"])),
            "auc against series": plain(auc(values["same film"], values["series or title"])),
            "reach": {f"{near:.2f}": {kind: plain((each >= near).mean()) for kind, each in values.items()}
                      for near in (0.6, 0.7, 0.8, 0.9, 0.95)},
            "quartiles": {kind: [plain(v) for v in _quartiles(each)] for kind, each in values.items()},
        }  # fmt: skip
    return {"pairs": {kind: len(rows) for kind, rows in kinds.items()}, "kernels": answer}


def known_truth() -> dict[str, Any]:
    """The rules on the bundled sample, whose editions are known: precision and recall over pairs of films."""
    data = datasets.load("video")
    if data.latent is None:
        raise ValueError("the sample must come with its truth")
    titles = data.catalog.frame["title"].tolist()
    true = data.latent.thing
    kernel = presets.get("video").kernel(data.catalog)
    rules: dict[str, Rows] = {
        "title": remakes(titles),
        "title without edition": presets.Preset("", key=edition_key).same_thing(data.catalog).numpy(),
        "title without edition, and year": presets.get("video").same_thing(data.catalog).numpy(),
        "one series is one thing": series(titles),
    }
    for near in (0.7, 0.8, 0.9):
        joined = presets.components(presets.near_pairs(kernel, near), torch.arange(len(titles)))
        rules[f"cosine of {near}"] = joined.numpy()
    return {name: agreement(rows, true) for name, rows in rules.items()}


def agreement(found: Rows, true: Rows) -> dict[str, float | int | None]:
    """Precision and recall of the pairs that ``found`` joins, against those that ``true`` does.

    >>> agreement(np.array([0, 0, 0]), np.array([0, 0, 1]))["precision"]
    0.333333
    """
    right = _count(pd.factorize(pd.Series(list(zip(found.tolist(), true.tolist(), strict=True))))[0])
    joined, real = _count(found), _count(true)
    return {"pairs": joined, "precision": plain(right / joined if joined else np.nan), "recall": plain(right / real)}


def _count(group: Any) -> int:  # noqa: ANN401
    sizes = np.unique(group, return_counts=True)[1]
    return int((sizes * (sizes - 1) // 2).sum())


def _within(group: Rows) -> Pairs:
    """Every pair of rows that share a group, ``[n, 2]``."""
    frame = pd.DataFrame({"row": np.arange(len(group)), "group": group})
    both = frame.merge(frame, on="group")
    return np.asarray(both.loc[both["row_x"] < both["row_y"], ["row_x", "row_y"]].to_numpy(), dtype=np.int64)


def _cosine(kernel: EmbeddingKernel, rows: Pairs) -> npt.NDArray[np.float64]:
    return np.asarray(kernel.gram(torch.from_numpy(rows))[:, 0, 1].numpy())


def _quartiles(values: npt.NDArray[np.float64]) -> list[float]:
    return [float(value) for value in np.quantile(values, [0.25, 0.5, 0.75])]
