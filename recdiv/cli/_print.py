"""Tables on a terminal, as wide as they need to be when nobody watches."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd
    from rich.console import Console

_LEFT = ("metric", "system", "direction", "model", "what", "value")


def console() -> Console:
    """Where results go; 100 columns where it is no terminal."""
    from rich.console import Console

    found = Console()
    return found if found.is_terminal else Console(width=100)


def show(frame: pd.DataFrame, *, title: str, names: dict[str, str] | None = None, to: Console | None = None) -> None:
    """Print a frame of text under a title; ``names`` are better heads of its columns."""
    from rich.markup import escape
    from rich.table import Table

    table = Table(title=escape(title), title_justify="left", box=None, pad_edge=False)
    for column in frame:
        head = (names or {}).get(str(column), str(column))
        table.add_column(escape(head), justify="left" if column in _LEFT else "right", no_wrap=True)
    for row in frame.itertuples(index=False):
        table.add_row(*(escape(str(cell)) for cell in row))
    (to or console()).print(table)


def show_skipped(skipped: dict[str, str], *, to: Console) -> None:
    """What was not measured, by reason."""
    reasons: dict[str, list[str]] = {}
    for name, why in skipped.items():
        reasons.setdefault(_as_typed(why), []).append(name)
    for why, names in reasons.items():
        to.print(f"[dim]not measured: {', '.join(names)} ({why})[/dim]", highlight=False)


def _as_typed(why: str) -> str:
    """A reason in the words of the command line: ``needs kernel and train`` is ``needs --text or --vectors, --train``.

    >>> _as_typed("needs kernel and groups")
    'needs --text or --vectors, --group'
    """
    said = {"kernel": "--text or --vectors", "train": "--train", "test": "--test", "groups": "--group"}
    said["time"] = "--time or --previous"
    needs = why.removeprefix("needs ").split(" and ")
    return "needs " + ", ".join(said.get(need, need) for need in needs) if why.startswith("needs ") else why
