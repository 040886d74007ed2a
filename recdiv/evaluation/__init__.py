"""One call: lists in, a report out."""

from __future__ import annotations

from recdiv.evaluation._evaluate import DEFAULT, evaluate
from recdiv.evaluation._report import Report

__all__ = ["DEFAULT", "Report", "evaluate"]
