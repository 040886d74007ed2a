"""Where a recorded number comes from: configuration, seeds, versions, data, machine, seconds."""

from __future__ import annotations

import json
import os
import platform
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from recdiv._threads import usable_cores

_PLAIN_LIST = re.compile(r"\[\n([^\[\]{}\"]*)\n *\]")  # of numbers and words of JSON: no text, which may hold anything
_WIDE = {"avx512f": "AVX-512", "amx_tile": "AMX"}
_PACKAGES = ("numpy", "pandas", "recdiv", "scipy", "tokenizers", "torch", "transformers")


def machine() -> str:
    """What it ran on, in words that name no particular computer: all cores, or the part that its threads may fill.

    >>> " CPU core" in machine()
    True
    """
    cores, threads = usable_cores(), os.environ.get("OMP_NUM_THREADS", "")
    share = f"{threads} of " if threads.isdigit() and int(threads) < cores else ""
    return f"{share}{cores} CPU core{'s' if cores != 1 else ''}, {platform.machine()}, {platform.system()}"


def processor() -> str:
    """The processor's name and its widest registers: what numbers of speed depend on most.

    >>> bool(processor())
    True
    """
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:  # not Linux
        return platform.processor() or platform.machine()
    said = {name.strip(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    flags = set(said.get("flags", "").split())
    wide = [word for flag, word in _WIDE.items() if flag in flags]
    return ", ".join([said.get("model name", platform.machine()), *wide])


def today() -> str:
    """The date of a record, in UTC: ``2026-01-31``."""
    return datetime.now(UTC).date().isoformat()


def versions() -> dict[str, str]:
    """Python and the packages a number depends on, those that are installed."""
    found = {"python": platform.python_version()}
    for package in _PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found


def provenance(
    *, config: Mapping[str, Any], seeds: list[int], data: Mapping[str, Mapping[str, str]], seconds: float
) -> dict[str, Any]:
    """The head of every ``results/*.json``.

    Args:
        config: settings, by name.
        seeds: every seed the numbers depend on.
        data: for each data set, the SHA-256 of each of its files.
        seconds: how long it took.
    """
    return {
        "recorded": today(),
        "config": dict(config),
        "seeds": seeds,
        "data": {name: dict(files) for name, files in data.items()},
        "versions": versions(),
        "machine": machine(),
        "seconds": round(seconds, 1),
    }


def write_json(path: Path, content: Mapping[str, Any]) -> None:
    """Write ``content`` whole or not at all, a list of numbers on one line; NaN is refused (record None)."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f".{path.name}.{os.getpid()}")
    text = json.dumps(content, indent=1, ensure_ascii=False, allow_nan=False)
    text = _PLAIN_LIST.sub(lambda found: f"[{' '.join(found[1].split())}]", text)
    unfinished.write_text(text + "\n", encoding="utf-8")
    os.replace(unfinished, path)
