"""Labels of items and what users care for, for the methods that serve interests."""

from __future__ import annotations

import torch
from torch import Tensor

from recdiv._inputs import BLOCK
from recdiv.kernels import Kernel


def labels_of(kernel: Kernel | None, method: str) -> Tensor:
    """Which item holds which label, ``[I, C]``.

    Raises:
        ValueError: if the kernel knows no labels.
    """
    labels: Tensor | None = getattr(kernel, "labels", None)
    if labels is None:
        raise ValueError(
            f"kernel must know labels of the items (a CategoryKernel) for {method}, got {type(kernel).__name__}"
        )
    if not labels.shape[1]:
        raise ValueError(f"kernel must hold a label at least for {method}, got none on {len(labels)} items")
    return labels


def label_shares(kernel: Kernel, rows: Tensor) -> Tensor:
    """Each item spread evenly over its labels, float64 ``[...] -> [..., C]``; zeros where there is no item or label.

    >>> from recdiv.kernels import CategoryKernel
    >>> label_shares(CategoryKernel(["tea", "tea|mug", None]), torch.tensor([1, 2, -1])).tolist()
    [[0.5, 0.5], [0.0, 0.0], [0.0, 0.0]]
    """
    labels = labels_of(kernel, "labels")
    held = labels[rows.clamp(min=0).to(labels.device)].double() * (rows >= 0).to(labels.device)[..., None]
    shares: Tensor = held / held.sum(-1, keepdim=True).clamp(min=1)
    return shares


def interests_of(history: Tensor, kernel: Kernel) -> Tensor:
    """Mean label shares of what each user knows, float64 ``[U, H] -> [U, C]``, rows summing to 1.

    Items without a label take no part; who knows none with one is taken to care for every label alike.

    >>> from recdiv.kernels import CategoryKernel
    >>> interests_of(torch.tensor([[0, 0, 1, 2], [2, -1, -1, -1]]), CategoryKernel(["tea", "mug", None])).tolist()
    [[0.3333333333333333, 0.6666666666666666], [0.5, 0.5]]
    """
    n_labels = labels_of(kernel, "labels").shape[1]
    step = max(1, BLOCK // max(history.shape[1] * n_labels, 1))
    parts = [label_shares(kernel, rows).sum(1) for rows in torch.split(history, step)]
    held = torch.cat(parts) if parts else torch.zeros(0, n_labels, dtype=torch.float64)
    total = held.sum(1, keepdim=True)
    return torch.where(total > 0, held / torch.where(total > 0, total, 1.0), 1.0 / n_labels)
