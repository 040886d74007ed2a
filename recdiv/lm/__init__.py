"""Language models: the text encoder, and the tagger that is fine-tuned from it. Names load on first use."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

_HOME = {"TextEncoder": "encoder"}
_SUBMODULES = ("encoder", "tagging", "weights")

__all__ = ["TextEncoder", "encoder", "tagging", "weights"]


def __getattr__(name: str) -> Any:  # noqa: ANN401
    if name in _HOME:
        value = getattr(import_module(f"recdiv.lm.{_HOME[name]}"), name)
    elif name in _SUBMODULES:
        value = import_module(f"recdiv.lm.{name}")
    else:
        raise AttributeError(f"module 'recdiv.lm' has no attribute {name!r}")
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)


if TYPE_CHECKING:
    from recdiv.lm.encoder import TextEncoder
