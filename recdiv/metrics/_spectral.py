"""The mergeable state behind alpha, beta, gamma and chi: d×d for a kernel of vectors, however many lists and items."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from recdiv._inputs import positive_eigenvalues
from recdiv._spectra import list_moments, moment, number, state_moment
from recdiv.kernels import Kernel
from recdiv.metrics._counts import item_masses, slot_shares
from recdiv.metrics._registry import State
from recdiv.tables import Recommendations

UNDEFINED = "every list is empty: NaN"


def spectral_state(recs: Recommendations, *, kernel: Kernel, q: float = 1.0, discount: str = "none") -> State:
    """Sums over lists of their state rho (d×d, or item shares ``[I]`` where the kernel has no ``state``) and moment."""
    mass = item_masses(recs, kernel.n_items, discount=discount)
    moments = list_moments(kernel, recs.items, slot_shares(recs, discount), q)
    moments = (moments if q == 1 else moments.exp()).nansum()  # tr rho^q: what adds up is not its logarithm
    lists = (recs.lengths > 0).sum()
    build = getattr(kernel, "state", None)
    if build is None:
        return {"mass": mass, "moment": moments, "lists": lists}
    # rho of one item has the right shape where there is nothing to add up
    rho = build(mass if bool(mass.any()) else torch.ones_like(mass))
    return {"rho": rho * mass.sum().to(rho.device), "moment": moments, "lists": lists}


def alpha_value(state: State, *, q: float = 1.0) -> float:
    """Effective number within a list."""
    if not int(state["lists"]):
        return math.nan
    mean = state["moment"] / state["lists"]
    return float(number(mean if q == 1 else mean.log(), q))


def gamma_value(state: State, *, kernel: Kernel, q: float = 1.0) -> float:
    """Effective number over all lists."""
    if not int(state["lists"]):
        return math.nan
    if "mass" in state:
        return float(number(state_moment(kernel, state["mass"].clamp(min=0), q), q))
    rho: Tensor = state["rho"] / torch.trace(state["rho"])
    return float(number(moment(positive_eigenvalues(rho), q), q))


def beta_value(state: State, *, kernel: Kernel, q: float = 1.0) -> float:
    """Effective number of different lists."""
    return gamma_value(state, kernel=kernel, q=q) / alpha_value(state, q=q)


def chi_value(state: State, *, kernel: Kernel, q: float = 1.0) -> float:
    """What lists tell of items."""
    return math.log(beta_value(state, kernel=kernel, q=q))
