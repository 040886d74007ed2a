"""How many different things a list amounts to."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import torch

from recdiv import diversity
from recdiv.kernels import Kernel
from recdiv.metrics._chance import random_lists
from recdiv.metrics._registry import Result, per_list_result, register
from recdiv.metrics._shared import Shared, split
from recdiv.tables import Recommendations

_DRAWN = 500  # random lists a draw


@register(
    symbol="D",
    formula="D_q(ρᵤ) = exp(ln tr ρᵤ^q / (1 − q));  at q = 1 exp(−tr ρᵤ ln ρᵤ)",
    range="[1, min(K, d)]",
    direction="higher is more diverse",
    level="list",
    undefined_on="a list holds no item of the catalogue: NaN",
    citation="friedman2023vendi",
    bounds=(1.0, math.inf),
    null_kind="random lists",
)
def effective_number(
    recs: Recommendations,
    *,
    kernel: Kernel,
    q: float = 1.0,
    null: int = 0,
    rng: int | np.random.Generator = 0,
    shared: Shared | None = None,
) -> Result:
    r"""Mean over lists of their effective number of different items: near-copies count once.

    .. math:: D_q(\rho_u) = \exp \frac{\ln \operatorname{tr} \rho_u^q}{1 - q}, \qquad
        D_1(\rho_u) = \exp(-\operatorname{tr} \rho_u \ln \rho_u)

    See :func:`recdiv.effective_number`. ``alpha`` averages the same lists so that it fits the partition. ``null`` draws
    lists of the same lengths from the catalogue, each item once: what variety costs no choice at all. A draw is of at
    most 500 of the lists.

    >>> from recdiv.kernels import EmbeddingKernel
    >>> kernel = EmbeddingKernel([[1.0, 0.0], [1.0, 0.0], [0.0, 1.0]])
    >>> effective_number(Recommendations([[0, 1], [0, 2]]), kernel=kernel).per_list.round(decimals=6).tolist()
    [1.0, 2.0]
    """
    if shared is not None:
        result = per_list_result(split(recs, kernel, q=q, shared=shared).alpha_per_user)
    else:
        result = per_list_result(diversity.effective_number(recs.items, kernel, q=q))
    if not null or not result.n:
        return result
    generator = np.random.default_rng(rng)
    lengths = recs.lengths[recs.lengths > 0].cpu()
    chance = []
    for _ in range(null):
        some = lengths[torch.from_numpy(generator.permutation(len(lengths))[:_DRAWN])]
        random = random_lists(some, kernel.n_items, generator).to(recs.device)
        chance.append(float(diversity.effective_number(random, kernel, q=q).mean()))
    return replace(result, null=float(np.mean(chance)))
