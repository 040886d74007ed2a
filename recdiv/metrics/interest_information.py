"""What knowing whose interest group a list belongs to tells about what its items mean."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from recdiv.diversity import partition
from recdiv.kernels import Kernel
from recdiv.metrics._labelled import labelled_beta, labelled_state
from recdiv.metrics._registry import Result, State, corpus_result, register
from recdiv.metrics._shared import Shared, split
from recdiv.metrics._shuffled import checked_against, mean_of, shuffled
from recdiv.metrics._spectral import UNDEFINED
from recdiv.tables import Recommendations


def interest_state(recs: Recommendations, *, kernel: Kernel, labels: Sequence[Any]) -> State:
    """One state a group, in the order of ``labels``."""
    return labelled_state(recs, kernel, recs.groups, labels, "groups")


def interest_value(state: State, *, kernel: Kernel, q: float = 1.0) -> float:
    """Chi between groups."""
    return math.log(labelled_beta(state, kernel, q))


@register(
    symbol="χ_g",
    formula="χ_g = ln β between groups;  at q = 1 Σ_g w_g S(ρ_g‖ρ̄)",
    range="[0, H(w)] nats: at most the entropy of the groups' shares of lists",
    direction="higher: groups are shown more different things; read its excess over the null",
    level="corpus",
    undefined_on=UNDEFINED,
    citation="holevo1973bounds",
    bounds=(0.0, math.inf),
    needs=("groups",),
    state=interest_state,
    value=interest_value,
)
def interest_information(
    recs: Recommendations,
    *,
    kernel: Kernel,
    q: float = 1.0,
    against: str = "re-dealt",
    groups: str | Iterable[Any] | None = None,
    null: int = 0,
    rng: int | np.random.Generator = 0,
    shared: Shared | None = None,
) -> Result:
    r"""What the interest group of a list tells about its items: chi with groups in place of lists, in nats.

    .. math:: \chi_g = S(\bar\rho) - \sum_g w_g S(\rho_g) = \sum_g w_g S(\rho_g \| \bar\rho) \text{ at } q = 1

    Groups are ``recs.groups`` or ``groups`` (one label a list), and weigh as many lists as they hold. The kernel says
    what is read: meaning under an :class:`~recdiv.EmbeddingKernel`; I(group; category) under a
    :class:`~recdiv.CategoryKernel` of single labels; I(group; item) under an :class:`~recdiv.IdentityKernel`. Few
    groups of many lists need little correction for chance; ``null`` re-deals the exposures over all lists all the same.
    A group shares items as well as interests: ``against="shuffled"`` takes that out instead, as in ``temporal_beta``.

    Raises:
        ValueError: if there are no groups, or ``against`` is neither ``"re-dealt"`` nor ``"shuffled"``.

    >>> from recdiv.kernels import IdentityKernel
    >>> recs = Recommendations([[0], [0], [1], [2]], groups=["tea", "tea", "mug", "mug"])
    >>> round(interest_information(recs, kernel=IdentityKernel(3)).value, 6)  # ln 2: no item is shown to both
    0.693147
    """
    if groups is None and recs.groups is None:
        raise ValueError("groups must be one label a list where recs carry none, got none")
    by = "groups" if groups is None else groups
    if checked_against(against) == "shuffled":
        labels = getattr(recs, by, by) if isinstance(by, str) else list(by)
        chi = partition(recs, kernel, q=q, by=labels).chi
        dealt = (partition(items, kernel, q=q, by=labels).chi for items in shuffled(recs.items, null, rng))
        return corpus_result(recs, chi, null=mean_of(dealt))
    parts = split(recs, kernel, q=q, groups=by, null=null, rng=rng, shared=shared)
    return corpus_result(recs, parts.chi, null=float(parts.chi_null.mean()))
