"""How many different new things a list amounts to, given what its user did before."""

from __future__ import annotations

import math

import numpy as np
from torch import Tensor

from recdiv import diversity
from recdiv.kernels import Kernel
from recdiv.metrics._histories import UNDEFINED, Measure, against_history
from recdiv.metrics._registry import Result, register
from recdiv.metrics._shared import Shared
from recdiv.tables import Interactions, Recommendations

PARTS = ("value", "residual", "unconditioned")


@register(
    symbol="D(L|C)",
    formula="D_q(L|C) = D_q(K̃/n),  K̃ᵢⱼ = (K_{L|C})ᵢⱼ/√(sᵢsⱼ) + tᵢtⱼ,  K_{L|C} = K_LL − K_LC (K_CC + λI)⁻¹ K_CL",
    range="[1, min(K, d)]; the residual r̄ in [0, 1]",
    direction="higher: more different things that are new to the user; read its excess over the null",
    level="list",
    undefined_on=UNDEFINED,
    citation="friedman2023vendi",
    bounds=(0.0, math.inf),
)
def conditional_effective_number(
    recs: Recommendations,
    *,
    kernel: Kernel,
    train: Interactions,
    q: float = 1.0,
    part: str = "value",
    ridge: float = 1e-3,
    longest: int = 50,
    sample: int = 20_000,
    null: int = 0,
    rng: int | np.random.Generator = 0,
    shared: Shared | None = None,
) -> Result:
    r"""Mean over lists of their effective number of different items given what the user knows, which counts once.

    See :func:`recdiv.conditional_effective_number`. Three numbers belong together, one a ``part``: ``value`` is D(L|C),
    ``unconditioned`` is D(L) of the same lists, and ``residual`` the mean share of an item that the history does not
    explain (``conditional_effective_number@part=residual``). The history are the latest ``longest`` training
    interactions (0: all). Each list takes a linear system and an eigenvalue problem, so of more than ``sample`` lists
    so many are drawn (0: all), and others have NaN in ``per_list``. ``null`` deals the lists' exposures across users.

    Raises:
        ValueError: if ``part`` is none of the three, or as :func:`recdiv.conditional_effective_number`.

    >>> import pandas as pd
    >>> from recdiv.tables import Catalog
    >>> from recdiv.kernels import IdentityKernel
    >>> catalog = Catalog(pd.DataFrame({"item_id": [1, 2, 3]}))
    >>> train = Interactions(pd.DataFrame({"user_id": [7, 7], "item_id": [2, 3]}), catalog)
    >>> given = {"kernel": IdentityKernel(3), "train": train, "ridge": 1e-9}
    >>> lists = Recommendations([[0, 1, 2]], users=[7])  # one new thing, and two known ones that count as one
    >>> round(conditional_effective_number(lists, **given).value, 3)  # exp(−⅓ ln ⅓ − ⅔ ln ⅔)
    1.89
    >>> round(conditional_effective_number(lists, part="residual", **given).value, 3)
    0.333
    """
    if part not in PARTS:
        raise ValueError(f"part must be one of {', '.join(PARTS)}, got {part!r}")

    def measure_of(lists_of: Recommendations) -> Measure:
        def measure(lists: Tensor, history: Tensor) -> Tensor:
            found = diversity.conditional_effective_number(lists_of.items[lists], history, kernel, q=q, ridge=ridge)
            values: Tensor = getattr(found, part)
            return values

        return measure

    return against_history(recs, train, measure_of, longest=longest, sample=sample, null=null, rng=rng, shared=shared)
