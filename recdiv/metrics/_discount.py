"""How much attention each slot of a list gets: the ``discount`` of every exposure metric."""

from __future__ import annotations

import torch
from torch import Tensor

from recdiv.tables import Recommendations

DISCOUNTS = ("none", "log", "rbp", "reciprocal")
PERSISTENCE = 0.9  # rbp: who looked at a slot looks at the next with this chance


def slot_weights(discount: str, k: int, *, device: torch.device | None = None) -> Tensor:
    r"""Attention to slots 1 to k, float64 ``[k]``, 1 for the first and falling.

    ``"none"``: 1 for every slot. ``"log"``: :math:`1 / \log_2(r + 1)`, as in nDCG. ``"rbp"``: :math:`0.9^{r - 1}`,
    as in rank-biased precision. ``"reciprocal"``: :math:`1 / r`, as in mean reciprocal rank. r is the slot, counting
    from 1: an empty one moves no other.

    Raises:
        ValueError: for any other name.

    Source: Järvelin & Kekäläinen 2002 for log, Moffat & Zobel 2008 for rbp.

    >>> slot_weights("log", 3).round(decimals=4).tolist()  # 1, 1 / log₂ 3, 1 / 2
    [1.0, 0.6309, 0.5]
    """
    if discount not in DISCOUNTS:
        raise ValueError(f"discount must be one of {', '.join(map(repr, DISCOUNTS))}, got {discount!r}")
    slot = torch.arange(k, dtype=torch.float64, device=device)
    if discount == "log":
        return 1 / torch.log2(slot + 2)
    if discount == "reciprocal":
        return 1 / (slot + 1)
    return PERSISTENCE**slot if discount == "rbp" else torch.ones_like(slot)


def attention(recs: Recommendations, discount: str) -> Tensor | None:
    """Attention to each slot of some lists, float64 ``[K]``; None where all slots get the same."""
    weights = slot_weights(discount, recs.k, device=recs.device)
    return None if discount == "none" else weights


def refuse_discount(discount: str, argument: str) -> None:
    """For what is only defined on plain counts."""
    if discount != "none":
        raise ValueError(f"discount must be 'none' where {argument} is given, got {discount!r}")
