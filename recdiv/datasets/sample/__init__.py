"""The sample whose truth is known: generated latent first, text drawn given it."""

from __future__ import annotations

from typing import Any

from recdiv.datasets._dataset import Dataset
from recdiv.datasets.sample._bundle import read_bundle, write_bundle
from recdiv.datasets.sample._domain import read_domain
from recdiv.datasets.sample._generate import generate
from recdiv.datasets.sample.feeds import feeds

__all__ = ["feeds", "generate", "load", "read_bundle", "read_domain", "write_bundle"]


def load(domain: str, **dials: Any) -> Dataset:  # noqa: ANN401
    """The bundled sample of a domain, or with any dial of :func:`generate` a freshly drawn one."""
    return generate(domain, **dials) if dials else read_bundle(domain)
