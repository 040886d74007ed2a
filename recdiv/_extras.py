"""Optional dependencies, asked for by name."""

from __future__ import annotations

from importlib import import_module
from typing import Any


def require(module: str, extra: str) -> Any:  # noqa: ANN401
    """Import ``module``, or say in one sentence which extra brings it."""
    try:
        return import_module(module)
    except ModuleNotFoundError as error:
        if error.name is None or not (module == error.name or module.startswith(error.name + ".")):
            raise
        raise ImportError(f'recdiv needs {module.split(".")[0]} here: pip install "recdiv[{extra}]"') from error
