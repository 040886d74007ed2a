"""The pictures of a report."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from recdiv.evaluation._report import Report, number
from recdiv.metrics import compute
from recdiv.metrics._chance import random_lists
from recdiv.metrics.entropy import entropy_of
from recdiv.metrics.gini import gini_of
from recdiv.metrics.mutual_information import information_state
from recdiv.plots import HATCHES, PALETTE
from recdiv.tables import Recommendations

SPREAD = ("effective_number", "ild", "category_entropy")  # the first there is tells lists apart
_RANDOM = 1000  # random lists beside those measured
_LABEL = {
    "effective_number": "effective number of different items",
    "ild": "mean distance between two items",
    "category_entropy": "entropy of categories, nats",
}


@dataclass(frozen=True)
class Split:
    """ln gamma = within + between, in nats, under one reading of "different"; ``chance`` is the null of between."""

    name: str
    within: float
    between: float
    chance: float

    def words(self) -> str:
        """The split in a sentence."""
        a, b, c = (number(math.exp(x)) for x in (self.within, self.between, self.within + self.between))
        chance = "" if math.isnan(self.chance) else f" (chance alone: {number(math.exp(self.chance))})"
        return f"{self.name}: {a} within a list × {b} between lists{chance} = {c} in all"


def splits(report: Report) -> list[Split]:
    """The splits that a report's numbers allow."""
    value = dict(zip(report.frame["metric"], report.frame["value"], strict=True))
    null = dict(zip(report.frame["metric"], report.frame["null"], strict=True))
    found = []
    if "alpha" in value and "chi" in value:
        found.append(Split("by meaning", math.log(value["alpha"]), value["chi"], null["chi"]))
    if "category_entropy" in value and "category_information" in value:
        name = "category_information"
        found.append(Split("by category", value["category_entropy"], value[name], null[name]))
    if "mutual_information" in value:
        between = value["mutual_information"]
        total = entropy_of(information_state(report.recs, n_items=len(report.catalog))["mass"])
        found.append(Split("by identity", total - between, between, null["mutual_information"]))
    return [each for each in found if not math.isnan(each.within + each.between)]


def draw_splits(ax: Any, found: list[Split]) -> None:  # noqa: ANN401
    """One bar a reading, on a logarithmic axis, so that multiplied numbers stand end to end."""
    for row, each in enumerate(reversed(found)):
        ax.barh(row, each.within, color=PALETTE[0], height=0.55)
        ax.barh(row, each.between, left=each.within, color=PALETTE[1], hatch=HATCHES[1], height=0.55)
        if not math.isnan(each.chance):
            ax.plot([each.within + each.chance] * 2, [row - 0.4, row + 0.4], color="black", linestyle="-")
    ax.plot([], [], color="black", linestyle="-", label="end of the bar by chance alone")
    handles = [
        ax.barh(0, 0, color=PALETTE[0], label="within a list (α)"),
        ax.barh(0, 0, color=PALETTE[1], hatch=HATCHES[1], label="between lists (β)"),
        ax.lines[-1],
    ]
    top = max((each.within + max(each.between, each.chance, 0) for each in found), default=1.0)
    ticks = [t for t in (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10**4, 10**5) if math.log(t) <= top]
    ax.set_xticks([math.log(t) for t in ticks], [f"{t:,}" for t in ticks])
    ax.set_yticks(range(len(found)), [each.name for each in reversed(found)])
    ax.grid(axis="x")
    ax.grid(visible=False, axis="y")
    ax.set_xlabel("effective number (γ at the end of the bar)")
    ax.legend(handles=handles, loc="lower left", bbox_to_anchor=(0, 1.0), ncols=2, fontsize="small", borderaxespad=0.2)


def spread_metric(report: Report) -> str | None:
    """The list-level metric that tells lists apart in this report."""
    columns = [str(name) for name in report.lists]
    for wanted in SPREAD:
        for name in columns:
            if name.partition("@")[0] == wanted and report.lists[name].notna().any():
                return name
    return None


def _lists_by_chance(report: Report) -> Recommendations:
    """Lists as long as some of those measured, of items drawn from the whole catalogue, each at most once a list."""
    generator = np.random.default_rng(report.settings["rng"])
    lengths = report.recs.lengths[report.recs.lengths > 0].cpu().numpy()
    drawn = torch.from_numpy(generator.choice(lengths, _RANDOM))
    return Recommendations(random_lists(drawn, len(report.catalog), generator))


def random_values(report: Report, name: str) -> npt.NDArray[np.float64]:
    """The metric of random lists, of those that have one."""
    found = compute(name, _lists_by_chance(report), catalog=report.catalog, kernel=report.kernel).per_list
    values: npt.NDArray[np.float64] = found.cpu().numpy()  # type: ignore[union-attr]  # a list metric's
    return values[~np.isnan(values)]


def draw_spread(ax: Any, report: Report, name: str, chance: npt.NDArray[np.float64]) -> None:  # noqa: ANN401
    """Which share of the lists has which value, beside random lists."""
    values = report.lists[name].dropna().to_numpy()
    both = np.concatenate([values, chance])
    bins = np.linspace(both.min() - 1e-9, both.max() + 1e-9, min(40, max(8, int(math.sqrt(len(values))))) + 1)
    share = np.full(len(values), 100 / len(values))
    ax.hist(values, bins=bins, weights=share, histtype="stepfilled", color=PALETTE[0], label="these lists")
    ax.hist(
        chance, bins=bins, weights=np.full(len(chance), 100 / max(len(chance), 1)), histtype="step", color=PALETTE[1],
        linestyle="-", linewidth=1.6, label="random lists",
    )  # fmt: skip
    ax.set_xlabel(_LABEL[name.partition("@")[0]])
    ax.set_ylabel("% of lists")
    ax.locator_params(axis="y", nbins=5)
    ax.legend()


def lorenz_words(report: Report) -> str:
    """Who gets the exposure, in a sentence."""
    counts = report.recs.counts(len(report.catalog)).cpu().double().sort(descending=True).values
    held = counts.cumsum(0) / counts.sum()
    half = int((held < 0.5).sum()) + 1
    return (
        f"Half of all exposure goes to {half:,} of {len(counts):,} items ({half / len(counts):.1%}). "
        "The further the curve lies below the diagonal, the fewer items get it."
    )


def draw_lorenz(ax: Any, report: Report) -> None:  # noqa: ANN401
    """Share of exposure that the least shown items get."""
    counts = report.recs.counts(len(report.catalog)).cpu().double()
    held = np.concatenate([[0.0], counts.sort().values.cumsum(0).numpy()]) / max(float(counts.sum()), 1.0)
    share = np.linspace(0, 1, len(held))
    if len(held) > 400:  # a page needs no more points than pixels
        kept = np.unique(np.linspace(0, len(held) - 1, 400).astype(int))
        held, share = held[kept], share[kept]
    gini = gini_of(counts, len(counts))
    ax.plot([0, 1], [0, 1], color=PALETTE[4], linestyle=":", label="all items alike")
    ax.plot(share, held, color=PALETTE[0], linestyle="-", label=f"shown (Gini {number(gini)})")
    ax.fill_between(share, held, share, color=PALETTE[0], alpha=0.15)
    ax.set_xlabel("share of the catalogue, least shown first")
    ax.set_ylabel("share of exposure")
    ax.legend()
