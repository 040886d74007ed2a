"""Categories out of vectors: spherical k-means, for catalogues that have none."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

_ROUNDS = 100


def clusters(vectors: Tensor, n: int, *, rng: int | np.random.Generator = 0) -> Tensor:
    r"""Which of ``n`` clusters each item lies in, by spherical k-means.

    .. math:: \max_{c, z} \sum_i \varphi_i \cdot c_{z_i}, \qquad |c_k| = 1

    Centres start far apart (k-means++: each is an item, drawn with chance :math:`\propto 1 - \max_k \cos`), then items
    go to the nearest centre and centres to the mean direction of their items until nothing moves. A centre that loses
    all its items takes the item that lies worst. How fine the categories are is up to ``n``, and another seed cuts
    them elsewhere: report both.

    Args:
        vectors: of each item ``[I, d]``, not zero; rows are scaled to length one.
        n: how many clusters, from 1 to the number of items.
        rng: seed or generator of the starting centres.

    Returns:
        int64 ``[I]``, from 0 to n − 1.

    Raises:
        ValueError: if ``vectors`` is not ``[I, d]`` of finite rows that have a direction, or ``n`` is out of range.

    Source: Dhillon & Modha 2001, Machine Learning 42; Arthur & Vassilvitskii 2007 for the start.

    >>> of = clusters(torch.tensor([[1.0, 0.0], [0.9, 0.1], [0.0, 1.0]]), 2).tolist()
    >>> of[0] == of[1], of[0] == of[2]
    (True, False)
    """
    if vectors.ndim != 2:
        raise ValueError(f"vectors must have shape [I, d], got {list(vectors.shape)}")
    if not 1 <= n <= len(vectors):
        raise ValueError(f"n must lie between 1 and the number of items ({len(vectors)}), got {n}")
    x = torch.nn.functional.normalize(vectors.double(), dim=1)
    wrong = ~((x * x).sum(1) > 0.5)  # NaN too
    if wrong.any():
        raise ValueError(f"vectors must be finite and not zero, got a row that is not: {int(wrong.nonzero()[0])}")
    centres = _spread(x, n, np.random.default_rng(rng))
    before = torch.full((len(x),), -1)
    for _ in range(_ROUNDS):
        nearest, of = (x @ centres.T).max(1)
        of = _filled(of, nearest, n)
        if torch.equal(of, before):
            break
        before = of
        centres = torch.zeros_like(centres).index_add_(0, of, x)
        centres = torch.nn.functional.normalize(centres, dim=1)
    return before


def _spread(x: Tensor, n: int, generator: np.random.Generator) -> Tensor:
    """Starting centres: items, each drawn the likelier the farther it lies from those before."""
    chosen = [int(generator.integers(len(x)))]
    far = 1 - x @ x[chosen[0]]
    for _ in range(n - 1):
        weight = far.clamp(min=0).numpy()
        weight[chosen] = 0.0
        total = weight.sum()
        free = np.setdiff1d(np.arange(len(x)), chosen)
        row = int(generator.choice(len(x), p=weight / total) if total > 0 else generator.choice(free))
        chosen.append(row)
        far = torch.minimum(far, 1 - x @ x[row])
    return x[chosen]


def _filled(of: Tensor, nearest: Tensor, n: int) -> Tensor:
    """No cluster stays empty: it takes the item that lies worst, of those that are not alone."""
    of = of.clone()
    sizes = torch.bincount(of, minlength=n)
    if (sizes > 0).all():
        return of
    for row in nearest.argsort().tolist():
        empty = (sizes == 0).nonzero()
        if not len(empty):
            break
        if sizes[of[row]] > 1:
            sizes[of[row]] -= 1
            of[row] = int(empty[0])
            sizes[of[row]] += 1
    return of
