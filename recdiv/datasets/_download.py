"""Bytes over HTTP into one file: resumed where they stopped, bounded in size, checked, and moved into place whole.

Why not pooch: it cannot continue a broken download, and what it offers beyond that (a registry, a cache folder) is a
dozen lines here.
"""

from __future__ import annotations

import hashlib
import http.client
import os
import urllib.error
import urllib.parse
import urllib.request
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import IO

Progress = Callable[[int], None]  # told how many more bytes have arrived (negative: some were dropped)

_CHUNK = 1 << 16
_ATTEMPTS = 3
_TIMEOUT = 30.0  # seconds without a byte
_LOCAL = ("127.0.0.1", "localhost", "::1")
_ARCHIVE_LIMIT = 200 << 20


class DownloadError(RuntimeError):
    """A file could not be had; the message is one sentence that says why."""


def sha256(path: Path) -> str:
    """SHA-256 of a file, as hexadecimal digits."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def download(url: str, target: Path, *, size: int, digest: str, progress: Progress | None = None) -> None:
    """Put the ``size`` bytes with SHA-256 ``digest`` at ``target``; ``url`` may be ``archive.zip#member``.

    Bytes gather in ``target`` + ``.part``, which a later call continues; ``target`` appears only when it is right.

    Raises:
        DownloadError: if the server cannot be reached, refuses, stops short, or sends something else.
        OSError: if the folder cannot be written to.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(target.name + ".part")
    address, _, member = url.partition("#")
    if member:
        extract(_archive(address, target.parent), member, part, limit=size)
        if progress:
            progress(size)
    else:
        _gather(address, part, size=size, limit=size, progress=progress)
    found = sha256(part)
    if found != digest:
        part.unlink()
        raise DownloadError(f"{url} sent other bytes than expected (SHA-256 {found[:12]}…, expected {digest[:12]}…)")
    os.replace(part, target)


def extract(archive: Path, member: str, target: Path, *, limit: int) -> None:
    """Write one member of a zip to ``target``, at most ``limit`` bytes; names inside the archive choose no path.

    Raises:
        DownloadError: if it is no zip, has no such member, or the member unpacks to more than ``limit``.
    """
    try:
        with zipfile.ZipFile(archive) as opened, opened.open(member) as stream, target.open("wb") as out:
            copied = 0
            while chunk := stream.read(_CHUNK):
                copied += len(chunk)
                if copied > limit:
                    raise DownloadError(f"{member} in {archive.name} unpacks to more than the expected {limit:,} bytes")
                out.write(chunk)
    except (zipfile.BadZipFile, KeyError) as error:
        raise DownloadError(f"{archive.name} is not a zip archive that holds {member}") from error
    except DownloadError:
        target.unlink(missing_ok=True)
        raise


def _archive(url: str, folder: Path) -> Path:
    """The whole archive, in a hidden file of ``folder`` that serves its other members too; the caller cleans up."""
    archive = folder / f".{url.rpartition('/')[2]}"
    if not archive.exists():
        part = archive.with_name(archive.name + ".part")
        _gather(url, part, size=None, limit=_ARCHIVE_LIMIT, progress=None)
        os.replace(part, archive)
    return archive


def _gather(url: str, part: Path, *, size: int | None, limit: int, progress: Progress | None) -> None:
    """Bring ``part`` to its full length, asking again for the rest when the connection breaks."""
    have = part.stat().st_size if part.exists() else 0
    if size is None or have > limit:
        part.unlink(missing_ok=True)
        have = 0
    if progress:
        progress(have)
    for _ in range(_ATTEMPTS):
        if have == size:
            return
        complete = _request(url, part, have, limit, progress)
        have = part.stat().st_size
        if complete and (size is None or have == size):
            return
    raise DownloadError(
        f"{url} broke off after {have:,} of {f'{size:,}' if size else 'an unknown number of'} bytes; "
        "run the same again to continue from there"
    )


def _request(url: str, part: Path, have: int, limit: int, progress: Progress | None) -> bool:
    """One request for what is missing, appended to ``part``; whether the answer came to its end."""
    try:
        with _open(url, have) as answer:
            resumed = answer.status == 206 and answer.headers.get("Content-Range", "").startswith(f"bytes {have}-")
            if have and not resumed and progress:
                progress(-have)
            with part.open("ab" if resumed else "wb") as out:
                return _copy(answer, out, limit - (have if resumed else 0), url, progress)
    except urllib.error.HTTPError as error:
        if error.code == 416:  # what we have is not a beginning of what is there
            part.write_bytes(b"")
            if progress:
                progress(-have)
            return False
        raise DownloadError(f"{url} answered {error.code} {error.reason}") from error
    except (http.client.HTTPException, ConnectionError, TimeoutError, urllib.error.URLError) as error:
        if part.exists() and part.stat().st_size > have:
            return False
        reason = getattr(error, "reason", None) or error
        raise DownloadError(f"{urllib.parse.urlsplit(url).netloc} could not be reached ({reason})") from error


def _open(url: str, have: int) -> http.client.HTTPResponse:
    parts = urllib.parse.urlsplit(url)
    if parts.scheme != "https" and parts.hostname not in _LOCAL:
        raise DownloadError(f"url must begin with https://, got {url}")
    headers = {"User-Agent": "recdiv", "Accept-Encoding": "identity"}
    if have:
        headers["Range"] = f"bytes={have}-"
    request = urllib.request.Request(url, headers=headers)  # noqa: S310 (scheme checked above)
    answer: http.client.HTTPResponse = urllib.request.urlopen(request, timeout=_TIMEOUT)  # noqa: S310
    return answer


def _copy(answer: http.client.HTTPResponse, out: IO[bytes], room: int, url: str, progress: Progress | None) -> bool:
    """Copy the answer's body; True when it was as long as its header said."""
    promised = answer.length
    copied = 0
    while chunk := answer.read(_CHUNK):
        copied += len(chunk)
        if copied > room:
            out.truncate(0)
            raise DownloadError(f"{url} sent more than the expected {room:,} bytes")
        out.write(chunk)
        if progress:
            progress(len(chunk))
    return promised is None or copied >= promised
