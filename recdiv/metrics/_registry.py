"""What there is to know about each metric, kept beside its function: tables, plots, reports and tests read it here."""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable
from dataclasses import dataclass
from difflib import get_close_matches
from functools import wraps
from typing import Any, Literal, TypeVar

import torch
from torch import Tensor

from recdiv.tables import Recommendations

State = dict[str, Tensor]  # what a corpus metric keeps: states of disjoint sets of lists add up
NullKind = Literal["", "re-dealt", "random lists"]
Function = TypeVar("Function", bound=Callable[..., Any])
CONTEXT = (
    "n_items", "catalog", "kernel", "train", "test", "previous", "groups", "demand", "scorer", "null",
    "rng",
    "shared",
)  # fmt: skip
_METRICS: dict[str, Metric] = {}
_CONVENTIONS: dict[tuple[str, str], Convention] = {}  # by metric and library


@dataclass(frozen=True)
class Result:
    """A metric's answer.

    Attributes:
        value: the number; NaN where it is undefined.
        per_list: the number of each list, float64 ``[U]`` with NaN where undefined; None for a corpus metric.
        n: how many lists the value rests on.
        n_undefined: how many lists were left out because they have no value.
        null: mean over draws of what chance alone gives (``describe(name).null_kind`` says which); NaN where none was
            asked for.
    """

    value: float
    per_list: Tensor | None
    n: int
    n_undefined: int
    null: float = math.nan

    @property
    def excess(self) -> float:
        """Value beyond chance, value − null."""
        return self.value - self.null

    def __float__(self) -> float:
        return self.value


@dataclass(frozen=True)
class Convention:
    """What another library prints for a metric.

    Attributes:
        library: who prints it.
        metric: our name for it.
        printed_as: the library's name for it.
        differs: what the library does differently, faults included.
        function: computes it.
    """

    library: str
    metric: str
    printed_as: str
    differs: str
    function: Callable[..., Result]

    @property
    def needs(self) -> tuple[str, ...]:
        """What must be given besides the lists."""
        return needed(self.function)


@dataclass(frozen=True)
class Metric:
    """A metric and its facts.

    Attributes:
        name: what it is called by; its class, if it has one, is the name in CamelCase.
        symbol, formula: as on the notation page, in plain Unicode.
        range: where values lie.
        direction: what larger means.
        level: ``"list"`` (a mean over lists) or ``"corpus"`` (one number for all lists together).
        needs: what must be given besides the lists; ``groups`` and ``time`` may be carried by the lists, and
            ``previous`` lists stand in for ``time``.
        undefined_on: where it has no value, and what it then answers.
        citation: key in the bibliography.
        options: what may follow an ``@``, with defaults.
        conventions: libraries whose number for this name can be reproduced, and what each does differently.
        bounds: the ends of the range that hold for any input, where an interval must stop.
        most: the upper end where it follows from the number of items, as a function of it.
        null_kind: what chance means for it: ``"re-dealt"`` (the same exposures dealt at random over the same list
            lengths), ``"random lists"`` (lists of the same lengths drawn from the catalogue), or ``""`` for none.
    """

    name: str
    symbol: str
    formula: str
    range: str
    direction: str
    level: Literal["list", "corpus"]
    needs: tuple[str, ...]
    undefined_on: str
    citation: str
    options: dict[str, Any]
    bounds: tuple[float, float]
    null_kind: NullKind
    function: Callable[..., Result]
    state: Callable[..., State] | None
    value: Callable[..., float] | None
    left_out: Callable[..., Tensor] | None = None
    most: Callable[[int], float] | None = None

    @property
    def conventions(self) -> dict[str, str]:
        """See above."""
        return {library: each.differs for (name, library), each in _CONVENTIONS.items() if name == self.name}

    @property
    def summary(self) -> str:
        """First sentence of the docstring, without its markup."""
        first = (inspect.getdoc(self.function) or "").split("\n\n")[0].replace("\n", " ")
        return first.replace("``", "").replace("*", "")

    def __str__(self) -> str:
        facts = {
            "": self.summary,
            "formula": f"{self.symbol}: {self.formula}" if self.symbol not in self.formula else self.formula,
            "range": f"{self.range}; {self.direction}",
            "level": self.level,
            "needs": ", ".join(self.needs) or "nothing else",
            "options": ", ".join(f"{key}={value}" for key, value in self.options.items()) or "none",
            "undefined": self.undefined_on,
            "conventions": ", ".join(self.conventions) or "none",
            "null": self.null_kind or "none",
            "source": self.citation,
        }
        return "\n".join([self.name, *(f"  {key + ':' if key else ''} {text}".rstrip() for key, text in facts.items())])


