"""Libraries that cannot be installed: their formulas, transcribed from their sources step by step in plain Python.

Written apart from ``recdiv/metrics/elsewhere``, so that the two can disagree. Each file answers as a runner does.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any

Numbers = Callable[[dict[str, Any]], dict[str, Callable[[], float]]]


def formulas(library: str) -> Numbers:
    """``numbers(input)`` of one library."""
    numbers: Numbers = import_module(f"benchmarks.conformance.formulas.{library}").numbers
    return numbers
