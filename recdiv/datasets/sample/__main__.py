"""``python -m recdiv.datasets.sample``: write the bundled sample; ``show DOMAIN`` to read some of it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from recdiv.datasets import SAMPLES
from recdiv.datasets._paths import data_folder
from recdiv.datasets.sample import generate, write_bundle
from recdiv.datasets.sample._titles import write_titles

app = typer.Typer(add_completion=False, help="Generate the bundled sample.")
console = Console(highlight=False, markup=False)


@app.callback(invoke_without_command=True)
def write(context: typer.Context, folder: Annotated[Path | None, typer.Option(help="Where to write.")] = None) -> None:
    """Write every domain that has a vocabulary, with seed 0 and the default dials, and the tagged product titles."""
    if context.invoked_subcommand is not None:
        return
    folder = folder or data_folder() / "sample"
    for domain in SAMPLES:
        if (data_folder() / "vocabularies" / f"{domain}.toml").is_file():
            for path in write_bundle(generate(domain), folder):
                console.print(f"{path} {path.stat().st_size:,} bytes")
    path = folder / "tagging" / "titles.csv"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(write_titles().to_csv(index=False, lineterminator="\n"), encoding="utf-8")
    console.print(f"{path} {path.stat().st_size:,} bytes")


@app.command()
def show(domain: str, n: Annotated[int, typer.Argument()] = 20, seed: int = 1) -> None:
    """Print N rows of a domain and, indented, the near-duplicates of each."""
    data = generate(domain, seed=seed)
    frame, latent = data.catalog.frame, data.latent
    if latent is None:
        raise typer.Exit(1)
    for first in frame.index[latent.variant == "original"][:n]:
        for row in [first, *(r for r in frame.index[latent.thing == latent.thing[first]] if r != first)]:
            item = frame.loc[row]
            indent = "" if row == first else f"    [{latent.variant[row]}] "
            leaf = latent.topics[latent.leaf[row]]
            console.print(f"{indent}{item.title} :: {item.text}  ({item.category} / {leaf})", soft_wrap=True)


if __name__ == "__main__":
    app()
