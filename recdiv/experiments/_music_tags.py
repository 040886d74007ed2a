"""Tags as text: does an artist's text say who listens to both? Tags from some people, listening from others.

Pairs that share a tag would be near by their text whatever it meant, if the tag is in the text. So people are dealt
into two halves: *writers*, whose tags make the text, and *listeners*, whose plays (and tags) say what belongs together.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import torch
from scipy import sparse
from torch import Tensor

from recdiv._columns import Rows
from recdiv.datasets import Dataset
from recdiv.evaluation._intervals import bootstrap_means, percentile_interval
from recdiv.experiments._music_halves import TEMPLATES, Halves, Sparse, halves, template

Floats = npt.NDArray[np.float64]
Similar = Callable[[Rows, Rows], Floats]
LEAST_LISTENERS = 10  # of an artist, among the listeners: with fewer, who else they play is noise
LEAST_TOGETHER = 3  # people who play both, for two artists to belong together
NEAREST = 5  # artists that belong together with one, at most
ALIKE = 50  # as many artists of about the same popularity; the one to compare with is drawn from them
COUNTED = "tags counted, no language model"
BEST = ("name and 12 tags", "centred")


def nearest(shared: Sparse, size: Floats, *, least: float) -> Sparse:
    """The artists most like each by cosine of what they share, sparse ``[I, I]``: at most :data:`NEAREST` a row.

    Args:
        shared: products of all pairs, sparse ``[I, I]``.
        size: length of each artist's vector.
        least: a product below this is no sign.
    """
    pairs = shared.tocoo()
    kept = (pairs.row != pairs.col) & (pairs.data >= least)
    row, column, value = pairs.row[kept], pairs.col[kept], pairs.data[kept]
    value = value / (size[row] * size[column])
    order = np.lexsort((column, -value, row))
    first = np.searchsorted(row[order], np.arange(shared.shape[0]))
    order = order[np.arange(len(order)) - first[row[order]] < NEAREST]
    return sparse.csr_matrix((value[order], (row[order], column[order])), shape=shared.shape)


def triplets(near: Sparse, popularity: Floats, eligible: Rows, *, rng: int) -> Rows:
    """Rows (artist, one that belongs with it, one of like popularity that does not), ``[n, 3]``.

    The third is drawn among the :data:`ALIKE` eligible artists whose popularity is nearest to the second's, so that
    being well known cannot decide.
    """
    generator = np.random.default_rng(rng)
    order = eligible[np.argsort(popularity[eligible], kind="stable")]
    place = {int(item): at for at, item in enumerate(order)}
    found = []
    for artist in eligible:
        own = near.indices[near.indptr[artist] : near.indptr[artist + 1]]
        for other in own[np.isin(own, eligible)]:
            start = min(max(place[int(other)] - ALIKE // 2, 0), max(len(order) - ALIKE, 0))
            pool = np.setdiff1d(order[start : start + ALIKE], [*own, artist])
            if len(pool):
                found.append((artist, other, generator.choice(pool)))
    return np.array(found, dtype=np.int64).reshape(-1, 3)


def hits(rows: Rows, similar: Similar) -> Floats:
    """Whether the one that belongs is the nearer, ties half, of each triplet."""
    gap = similar(rows[:, 0], rows[:, 1]) - similar(rows[:, 0], rows[:, 2])
    return np.asarray(np.sign(gap) / 2 + 0.5, dtype=np.float64)


def share(values: Floats, artists: Rows) -> dict[str, float | None]:
    """Mean, and its interval by bootstrap over the first artist of the triplets; None where there is no triplet."""
    if not len(values):
        return {"value": None, "low": None, "high": None}
    low, high = percentile_interval(bootstrap_means(values[:, None], artists, draws=1000, rng=0)[:, 0], 0.95)
    return {"value": round(float(values.mean()), 4), "low": round(low, 4), "high": round(high, 4)}


def cosine(vectors: Tensor) -> Similar:
    """Similarity of rows by their unit vectors."""
    unit = torch.nn.functional.normalize(vectors.double(), dim=1)
    return lambda a, b: np.asarray((unit[a] * unit[b]).sum(1))


def counted_cosine(matrix: Sparse) -> Similar:
    """Similarity of rows of a sparse matrix, 0 where one is empty: tags compared as they stand, unread."""
    size = np.sqrt(np.asarray(matrix.multiply(matrix).sum(1)).ravel())
    unit = sparse.diags(1 / np.where(size > 0, size, 1)) @ matrix
    return lambda a, b: np.asarray(unit[a].multiply(unit[b]).sum(1)).ravel()


def centred(vectors: Tensor) -> Tensor:
    """Vectors less their mean: what every artist's text has in common is taken out."""
    return vectors - vectors.mean(0)


