"""Lists drawn from what a recommender thinks likely, in place of the likeliest."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import torch

from recdiv.recommend._base import Recommender
from recdiv.recommend.topk import best
from recdiv.tables import Recommendations

_NUMBERS = 1 << 23  # scores held at once


def draw(
    model: Recommender,
    users: Iterable[Any],
    *,
    k: int = 10,
    temperature: float = 1.0,
    exclude_seen: bool = True,
    histories: Sequence[Any] | None = None,
    rng: int | np.random.Generator = 0,
) -> Recommendations:
    r"""Lists of ``k`` different items, each slot drawn from those left with :math:`p_j \propto e^{s_j / T}`.

    For models whose scores s are log-probabilities up to a constant (SASRec, TextTransformer), T = 1 draws from the
    model itself; T → 0 gives :meth:`Recommender.recommend`, T → ∞ chance. Done by adding Gumbel noise to s / T and
    taking the ``k`` best, which is the same draw (Kool et al. 2019).

    Args:
        model: fitted.
        users: user ids.
        k: slots a list.
        temperature: T.
        exclude_seen: leave out what the user's history holds.
        histories: item rows of each user, taken in place of the training ones ``[U]``.
        rng: seed.

    Returns:
        Lists in the order of the draw; scores are s / T + noise, by which they are ordered.

    Raises:
        ValueError: if ``temperature`` is not positive, or ``k`` is below 1.
        RuntimeError: before ``fit``.

    >>> import pandas as pd
    >>> from recdiv.recommend import Popularity
    >>> from recdiv.tables import Catalog, Interactions
    >>> events = pd.DataFrame({"user_id": [1, 2, 3, 3], "item_id": ["a", "b", "b", "c"]})
    >>> train = Interactions(events, Catalog(pd.DataFrame({"item_id": ["a", "b", "c"]})))
    >>> draw(Popularity().fit(train), [1], k=3, temperature=0.01).items.tolist()
    [[1, 2, -1]]
    """
    if not temperature > 0:
        raise ValueError(f"temperature must be positive, got {temperature}")
    if k < 1:
        raise ValueError(f"k must be at least 1, got {k}")
    users = list(users)
    if model.train is None:
        raise RuntimeError(f"{type(model).__name__} must be fitted before it scores: call .fit(train)")
    known = model.train.histories(users) if histories is None else list(histories)
    generator = np.random.default_rng(rng)
    items = torch.full((len(users), k), -1)
    values = torch.full((len(users), k), -torch.inf)
    step = max(1, _NUMBERS // max(model.train.n_items, 1))
    for start in range(0, len(users), step):
        part = slice(start, start + step)
        scores = model.scores(users[part], histories=known[part]).double() / temperature
        noisy = scores + torch.from_numpy(generator.gumbel(size=tuple(scores.shape)))
        found = best(noisy, k, exclude=known[part] if exclude_seen else None)
        values[part], items[part] = found[0].to(values.dtype), found[1]
    return Recommendations(items, scores=values, users=users)
