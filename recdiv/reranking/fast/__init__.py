"""The same lists from compiled code, where numba is installed: exact greedy that leaves out what cannot matter.

What a method does is said once, in its own file, in plain batched torch; that also runs on CUDA, with any kernel, and
without numba. For item vectors on a CPU the functions here give the same lists faster. Nothing is imported or compiled
before the first call that needs it; compiled code is kept on disk for the next process.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from functools import cache
from importlib import import_module
from importlib.util import find_spec

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from recdiv._cores import over_cores
from recdiv.kernels import EmbeddingKernel, Kernel
from recdiv.reranking._pool import Pool
from recdiv.tables import EMPTY

METHODS = frozenset({"mmr", "msd", "dpp", "ssd", "facility_location"})  # those of which there is compiled code
_USERS = 32  # a piece of work for one thread
Places = npt.NDArray[np.int64]
Given = tuple[npt.NDArray[np.float32], npt.NDArray[np.float64], Places, npt.NDArray[np.float64], Places]


@cache
def installed() -> bool:
    """Whether numba is there and works; asked only when a method is called of which there is compiled code."""
    if find_spec("numba") is None:
        return False
    try:
        import_module("numba")
    except ImportError as error:  # made for another Python or NumPy, say
        warnings.warn(f"numba cannot be used, so lists come from slower code: {error}", stacklevel=2)
        return False
    return True


def compiles(kernel: Kernel | None, device: torch.device) -> bool:
    """Whether lists under a kernel come from compiled code: item vectors and scores in the memory of the CPU."""
    return isinstance(kernel, EmbeddingKernel) and kernel.device.type == device.type == "cpu" and installed()


def usable(pool: Pool) -> bool:
    """Whether a pool's lists come from compiled code."""
    return compiles(pool.kernel, pool.items.device)


def nearest(pool: Pool) -> Tensor:
    """Places that MMR chooses, int64 ``[u, k]``."""
    from recdiv.reranking.fast import _nearest

    return _over_users(pool, lambda given, places: _nearest.choose(*given, pool.diversity, places))


def spread(pool: Pool) -> Tensor:
    """Places that MSD chooses, int64 ``[u, k]``."""
    from recdiv.reranking.fast import _spread

    return _over_users(pool, lambda given, places: _spread.choose(*given, pool.diversity, places))


def volume(pool: Pool, window: int, *, logarithm: bool) -> Tensor:
    """Places that DPP (logarithm) or SSD (square root) chooses, int64 ``[u, k]``."""
    from recdiv.reranking.fast import _volume

    return _over_users(pool, lambda given, places: _volume.choose(*given, pool.diversity, window, logarithm, places))


def reach(pool: Pool) -> Tensor:
    """Places that facility location chooses, int64 ``[u, k]``."""
    from recdiv.reranking.fast import _cover

    return _over_users(pool, lambda given, places: _cover.cover(given, pool.diversity, places))


def _over_users(pool: Pool, choose: Callable[[Given, Places], None]) -> Tensor:
    """What ``choose`` fills in, some users at a time, by as many threads as torch may use."""
    kernel = pool.known
    if not isinstance(kernel, EmbeddingKernel):
        raise TypeError(f"kernel must be an EmbeddingKernel, got {type(kernel).__name__}")
    vectors, scale = kernel.vectors.numpy(), kernel._scale.numpy()
    items, relevance = (np.ascontiguousarray(each.numpy()) for each in (pool.items, pool.relevance))
    history = np.ascontiguousarray(items[:, :0] if pool.history is None else pool.history.numpy())
    places = np.full((len(items), pool.k), EMPTY)

    def fill(some: slice) -> None:
        choose((vectors, scale, items[some], relevance[some], history[some]), places[some])

    over_cores(fill, [slice(start, start + _USERS) for start in range(0, len(items), _USERS)])
    return torch.from_numpy(places)
