"""The bundled sample on disk: two gzipped CSV files and one archive of arrays a domain, the same bytes each time."""

from __future__ import annotations

import gzip
import io
from dataclasses import fields
from pathlib import Path

import numpy as np
import pandas as pd

from recdiv.datasets._dataset import Dataset
from recdiv.datasets._latent import Latent
from recdiv.datasets._paths import data_folder
from recdiv.tables import Catalog, Interactions

_SINGLE = ("item_topics", "interests", "prominence")  # kept in single precision: half the size, 7 digits


def write_bundle(dataset: Dataset, folder: Path) -> list[Path]:
    """Write ``dataset`` under ``folder/<name>``; returns the files."""
    if dataset.interactions is None or dataset.latent is None:
        raise ValueError(f"dataset must hold interactions and the latent, got {dataset!r}")
    target = folder / dataset.name
    target.mkdir(parents=True, exist_ok=True)
    paths = [target / "items.csv.gz", target / "interactions.csv.gz", target / "latent.npz"]
    for path, frame in zip(paths, (dataset.catalog.frame, dataset.interactions.frame), strict=False):
        path.write_bytes(_gzipped(frame.to_csv(index=False, lineterminator="\n")))
    paths[2].write_bytes(_archive(dataset.latent))
    return paths


def read_bundle(name: str, folder: Path | None = None) -> Dataset:
    """The bundled sample of a domain.

    Raises:
        FileNotFoundError: if the files are not there.
    """
    source = (folder or data_folder() / "sample") / name
    if not (source / "latent.npz").is_file():
        raise FileNotFoundError(f"no bundled sample {name!r} in {source}; write it: python -m recdiv.datasets.sample")
    catalog = Catalog(pd.read_csv(source / "items.csv.gz", keep_default_na=False, na_values={"category": [""]}))
    acts = Interactions(pd.read_csv(source / "interactions.csv.gz"), catalog)
    latent = _read_latent(source / "latent.npz")
    if len(latent.thing) != len(catalog) or latent.interests.shape[1] != acts.n_users:
        raise ValueError(f"bundled sample {name!r}: {source} holds files of different runs; write it anew")
    return Dataset(name, f"bundled sample, {name}: generated text, truth known, CC0 1.0", catalog, acts, latent)


def _gzipped(text: str) -> bytes:
    buffer = io.BytesIO()
    with gzip.GzipFile(fileobj=buffer, mode="wb", filename="", mtime=0) as file:
        file.write(text.encode())
    return buffer.getvalue()


def _archive(latent: Latent) -> bytes:
    """Users before segments, so that a user's repeated interests lie side by side and compress."""
    arrays = {field.name: getattr(latent, field.name) for field in fields(Latent)}
    arrays["interests"] = arrays["interests"].transpose(1, 0, 2)
    for name in _SINGLE:
        arrays[name] = arrays[name].astype(np.float32)
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **arrays)
    return buffer.getvalue()


def _read_latent(path: Path) -> Latent:
    with np.load(path, allow_pickle=False) as archive:
        arrays = {field.name: archive[field.name] for field in fields(Latent)}
    for name in _SINGLE:
        arrays[name] = arrays[name].astype(np.float64)
    for name in ("item_topics", "interests"):
        arrays[name] = arrays[name] / arrays[name].sum(axis=-1, keepdims=True)
    arrays["interests"] = arrays["interests"].transpose(1, 0, 2)
    return Latent(**arrays)
