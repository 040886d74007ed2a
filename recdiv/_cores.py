"""Many small pieces of work on all cores: one thread a piece, not all threads on each piece in turn."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import torch

_Piece = TypeVar("_Piece")
_Answer = TypeVar("_Answer")
_FEW = 8  # pieces that are not worth starting threads for


def over_cores(call: Callable[[_Piece], _Answer], pieces: Iterable[_Piece]) -> list[_Answer]:
    """``call`` of each piece, in order, by as many threads as torch may use (``torch.set_num_threads``).

    Split inside each small operation instead, two threads have to meet thousands of times a second: little is won
    where both cores are free, and where one is busy each meeting waits for it, which is many times slower than one
    thread.

    >>> over_cores(lambda x: x + 1, [1, 2, 3])
    [2, 3, 4]
    """
    threads, todo = torch.get_num_threads(), list(pieces)
    if threads == 1 or len(todo) < _FEW:
        return [call(piece) for piece in todo]
    try:
        with ThreadPoolExecutor(threads, initializer=torch.set_num_threads, initargs=(1,)) as pool:
            return list(pool.map(call, todo))
    finally:
        torch.set_num_threads(threads)  # a thread that starts later takes the number that was set last


def on_one_core(call: Callable[[], _Answer]) -> _Answer:
    """``call()`` with one torch thread: for an operation too small to share, as the spectrum of a few hundred numbers.

    >>> on_one_core(torch.get_num_threads)
    1
    """
    threads = torch.get_num_threads()
    if threads == 1:
        return call()
    torch.set_num_threads(1)
    try:
        return call()
    finally:
        torch.set_num_threads(threads)
