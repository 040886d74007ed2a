r"""What was clicked among what was shown: how much the place says, how much the article, and what may be concluded.

One of the articles shown is chosen with chance (McFadden's conditional logit)

.. math:: P(j \mid \text{shown}) \propto \exp(a_j + b_{place(j)} + c \cdot x_j)

with an appeal a of each article (drawn to 0 by a ridge, for most are shown a few times only), an effect b of each place
and effects c of what else is known. Places and articles can be told apart only by articles that stood in several.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pandas as pd
import torch
from torch import Tensor

from recdiv.evaluation._intervals import bootstrap_means, percentile_interval
from recdiv.tables import Catalog

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
RIDGE = 30.0  # foretells the clicks of unseen people best on NeMig, of 1, 3, 10, 30 and 100


@dataclass(frozen=True)
class Shown:
    """Impressions of equal length in which one was clicked.

    Attributes:
        items: article in each place, int64 ``[N, K]`` rows of the catalogue.
        clicked: the place that was clicked, from 0, ``[N]``.
        user: whose impression, from 0, ``[N]``.
        n_items: articles in the catalogue.
    """

    items: Ints
    clicked: Ints
    user: Ints
    n_items: int

    def __len__(self) -> int:
        return len(self.items)

    @property
    def places(self) -> int:
        """Articles in an impression."""
        return int(self.items.shape[1])

    def where(self, mask: npt.NDArray[np.bool_]) -> Shown:
        """Some of the impressions."""
        return replace(self, items=self.items[mask], clicked=self.clicked[mask], user=self.user[mask])


def whole(impressions: pd.DataFrame, catalog: Catalog, *, places: int) -> Shown:
    """The impressions with all their places and one click: where an article is lost, nobody knows from which place.

    Args:
        impressions: one row a candidate: impression_id, user_id, position (from 1), item_id, clicked.
        catalog: the articles.
        places: how many are shown.
    """
    rows = impressions.sort_values(["impression_id", "position"], kind="stable")
    each = rows.groupby("impression_id")["clicked"]
    rows = rows[(each.transform("size") == places) & (each.transform("sum") == 1)]
    user = pd.factorize(rows["user_id"], sort=True)[0][::places].astype(np.int64)
    clicked = rows["clicked"].to_numpy().reshape(-1, places).argmax(1)
    return Shown(catalog.rows(rows["item_id"]).reshape(-1, places), clicked, user, len(catalog))


def order_is_random(shown: Shown, *, draws: int = 20, rng: int = 0) -> dict[str, float]:
    """How unevenly articles stand over the places, and how unevenly they would if each impression were shuffled.

    Returns:
        ``uneven``: the mean over articles shown at least twice a place of the chi-squared of their place counts against
        the even split, a degree of freedom (about 1 where the order is random); ``null`` and ``null_sd``: the same of
        impressions each shuffled anew. A page that many readers were given in one order counts as often as they are.
    """
    generator = np.random.default_rng(rng)
    null = [_uneven(replace(shown, items=generator.permuted(shown.items, axis=1))) for _ in range(draws)]
    return {"uneven": _uneven(shown), "null": float(np.mean(null)), "null_sd": float(np.std(null, ddof=1))}


def _uneven(shown: Shown) -> float:
    k = shown.places
    place = np.broadcast_to(np.arange(k), shown.items.shape)
    counts = np.bincount((shown.items * k + place).ravel(), minlength=shown.n_items * k).reshape(-1, k)
    counts = counts[counts.sum(1) >= 2 * k]  # seen often enough to tell
    if not len(counts):
        return math.nan
    expected = counts.sum(1, keepdims=True) / k
    return float(((counts - expected) ** 2 / expected).sum() / (len(counts) * (k - 1)))


@dataclass(frozen=True)
class Choice:
    """A fitted model of choice: ``appeal`` of each article ``[I]``, ``place`` effects ``[K]`` (mean 0), ``effects`` of
    what else was told, all in logits.
    """

    appeal: Floats
    place: Floats
    effects: Floats

    def chances(self, items: Ints, extra: Floats | None = None) -> Floats:
        """Chance of a click on each place, ``[N, K] -> [N, K]``, rows of sum 1."""
        score = self.appeal[items] + self.place
        if extra is not None:
            score = score + extra @ self.effects
        score = np.exp(score - score.max(1, keepdims=True))
        return np.asarray(score / score.sum(1, keepdims=True))

    def reach(self, items: Ints, *, draws: int = 20, rng: int = 0) -> Floats:
        """Share of clicks that each place takes when the same articles stand in random order, ``[K]``, of sum 1."""
        generator = np.random.default_rng(rng)
        shares = [self.chances(generator.permuted(items, axis=1)).mean(0) for _ in range(draws)]
        return np.asarray(np.mean(shares, axis=0))


def choice_model(
    shown: Shown,
    *,
    use: str = "both",
    extra: Floats | None = None,
    ridge: float = RIDGE,
) -> Choice:
    """Fit by penalised maximum likelihood.

    Args:
        shown: the impressions.
        use: ``"nothing"``, ``"place"``, ``"article"`` or ``"both"``.
        extra: what else is known of each candidate, ``[N, K, F]``; None for nothing.
        ridge: half the squared appeals are penalised by this; places are free.

    Raises:
        ValueError: for another ``use``.
    """
    if use not in ("nothing", "place", "article", "both"):
        raise ValueError(f"use must be 'nothing', 'place', 'article' or 'both', got {use!r}")
    features = torch.zeros((*shown.items.shape, 0)) if extra is None else torch.from_numpy(extra)
    sizes = {
        "appeal": shown.n_items if use in ("article", "both") else 0,
        "place": shown.places if use in ("place", "both") else 0,
        "effects": features.shape[2],
    }
    free = {name: torch.zeros(size, dtype=torch.float64, requires_grad=True) for name, size in sizes.items()}
    _fit(free, torch.from_numpy(shown.items), torch.from_numpy(shown.clicked), features.double(), ridge)
    found = {name: value.detach().numpy() for name, value in free.items()}
    place = found["place"] - found["place"].mean() if len(found["place"]) else np.zeros(shown.places)
    appeal = found["appeal"] if len(found["appeal"]) else np.zeros(shown.n_items)
    return Choice(appeal, place, found["effects"])


def _fit(free: dict[str, Tensor], items: Tensor, clicked: Tensor, features: Tensor, ridge: float) -> None:
    moving = [value for value in free.values() if len(value)]
    if not moving:
        return
    optimizer = torch.optim.LBFGS(moving, max_iter=200, tolerance_grad=1e-6, line_search_fn="strong_wolfe")

    def loss() -> Tensor:
        optimizer.zero_grad()
        score = features @ free["effects"]
        if len(free["place"]):
            score = score + free["place"]
        if len(free["appeal"]):
            score = score + free["appeal"][items]
        total = torch.nn.functional.cross_entropy(score, clicked, reduction="sum")
        total = total + ridge / 2 * (free["appeal"] ** 2).sum() + 1e-6 * (free["place"] ** 2).sum()
        total.backward()  # type: ignore[no-untyped-call]
        return total

    optimizer.step(loss)  # type: ignore[no-untyped-call]


def explained(
    shown: Shown,
    told: Mapping[str, tuple[str, Floats | None]],
    *,
    folds: int = 5,
    ridge: float = RIDGE,
    rng: int = 0,
) -> pd.DataFrame:
    """Which of several models foretells the clicks of people it has not seen.

    Args:
        shown: the impressions.
        told: by name, what a model uses and what else it is told, as :func:`choice_model` takes them.
        folds: parts of the people, each foretold from the others.
        ridge: as there.
        rng: seed of the parts and of the bootstrap.

    Returns:
        One row a model: ``gain`` over guessing, nats a click, mean with ``low`` and ``high`` from a bootstrap over
        people; ``right``: how often the likeliest place was the one clicked.
    """
    part = np.random.default_rng(rng).permutation(int(shown.user.max()) + 1)[shown.user] % folds
    rows = []
    for name, (use, extra) in told.items():
        gain, right = np.zeros(len(shown)), np.zeros(len(shown))
        for fold in range(folds):
            test = part == fold
            known, asked = (None if extra is None else extra[mask] for mask in (~test, test))
            model = choice_model(shown.where(~test), use=use, extra=known, ridge=ridge)
            chance = model.chances(shown.items[test], asked)
            own = chance[np.arange(len(chance)), shown.clicked[test]]
            gain[test] = np.log(own) + math.log(shown.places)
            right[test] = own >= chance.max(1) - 1e-12
        rows.append({"model": name, **with_interval(gain, shown.user, name="gain"), "right": float(right.mean())})
    return pd.DataFrame(rows)


def with_interval(values: Floats, user: Ints, *, name: str = "value", draws: int = 2000) -> dict[str, float]:
    """The mean and its 95 % interval by a bootstrap over people."""
    low, high = percentile_interval(bootstrap_means(values[:, None], user.tolist(), draws=draws, rng=0)[:, 0], 0.95)
    return {name: float(np.nanmean(values)), "low": low, "high": high}


def weighted_rates(shown: Shown, reach: Floats, group: Ints, names: list[str]) -> pd.DataFrame:
    """Clicks per showing of each group of articles, as they are and as if every place were looked at alike.

    A click in a place that takes a share r of clicks weighs 1 / (K r): inverse propensity, right where looking does not
    depend on the article.

    Args:
        shown: the impressions.
        reach: share of clicks of each place, ``[K]``.
        group: of each article, ``[I]``; -1 for none.
        names: of the groups.

    Returns:
        One row a group: ``shown`` (times), ``clicks``, ``raw`` and ``weighted`` rate with 95 % intervals over people
        (``raw_low`` ...), ``effective`` (clicks that weigh alike and know as much: (Σw)² / Σw²).
    """
    weight = 1 / (shown.places * reach)
    hit = np.zeros(shown.items.shape)
    hit[np.arange(len(shown)), shown.clicked] = 1
    rows = []
    for number, name in enumerate(names):
        held = group[shown.items] == number
        clicks, paid = hit * held, hit * held * weight
        raw, weighted = (_ratio(each.sum(1), held.sum(1), shown.user) for each in (clicks, paid))
        rows.append(
            {
                "group": name, "shown": int(held.sum()), "clicks": int(clicks.sum()),
                **{f"raw{key}": value for key, value in raw.items()},
                **{f"weighted{key}": value for key, value in weighted.items()},
                "effective": float(paid.sum() ** 2 / (paid**2).sum()) if clicks.sum() else 0.0,
            }
        )  # fmt: skip
    return pd.DataFrame(rows)


def _ratio(top: Floats, bottom: Floats, user: Ints) -> dict[str, float]:
    """Σ top / Σ bottom and its interval by a bootstrap over people."""
    means = bootstrap_means(np.stack([top, bottom.astype(float)], axis=1), user.tolist(), draws=2000, rng=0)
    with np.errstate(invalid="ignore"):  # a group that was never shown has no rate
        low, high = percentile_interval(means[:, 0] / means[:, 1], 0.95)
    return {"": float(top.sum() / bottom.sum()) if bottom.sum() else math.nan, "_low": low, "_high": high}