def tags_as_text(data: Dataset, encode: Callable[[list[str]], Tensor], *, rng: int) -> dict[str, Any]:
    """Each template and kernel against who is listened to together, and against what other people's tags say."""
    both = halves(data, rng=rng)
    popularity = np.asarray(both.heard.sum(0)).ravel()
    kinds = np.bincount(both.tags["row"], minlength=len(popularity))
    eligible = np.flatnonzero((popularity >= LEAST_LISTENERS) & (kinds > 0))
    checks = _checks(both, popularity, eligible, rng)
    titles = data.catalog.frame["title"].tolist()
    counted = counted_cosine(_matrix(both.tags, len(titles)))
    found: dict[tuple[str, str], dict[str, Floats]] = {(COUNTED, ""): _hits(counted, checks)}
    shapes: dict[tuple[str, str], dict[str, float]] = {}
    for name, options in TEMPLATES.items():
        texts = template(both.tags, titles, **options)
        vectors = encode([texts[row] for row in eligible])
        for kind, changed in (("plain", vectors), ("centred", centred(vectors))):
            read = cosine(_spread(changed, eligible, len(titles)))
            found[name, kind], shapes[name, kind] = _hits(read, checks), _shape(changed)
            if (name, kind) == BEST:
                found[f"{COUNTED}, and {name}", kind] = _hits(lambda a, b, r=read: counted(a, b) + r(a, b), checks)  # type: ignore[misc]
                other = _spread(changed, np.random.default_rng(rng).permutation(eligible), len(titles))
                found[f"{name} of another artist", kind] = _hits(cosine(other), checks)
                circular = _circular(changed, eligible, both, rng)
    few = kinds[checks["listening"]].min(1)
    return {
        "people": {"writers": int(both.heard.shape[0]), "listeners": len(both.listeners)},
        "artists": len(eligible),
        "artists_tagged_by_writers": round(float((kinds > 0).mean()), 4),
        "listening_to_tagged": round(float(popularity[kinds > 0].sum() / popularity.sum()), 4),
        "triplets": {name: len(rows) for name, rows in checks.items()},
        "lines": [_line(key, each, checks, shapes.get(key, {}), few) for key, each in found.items()],
        "gained": _gained(found, checks),
        "circular": circular,
    }


def _checks(both: Halves, popularity: Floats, eligible: Rows, rng: int) -> dict[str, Rows]:
    """Triplets by who is listened to together, and by what listeners' tags say."""
    kept = sparse.diags(np.isin(np.arange(len(popularity)), eligible).astype(float))
    heard, told = both.heard @ kept, kept @ weighted(both.told)
    size = np.sqrt(np.asarray(told.multiply(told).sum(1)).ravel())
    near = {
        "listening": nearest(heard.T @ heard, np.sqrt(np.maximum(popularity, 1)), least=LEAST_TOGETHER),
        "held_out_tags": nearest(told @ told.T, np.where(size > 0, size, 1), least=1e-9),
    }
    return {name: triplets(each, popularity, eligible, rng=rng) for name, each in near.items()}


def _hits(similar: Similar, checks: Mapping[str, Rows]) -> dict[str, Floats]:
    return {name: hits(rows, similar) for name, rows in checks.items()}


def _spread(vectors: Tensor, rows: Rows, n_items: int) -> Tensor:
    """Vectors of some artists at their rows of the catalogue, nothing elsewhere."""
    spread = torch.zeros(n_items, vectors.shape[1])
    spread[torch.from_numpy(rows)] = vectors
    return spread


