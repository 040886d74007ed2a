"""Where the bundled data lies: inside an installed wheel, or in a checkout's ``data/``."""

from __future__ import annotations

from pathlib import Path


def data_folder() -> Path:
    """The folder that holds ``vocabularies/`` and ``sample/``.

    Raises:
        FileNotFoundError: if neither the package nor the checkout holds it.
    """
    package = Path(__file__).resolve().parents[1]
    for folder in (package / "_data", package.parent / "data"):
        if (folder / "vocabularies").is_dir():
            return folder
    raise FileNotFoundError(f"the bundled data is missing: looked in {package / '_data'} and {package.parent / 'data'}")
