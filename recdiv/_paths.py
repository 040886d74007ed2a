"""Where recdiv keeps what it downloads or computes and can make again."""

from __future__ import annotations

import os
from pathlib import Path

import platformdirs


def cache_folder() -> Path:
    """The folder for downloads and caches: ``RECDIV_CACHE`` if set, else the user's cache folder; not created here."""
    chosen = os.environ.get("RECDIV_CACHE")
    return Path(chosen).expanduser() if chosen else Path(platformdirs.user_cache_path("recdiv"))


def mirror_folder() -> Path | None:
    """The read-only local mirror of the real data sets, from ``RECDIV_DATA``; None when it is not set."""
    chosen = os.environ.get("RECDIV_DATA")
    return Path(chosen).expanduser() if chosen else None


def offline() -> bool:
    """Whether downloads are forbidden: ``RECDIV_OFFLINE`` or ``HF_HUB_OFFLINE`` set to something that means yes."""
    return any(os.environ.get(name, "").lower() in {"1", "true", "yes", "on"} for name in _OFFLINE)


_OFFLINE = ("RECDIV_OFFLINE", "HF_HUB_OFFLINE")
