"""``{speed-tables}``: the recorded benchmark, ``results/benchmark_metrics.json``, as tables and a figure."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from typing import Any

from docutils import nodes
from docutils.statemachine import StringList
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from recdiv.notebook import results_folder

RECORDED = results_folder() / "benchmark_metrics.json"
SCORER = results_folder() / "benchmark_scorer.json"
_WIDTH, _HEIGHT, _LEFT, _RIGHT, _EDGE = 640, 340, 60, 170, 40
_PARTS = {"cpu_seconds": "CPU seconds", "gigabytes_beyond": "gigabytes beyond the input"}
_NAMES = {
    "with five nulls": "the default set of `evaluate`, five re-dealt draws, no intervals",
    "without nulls": "the same without re-dealt draws",
    "lists": "semantic coverage of the same lists",
    "half": "semantic coverage where half of the catalogue is shown, which is dearest",
}

_QUESTIONS = {
    "catalogue": "every title after a history of ten",
    "lists": "each title after the ones before it in a list of ten",
    "texts": "titles and texts of mixed length, after nothing",
}


def table(rows: list[dict[str, Any]]) -> Iterator[str]:
    """Lines of Markdown: a metric, then its peers."""
    yield "| metric | peer | lists | peer, s | recdiv, s | least work, s | recdiv / least | peer / recdiv |"
    yield "|---|---|---:|---:|---:|---:|---:|---:|"
    for own in (row for row in rows if "floor" in row):
        yield (f"| `{own['metric']}` | | | | {own['ours']:.3g} | {own['floor']:.3g} | {own['to_floor']:.2g} | |")
        for row in rows:
            if "peer" not in row or row.get("metric") != own["metric"]:
                continue
            name = f"{row['peer']} {row['version']}"
            if "error" in row:
                yield f"| | {name} | | failed | | | | |"
                continue
            part = "\\*" if row["lists"] < row["of"] else ""
            yield (
                f"| | {name} | {row['lists']:,}{part} | {row['seconds']:.3g} | {row['ours']:.3g} | | "
                f"| {row['to_ours']:,.3g} |"
            )


def whole(recorded: dict[str, Any]) -> Iterator[str]:
    """Lines of Markdown for whole calls."""
    yield "| call | CPU seconds | gigabytes beyond the input |"
    yield "|---|---:|---:|"
    for name, took in {**recorded["default_set"], **recorded["semantic_coverage"]}.items():
        yield f"| {_NAMES[name]} | {took['cpu_seconds']:.3g} | {took['gigabytes_beyond']:.2g} |"


def scorer(recorded: dict[str, Any]) -> Iterator[str]:
    """Lines of Markdown for texts scored a second."""
    sides = list(next(iter(recorded["questions"].values())))
    config, versions = recorded["config"], recorded["versions"]
    yield (
        f"Recorded {recorded['recorded']} on {recorded['machine']}, torch {versions['torch']}, transformers "
        f"{versions['transformers']}; a model of {config['parameters'] / 1e6:.1f} million parameters, one thread."
    )
    yield ""
    yield f"| texts a second | {' | '.join(sides)} | recdiv / padded batches |"
    yield f"|---|{'---:|' * (len(sides) + 1)}"
    for name, found in recorded["questions"].items():
        rates = [found[side]["texts_per_second"] for side in sides]
        ratio = found["recdiv"]["texts_per_second"] / found["padded batches"]["texts_per_second"]
        yield f"| {_QUESTIONS[name]} | {' | '.join(f'{rate:,.0f}' for rate in rates)} | {ratio:.2g} |"


def figure(growth: dict[str, dict[str, dict[str, float]]], part: str) -> str:
    """Lines on two logarithmic axes, in the colour of the text, so that light and dark both read."""
    lists = sorted(map(int, growth))
    metrics = list(growth[str(lists[0])])
    least = 0.01
    values = {name: [max(growth[str(n)][name][part], least) for n in lists] for name in metrics}
    top = math.ceil(math.log10(max(map(max, values.values()))))
    low = math.floor(math.log10(min(map(min, values.values()))))

    def x(n: float) -> float:
        return _LEFT + (_WIDTH - _LEFT - _RIGHT) * math.log(n / lists[0]) / math.log(lists[-1] / lists[0])

    def y(value: float) -> float:
        return _HEIGHT - _EDGE - (_HEIGHT - 2 * _EDGE) * (math.log10(value) - low) / max(top - low, 1)

    drawn = [f'<text x="4" y="20">{_PARTS[part]}</text>']
    for n in lists:
        drawn.append(f'<text x="{x(n):.0f}" y="{_HEIGHT - 16}" text-anchor="middle">{_short(n)}</text>')
    for power in range(low, top + 1):
        at = y(10.0**power)
        drawn.append(f'<line x1="{_LEFT}" x2="{_WIDTH - _RIGHT}" y1="{at:.1f}" y2="{at:.1f}" opacity="0.25"/>')
        drawn.append(f'<text x="{_LEFT - 8}" y="{at + 4:.1f}" text-anchor="end">{10.0**power:g}</text>')
    last = -math.inf
    for order, name in enumerate(sorted(metrics, key=lambda name: y(values[name][-1]))):
        points = " ".join(f"{x(n):.1f},{y(value):.1f}" for n, value in zip(lists, values[name], strict=True))
        dashes = ("", "6 3", "2 3", "8 3 2 3")[order % 4]
        drawn.append(f'<polyline points="{points}" fill="none" stroke-width="2" stroke-dasharray="{dashes}"/>')
        last = max(y(values[name][-1]) + 4, last + 16)
        drawn.append(f'<text x="{_WIDTH - _RIGHT + 8}" y="{last:.1f}">{name}</text>')
    told = "; ".join(f"{name} from {values[name][0]:.3g} to {values[name][-1]:.3g}" for name in metrics)
    said = f"{_PARTS[part]} against lists, both logarithmic, {_short(lists[0])} to {_short(lists[-1])}: {told}"
    style = "stroke:currentColor;fill:currentColor;max-width:100%;height:auto"
    text = "<style>.growth text{stroke:none;font-size:13px}.growth polyline{fill:none}</style>"
    return (
        f'<svg class="growth" role="img" aria-label="{said}" viewBox="0 0 {_WIDTH} {_HEIGHT}" style="{style}">'
        f"<title>{said}</title>{text}{''.join(drawn)}</svg>"
    )


def _short(n: int) -> str:
    return f"{n / 1e6:g} M" if n >= 1_000_000 else f"{n / 1e3:g} k"


class SpeedTables(SphinxDirective):
    """What its one word asks for: a size (``S``, ``L``), ``whole``, ``growth``, ``how`` or ``scorer``."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """Read the record and draw the part asked for."""
        asked = self.arguments[0]
        source = SCORER if asked == "scorer" else RECORDED
        self.env.note_dependency(str(source))
        recorded = json.loads(source.read_text(encoding="utf-8"))
        if asked == "scorer":
            return self._markdown(scorer(recorded))
        if asked == "growth":
            return [nodes.raw("", figure(recorded["growth"]["cpu"], part), format="html") for part in _PARTS]
        if asked == "whole":
            return self._markdown(whole(recorded))
        if asked == "how":
            config, versions = recorded["config"], recorded["versions"]
            return self._markdown(
                [
                    f"Recorded {recorded['recorded']} on {recorded['machine']}, Python {versions['python']}, torch "
                    f"{versions['torch']}, NumPy {versions['numpy']}; "
                    f"a row of a peer had {config['limit_seconds']:g} seconds."
                ]
            )
        lists, slots, items = recorded["config"]["sizes"][asked]
        said = f"**{lists:,} lists of {slots} out of {items:,} items**, {recorded['config']['dimension']} dimensions."
        return self._markdown([said, "", *table(recorded["sizes"][asked])])

    def _markdown(self, lines: Any) -> list[nodes.Node]:  # noqa: ANN401
        box = nodes.container()
        self.state.nested_parse(StringList(list(lines), source="results"), self.content_offset, box)
        return list(box.children)


def setup(app: Sphinx) -> dict[str, bool]:
    """Register with Sphinx."""
    app.add_directive("speed-tables", SpeedTables)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
