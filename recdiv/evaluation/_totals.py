"""From the sums of a tally to a report."""

from __future__ import annotations

import math
from functools import reduce
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import torch

import recdiv
from recdiv.evaluation._evaluate import COLUMNS
from recdiv.evaluation._intervals import GROUPS, jackknife_interval, within_range
from recdiv.evaluation._report import Report
from recdiv.metrics._registry import State, with_known
from recdiv.tables import EMPTY, Recommendations

if TYPE_CHECKING:
    from recdiv.evaluation._tally import Asked, Tally

_NOT_STATE = ("n", "n_undefined")


class StreamedReport(Report):
    """A report on lists that were never at hand together: numbers, but no lists to draw."""

    def plot(self) -> Any:  # noqa: ANN401
        """Refused."""
        raise ValueError("plot needs all lists in memory, got a report on streamed lists; use rd.evaluate")

    def to_html(self, path: Any) -> Any:  # noqa: ANN401
        """Refused."""
        raise ValueError(f"a page needs all lists in memory, got {path} of a report on streamed lists; write to_json")


def report(tally: Tally, confidence: float | None) -> Report:
    """All numbers of a tally."""
    if confidence is not None and not 0 < confidence < 1:
        raise ValueError(f"confidence must lie between 0 and 1, got {confidence}")
    seen = _total([group["seen"] for group in tally.sums if "seen" in group])
    rows, left_out = [], {}
    for each in tally.asked:
        parts = [group[each.family] for group in tally.sums if each.family in group]
        value, without = _value(each, parts, tally), _left_out(each, parts, tally, confidence)
        if each.metric.level == "corpus":
            left_out[each.name] = without
        reach = (math.nan, math.nan) if confidence is None else jackknife_interval(value, without, confidence)
        rows.append(_row(each, value, within_range(reach, value, each.metric, len(tally.catalog)), _total(parts)))
    return StreamedReport(
        frame=pd.DataFrame(rows, columns=list(COLUMNS)),
        lists=pd.DataFrame(),
        skipped=dict(tally.skipped),
        settings={
            "recdiv": recdiv.__version__,
            "lists": int(seen.get("lists", 0)),
            "slots": tally.slots,
            "items": len(tally.catalog),
            "unknown_slots": int(seen.get("unknown", 0)),
            "kernel": None if tally.kernel is None else repr(tally.kernel),
            "confidence": confidence,
            "null": 0,
            "streamed": f"intervals leave out one of {GROUPS} groups of users; chance needs all lists in memory",
        },
        recs=Recommendations(torch.empty(0, tally.slots, dtype=torch.int64)),
        catalog=tally.catalog,
        kernel=tally.kernel,
        left_out=left_out,
    )


def _total(parts: list[State]) -> State:
    if not parts:
        return {}
    return {key: reduce(torch.add, (part[key] for part in parts)) for key in parts[0]}


def _value(asked: Asked, parts: list[State], tally: Tally) -> float:
    """The number of all these groups together; NaN where there is nothing."""
    if not parts:
        return math.nan
    if asked.metric.value is None and asked.metric.level == "corpus":
        known = {**tally.known, **asked.options}
        return float(with_known(asked.metric.function, _shown(parts), known).value)
    return _finished(asked, _total(parts), tally)


def _finished(asked: Asked, total: State, tally: Tally) -> float:
    if asked.metric.level == "list":
        return float(total["sum"] / total["n"])  # 0 / 0 is NaN
    state = {key: value for key, value in total.items() if key not in _NOT_STATE}
    value: float = with_known(asked.metric.value, state, {**tally.known, **asked.options})  # type: ignore[arg-type]
    return value


def _left_out(asked: Asked, parts: list[State], tally: Tally, confidence: float | None) -> npt.NDArray[np.float64]:
    """Values with one group of users left out, of the groups there are."""
    if confidence is None or len(parts) < 2:
        return np.empty(0)
    if asked.metric.value is None and asked.metric.level == "corpus":
        if asked.metric.left_out is None:
            return np.empty(0)
        known = {**tally.known, **asked.options, "group": torch.arange(len(parts))}
        found: npt.NDArray[np.float64] = with_known(asked.metric.left_out, _shown(parts), known).cpu().numpy()
        return found
    total = _total(parts)
    rest = ({key: total[key] - part[key] for key in total} for part in parts)
    return np.array([_finished(asked, each, tally) for each in rest])


def _shown(parts: list[State]) -> Recommendations:
    """One list a group: the different items that it was shown."""
    rows = [part["counts"].nonzero().squeeze(1) for part in parts]
    return Recommendations(torch.nn.utils.rnn.pad_sequence(rows, batch_first=True, padding_value=EMPTY))


def _row(asked: Asked, value: float, reach: tuple[float, float], total: State) -> dict[str, Any]:
    counted = (int(total.get("n", 0)), int(total.get("n_undefined", 0)))
    numbers = (asked.name, value, *reach, math.nan, math.nan, *counted, asked.metric.direction)
    return dict(zip(COLUMNS, numbers, strict=True))
