"""What :func:`recdiv.evaluate` hands back."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from recdiv.kernels import Kernel
from recdiv.tables import Catalog, Recommendations


@dataclass(frozen=True)
class Report:
    """Numbers about some lists.

    Attributes:
        frame: one row a metric: metric, value, low, high (interval), null, excess (value − null), n (lists the value
            rests on), n_undefined (lists without one), direction.
        lists: one row a list: user_id, time if there is one, n_items, and a column a list-level metric.
        skipped: default metrics that were left out, and why.
        settings: what it was made with.
        recs, catalog, kernel: what was measured, and by which kernel.
        left_out: of each corpus metric, its values with one group of users left out: what its interval rests on.
    """

    frame: pd.DataFrame
    lists: pd.DataFrame
    skipped: dict[str, str]
    settings: dict[str, Any]
    recs: Recommendations = field(repr=False)
    catalog: Catalog = field(repr=False)
    kernel: Kernel | None = field(default=None, repr=False)
    left_out: dict[str, npt.NDArray[np.float64]] = field(default_factory=dict, repr=False)

    def __getitem__(self, name: str) -> float:
        """Value of a metric by the name it was asked for (``report["gini"]``); the cut-off may be left out."""
        names = self.frame["metric"]
        found = names[(names == name) | (names.str.partition("@")[0] == name)]
        if not len(found):
            raise KeyError(f"{name!r} is not in this report, which has {', '.join(names)}")
        return float(self.frame.loc[found.index[0], "value"])

    def plot(self) -> Any:  # noqa: ANN401
        """A Matplotlib figure: variety within and between lists, the spread over lists, who gets the exposure."""
        return import_module("recdiv.report").figure(self)

    def to_html(self, path: str | Path) -> Path:
        """Write one self-contained page, readable without a network; returns its path."""
        return write(path, import_module("recdiv.report").page(self))

    def to_json(self, path: str | Path) -> Path:
        """Write numbers and settings; an undefined number is null. Returns the path."""
        return write_json(path, self.as_dict())

    def as_dict(self) -> dict[str, Any]:
        """What :meth:`to_json` writes."""
        return {"settings": self.settings, "metrics": records(self.frame), "skipped": self.skipped}

    def table(self) -> pd.DataFrame:
        """The frame as text, three significant digits, for reading."""
        shown = pd.DataFrame({"metric": self.frame["metric"], "value": self.frame["value"].map(number)})
        shown["interval"] = [interval(low, high) for low, high in zip(self.frame.low, self.frame.high, strict=True)]
        for column in ("null", "excess"):
            shown[column] = self.frame[column].map(lambda value: "" if math.isnan(value) else number(value))
        shown["lists"] = self.frame["n"].map("{:,}".format)
        return shown

    def heading(self) -> str:
        """What was measured, in one line."""
        s = self.settings
        unknown = f"; slots that hold something else: {s['unknown_slots']:,}" if s["unknown_slots"] else ""
        return f"{s['lists']:,} lists of up to {s['slots']} out of {s['items']:,} items{unknown}"

    def __repr__(self) -> str:
        table = self.table().to_string(index=False) if len(self.frame) else "(no metric)"
        return f"Report: {self.heading()}\n{table}{self._notes()}"

    def _repr_html_(self) -> str:
        return f"<p>{self.heading()}</p>{self.table().to_html(index=False, border=0)}"

    def _notes(self) -> str:
        return "".join(f"\n{name} left out: {why}" for name, why in self.skipped.items())


def number(value: float) -> str:
    """Three significant digits, thousands apart, NaN as a dash.

    >>> number(0.123456), number(12345.6), number(float("nan")), number(3.0)
    ('0.123', '12,346', '–', '3')
    """
    if math.isnan(value):
        return "–"
    if math.isinf(value):
        return "∞" if value > 0 else "−∞"
    if value == round(value) or abs(value) >= 1000:
        return f"{value:,.0f}".replace("-", "−")
    digits = max(0, 2 - math.floor(math.log10(abs(value))))
    return f"{value:.{min(digits, 4)}f}".replace("-", "−")


def interval(low: float, high: float) -> str:
    """``0.12 to 0.34``, or nothing where there is none."""
    return "" if math.isnan(low) or math.isnan(high) else f"{number(low)} to {number(high)}"


def records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Rows for JSON, where an undefined or infinite number is null."""
    return [{str(key): _plain(value) for key, value in row.items()} for row in frame.to_dict("records")]


def write_json(path: str | Path, data: dict[str, Any]) -> Path:
    """Write strict JSON: no NaN, which most readers refuse."""
    return write(path, json.dumps(data, indent=2, ensure_ascii=False, allow_nan=False) + "\n")


def write(path: str | Path, text: str) -> Path:
    """Write beside, then move into place: nobody reads half a file."""
    path = Path(path)
    beside = path.with_name(f".{path.name}.part")
    beside.write_text(text, encoding="utf-8")
    beside.replace(path)
    return path


def _plain(value: Any) -> Any:  # noqa: ANN401
    value = value.item() if hasattr(value, "item") else value
    return None if isinstance(value, float) and not math.isfinite(value) else value
