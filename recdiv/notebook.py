"""What the chapters share: which data, which profile, numbers glued into the prose, recorded results.

Everything here also works outside a notebook, where gluing does nothing.
"""

from __future__ import annotations

import html
import json
import random
import re
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeVar

import numpy as np

from recdiv._provenance import machine

if TYPE_CHECKING:
    import pandas as pd
    from IPython.display import HTML

    from recdiv.datasets import Dataset

__all__ = [
    "banner",
    "folded_tables",
    "glue",
    "load",
    "machine",
    "pick",
    "results",
    "results_folder",
    "run_time",
    "seeds",
    "text_table",
    "wide_table",
]

T = TypeVar("T")
Profile = Literal["smoke", "default", "full"]

_STARTED = time.perf_counter()
PROFILES: tuple[Profile, ...] = ("smoke", "default", "full")
GLUE_PREFIX = "application/papermill.record/"  # what MyST-NB reads glued values from, without showing them


def glue(name: str, value: object) -> None:
    """Record ``value`` under ``name`` for the prose: ``{glue:text}`name:.2f```.

    NumPy and torch scalars become plain Python numbers first (MyST-NB prints nothing for the others).

    Raises:
        TypeError: if ``value`` is neither a number nor a string.

    >>> glue("n_items", np.int64(3))  # outside a notebook: nothing happens
    """
    plain = _plain(name, value)
    ipython = sys.modules.get("IPython")
    if ipython is None or ipython.get_ipython() is None:
        return
    from IPython.display import display

    record = {f"{GLUE_PREFIX}text/plain": repr(plain)}
    display(record, raw=True, metadata={"scrapbook": {"name": name, "mime_prefix": GLUE_PREFIX}})  # type: ignore[no-untyped-call]


def _plain(name: str, value: object) -> float | int | str:
    scalar = value.item() if hasattr(value, "item") else value
    if not isinstance(scalar, (int, float, str)):
        raise TypeError(f"glue: {name} must be a number or a string, got {type(value).__name__}")
    return scalar


def pick(profile: str, *, smoke: T, default: T, full: T | None = None) -> T:
    """The setting for this profile; ``full`` falls back to ``default``.

    Raises:
        ValueError: if ``profile`` is not one of smoke, default, full.

    >>> pick("smoke", smoke=10, default=100)
    10
    """
    if profile not in PROFILES:
        raise ValueError(f"profile must be one of {', '.join(PROFILES)}, got {profile!r}")
    if profile == "smoke":
        return smoke
    return full if profile == "full" and full is not None else default


def seeds(seed: int) -> np.random.Generator:
    """A NumPy generator for ``seed``, and the same seed for Python and torch, whose layers draw from global state.

    Only notebooks call this: the library takes ``rng`` and leaves global state alone.
    """
    import torch

    random.seed(seed)
    torch.manual_seed(seed)
    return np.random.default_rng(seed)


def load(data: str, *, sample: str) -> Dataset:
    """The bundled sample called ``sample`` when ``data`` is "sample", else the set called ``data``; says which.

    Meant for the ``DATA`` parameter of a chapter.
    """
    from recdiv import datasets

    dataset = datasets.load(sample if data == "sample" else data)
    banner(dataset)
    return dataset


def banner(dataset: Dataset) -> None:
    """Say, where no reader can miss it, which data what follows was computed from."""
    size = f"{len(dataset.catalog):,} items"
    if dataset.interactions is not None:
        size += f", {len(dataset.interactions):,} interactions of {dataset.interactions.n_users:,} users"
    sys.stdout.write(f"DATA: {dataset.name} ({size})\n{dataset.source}\n")


def text_table(frame: pd.DataFrame) -> HTML:
    """A table of sentences: whole, left-aligned, escaped, without the row numbers."""
    from IPython.display import HTML

    page = frame.to_html(index=False, justify="left", escape=True, border=0, na_rep="")
    left = page.replace("<td>", '<td style="text-align: left">')
    return HTML(left)  # type: ignore[no-untyped-call]


def folded_tables(frames: Mapping[str, pd.DataFrame]) -> HTML:
    """Tables of sentences, each folded under its title and the number of its rows."""
    from IPython.display import HTML

    folds = (
        f"<details><summary>{html.escape(title)} ({len(frame)})</summary>{text_table(frame).data}</details>"
        for title, frame in frames.items()
    )
    return HTML("".join(folds))  # type: ignore[no-untyped-call]


def wide_table(frame: pd.DataFrame, *, said: Mapping[str, str] | None = None) -> HTML:
    """A table wider than a page: it scrolls beneath its first column, which stays.

    Args:
        frame: cells of short text.
        said: for cells that are a sign, the word that is read aloud in its place.
    """
    from IPython.display import HTML

    frame = frame.copy()
    frame.columns.name, frame.index.name = frame.index.name, None  # else a second head row says it
    page = frame.to_html(escape=True, border=0, na_rep="", classes="wide")
    head, body = page.split("<tbody>")
    page = head.replace("<th>", '<th scope="col">') + "<tbody>" + body.replace("<th>", '<th scope="row">')
    for sign, word in (said or {}).items():
        spoken = f'<td><span role="img" aria-label="{html.escape(word)}">{html.escape(sign)}</span></td>'
        page = page.replace(f"<td>{html.escape(sign)}</td>", spoken)
    box = (
        '<div class="wide-table" style="overflow-x: auto" tabindex="0" role="region" aria-label="a table that scrolls">'
    )
    page = re.sub(r">\s+<", "><", page)  # line by line a file keeps a third more of it
    return HTML(f"{box}{page}</div>")  # type: ignore[no-untyped-call]


def run_time() -> float:
    """Seconds since this module was imported, glued as ``run_seconds``: the last cell of a chapter calls it."""
    seconds = time.perf_counter() - _STARTED
    glue("run_seconds", seconds)
    return seconds


def results(name: str) -> dict[str, Any]:
    """What ``results/<name>.json`` recorded: results on real data, made by ``make real``, never by this run.

    Raises:
        FileNotFoundError: if nothing is recorded under that name.
    """
    path = results_folder() / f"{name}.json"
    if not path.is_file():
        known = ", ".join(sorted(other.stem for other in path.parent.glob("*.json"))) or "none"
        raise FileNotFoundError(f"results: {name!r} is not recorded, only {known}; `make real` writes results/*.json")
    recorded: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return recorded


def results_folder() -> Path:
    """Where recorded results lie: inside an installed package, else in the checkout."""
    package = Path(__file__).resolve().parent
    packaged = package / "_results"
    return packaged if packaged.is_dir() else package.parent / "results"
