"""Lists pooled by a label (a window, an interest group): states that add up, one rho a label."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from recdiv._inputs import positive_eigenvalues
from recdiv._spectra import mean_moment, moment, number, state_moment
from recdiv.kernels import Kernel
from recdiv.metrics._counts import item_masses
from recdiv.metrics._registry import State
from recdiv.tables import Recommendations

_LABELS = 50  # states of a jackknife hold that many d×d matrices for each of 20 groups of users


def label_sets(recs: Recommendations, previous: Recommendations | None) -> dict[str, list[Any]]:
    """The groups and times among which the lists of one report are told apart, where a state for each fits in memory.

    Times are those of the lists: with ``previous`` lists, which no part of the users carries along, there are none.
    """
    given = {"labels": recs.groups, "times": recs.time if previous is None else None}
    found = {name: pd.factorize(values, sort=True)[1].tolist() for name, values in given.items() if values is not None}
    return {name: values for name, values in found.items() if len(values) <= _LABELS}


def labelled_state(recs: Recommendations, kernel: Kernel, given: Any, labels: Sequence[Any], name: str) -> State:  # noqa: ANN401
    """Sum of rho over the lists of each label, ``[L, d, d]`` (or of item shares ``[L, I]`` where the kernel has no
    ``state``), and how many lists of each hold something.

    Raises:
        ValueError: if the lists carry no label, or one that is not among ``labels``.
    """  # fmt: skip
    if given is None and recs.n_lists:
        raise ValueError(f"recs must carry {name}, got none")
    code = pd.Index(labels).get_indexer(pd.Index([] if given is None else given))
    if (code < 0).any():
        raise ValueError(f"{name} must be among {list(labels)}, got {given[int((code < 0).argmax())]!r}")
    parts = [_rho(recs.where(code == number), kernel) for number in range(len(labels))]
    held = torch.from_numpy(np.bincount(code[(recs.lengths > 0).cpu().numpy()], minlength=len(labels)))
    return {"rho": torch.stack(parts), "lists": held.to(recs.device)}


def _rho(recs: Recommendations, kernel: Kernel) -> Tensor:
    mass = item_masses(recs, kernel.n_items)
    build = getattr(kernel, "state", None)
    if build is None:
        return mass
    # rho of one item has the right shape where there is nothing to add up
    rho: Tensor = build(mass if bool(mass.any()) else torch.ones_like(mass))
    return rho * mass.sum().to(rho.device)


def state_spectrum_moment(rho: Tensor, kernel: Kernel, q: float) -> Tensor:
    """Moment of an unscaled state, d×d or item masses."""
    if rho.ndim == 1:
        return state_moment(kernel, rho.clamp(min=0), q)
    return moment(positive_eigenvalues(rho / torch.trace(rho)), q)


def labelled_beta(state: State, kernel: Kernel, q: float) -> float:
    """Effective number of different labels; NaN where no list holds anything."""
    lists = state["lists"].double()
    held = (lists > 0).nonzero().squeeze(1)
    if not len(held):
        return math.nan
    moments = torch.stack([state_spectrum_moment(state["rho"][label], kernel, q) for label in held.tolist()])
    alpha = number(mean_moment(moments, (lists[held] / lists.sum()).to(moments), q), q)
    gamma = number(state_spectrum_moment(state["rho"].sum(0), kernel, q), q)
    return float(gamma / alpha)
