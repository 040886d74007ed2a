"""What each value of diversity costs, and what it buys."""

from __future__ import annotations

from typing import Any

from recdiv._extras import require
from recdiv.evaluation._tune import Tuned
from recdiv.plots import PALETTE, style


def tuning_figure(tuned: Tuned) -> Any:  # noqa: ANN401
    """The cost with its interval and the allowance; below it the effective number, where there was a kernel."""
    plt = require("matplotlib.pyplot", "plot")
    frame, panels = tuned.frame, 1 + ("effective_number" in tuned.frame)
    with style():
        fig, axes = plt.subplots(panels, 1, figsize=(6.4, 1.2 + 2.2 * panels), sharex=True, squeeze=False)
        top = axes[0, 0]
        top.fill_between(frame["diversity"], frame["low"], frame["high"], color=PALETTE[0], alpha=0.18, linewidth=0)
        top.plot(frame["diversity"], frame["cost"], color=PALETTE[0], linestyle="-")
        top.axhline(tuned.allowed, color=PALETTE[1], linestyle="--", linewidth=1.2)
        top.annotate(
            f"{tuned.allowed:.0%} allowed", (1, tuned.allowed), (0, 3), textcoords="offset points", ha="right",
            color=PALETTE[1], fontsize="small",
        )  # fmt: skip
        top.yaxis.set_major_formatter(require("matplotlib.ticker", "plot").PercentFormatter(1.0))
        top.set_title(f"nDCG@{tuned.settings['k']} lost")
        if panels > 1:
            axes[1, 0].plot(frame["diversity"], frame["effective_number"], color=PALETTE[2], linestyle="-")
            axes[1, 0].set_title("effective number of different items a list")
        for ax in axes[:, 0]:
            ax.axvspan(tuned.low, tuned.high, color=PALETTE[4], alpha=0.15, linewidth=0)
            ax.axvline(tuned.diversity, color="black", linewidth=1.2)
        axes[-1, 0].set_xlabel(f"diversity ({tuned.settings['method']})")
    return fig
