"""The catalogue in two dimensions: what is shown, how often, and what is not."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from recdiv.evaluation._report import Report
from recdiv.plots import PALETTE, label_points
from recdiv.report._lists import titles_of

_DRAWN = (700, 900)  # points drawn of what is shown and of what is not: a page stays small, an eye sees no more
_OFTEN = 200  # of these the most shown, the others by chance
_NAMED = 24  # titles tried; those that fit stand
_SIZES = (9.0, 28.0, 75.0, 160.0)  # areas of four steps of exposure, points²
_BLOCK = 4096


@dataclass(frozen=True)
class Map:
    """Positions of some items, and the facts about all of them.

    Attributes:
        places: coordinates of every item ``[I, 2]``.
        counts: times each is shown ``[I]``.
        share: part of the variance that the two dimensions hold.
        drawn: rows of the items that are drawn: shown ones, then others.
    """

    places: npt.NDArray[np.float64]
    counts: npt.NDArray[np.int64]
    share: float
    drawn: tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]

    def words(self) -> str:
        """What the map shows, in a sentence or three."""
        n, shown = len(self.counts), int((self.counts > 0).sum())
        parts = [
            f"Items near each other mean much the same (two principal components, {self.share:.0%} of the variance).",
            f"{shown:,} of {n:,} items are shown to somebody ({shown / n:.0%}).",
        ]
        some, others = map(len, self.drawn)
        if some < shown or others < n - shown:
            parts.append(f"Drawn: {some:,} of those (the most shown among them) and {others:,} of the others.")
        return " ".join(parts)


def catalogue_map(report: Report) -> Map | None:
    """The map of a report; None where its kernel has no vectors or too few items."""
    vectors = getattr(report.kernel, "vectors", None)
    if not isinstance(vectors, Tensor) or min(vectors.shape) < 2 or len(vectors) < 3:
        return None
    places, share = principal_plane(vectors)
    counts = report.recs.counts(len(report.catalog)).cpu().numpy()
    generator = np.random.default_rng(0)
    shown = np.argsort(-counts, kind="stable")[: int((counts > 0).sum())]
    often, rest, others = shown[:_OFTEN], shown[_OFTEN:], np.flatnonzero(counts == 0)
    some = np.concatenate([often, _sample(rest, _DRAWN[0] - _OFTEN, generator)])
    return Map(places, counts, share, (some, _sample(others, _DRAWN[1], generator)))


def principal_plane(vectors: Tensor) -> tuple[npt.NDArray[np.float64], float]:
    """Coordinates ``[I, 2]`` on the two directions of largest variance, and the part of it they hold.

    The same each time: of each direction the component furthest from 0 is positive.
    """
    mean = vectors.double().mean(0)
    blocks = [vectors[start : start + _BLOCK] for start in range(0, len(vectors), _BLOCK)]
    spread = torch.zeros(len(mean), len(mean), dtype=torch.float64, device=vectors.device)
    for block in blocks:
        centred = block.double() - mean
        spread.addmm_(centred.T, centred)
    values, directions = torch.linalg.eigh(spread)
    plane = directions[:, [-1, -2]]
    plane = plane * plane.gather(0, plane.abs().argmax(0, keepdim=True)).sign()
    places = torch.cat([(block.double() - mean) @ plane for block in blocks]).cpu().numpy()
    total = float(values.clamp(min=0).sum())
    return places, float(values[-2:].clamp(min=0).sum()) / total if total > 0 else 0.0


def draw_map(ax: Any, report: Report, found: Map) -> None:  # noqa: ANN401
    """Crosses for what is never shown, circles for what is, larger the oftener, and some titles."""
    shown, others = found.drawn
    x, y = found.places.T
    ax.scatter(x[others], y[others], s=12, marker="x", linewidths=0.8, color=PALETTE[4], alpha=0.7, label="never shown")
    for area, rows, words in _steps(shown, found.counts):
        ax.scatter(x[rows], y[rows], s=area, marker="o", color=PALETTE[0], alpha=0.7, linewidths=0, label=words)
    ax.set_xticks([])
    ax.set_yticks([])
    ax.grid(visible=False)
    ax.spines[["left", "bottom"]].set_visible(False)
    ax.legend(
        loc="lower left", bbox_to_anchor=(0, 1.0), ncols=3, fontsize="small", handletextpad=0.2, columnspacing=1.2,
        borderaxespad=0.2,
    )  # fmt: skip
    titles = titles_of(report)
    named = _far_apart(found)
    texts = [str(titles.iloc[row]) for row in named]
    places = found.places.tolist()
    label_points(ax, [places[row] for row in named], texts, clear=[places[row] for row in shown[:_OFTEN]], fontsize=8.5)


def _steps(
    rows: npt.NDArray[np.int64], counts: npt.NDArray[np.int64]
) -> list[tuple[float, npt.NDArray[np.int64], str]]:
    """Items in up to four steps of exposure, each a constant factor above the last, drawn from often to seldom."""
    if not len(rows):
        return []
    most = int(counts[rows].max())
    ends = np.unique(np.round(np.geomspace(1, most + 1, len(_SIZES) + 1)).astype(int))
    found = []
    for step, (low, high) in enumerate(pairwise(ends.tolist())):
        here = rows[(counts[rows] >= low) & (counts[rows] < high)]
        if len(here):
            times = f"{low:,}×" if high - low == 1 else f"{low:,} to {high - 1:,}×"
            found.append((_SIZES[step + len(_SIZES) + 1 - len(ends)], here, times))
    return found


def _far_apart(found: Map) -> list[int]:
    """Some items all over the map: the most shown first, then each time the one furthest from those chosen."""
    rows = np.concatenate(found.drawn)
    places = found.places[rows] / np.maximum(np.ptp(found.places[rows], axis=0), 1e-12)
    chosen = [0]
    distance = ((places - places[0]) ** 2).sum(1)
    while len(chosen) < min(_NAMED, len(rows)):
        chosen.append(int(distance.argmax()))
        distance = np.minimum(distance, ((places - places[chosen[-1]]) ** 2).sum(1))
    return [int(rows[each]) for each in chosen]


def _sample(rows: npt.NDArray[np.int64], n: int, generator: np.random.Generator) -> npt.NDArray[np.int64]:
    return rows if len(rows) <= n else np.sort(generator.choice(rows, n, replace=False))
