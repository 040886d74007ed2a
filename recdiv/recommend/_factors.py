"""What the two matrix factorisations share: the matrix, the seed, one thread where threads would race."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import sparse

from recdiv._extras import require
from recdiv.recommend._choices import Rows

Factors = npt.NDArray[np.float32]


def seed_of(rng: int | np.random.Generator) -> int:
    """A seed: itself, or one drawn from a generator.

    >>> seed_of(3)
    3
    """
    return int(rng.integers(1 << 31)) if isinstance(rng, np.random.Generator) else int(rng)


def counts(histories: Sequence[Rows], n_items: int) -> Any:  # noqa: ANN401
    """How often each history holds each item, sparse float32 ``[U, I]``."""
    lengths = np.cumsum([0, *map(len, histories)])
    items = np.concatenate([np.empty(0, dtype=np.int64), *histories])
    matrix = sparse.csr_matrix((np.ones(len(items), dtype=np.float32), items, lengths), shape=(len(histories), n_items))
    matrix.sum_duplicates()
    return matrix


@contextmanager
def one_blas_thread() -> Iterator[None]:
    """Implicit runs threads of its own; those of the linear algebra inside would fight them (it warns of that)."""
    with require("threadpoolctl", "recommend").threadpool_limits(1, "blas"):
        yield
