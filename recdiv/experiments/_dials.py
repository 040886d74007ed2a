"""What can be turned while a language model is fine-tuned and when it answers, and what is read off at each setting."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from torch import Tensor

from recdiv.evaluation import evaluate
from recdiv.experiments._measure import plain
from recdiv.kernels import EmbeddingKernel
from recdiv.recommend import Recommender, Split
from recdiv.recommend.topk import best
from recdiv.tables import Catalog, Recommendations

READINGS = ("ndcg@10", "recall@10", "alpha", "beta", "gamma", "chi_excess", "item_coverage", "semantic_coverage")
K = 10


@dataclass(frozen=True)
class Dial:
    """One setting of a model, others held still.

    Attributes:
        title: what readers see.
        model: name of a line of the table of recommenders, see :mod:`recdiv.experiments._models`.
        option: the name of the setting; ``"temperature"`` of a model that scores is that of a draw from its scores.
        values: what it is set to.
        fixed: the other settings.
        decoding: whether it is turned after training, so that one training serves all values.
    """

    title: str
    model: str
    option: str
    values: tuple[Any, ...]
    fixed: Mapping[str, Any] = field(default_factory=dict)
    decoding: bool = False


def readings(lists: Recommendations, split: Split, catalog: Catalog, kernel: EmbeddingKernel) -> dict[str, Any]:
    """Accuracy and variety of some lists, each with its interval."""
    report = evaluate(
        lists, catalog, train=split.known, test=split.test, kernel=kernel, metrics=READINGS, k=K, resamples=500
    )
    rows = report.frame.set_index("metric")[["value", "low", "high"]].to_dict("index")
    return {str(name): {key: plain(value) for key, value in row.items()} for name, row in rows.items()}


def drawn(model: Recommender, split: Split, *, temperature: float, k: int = K, rng: int = 0) -> Recommendations:
    r"""Lists drawn without replacement in place of the best: p ∝ exp(score / temperature), one slot after the other.

    By adding Gumbel noise to the scores and taking the k best, which is the same draw (Kool et al. 2019).

    Raises:
        ValueError: if ``temperature`` is not positive.
    """
    if not temperature > 0:
        raise ValueError(f"temperature must be positive, got {temperature}")
    users, histories = split.test.users, split.histories("test")
    scores = model.scores(users, histories=histories) / temperature
    scores += _gumbel(scores.shape, rng)
    values, items = best(scores, k, exclude=histories)
    return Recommendations(items, scores=values, users=users)


def _gumbel(shape: torch.Size, rng: int) -> Tensor:
    noise = np.random.default_rng(rng).gumbel(size=tuple(shape))
    return torch.from_numpy(noise.astype(np.float32))
