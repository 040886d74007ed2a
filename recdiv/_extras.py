"""Packages that only some of recdiv needs: imported when used, named when absent."""

from __future__ import annotations

from importlib import import_module
from types import ModuleType

_USED_BY = {
    "lm": "recdiv.lm",
    "plot": "recdiv.plots",
    "data": "recdiv.datasets",
    "book": "the recdiv book",
    "spark": "recdiv.spark",
    "recommend": "recdiv.recommend",
    "fast": "recdiv's compiled code",
    "track": "tracking of training",
}


def require(module: str, extra: str) -> ModuleType:
    """Import ``module``, which comes with ``pip install "recdiv[extra]"``.

    Raises:
        ImportError: if it is not installed, in one sentence that says what to type.

    >>> require("json", "lm").__name__
    'json'
    >>> require("no_such_package", "lm")
    Traceback (most recent call last):
        ...
    ImportError: recdiv.lm needs no_such_package: pip install "recdiv[lm]"
    """
    root = module.partition(".")[0]
    try:
        return import_module(module)
    except ModuleNotFoundError as error:
        if error.name is None or error.name.partition(".")[0] != root:
            raise  # installed, but broken in itself: hiding that would mislead
        user = _USED_BY.get(extra, "recdiv")
        raise ImportError(f'{user} needs {root}: pip install "recdiv[{extra}]"', name=root) from None
