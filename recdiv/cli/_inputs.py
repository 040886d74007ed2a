"""From the options of a command to the tables it measures, and from results to files."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    import pandas as pd

    from recdiv.files import Batches
    from recdiv.kernels import Kernel
    from recdiv.tables import Catalog, Interactions, Recommendations

ENDINGS = (".html", ".json", ".csv")
_SAID = {  # what the library calls it, and what it is called here
    "unknown='count'": "--allow-unknown",
    "repeats='keep'": "--allow-repeats",
    "needs a 'user_id' column, got": "needs a 'user_id' column (or --user NAME), got",
    "needs a 'item_id' column, got": "needs an 'item_id' column (or --item NAME), got",
}


_HOW = {  # what a metric needs, and the option that gives it
    "kernel": "--text, which reads the items with a language model, or --vectors",
    "train": "--train FILE",
    "test": "--test FILE",
    "time": "--time COLUMN or --previous FILE",
    "groups": "--group COLUMN",
    "demand": "demand, which only the library takes",
    "scorer": "a scorer, which only the library takes",
}


@dataclass(frozen=True)
class Inputs:
    """How files are to be read: names of columns, what to tolerate, what makes items the same."""

    user: str | None
    item: str | None
    rank: str | None
    score: str | None
    time: str | None
    title: str
    body: str
    category: str
    form: str
    allow_unknown: bool
    allow_repeats: bool
    kernel: str
    model: str | None
    vectors: Path | None
    group: str | None = None
    domain: str = "none"

    def catalog(self, path: Path) -> Catalog:
        """The items."""
        from recdiv.files import read_catalog

        return read_catalog(
            path, item=self.item, columns={"title": self.title, "text": self.body, "category": self.category}
        )

    def lists(self, path: Path, catalog: Catalog) -> Recommendations:
        """The lists of one file."""
        from recdiv.files import read_recommendations

        return read_recommendations(path, catalog, ids="text", group=self.group, **self.reading())

    def earlier(self, path: Path | None, catalog: Catalog) -> Recommendations | None:
        """The lists that were shown before, where a file was named."""
        return None if path is None else replace(self, group=None).lists(path, catalog)

    def batches(self, path: Path, catalog: Catalog) -> Batches:
        """The lists of one Parquet file, some at a time."""
        from recdiv.files import read_batches

        return read_batches(path, catalog, ids="text", **self.reading())

    def reading(self) -> dict[str, Any]:
        """Keyword arguments of the readers of lists."""
        return {
            **{"format": self.form, "user": self.user, "item": self.item, "rank": self.rank, "score": self.score},
            "time": self.time,
            "unknown": "count" if self.allow_unknown else "raise",
            "repeats": "keep" if self.allow_repeats else "raise",
        }

    def events(self, path: Path | None, catalog: Catalog) -> Interactions | None:
        """What users did, where a file was named."""
        from recdiv.files import read_interactions

        if path is None:
            return None
        return read_interactions(path, catalog, user=self.user, item=self.item, ids="text")

    def similarity(self, catalog: Catalog) -> Kernel | None:
        """The kernel that was chosen; texts are read only when asked."""
        from recdiv import kernels

        if self.vectors is not None:
            from recdiv.files import read_vectors

            if self.kernel != "none":
                other = f"--kernel {self.kernel}" if self.domain == "none" else f"--domain {self.domain}"
                raise ValueError(f"--vectors must stand alone, got {other} too")
            return kernels.EmbeddingKernel(read_vectors(self.vectors, catalog))
        if self.kernel == "text":
            from recdiv import presets
            from recdiv.lm import TextEncoder

            if self.domain != "none":
                return presets.get(self.domain).kernel(catalog, encoder=TextEncoder(self.model))
            return kernels.EmbeddingKernel.from_text(catalog, encoder=TextEncoder(self.model))
        if self.kernel == "category":
            return kernels.CategoryKernel(catalog.categories)
        return kernels.IdentityKernel(len(catalog)) if self.kernel == "identity" else None


def metric_names(text: str | None) -> Sequence[str]:
    """Names apart by spaces or commas (``alpha@q=2,k=5`` is one), each known: said before any file is read.

    >>> metric_names("gini,entropy alpha@q=2,k=5")
    ['gini', 'entropy', 'alpha@q=2,k=5']
    """
    if not text or not text.strip():
        return "default"
    from recdiv.metrics._compute import parse

    found = [name for name in re.split(r"\s+|,\s+|,(?=[A-Za-z])(?![^,@\s]*=)", text.strip(", ")) if name]
    for name in found:
        parse(name)
    return found


def check_asked(
    names: Sequence[str], confidence: float, recs: Recommendations, files: Inputs, given: Mapping[str, object]
) -> None:
    """Refuse what cannot be measured before a language model reads any item.

    Args:
        names: metrics, or "default", which leaves out what it cannot measure.
        confidence: of the intervals.
        recs: the lists, which may carry some of it.
        files: tells whether there will be a kernel.
        given: the other tables by name, None where no file was named.
    """
    if not 0 < confidence < 1:
        raise ValueError(f"--confidence must lie between 0 and 1, got {confidence:g}")
    if names == "default":
        return
    from recdiv.metrics._compute import missing_needs, parse

    known = {name: table for name, table in given.items() if table is not None}
    known |= {"n_items": 0} | ({"kernel": files} if files.kernel != "none" or files.vectors is not None else {})
    for name in names:
        metric = parse(name)[0]
        if missing := missing_needs(metric, known, recs):
            raise ValueError(f"metric {metric.name} needs {' and '.join(_HOW.get(need, need) for need in missing)}")


@contextmanager
def one_sentence(command: str) -> Iterator[None]:
    """What was wrong with the input, in one line, and exit code 2."""
    try:
        yield
    except (ValueError, ImportError, OSError, ArithmeticError, MemoryError) as error:
        message = " ".join(str(error).split())
        for there, here in _SAID.items():
            message = message.replace(there, here)
        typer.echo(f"recdiv {command}: {message}", err=True)
        raise typer.Exit(2) from None


def outputs(out: Sequence[Path] | None, html: Path | None, json: Path | None) -> dict[str, Path]:
    """Files to write, by ``option path`` as a message names them; the ending says what."""
    found: dict[str, Path] = {}
    for path in out or ():
        if path.suffix.lower() not in ENDINGS:
            raise ValueError(f"--out {path} must end in {', '.join(ENDINGS)}, got {path.suffix or 'no ending'!r}")
        found[f"--out {path}"] = path
    found |= {f"{option} {path}": path for option, path in (("--html", html), ("--json", json)) if path is not None}
    return found


def check_outputs(given: Mapping[str, Path], *, inputs: Sequence[Path | None]) -> None:
    """Refuse, before anything is measured, to write over what is read or where nothing can be written."""
    read = {path.resolve() for path in inputs if path is not None}
    for option, path in given.items():
        folder = path.absolute().parent
        if path.resolve() in read:
            raise ValueError(f"{option} must not be one of the files that are read")
        if not folder.is_dir():
            raise ValueError(f"{option} must be in a folder that exists, got no folder {path.parent}")
        if path.is_dir():
            raise ValueError(f"{option} must be a file, got a folder")
        if not os.access(folder, os.W_OK):
            raise ValueError(f"{option} must be in a folder that can be written, got {folder}")
    if len({path.resolve() for path in given.values()}) < len(given):
        raise ValueError(f"outputs must be different files, got {' and '.join(given)}")


def write_all(given: Mapping[str, Path], result: Any, table: pd.DataFrame) -> Iterator[Path]:  # noqa: ANN401
    """Write the page, the numbers or the table, as option or ending says."""
    from recdiv.evaluation._report import write

    how: dict[str, Callable[[Path], Path]] = {
        "html": result.to_html,
        "json": result.to_json,
        "csv": lambda path: write(path, table.to_csv(index=False)),
    }
    for option, path in given.items():
        kind = option.removeprefix("--").partition(" ")[0]
        yield how[path.suffix.lower()[1:] if kind == "out" else kind](path)


def kernel_of(kernel: str, text: bool, domain: str) -> str:
    """What makes items the same, from the three options that say so.

    Raises:
        ValueError: if a domain, which reads texts, stands beside another kind of kernel.
    """
    if domain != "none" and kernel not in ("none", "text"):
        raise ValueError(f"--domain {domain} reads texts; leave it out, or --kernel {kernel}")
    return "text" if text or domain != "none" else kernel
