"""A fitted recommender on disk: ``config.json`` and ``model.safetensors``, no pickle; what does not fit is refused."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from torch import Tensor

from recdiv._extras import require
from recdiv._provenance import versions
from recdiv.tables import Catalog

CONFIG, WEIGHTS = "config.json", "model.safetensors"
_FORMAT = "recdiv recommender 1"


def fingerprint(catalog: Catalog) -> str:
    """SHA-256 of the catalogue's item ids in their order: what row numbers mean.

    >>> import pandas as pd
    >>> one, other = (Catalog(pd.DataFrame({"item_id": ids})) for ids in (["a", "bc"], ["ab", "c"]))
    >>> fingerprint(one) == fingerprint(other)
    False
    """
    return hashlib.sha256(json.dumps([str(each) for each in catalog.item_ids]).encode()).hexdigest()


def write(
    folder: str | os.PathLike[str], name: str, parameters: Mapping[str, Any], catalog: Catalog, state: dict[str, Tensor]
) -> None:
    """Put a recommender of class ``name`` into ``folder``; each file is replaced whole or not at all."""
    path = Path(folder)
    path.mkdir(parents=True, exist_ok=True)
    safetensors = require("safetensors.torch", "recommend")
    tensors = {key: value.detach().cpu().contiguous().clone() for key, value in state.items()}
    data: bytes = safetensors.save(tensors)
    config = {
        "format": _FORMAT,
        "class": name,
        "parameters": dict(parameters),
        "n_items": len(catalog),
        "item_ids_sha256": fingerprint(catalog),
        "weights_sha256": hashlib.sha256(data).hexdigest(),
        "versions": versions(),
    }
    text = json.dumps(config, indent=1)  # before anything is written: a setting that is no JSON must cost nothing
    for file, content in ((WEIGHTS, data), (CONFIG, text.encode())):
        unfinished = path / f"{file}.{os.getpid()}.part"
        unfinished.write_bytes(content)
        unfinished.replace(path / file)


def read(folder: str | os.PathLike[str], catalog: Catalog) -> tuple[dict[str, Any], dict[str, Tensor]]:
    """Configuration and tensors of a recommender of this catalogue.

    Raises:
        FileNotFoundError: if one of the two files is absent.
        ValueError: if they were not written by :func:`write`, are damaged, or belong to another catalogue.
    """
    path = Path(folder)
    for file in (CONFIG, WEIGHTS):
        if not (path / file).is_file():
            raise FileNotFoundError(f"folder must hold a saved recommender ({file}), got {str(folder)!r}")
    config = _config(path)
    data = (path / WEIGHTS).read_bytes()
    if hashlib.sha256(data).hexdigest() != config["weights_sha256"]:
        raise ValueError(
            f"folder {str(folder)!r}: {WEIGHTS} is not the file that was saved with {CONFIG} (cut short or exchanged)"
        )
    if config["item_ids_sha256"] != fingerprint(catalog):
        raise ValueError(
            f"folder {str(folder)!r} holds a recommender of another catalogue ({config['n_items']} items) than train's "
            f"({len(catalog)} items): item ids and their order must be the same"
        )
    return config, dict(require("safetensors.torch", "recommend").load(data))


def _config(path: Path) -> dict[str, Any]:
    try:
        config = json.loads((path / CONFIG).read_text("utf-8"))
    except ValueError:  # not UTF-8, or not JSON
        config = None
    if not isinstance(config, dict) or config.get("format") != _FORMAT:
        raise ValueError(f"folder {str(path)!r}: {CONFIG} must be one that a recommender's save wrote ({_FORMAT!r})")
    return config
