"""Data by name: the bundled sample of a domain, or a real set."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from recdiv.datasets._anonymity import anonymity
from recdiv.datasets._dataset import Dataset
from recdiv.datasets._latent import Latent
from recdiv.datasets._registry import SOURCES

SAMPLES = ("ecommerce", "news", "music", "video")

__all__ = ["SAMPLES", "Dataset", "Latent", "anonymity", "load", "names"]


def names() -> list[str]:
    """Names of the real sets, in alphabetical order (the bundled sample's domains are in ``SAMPLES``)."""
    return sorted(SOURCES)


def load(name: str, **options: Any) -> Dataset:  # noqa: ANN401
    """A data set by name.

    Args:
        name: a bundled domain (``"ecommerce"``, ``"news"``, ``"music"``, ``"video"``; no network, truth known), or a
            real set from :func:`names`.
        **options: handed to the loader of a real set.

    Raises:
        ValueError: if there is no such set.
    """
    if name in SAMPLES:
        return _call("recdiv.datasets.sample:load", name, **options)
    if name in SOURCES:
        return _call(SOURCES[name], **options)
    raise ValueError(f"name must be one of {', '.join((*SAMPLES, *names()))}, got {name!r}")


def _call(target: str, *arguments: Any, **options: Any) -> Dataset:  # noqa: ANN401
    module, _, function = target.partition(":")
    dataset = getattr(import_module(module), function)(*arguments, **options)
    if not isinstance(dataset, Dataset):
        raise TypeError(f"{target} must return a Dataset, got {type(dataset).__name__}")
    return dataset