def _line(
    key: tuple[str, str], hit: Mapping[str, Floats], checks: Mapping[str, Rows], shape: Mapping[str, float], few: Rows
) -> dict[str, Any]:
    """One text under one kernel; also of the half of the triplets whose least tagged artist has the fewest tags."""
    found: dict[str, Any] = {"text": key[0], "kernel": key[1]}
    found.update({check: share(hit[check], rows[:, 0]) for check, rows in checks.items()})
    thin = few <= np.median(few)
    found["listening_few_tags"] = share(hit["listening"][thin], checks["listening"][thin, 0])
    found["listening_many_tags"] = share(hit["listening"][~thin], checks["listening"][~thin, 0])
    return {**found, **shape}


def _gained(found: Mapping[tuple[str, str], Mapping[str, Floats]], checks: Mapping[str, Rows]) -> list[dict[str, Any]]:
    """What one text or kernel is right about more often than another, of the same triplets."""
    named, tags = "name and 12 tags", "12 tags"
    pairs = [
        ((named, "plain"), ("name", "plain")),
        ((named, "centred"), (named, "plain")),
        ((tags, "centred"), (named, "centred")),
        ((named, "centred"), ("name and 12 tags of two people", "centred")),
        ((COUNTED, ""), (tags, "centred")),
        ((f"{COUNTED}, and {BEST[0]}", BEST[1]), (COUNTED, "")),
    ]
    return [
        {
            "text": ", ".join(filter(None, one)),
            "over": ", ".join(filter(None, other)),
            **{check: share(found[one][check] - found[other][check], rows[:, 0]) for check, rows in checks.items()},
        }
        for one, other in pairs
    ]


def weighted(counts: Sparse) -> Sparse:
    """Tags by artists, a tag that stands on many artists weighing less (tf–idf, logarithmic)."""
    weighted = counts.tocsr(copy=True)
    weighted.data = np.log1p(weighted.data)
    on = np.asarray((weighted > 0).sum(0)).ravel()
    return (weighted @ sparse.diags(np.log(weighted.shape[0] / np.maximum(on, 1)))).tocsr()


def _matrix(tags: pd.DataFrame, n_items: int) -> Sparse:
    code, names = pd.factorize(tags["tag"])
    return weighted(sparse.csr_matrix((tags["n"].to_numpy(float), (tags["row"], code)), shape=(n_items, len(names))))


def _shape(vectors: Tensor) -> dict[str, float]:
    """How crowded the vectors are: mean cosine of two artists, and how many different artists they amount to."""
    from recdiv.diversity import catalog_effective_number
    from recdiv.kernels import EmbeddingKernel

    unit = torch.nn.functional.normalize(vectors.double(), dim=1)
    n = len(unit)
    mean = (float(unit.sum(0).square().sum()) - n) / (n * (n - 1))
    return {"mean_cosine": round(mean, 4), "gamma": round(catalog_effective_number(EmbeddingKernel(vectors)), 2)}


def _circular(vectors: Tensor, eligible: Rows, both: Halves, rng: int) -> dict[str, float]:
    """Chance that a pair sharing its main tag is nearer than one that does not: the tag in the text, or held out."""
    from recdiv.experiments._encoders import auc

    pairs = np.random.default_rng(rng).choice(len(eligible), size=(20_000, 2))
    pairs = pairs[pairs[:, 0] != pairs[:, 1]]
    near = cosine(vectors)(pairs[:, 0], pairs[:, 1])
    first = both.tags.drop_duplicates("row").set_index("row")["tag"].reindex(eligible)
    written = pd.factorize(first)[0]
    held = np.asarray(both.told[eligible].argmax(1)).ravel()
    told = np.asarray(both.told[eligible].max(1).todense()).ravel() > 0
    found = {}
    for name, label, has in (("tag_in_the_text", written, written >= 0), ("tag_held_out", held, told)):
        some = has[pairs].all(1)
        same = label[pairs[some, 0]] == label[pairs[some, 1]]
        found[name] = round(auc(near[some][same], near[some][~same]), 4)
    return found
