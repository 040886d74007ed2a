"""Work in cells, each kept when it ends: an interrupted run goes on where it stopped."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from recdiv._paths import cache_folder
from recdiv._provenance import write_json

Cell = dict[str, Any]


class Cells:
    """Results by their settings, one file each, in the cache folder under ``real/<experiment>``.

    Args:
        experiment: names the folder.
        recipe: raise it when the code changes what the settings mean; older cells are then left alone and not read.
    """

    def __init__(self, experiment: str, *, recipe: int) -> None:
        self.folder: Path = cache_folder() / "real" / experiment
        self.recipe = recipe

    def path(self, settings: Mapping[str, Any]) -> Path:
        """Where the cell of these settings is kept: same settings, same file."""
        text = json.dumps([dict(settings), self.recipe], sort_keys=True)
        names = "-".join(str(settings[key]) for key in ("data", "model", "seed") if key in settings)
        return self.folder / f"{names}-{hashlib.sha256(text.encode()).hexdigest()[:12]}.json"

    def done(self, settings: Mapping[str, Any]) -> Cell | None:
        """The cell of these settings, or None if it has not ended yet."""
        path = self.path(settings)
        return json.loads(path.read_text("utf-8")) if path.is_file() else None

    def get(self, settings: Mapping[str, Any], compute: Callable[[], Cell]) -> Cell:
        """The cell of these settings: read where it is there, else computed and written whole."""
        found = self.done(settings)
        if found is None:
            write_json(self.path(settings), {**settings, **compute()})
            found = self.done(settings)
        return found or {}
