"""How like a history each item of a list is."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import embedding_bag

from recdiv.kernels import EmbeddingKernel, Kernel


def similarity_to_history(kernel: Kernel, items: Tensor, history: Tensor) -> Tensor:
    """Mean similarity of each item to those of its history, ``[n, K]`` and ``[n, H] -> [n, K]``; 0 for no item."""
    held = (history >= 0).double()
    if isinstance(kernel, EmbeddingKernel):  # the mean of cosines is the cosine with a mean: no K×H matrix
        vectors, rows = kernel.vectors, history.to(kernel.device)
        weight = (held / held.sum(1, keepdim=True)).to(vectors)
        mean = embedding_bag(rows.clamp(min=0), vectors, mode="sum", per_sample_weights=weight)
        shown = items.to(kernel.device)
        values = torch.einsum("nkd,nd->nk", vectors[shown.clamp(min=0)], mean).double() * (shown >= 0)
        return values.to(items.device)
    k = items.shape[1]
    gram = kernel.gram(torch.cat([items, history], 1))[:, :k, k:]
    return (gram @ (held / held.sum(1, keepdim=True)).to(gram)[:, :, None]).squeeze(2).to(items.device)
