"""Vendored files are the ones that were taken in: each listed, each with the hash and the licence it came with."""

from __future__ import annotations

import hashlib
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
MANIFESTS = [ROOT / "book/_static/vendor/manifest.toml", ROOT / "tests/vendor/manifest.toml"]
PACKAGES = [
    (path.parent / name, package)
    for path in MANIFESTS
    for name, package in tomllib.loads(path.read_text(encoding="utf8")).items()
]


@pytest.mark.parametrize(("folder", "package"), PACKAGES, ids=lambda value: getattr(value, "name", ""))
def test_files_are_those_that_were_taken_in(folder, package):
    files = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    assert files - {"VERSION"} == set(package["sha256"])
    for name, expected in package["sha256"].items():
        assert hashlib.sha256((folder / name).read_bytes()).hexdigest() == expected, name
    assert (folder / "VERSION").read_text().strip() == package["version"]
    assert any(name.startswith("LICENSE") for name in files)
    assert {"licence", "source", "home", "purpose"} <= set(package)


@pytest.mark.parametrize("manifest", MANIFESTS, ids=lambda path: path.parent.parent.name)
def test_no_folder_is_unlisted(manifest):
    listed = set(tomllib.loads(manifest.read_text(encoding="utf8")))
    assert {path.name for path in manifest.parent.iterdir() if path.is_dir()} == listed
