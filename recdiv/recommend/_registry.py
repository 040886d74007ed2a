"""The recommenders by name: each is imported when it is asked for."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from recdiv.recommend._base import Recommender

#: name -> "module:Class"
_CLASSES = {
    "als": "recdiv.recommend.als:ALS",
    "bpr": "recdiv.recommend.bpr:BPR",
    "generative": "recdiv.recommend.generative:Generative",
    "item_knn": "recdiv.recommend.item_knn:ItemKNN",
    "popularity": "recdiv.recommend.popularity:Popularity",
    "random": "recdiv.recommend.random:Random",
    "sasrec": "recdiv.recommend.sasrec:SASRec",
    "text": "recdiv.recommend.text:Text",
    "text_transformer": "recdiv.recommend.text_transformer:TextTransformer",
}


def names() -> list[str]:
    """All recommenders, in alphabetical order.

    >>> "item_knn" in names()
    True
    """
    return sorted(_CLASSES)


def class_of(name: str) -> type[Recommender]:
    """The class of a recommender.

    Raises:
        ValueError: for a name that is not in :func:`names`.
    """
    if name not in _CLASSES:
        raise ValueError(f"name must be one of {', '.join(names())}, got {name!r}")
    module, _, attribute = _CLASSES[name].partition(":")
    found: type[Recommender] = getattr(import_module(module), attribute)
    return found


def class_called(name: str) -> type[Recommender] | None:
    """The class whose own name this is (``"ItemKNN"``), or None."""
    return next((class_of(key) for key, target in _CLASSES.items() if target.endswith(f":{name}")), None)


def make(name: str, **options: Any) -> Recommender:  # noqa: ANN401
    """A recommender by name, not yet fitted.

    Args:
        name: one of :func:`names`.
        **options: what its class takes.

    Raises:
        ValueError: for a name that is not in :func:`names`, or what the class says of an option's value.
        TypeError: for an option that the class does not have.

    >>> make("item_knn", neighbours=5).neighbours
    5
    """
    kind = class_of(name)
    unknown = options.keys() - kind.settings()
    if unknown:
        known = ", ".join(kind.settings()) or "none"
        raise TypeError(f"options of {name} must be among: {known}; got {min(unknown)!r}")
    return kind(**options)
