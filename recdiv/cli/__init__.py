"""The command line. Every module here is light at the top: what is heavy loads inside the command that needs it."""

from __future__ import annotations

import sys
from importlib import import_module
from importlib.util import find_spec
from typing import Annotated

import typer

import recdiv

app = typer.Typer(
    help="Recommendation diversity, measured by what the items mean.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_show_locals=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

_COMMANDS = ("evaluate", "compare", "rerank", "loop", "doctor")  # recdiv/cli/<name>.py holds a function of that name
_GROUPS = ("train", "data", "book")  # recdiv/cli/<name>.py holds a Typer called app


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"recdiv {recdiv.__version__}")
        raise typer.Exit


@app.callback()
def _main(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version and leave.")
    ] = False,
) -> None:
    """Recommendation diversity, measured by what the items mean."""


for _name in (*_COMMANDS, *_GROUPS):
    if find_spec(f"recdiv.cli.{_name}") is None:
        continue
    _module = import_module(f"recdiv.cli.{_name}")
    if _name in _GROUPS:
        app.add_typer(_module.app, name=_name)
    else:
        app.command(name=_name)(getattr(_module, _name))


def main() -> None:
    """Run the command line; an error the user can act on is one sentence, not a traceback."""
    try:
        app()
    except (ValueError, FileNotFoundError, ModuleNotFoundError, ConnectionError, PermissionError) as error:
        typer.echo(f"recdiv: {error}", err=True)
        sys.exit(1)
