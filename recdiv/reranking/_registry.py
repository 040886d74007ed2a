"""The re-rankers by name."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from torch import Tensor

Choose = Callable[..., Tensor]  # (pool, *, options) -> places in the pool, int64 [u, k], -1 where nothing is left
_METHODS: dict[str, Method] = {}


@dataclass(frozen=True)
class Method:
    """What is known of a re-ranker.

    Attributes:
        name: what :func:`recdiv.rerank` calls it.
        choose: the function itself.
        formula: what it maximises, or the step it takes, with δ for ``diversity``.
        maps: what δ is in the terms of the source, where 0 is relevance only and 1 diversity only.
        bound: how near to the best list it comes for sure; "" where nothing is promised.
        needs: which of ``kernel``, ``history``, ``interests``, ``popularity`` it cannot do without; ``"a|b"`` means
            one of the two.
        uses: which of them it takes where given; it leaves the others alone.
        prefix: whether a longer list begins with the shorter one.
        citation: key of the source in the bibliography; "" where it has none.
        options: names and defaults of what follows an @, as in ``dpp@window=5``.
    """

    name: str
    choose: Choose
    formula: str
    maps: str
    bound: str
    needs: tuple[str, ...]
    uses: tuple[str, ...]
    prefix: bool
    citation: str
    options: dict[str, Any] = field(default_factory=dict)

    @property
    def summary(self) -> str:
        """First paragraph of the docstring, without its markup.

        >>> describe("topk").summary.partition(";")[0]
        'The k most relevant candidates'
        """
        first = (inspect.getdoc(self.choose) or "").split("\n\n")[0].replace("\n", " ")
        return first.replace("``", "").replace("*", "")


def register(
    *,
    formula: str,
    maps: str,
    bound: str = "",
    needs: tuple[str, ...] = (),
    uses: tuple[str, ...] = (),
    prefix: bool,
    citation: str = "",
) -> Callable[[Choose], Choose]:
    """Enter a re-ranker under the name of its function."""

    def enter(choose: Choose) -> Choose:
        parameters = inspect.signature(choose).parameters.values()
        options = {one.name: one.default for one in parameters if one.kind is one.KEYWORD_ONLY}
        name = choose.__name__
        _METHODS[name] = Method(name, choose, formula, maps, bound, needs, (*needs, *uses), prefix, citation, options)
        return choose

    return enter


def names() -> list[str]:
    """All re-rankers, in alphabetical order.

    >>> "mmr" in names()
    True
    """
    return sorted(_METHODS)


def describe(name: str) -> Method:
    """What is known of a re-ranker.

    Raises:
        ValueError: for a name that is not in :func:`names`.

    >>> describe("mmr").citation
    'carbonell1998mmr'
    """
    if name not in _METHODS:
        raise ValueError(f"method must be one of {', '.join(names())}, got {name!r}")
    return _METHODS[name]


def parse(method: str) -> tuple[Method, dict[str, Any]]:
    """A re-ranker and its options, as in ``dpp@window=5``; an option has the type of its default.

    >>> parse("dpp@window=5")[1]
    {'window': 5}
    """
    base, _, tail = method.partition("@")
    found = describe(base)
    options: dict[str, Any] = {}
    for part in filter(None, tail.split(",")):
        key, _, text = part.partition("=")
        if key not in found.options:
            known = ", ".join(found.options) or "none"
            raise ValueError(f"options of {base} must be among: {known}; got {part!r}")
        kind = type(found.options[key])
        try:
            options[key] = kind(text)
        except ValueError:
            raise ValueError(f"option {key} of {base} must be {kind.__name__}, got {text!r}") from None
    return found, options
