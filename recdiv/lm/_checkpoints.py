"""Checkpoints that are known to be whole: sealed when written, looked over before they are trusted."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from recdiv._extras import require
from recdiv._provenance import write_json

SEAL = "sealed.json"  # written last: the size of every file of a checkpoint
RUN = "run.json"  # what is being trained here, so that nothing else goes on from it


def seal(checkpoint: Path) -> None:
    """Say that ``checkpoint`` is complete, by the sizes of its files."""
    sizes = {file.name: file.stat().st_size for file in sorted(checkpoint.iterdir()) if file.is_file()}
    sizes.pop(SEAL, None)
    write_json(checkpoint / SEAL, {"files": sizes})


def fault(checkpoint: Path) -> str | None:
    """What is wrong with a checkpoint, in words; None where it is whole."""
    if not (checkpoint / SEAL).is_file():
        return "was not written to its end"
    try:
        sizes = json.loads((checkpoint / SEAL).read_text("utf-8"))["files"]
    except (json.JSONDecodeError, KeyError, UnicodeDecodeError):
        return f"is damaged ({SEAL} cannot be read)"
    for name, size in sizes.items():
        file = checkpoint / name
        found = file.stat().st_size if file.is_file() else None
        if found != size:
            what = "is missing" if found is None else f"has {found:,} bytes"
            return f"is truncated ({name} {what}, must have {size:,})"
    return None


def newest(folder: Path) -> tuple[Path | None, list[str]]:
    """The last whole checkpoint of ``folder``, and what is wrong with those after it."""
    found = [path for path in folder.glob("checkpoint-*") if path.name.rpartition("-")[2].isdigit()]
    faults: list[str] = []
    for path in sorted(found, key=step_of, reverse=True):
        wrong = fault(path)
        if wrong is None:
            return path, faults
        faults.append(f"{path.name} {wrong}")
    return None, faults


def step_of(checkpoint: Path) -> int:
    """The step after which a checkpoint was written."""
    return int(checkpoint.name.rpartition("-")[2])


def load_weights(model: torch.nn.Module, checkpoint: Path) -> None:
    """Put the weights of ``checkpoint`` into ``model`` (into its LoRA corrections where it has them)."""
    safetensors = require("safetensors.torch", "lm")
    adapter = checkpoint / "adapter_model.safetensors"
    if adapter.is_file():
        require("peft", "lm").set_peft_model_state_dict(model, safetensors.load_file(adapter))
    else:
        model.load_state_dict(safetensors.load_file(checkpoint / "model.safetensors"), strict=False)


def identity(
    model: torch.nn.Module,
    settings: Mapping[str, Any],
    dataset: Any,  # noqa: ANN401
    tokenizer: Any,  # noqa: ANN401
) -> dict[str, Any]:
    """What makes a run this run: its settings, the shapes of its weights, its vocabulary and its rows.

    Rows are told apart by their number, and by their ``fingerprint`` where the data set has one.
    """
    shapes = sorted((name, list(weight.shape)) for name, weight in model.named_parameters())
    return {
        "settings": dict(settings),
        "rows": len(dataset),
        "data": getattr(dataset, "fingerprint", None),
        "shapes": hashlib.sha256(json.dumps(shapes).encode()).hexdigest(),
        "vocabulary": None if tokenizer is None else vocabulary(tokenizer),
    }


def vocabulary(tokenizer: Any) -> str:  # noqa: ANN401
    """SHA-256 of the tokens and their numbers."""
    return hashlib.sha256(json.dumps(sorted(tokenizer.get_vocab().items())).encode()).hexdigest()


def refuse_another(folder: Path, mine: Mapping[str, Any]) -> None:
    """Go on only with the run that was begun in ``folder``.

    Raises:
        ValueError: if ``folder`` holds a run with other settings, weights, vocabulary or rows.
    """
    file = folder / RUN
    if not file.is_file():
        return
    theirs = json.loads(file.read_text("utf-8"))
    advice = "pass another folder, or empty this one"
    if theirs["vocabulary"] != mine["vocabulary"]:
        raise ValueError(f"folder {os.fspath(folder)!r} holds checkpoints of another vocabulary; {advice}")
    if theirs["shapes"] != mine["shapes"]:
        raise ValueError(f"folder {os.fspath(folder)!r} holds checkpoints of a model of another shape; {advice}")
    if theirs["rows"] != mine["rows"]:
        got = f"holds a run on {theirs['rows']:,} rows, got {mine['rows']:,}"
        raise ValueError(f"folder {os.fspath(folder)!r} {got}; {advice}")
    if theirs["data"] != mine["data"]:
        raise ValueError(f"folder {os.fspath(folder)!r} holds a run on other rows; {advice}")
    for name, value in mine["settings"].items():
        if theirs["settings"].get(name) != value:
            got = f"holds a run with {name}={theirs['settings'].get(name)!r}, got {value!r}"
            raise ValueError(f"folder {os.fspath(folder)!r} {got}; {advice}")
