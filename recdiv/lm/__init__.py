"""Language models: the text encoder, and the tagger that is fine-tuned from it. Names load on first use."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

_HOME = {"TagScores": "tag_scores", "Tagger": "tagging", "TextEncoder": "encoder"}
_SUBMODULES = ("encoder", "tag_scores", "tagging", "train_tagger", "weights")

__all__ = ["TagScores", "Tagger", "TextEncoder", "encoder", "tag_scores", "tagging", "train_tagger", "weights"]


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
    from recdiv.lm import encoder, tag_scores, tagging, train_tagger, weights
    from recdiv.lm.encoder import TextEncoder
    from recdiv.lm.tag_scores import TagScores
    from recdiv.lm.tagging import Tagger
