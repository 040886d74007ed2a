"""How loops are compiled: on first use, kept on disk, and without holding other threads up."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from recdiv._extras import require

_Function = TypeVar("_Function", bound=Callable[..., object])
_SUMS = {"reassoc", "contract", "nsz"}  # a sum may run in any order; NaN and infinity keep their meaning


def compiled(*, any_order: bool = False) -> Callable[[_Function], _Function]:
    """Compile a function of numbers and arrays when it is first called; the result is kept beside the source.

    ``any_order`` lets a sum be split over the lanes of the processor, which is what makes it fast. Where neither the
    folder of the source nor the user's cache folder can be written, each process compiles anew.
    """
    numba = require("numba", "fast")

    def compile_later(function: _Function) -> _Function:
        options = {"nogil": True, "fastmath": _SUMS if any_order else False}
        try:
            made: _Function = numba.njit(cache=True, **options)(function)
        except RuntimeError:  # what numba raises where no folder for its cache can be written
            made = numba.njit(**options)(function)
        return made

    return compile_later
