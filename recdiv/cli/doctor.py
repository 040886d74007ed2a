"""``recdiv doctor``: what is installed and reachable, and what to type for what is not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from rich.table import Table

    from recdiv.cli._findings import Finding

_MARK = {"good": "[green]✓[/]", "missing": "[yellow]○[/]", "broken": "[red]✗[/]"}


def doctor(
    short: Annotated[bool, typer.Option("--short", help="Only what is not good.")] = False,
) -> None:
    """Say what is installed, which device, data and weights are reachable, and what to do about what is not.

    Leaves with 0 when measuring works, 1 when something essential is broken.
    """
    from rich.console import Console

    from recdiv.cli._findings import BROKEN, GOOD, examine

    findings = list(examine())
    console = Console()
    shown = [finding for finding in findings if not short or finding.verdict != GOOD]
    if shown:
        console.print(_table(shown))
    broken = [finding.what for finding in findings if finding.verdict == BROKEN]
    lacking = sum(finding.verdict not in (GOOD, BROKEN) for finding in findings)
    console.print()
    advised: dict[str, list[str]] = {}
    for finding in findings:
        if finding.advice:
            advised.setdefault(finding.advice, []).append(finding.what)
    for advice, what in advised.items():
        console.print(f"{', '.join(what)}: {advice}", soft_wrap=True, markup=False, highlight=False)
    if broken:
        console.print(f"Broken: {', '.join(broken)}. recdiv cannot work until this is put right.", style="red")
        raise typer.Exit(1)
    rest = (
        "everything else is there"
        if not lacking
        else f"{lacking} optional {'thing is' if lacking == 1 else 'things are'} not there (○)"
    )
    console.print(f"recdiv works; {rest}.")


def _table(findings: list[Finding]) -> Table:
    from rich.markup import escape
    from rich.table import Table

    table = Table(box=None, pad_edge=False)
    for column in ("", "area", "what", "found"):
        table.add_column(column, no_wrap=column in ("", "area", "what"), overflow="fold")
    area = None
    for finding in findings:
        label = "" if finding.area == area else finding.area
        area = finding.area
        table.add_row(_MARK[finding.verdict], escape(label), escape(finding.what), escape(finding.found))
    return table
