"""What a loop does for diversity when it learns: five answers, one of them nothing."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd
import torch
from torch import Tensor

from recdiv._divergence import semantic_novelty
from recdiv.evaluation import tune_diversity
from recdiv.kernels import Kernel
from recdiv.loop._choose import pick
from recdiv.loop._config import Config
from recdiv.loop._measure import Round
from recdiv.loop._world import Ints
from recdiv.reranking import rerank
from recdiv.tables import Interactions

MOST = 0.9  # diversity beyond which relevance hardly counts: no update goes there by itself
GRID = tuple(round(0.1 * step, 1) for step in range(10))  # what is tried where it is tuned


def lists_of(scores: Tensor, config: Config, kernel: Kernel, diversity: float, popularity: Ints) -> Ints:
    """What the re-ranker shows of scores ``[U, I]``, −∞ never, int64 ``[U, K]``."""
    recs = rerank(
        scores,
        kernel,
        method=config.method,
        k=config.k,
        diversity=diversity,
        candidates=min(config.candidates, scores.shape[1]),
        popularity=popularity,
    )
    return recs.items.numpy().copy()


def explored(lists: Ints, allowed: npt.NDArray[np.bool_], share: float, rng: np.random.Generator) -> Ints:
    """The lists with that share of their slots given to allowed items drawn at random, none of them twice."""
    new, rest = lists.copy(), allowed.copy()
    row, slot = (lists >= 0).nonzero()
    rest[row, lists[row, slot]] = False
    for place in range(lists.shape[1]):
        other = pick(rest.astype(float), rng)
        swap = np.flatnonzero((rng.random(len(lists)) < share) & (other >= 0) & (lists[:, place] >= 0))
        new[swap, place] = other[swap]
        rest[swap, other[swap]] = False
    return new


def kept(item: Ints, kernel: Kernel, strength: float, rng: np.random.Generator) -> npt.NDArray[np.bool_]:
    """Which interactions a model may learn from: an item's semantic novelty decides how often it teaches, ``[N]``.

    The chance is (novelty / largest novelty) ** strength, novelty being −ln φᵀρφ with ρ of all interactions.
    """
    counts = np.bincount(item, minlength=kernel.n_items)
    novelty = semantic_novelty(torch.arange(kernel.n_items), kernel, counts).cpu().numpy()
    novelty = np.where(np.isfinite(novelty), novelty, novelty[np.isfinite(novelty)].max())
    top = novelty[counts > 0].max()
    chance = (novelty / top) ** strength if top > 0 else np.ones_like(novelty)
    return np.asarray(rng.random(len(item)) < chance[item])


def next_diversity(now: Round, scores: Tensor, config: Config, kernel: Kernel, gamma: float) -> float:
    """The re-ranker's ``diversity`` for the round to come."""
    if config.update == "tuned":
        return _tuned(now, scores, config, kernel)
    if config.update == "feedback" and now.state.gamma > 0:
        lost = 1.0 - gamma / now.state.gamma
        most = max(MOST, config.diversity)  # who begins beyond it is not brought back for no loss
        return float(np.clip(now.state.diversity + config.strength * lost, 0.0, most))
    return now.state.diversity


def _tuned(now: Round, scores: Tensor, config: Config, kernel: Kernel) -> float:
    """The largest diversity whose lists would have met the round's choices almost as well as the plain ones.

    Judged by what people found by themselves, where there is any: what came from lists flatters the lists. Where the
    plain lists meet none of it, nothing can be said and the diversity stays.
    """
    alone = now.made.slot == 0
    some = alone if alone.any() else np.ones_like(alone)
    user, item = now.made.user[some], now.made.item[some]
    plain = lists_of(scores, config, kernel, 0.0, now.counts)
    if not (plain[user] == item[:, None]).any():
        return now.state.diversity
    catalog = now.state.world.catalog
    test = Interactions(pd.DataFrame({"user_id": user, "item_id": catalog.item_ids[item]}), catalog)
    with np.errstate(invalid="ignore"):  # its interval, which nobody reads here
        found = tune_diversity(
            scores,
            kernel,
            test,
            method=config.method,
            cost=config.strength,
            k=config.k,
            candidates=min(config.candidates, scores.shape[1]),
            popularity=now.counts,
            grid=GRID,
            resamples=1,
        )
    return float(found.diversity)
