"""Copy the pages whose source changed since a commit, with what they need, and list them in Markdown on stdout.

Usage: changed_pages.py BASE_COMMIT HTML_FOLDER TARGET_FOLDER
"""

import json
import shutil
import subprocess
import sys
from pathlib import Path


def git(*arguments: str) -> str:
    """What git says."""
    return subprocess.run(["git", *arguments], capture_output=True, text=True, check=True).stdout  # noqa: S603, S607


def numbers(value: object, path: str = "") -> dict[str, object]:
    """Every leaf of a JSON value by its path."""
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else None
    if pairs is None:
        return {path: value}
    return {name: leaf for key, inner in pairs for name, leaf in numbers(inner, f"{path}/{key}").items()}


def changed_numbers(base: str, name: str) -> list[str]:
    """One row a number of ``name`` that changed."""
    old = subprocess.run(["git", "show", f"{base}:{name}"], capture_output=True, text=True, check=False)  # noqa: S603, S607
    before = numbers(json.loads(old.stdout)) if old.returncode == 0 else {}
    after = numbers(json.loads(Path(name).read_text(encoding="utf-8"))) if Path(name).exists() else {}
    keys = sorted(key for key in before.keys() | after.keys() if before.get(key) != after.get(key))
    return [f"| {name}{key} | {before.get(key, '')} | {after.get(key, '')} |" for key in keys]


def main(base: str, html: Path, target: Path) -> None:
    """Copy and list."""
    names = git("diff", "--name-only", f"{base}...HEAD").splitlines()
    pages = [Path(name).with_suffix(".html") for name in names if name.startswith(("book/", "notebooks/"))]
    shown = [page for page in pages if (html / page).is_file()]
    if shown:
        shutil.copytree(html / "_static", target / "_static", dirs_exist_ok=True)
    for page in shown:
        (target / page).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(html / page, target / page)
    lines = ["### Pages whose source changed", "", *(f"- {page}" for page in shown or ["none"]), ""]
    rows = [
        row
        for name in names
        if name.startswith(("results/", "notebooks/expected/"))
        for row in changed_numbers(base, name)
    ]
    if rows:
        lines += ["### Recorded numbers that changed", "", "| number | before | after |", "|---|---|---|", *rows]
    sys.stdout.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]))