def register(
    *,
    symbol: str,
    formula: str,
    range: str,
    direction: str,
    level: Literal["list", "corpus"],
    undefined_on: str,
    citation: str,
    bounds: tuple[float, float] = (-math.inf, math.inf),
    needs: tuple[str, ...] = (),
    null_kind: NullKind | None = None,
    state: Callable[..., State] | None = None,
    value: Callable[..., float] | None = None,
    left_out: Callable[..., Tensor] | None = None,
    most: Callable[[int], float] | None = None,
) -> Callable[[Function], Function]:
    """Enter a function into the registry; what it needs and which options it takes are read from its signature.

    The function takes the lists first, then by keyword any of ``CONTEXT`` (one without a default is needed) and its
    options. ``needs`` adds what the lists must carry (``groups``, ``time``). A function that takes ``null`` compares
    with re-dealt lists unless ``null_kind`` says otherwise. ``state`` and ``value``, where given, are the same metric
    in two steps that can be spread over machines. ``left_out``, for one that has no such states, gives its values with
    one ``group`` of lists left out, ``[G]``. ``most`` is the upper end of the range by the number of items.
    """

    def enter(function: Function) -> Function:
        parameters = list(inspect.signature(function).parameters.values())[1:]
        _METRICS[function.__name__] = Metric(
            name=function.__name__,
            symbol=symbol,
            formula=formula,
            range=range,
            direction=direction,
            level=level,
            needs=tuple(dict.fromkeys([*needed(function), *needs])),
            undefined_on=undefined_on,
            citation=citation,
            options={each.name: each.default for each in parameters if each.name not in (*CONTEXT, "k")},
            bounds=bounds,
            null_kind=null_kind or ("re-dealt" if any(each.name == "null" for each in parameters) else ""),
            function=function,
            state=state,
            value=value,
            left_out=left_out,
            most=most,
        )
        return function

    return enter


def needed(function: Callable[..., Any]) -> tuple[str, ...]:
    """What a function asks for without a default, besides its first argument."""
    parameters = list(inspect.signature(function).parameters.values())[1:]
    required = [each.name for each in parameters if each.default is each.empty]
    return tuple(dict.fromkeys("catalog" if name == "n_items" else name for name in required))


def conventions() -> list[Convention]:
    """Every number of another library that can be reproduced: what the conventions × libraries table is made of."""
    return list(_CONVENTIONS.values())


def prints(library: str, metric: str, printed_as: str, differs: str) -> Callable[[Function], Function]:
    """Enter a function as what ``library`` prints for ``metric``, under the name ``printed_as``.

    The function takes what a metric's function may take. It returns a :class:`Result`, one number for all lists, or one
    a list ``[U]`` of which NaN are left out.
    """

    def enter(function: Function) -> Function:
        @wraps(function)
        def result(recs: Recommendations, **known: Any) -> Result:  # noqa: ANN401
            value = function(recs, **known)
            if isinstance(value, Tensor):
                return per_list_result(value)
            return value if isinstance(value, Result) else corpus_result(recs, value)

        _CONVENTIONS[metric, library] = Convention(library, metric, printed_as, differs, result)
        return function

    return enter


def names() -> list[str]:
    """Names of all metrics.

    >>> "item_coverage" in names()
    True
    """
    return list(_METRICS)


def describe(name: str) -> Metric:
    """The facts of a metric; ``print`` them or read the fields.

    Raises:
        ValueError: if there is no such metric.

    >>> describe("gini").range
    '[0, 1 − 1/I]'
    """
    if name not in _METRICS:
        near = ", ".join(get_close_matches(name, names(), n=3)) or "recdiv.metrics.names() lists them"
        raise ValueError(f"metric must be one of {len(names())} ({near}), got {name!r}")
    return _METRICS[name]


def per_list_result(values: Tensor) -> Result:
    """Mean of the defined values of the lists."""
    values = values.double()
    defined = ~values.isnan()
    n = int(defined.sum())
    return Result(float(values[defined].mean()) if n else math.nan, values, n, len(values) - n)


def corpus_result(recs: Recommendations, value: float, *, null: float = math.nan) -> Result:
    """One number for all lists; those that hold nothing known take no part."""
    n = recs.n_filled
    return Result(float(value), None, n, recs.n_lists - n, null)


def with_known(function: Callable[..., Any], first: Any, known: dict[str, Any]) -> Any:  # noqa: ANN401
    """Call ``function(first, ...)`` with those of ``known`` that it asks for."""
    parameters = list(inspect.signature(function).parameters)[1:]
    return function(first, **{name: known[name] for name in parameters if name in known})


def has_needed(function: Callable[..., Any], known: dict[str, Any]) -> bool:
    """Whether all that a function must be given, besides its first argument, is known."""
    asked = list(inspect.signature(function).parameters.values())[1:]
    return all(each.name in known for each in asked if each.default is each.empty)


def zeros(recs: Recommendations, *shape: int) -> Tensor:
    """Float64 zeros where the lists live."""
    return torch.zeros(shape, dtype=torch.float64, device=recs.device)
