"""The files of a real set on this machine: from the local mirror, the cache, or its official address.

The mirror (``RECDIV_DATA``) is only read. What is downloaded goes to ``<cache>/datasets/<folder>``. A file counts only
if its SHA-256 is the one in ``sources.toml``, wherever it lies.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from pathlib import Path

from filelock import FileLock

from recdiv._paths import cache_folder, mirror_folder, offline
from recdiv.datasets._download import DownloadError, download, sha256
from recdiv.datasets._sources import File, Source, source

Progress = Callable[[str, int], None]  # (file name, bytes more)

_MEANWHILE = 'the bundled sample needs none of this: rd.load("video")'


class DataUnavailableError(FileNotFoundError):
    """A real set cannot be read; the message is one sentence that says why and what to do."""


def fetch(
    name: str, files: Collection[str] | None = None, *, force: bool = False, progress: Progress | None = None
) -> dict[str, Path]:
    """Paths of the checked files of a set, by file name, downloading what is neither in the mirror nor in the cache.

    Args:
        name: a real set.
        files: which of its files (default: all but the optional ones).
        force: download again what the cache holds.
        progress: told each file's name and how many more bytes of it have arrived.

    Raises:
        ValueError: if there is no such set or file.
        DataUnavailableError: if a file is absent and cannot be downloaded, or is not the published one.
    """
    wanted = source(name)
    mirror = mirror_folder()
    if mirror is not None and not mirror.is_dir():
        raise DataUnavailableError(
            f"RECDIV_DATA must name a folder, got {str(mirror)!r}; correct or unset it; {_MEANWHILE}"
        )
    found = {}
    try:
        for file in _chosen(wanted, files):
            again = force and bool(file.urls)
            path = None if again else locate(wanted, file)
            found[file.name] = path or _download(wanted, file, again, progress)
    finally:
        for archive in set_folder(wanted).glob(".*.zip*"):  # shared by the files that were members of it
            archive.unlink(missing_ok=True)
    return found


def locate(wanted: Source, file: File) -> Path | None:
    """The checked file in the mirror or the cache; None where it must be downloaded.

    Raises:
        DataUnavailableError: if the mirror holds another file under this name.
    """
    mirrored = in_mirror(wanted, file)
    if mirrored is not None:
        if not _right(mirrored, file):
            raise DataUnavailableError(
                f"{mirrored} is not the published file of {wanted.name!r} (it is damaged or another version: "
                f"{mirrored.stat().st_size:,} bytes, expected {file.bytes:,}); replace it or unset RECDIV_DATA"
            )
        return mirrored
    cached = in_cache(wanted, file)
    return cached if cached is not None and _right(cached, file) else None


def in_mirror(wanted: Source, file: File) -> Path | None:
    """Where the mirror holds the file (unchecked), or None."""
    mirror = mirror_folder()
    path = mirror / wanted.folder / file.name if mirror else None
    return path if path is not None and path.is_file() else None


def in_cache(wanted: Source, file: File) -> Path | None:
    """Where the cache holds the file (unchecked), or None."""
    path = set_folder(wanted) / file.name
    return path if path.is_file() else None


def whereabouts(wanted: Source) -> str:
    """Where a set lies, by names and sizes alone: mirror, cache, absent, or partly where files are missing."""
    places = set()
    for file in wanted.files:
        if file.optional:
            continue
        path = in_mirror(wanted, file)
        place = "mirror" if path else "cache"
        path = path or in_cache(wanted, file)
        places.add(place if path and path.stat().st_size == file.bytes else "absent")
    if len(places) == 1:
        return places.pop()
    return "partly" if "absent" in places else "mirror and cache"


def set_folder(wanted: Source) -> Path:
    """Where the downloads of a set go."""
    return cache_folder() / "datasets" / wanted.folder


def _chosen(wanted: Source, files: Collection[str] | None) -> list[File]:
    if files is None:
        return [file for file in wanted.files if not file.optional]
    known = {file.name: file for file in wanted.files}
    for name in files:
        if name not in known:
            raise ValueError(f"files of {wanted.name!r} must be among {', '.join(known)}, got {name!r}")
    return [known[name] for name in files]


def _right(path: Path, file: File) -> bool:
    return path.stat().st_size == file.bytes and sha256(path) == file.sha256


def _download(wanted: Source, file: File, again: bool, progress: Progress | None) -> Path:
    """The file, downloaded into the cache from the first address that gives the right bytes."""
    _refuse(wanted, file)
    folder = set_folder(wanted)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with FileLock(folder / ".lock"):  # two processes must not write into one .part
            path = None if again else locate(wanted, file)  # another may have fetched it while this one waited
            return path or _first_right(wanted, file, folder / file.name, progress)
    except DataUnavailableError:
        raise
    except OSError as error:
        raise DataUnavailableError(
            f"cannot write to the cache folder {folder} ({error.strerror or error}); "
            f"set RECDIV_CACHE to a folder you can write to, or RECDIV_DATA to a copy of the data; {_MEANWHILE}"
        ) from error


def _refuse(wanted: Source, file: File) -> None:
    """Raise where a download is not allowed or not possible."""
    if not file.urls:
        raise DataUnavailableError(
            f"{file.name} of {wanted.name!r} was derived from the published files and cannot be downloaded; "
            f"set RECDIV_DATA to a folder that holds {wanted.folder}/{file.name}"
        )
    if offline():
        raise DataUnavailableError(
            f"{file.name} of {wanted.name!r} is not on this machine and downloads are off (RECDIV_OFFLINE or "
            f"HF_HUB_OFFLINE is set); unset it and run: recdiv data get {wanted.name}, "
            f"or set RECDIV_DATA to a copy of the data; {_MEANWHILE}"
        )


def _first_right(wanted: Source, file: File, target: Path, progress: Progress | None) -> Path:
    reasons = []
    report = (lambda more: progress(file.name, more)) if progress else None
    for url in file.urls:
        try:
            download(url, target, size=file.bytes, digest=file.sha256, progress=report)
        except DownloadError as error:
            reasons.append(str(error))
        else:
            return target
    raise DataUnavailableError(
        f"could not download {file.name} of {wanted.name!r}: {'; then '.join(reasons)}; check the connection and run "
        f"recdiv data get {wanted.name} again, or set RECDIV_DATA to a copy of the data; {_MEANWHILE}"
    )
