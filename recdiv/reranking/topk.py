"""The most relevant, whatever they are: what diversity 0 means for every method."""

from __future__ import annotations

import torch
from torch import Tensor

from recdiv.reranking._pool import Pool
from recdiv.reranking._registry import register
from recdiv.tables import EMPTY


@register(
    formula="the k largest rᵢ", maps="nothing: every value gives the same list", bound="the best itself", prefix=True
)
def topk(pool: Pool) -> Tensor:
    """The k most relevant candidates; ``diversity`` changes nothing. The bound on relevance.

    Candidates come ordered, so this costs nothing more.
    """
    places = torch.arange(pool.k, device=pool.items.device).expand(len(pool.items), -1)
    held = pool.open.sum(1, keepdim=True)
    return torch.where(places < held, places, EMPTY)
