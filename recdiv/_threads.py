"""How many cores and how much memory there is to share, without importing anything that counts threads itself."""

from __future__ import annotations

import os

THREADS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")
_MEMORY = 2.5 * 2**30  # bytes that a process with torch and a language model may come to hold


def usable_cores() -> int:
    """How many cores this process may use: those of its affinity, which may be fewer than the machine has.

    >>> usable_cores() >= 1
    True
    """
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def usual_jobs() -> int:
    """How many processes with a language model fit side by side: one a core, and each with memory enough.

    >>> 1 <= usual_jobs() <= usable_cores()
    True
    """
    try:
        memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, OSError, ValueError):  # a system that does not say
        return usable_cores()
    return max(1, min(usable_cores(), int(memory / _MEMORY)))


def share_of_cores(jobs: int) -> dict[str, str]:
    """Variables that give each of ``jobs`` processes its part of the cores; none where the user has set one himself."""
    if jobs == 1 or any(name in os.environ for name in THREADS):
        return {}
    return dict.fromkeys(THREADS, str(max(1, usable_cores() // jobs)))


def share_taken() -> float:
    """The part of the cores that this process and its children fill: 1, or less where variables hold them to fewer.

    >>> 0 < share_taken() <= 1
    True
    """
    threads = os.environ.get(THREADS[0], "")
    return min(1.0, int(threads) / usable_cores()) if threads.isdigit() and int(threads) else 1.0
