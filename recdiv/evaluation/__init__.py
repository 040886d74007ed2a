"""One call: lists in, a report out; or several systems side by side."""

from __future__ import annotations

from recdiv.evaluation._compare import Comparison, compare
from recdiv.evaluation._evaluate import DEFAULT, evaluate
from recdiv.evaluation._frontier import choices, frontier
from recdiv.evaluation._report import Report
from recdiv.evaluation._tally import Tally, stream
from recdiv.evaluation._tune import Tuned, tune_diversity

__all__ = [
    "DEFAULT", "Comparison", "Report", "Tally", "Tuned", "choices", "compare", "evaluate", "frontier", "stream",
    "tune_diversity",
]  # fmt: skip
