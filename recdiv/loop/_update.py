"""What a loop does for diversity when it learns: five answers, one of them nothing."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from recdiv._divergence import semantic_novelty
from recdiv.kernels import Kernel
from recdiv.loop._choose import pick
from recdiv.loop._config import Config
from recdiv.loop._measure import Round
from recdiv.loop._world import Floats, Ints
from recdiv.reranking import rerank

STEP = 0.1  # from one diversity to the next where it is tuned
MOST = 0.9


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
        return float(np.clip(now.state.diversity + config.strength * lost, 0.0, MOST))
    return now.state.diversity


def _tuned(now: Round, scores: Tensor, config: Config, kernel: Kernel) -> float:
    """The largest diversity whose lists would have met the round's choices almost as well as the plain ones."""
    alone = now.made.slot == 0
    some = alone if alone.any() else np.ones_like(alone)
    user, item = now.made.user[some], now.made.item[some]
    at, best, floor = 0.0, 0.0, 0.0
    while at <= MOST + 1e-9:
        lists = lists_of(scores, config, kernel, at, now.counts)
        value = _ndcg(lists, user, item)
        if at == 0.0:
            floor = (1.0 - config.strength) * value
        if value < floor:
            break
        best, at = at, round(at + STEP, 10)
    return best


def _ndcg(lists: Ints, user: Ints, item: Ints) -> float:
    """Mean nDCG of lists, each choice found alone."""
    place = (lists[user] == item[:, None]).astype(float)
    discount: Floats = 1.0 / np.log2(np.arange(2, lists.shape[1] + 2))
    return float((place * discount).sum(1).mean())
