"""Total variety = variety within lists × variety between lists."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from recdiv._inputs import Items, Weights, as_items, non_negative, slot_masses
from recdiv._redeal import redeal
from recdiv._spectra import checked_order, list_moments, mean_moment, number, state_moment
from recdiv.kernels import Kernel
from recdiv.tables import Recommendations

_WIDEST_GRAM = 256  # a label with more slots than this goes through its item weights instead


@dataclass(frozen=True)
class Partition:
    """Alpha, beta and gamma of a set of lists; all NaN where no list holds anything.

    Attributes:
        alpha: effective number of different items within a list.
        beta: effective number of different lists, gamma / alpha.
        gamma: effective number of different items over all lists.
        chi: ln beta, nats; at q = 1 what the list tells of the item.
        alpha_per_user: effective number of each list (or label) by itself, float64 ``[U]``; NaN where it is empty.
        weights: weight of each list (or label), float64 ``[U]``, summing to 1.
        chi_null: chi of each re-dealt draw, float64 ``[null]``.
        labels: what the rows of ``alpha_per_user`` are, where ``by`` was given.
        q: the order.
        n_undefined: how many lists held nothing and were left out.
    """

    alpha: float
    beta: float
    gamma: float
    chi: float
    alpha_per_user: Tensor
    weights: Tensor
    chi_null: Tensor
    labels: list[Any] | None
    q: float
    n_undefined: int

    @property
    def chi_excess(self) -> float:
        """Chi beyond what chance makes of the same exposures: chi − mean of ``chi_null``; NaN without a null."""
        return self.chi - float(self.chi_null.mean())

    @property
    def beta_null(self) -> float:
        """Mean beta of the re-dealt draws; NaN without a null."""
        return float(self.chi_null.exp().mean())


def partition(
    recs: Recommendations | Items,
    kernel: Kernel,
    *,
    q: float = 1.0,
    slot_weights: Weights | None = None,
    user_weights: Weights | None = None,
    null: int = 0,
    rng: int | np.random.Generator = 0,
    by: str | Iterable[Any] | None = None,
) -> Partition:
    r"""Split the variety of all lists into variety within lists and variety between them, gamma = alpha × beta.

    .. math::

        \gamma_q = D_q(\bar\rho), \quad \alpha_q = \Big(\sum_u w_u \operatorname{tr} \rho_u^q\Big)^{1/(1-q)}, \quad
        \beta_q = \gamma_q / \alpha_q \ge 1, \quad \chi = \ln \beta

    with alpha the geometric mean of :math:`D_1` at q = 1 and :math:`1 / \sum_u w_u \lambda_{\max}(\rho_u)` at q = ∞.
    At q = 1, :math:`\chi = \sum_u w_u S(\rho_u \| \bar\rho)` lies between 0 (all lists alike) and the entropy of the
    list weights (lists at right angles); under :class:`~recdiv.IdentityKernel` it is I(list; item). At q = ∞
    alpha (and so beta) counts every list and is not the limit of :math:`\alpha_q`, 1 / max λ_max over lists.

    Args:
        recs: the lists, :class:`~recdiv.Recommendations` or integers ``[U, K]``; empty lists are left out and counted.
        kernel: when two items are the same.
        q: order, above 0 (0 too where items are either the same or at right angles); larger looks at common things.
        slot_weights: attention to each slot, ``[K]`` or ``[U, K]``, scaled to sum 1 in each list; default equal.
        user_weights: weight of each list ``[U]``; default equal.
        null: how many times to deal the same exposures at random over the same list lengths (see below).
        rng: seed or generator of the dealing.
        by: pool lists first: ``"users"``, ``"groups"`` or ``"time"`` of ``recs``, or one label a list ``[U]``. Alpha is
            then within a label and beta between labels.

    Returns:
        A :class:`Partition`.

    Raises:
        ValueError: for a wrong order, shape, weight or label.

    **The re-dealt null.** Finite lists differ by chance even when nobody is served personally, so chi is to be read
    against draws in which an *exposure* (an item with its mass, list weight × slot weight) may land in any list:
    lengths, items and masses stay, hence gamma is exactly the same; no list gains a repeat; with ``slot_weights``
    ``[K]``, slots of equal weight trade among themselves. A list then weighs what it was dealt (its old weight, if
    lists are equally long and weigh the same). With identities and equally long lists without repeats chi_excess is 0
    whoever gets what: identity mutual information knows nothing that entropy does not.

    Source: Reeve et al. 2016 (arXiv:1404.6520) for alpha, beta, gamma; Holevo 1973 for chi.

    >>> from recdiv.kernels import IdentityKernel
    >>> apart = partition([[0, 1], [2, 3]], IdentityKernel(4))
    >>> round(apart.alpha, 6), round(apart.beta, 6), round(apart.gamma, 6)
    (2.0, 2.0, 4.0)
    """
    q = checked_order(q, kernel)
    items = as_items(recs, kernel.n_items)
    if items.ndim != 2:
        raise ValueError(f"recs must have shape [U, K], got {list(items.shape)}")
    mass = slot_masses(items, slot_weights, "slot_weights")
    n_undefined = int((mass.sum(1) == 0).sum())
    mass = mass * _list_weights(user_weights, mass)[:, None]
    codes, labels = _labels(recs, by, len(items))
    result = _measure(items, mass, kernel, q, codes, labels)
    result = replace(result, n_undefined=n_undefined)
    if null < 0:
        raise ValueError(f"null must be 0 or a number of draws, got {null}")
    if not null or math.isnan(result.gamma):
        return result
    return replace(result, chi_null=_null(items, mass, result, kernel, codes, _classes(slot_weights, items), null, rng))


def _measure(items: Tensor, mass: Tensor, kernel: Kernel, q: float, codes: Tensor | None, labels: Any) -> Partition:  # noqa: ANN401
    total = torch.zeros(kernel.n_items, dtype=mass.dtype, device=mass.device)
    total.index_add_(0, items.clamp(min=0).flatten(), mass.flatten())
    moments, weights = _unit_moments(items, mass, kernel, q, codes)
    gamma = float(number(state_moment(kernel, total, q), q)) if bool(total.any()) else math.nan
    alpha = _alpha(moments, weights, q)
    return Partition(
        alpha=alpha,
        beta=gamma / alpha,
        gamma=gamma,
        chi=math.log(gamma / alpha),
        alpha_per_user=number(moments, q),
        weights=weights,
        chi_null=torch.full((0,), math.nan, dtype=mass.dtype),
        labels=labels,
        q=q,
        n_undefined=0,
    )


def _alpha(moments: Tensor, weights: Tensor, q: float) -> float:
    """Effective number of the weighted mean moment over what is defined."""
    defined = weights > 0
    if not defined.any():
        return math.nan
    return float(number(mean_moment(moments[defined], weights[defined], q), q))


def _unit_moments(items: Tensor, mass: Tensor, kernel: Kernel, q: float, codes: Tensor | None) -> tuple[Tensor, Tensor]:
    """Moment and weight of each list, or of each label where ``codes`` pools lists."""
    if codes is not None:
        return _label_moments(items, mass, kernel, q, codes)
    weights = mass.sum(1)
    p = mass / weights[:, None].where(weights[:, None] > 0, torch.ones_like(weights[:, None]))
    return (moments := list_moments(kernel, items, p, q)), weights.to(moments.device)


def _label_moments(items: Tensor, mass: Tensor, kernel: Kernel, q: float, codes: Tensor) -> tuple[Tensor, Tensor]:
    """Moment and weight of each label: of its slots where they are few, else of its item weights."""
    wide = codes.bincount() * items.shape[1] > _WIDEST_GRAM
    weights = torch.zeros(len(wide), dtype=mass.dtype, device=mass.device).index_add_(0, codes, mass.sum(1))
    moments = torch.full_like(weights, math.nan)
    few = ~wide[codes]
    if bool(few.any()):
        labels, compact = torch.unique(codes[few], return_inverse=True)
        found, _ = _unit_moments(*_pooled(items[few], mass[few], compact), kernel, q, None)
        moments[labels] = found.to(moments)
    for label in wide.nonzero().squeeze(1).tolist():
        mine = codes == label
        p = torch.zeros(kernel.n_items, dtype=mass.dtype, device=mass.device)
        p.index_add_(0, items[mine].clamp(min=0).flatten(), mass[mine].flatten())
        if bool(p.any()):
            moments[label] = state_moment(kernel, p, q).to(moments)
    return moments, weights


def _pooled(items: Tensor, mass: Tensor, codes: Tensor) -> tuple[Tensor, Tensor]:
    """The lists of each label end to end, padded with empty slots."""
    counts = codes.bincount()
    order = codes.argsort(stable=True)
    place = torch.arange(len(codes), device=codes.device) - (counts.cumsum(0) - counts)[codes[order]]
    shape = (len(counts), int(counts.max()), items.shape[1])
    wide = torch.full(shape, -1, dtype=items.dtype, device=items.device)
    wide_mass = torch.zeros(shape, dtype=mass.dtype, device=mass.device)
    wide[codes[order], place] = items[order]
    wide_mass[codes[order], place] = mass[order]
    return wide.flatten(1), wide_mass.flatten(1)


def _null(
    items: Tensor,
    mass: Tensor,
    result: Partition,
    kernel: Kernel,
    codes: Tensor | None,
    classes: Tensor,
    draws: int,
    rng: int | np.random.Generator,
) -> Tensor:
    """Chi of each re-dealt draw; gamma is that of the real lists, only alpha is new."""
    generator = np.random.default_rng(rng)
    dealt = (redeal(items, mass, classes, generator) for _ in range(draws))
    return _chis(result, dealt, kernel, codes)


def chi_of_deals(
    result: Partition,
    dealt: Iterable[tuple[Tensor, Tensor]],
    kernel: Kernel,
    recs: Recommendations,
    by: str | Iterable[Any] | None,
) -> Tensor:
    """Chi of lists (or labels) dealt beforehand, items and masses ``[U, K]``; slots and lists weigh as at first."""
    return _chis(result, ((items, mass / mass.sum()) for items, mass in dealt), kernel, _labels(recs, by, len(recs))[0])


def _chis(result: Partition, dealt: Iterable[tuple[Tensor, Tensor]], kernel: Kernel, codes: Tensor | None) -> Tensor:
    moments = (_unit_moments(items, mass, kernel, result.q, codes) for items, mass in dealt)
    chis = [math.log(result.gamma / _alpha(*each, result.q)) for each in moments]
    return torch.tensor(chis, dtype=torch.float64)


def _list_weights(user_weights: Weights | None, mass: Tensor) -> Tensor:
    """Weight of each list, zero for an empty one, summing to 1 (or all zero)."""
    weights = (mass.sum(1) > 0).double()
    if user_weights is not None:
        given = non_negative(user_weights, "user_weights").to(mass.device)
        if given.shape != weights.shape:
            raise ValueError(f"user_weights must have one weight a list [{len(weights)}], got {list(given.shape)}")
        weights = weights * given
        if len(weights) and not weights.any():
            raise ValueError("user_weights must be positive for some list that holds something, got none")
    return weights / weights.sum().clamp(min=torch.finfo(weights.dtype).tiny)


def _labels(
    recs: Recommendations | Items, by: str | Iterable[Any] | None, n: int
) -> tuple[Tensor | None, list[Any] | None]:
    """Number of each list's label, and the labels in order."""
    if by is None:
        return None, None
    if isinstance(by, str):
        if by not in ("users", "groups", "time"):
            raise ValueError(f"by must be 'users', 'groups', 'time' or one label a list, got {by!r}")
        values = getattr(recs, by, None)
        if values is None:
            raise ValueError(f"by={by!r} needs recommendations with {by}, got none")
    else:
        values = by.cpu().numpy() if isinstance(by, Tensor) else np.asarray(pd.Series(list(by)))
    codes, labels = pd.factorize(values, sort=True)
    if len(codes) != n or (codes < 0).any():
        raise ValueError(f"by must have one label a list ({n}), none missing, got {int((codes >= 0).sum())}")
    device = recs.device if isinstance(recs, (Recommendations, Tensor)) else None
    return torch.from_numpy(codes.astype(np.int64)).to(device), list(labels)


def _classes(slot_weights: Weights | None, items: Tensor) -> Tensor:
    """Which slots may trade: those of equal weight where attention depends on the slot alone, else all."""
    classes = torch.zeros_like(items)
    if slot_weights is None:
        return classes
    weights = non_negative(slot_weights, "slot_weights")
    if weights.ndim == 1:
        classes[:] = torch.unique(weights, return_inverse=True)[1].to(items.device)
    return classes
