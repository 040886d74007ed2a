"""From a name such as ``ndcg@10`` to a number."""

from __future__ import annotations

import inspect
from dataclasses import replace
from typing import Any

import numpy as np

from recdiv.kernels import Kernel
from recdiv.metrics._registry import Metric, Result, conventions, describe, with_known
from recdiv.tables import Catalog, Interactions, Recommendations


def parse(name: str) -> tuple[Metric, int | None, dict[str, Any]]:
    """Metric, cut-off and options of a name: ``ndcg@10``, ``effective_number@q=2``, ``ild@k=5``, ``alpha@q=2,k=5``.

    Raises:
        ValueError: for an unknown metric or option, or a cut-off that is not a positive integer.

    >>> metric, k, options = parse("effective_number@q=2,k=5")
    >>> metric.name, k, options
    ('effective_number', 5, {'q': 2.0})
    """
    base, _, tail = name.partition("@")
    metric = describe(base)
    k: int | None = None
    options: dict[str, Any] = {}
    for part in filter(None, tail.replace("@", ",").split(",")):
        key, equals, text = part.partition("=")
        if not equals:
            key, text = "k", part
        if key in options or (key == "k" and k is not None):
            raise ValueError(f"options must be given once, got {key!r} twice in {name!r}")
        if key == "k":
            k = _cutoff(name, text)
        elif key in metric.options:
            options[key] = _like(metric.options[key], text, name)
        else:
            allowed = ", ".join(["k", *metric.options])
            raise ValueError(f"options of {base} are {allowed}, got {key!r} in {name!r}")
    return metric, k, options


def context(
    recs: Recommendations,
    *,
    catalog: Catalog | None = None,
    kernel: Kernel | None = None,
    train: Interactions | None = None,
    test: Interactions | None = None,
    **others: Any,  # noqa: ANN401
) -> dict[str, Any]:
    """All that metrics may ask for, None where it was not given, checked to be about the same catalogue."""
    sizes = {
        name: len(each) if isinstance(each, Catalog) else each.n_items
        for name, each in (("catalog", catalog), ("kernel", kernel), ("train", train), ("test", test))
        if each is not None
    }
    if len(set(sizes.values())) > 1:
        said = ", ".join(f"{name} {size}" for name, size in sizes.items())
        raise ValueError(f"catalog, kernel, train and test must know the same number of items, got {said}")
    n_items = next(iter(sizes.values()), None)
    if n_items is not None:
        recs.check(n_items)
    if others.get("null", 0) < 0:
        raise ValueError(f"null must be 0 or a number of draws, got {others['null']}")
    previous = others.get("previous")
    if previous is not None and not isinstance(previous, Recommendations):
        raise TypeError(f"previous must be Recommendations, got {type(previous).__name__}")
    if previous is not None and n_items is not None:
        previous.check(n_items)
    scorer = others.get("scorer")
    if scorer is not None and not callable(getattr(scorer, "log_likelihood", None)):
        raise TypeError(f"scorer must have log_likelihood(texts, *, contexts=None), got {type(scorer).__name__}")
    given = {"catalog": catalog, "kernel": kernel, "train": train, "test": test, "n_items": n_items, **others}
    return {name: value for name, value in given.items() if value is not None}


def compute(
    name: str,
    recs: Recommendations,
    *,
    catalog: Catalog | None = None,
    kernel: Kernel | None = None,
    train: Interactions | None = None,
    test: Interactions | None = None,
    previous: Recommendations | None = None,
    groups: Any = None,  # noqa: ANN401
    demand: Any = None,  # noqa: ANN401
    scorer: Any = None,  # noqa: ANN401
    convention: str | None = None,
    null: int = 0,
    rng: int | np.random.Generator = 0,
) -> Result:
    """One metric of some lists.

    Args:
        name: a registered name, with options after an ``@``: ``"ndcg@10"``, ``"effective_number@q=2"``, ``"ild@k=5"``.
        recs: the lists. A cut-off beyond their length takes what there is.
        catalog, kernel, train, test, previous, groups, demand, scorer: as ``describe(name).needs`` says.
        convention: reproduce the number that another library prints under this name (``describe(name).conventions``).
        null: how many draws of chance a metric is compared with (of the kind ``describe(name).null_kind``).
        rng: seed or generator of the draws.

    Returns:
        A :class:`Result`.

    Raises:
        ValueError: for an unknown name, option or convention, or where something needed was not given.

    >>> recs = Recommendations([[0, 1], [0, 2]])
    >>> compute("item_coverage", recs, catalog=Catalog(_frame(4))).value
    0.75
    """
    metric, k, options = parse(name)
    if convention is not None:
        metric = as_printed_by(convention, metric, options)
    known = context(
        recs, catalog=catalog, kernel=kernel, train=train, test=test, previous=previous, groups=groups, demand=demand,
        scorer=scorer, null=null, rng=rng,
    )  # fmt: skip
    return apply(metric, recs, known, k, options)


def as_printed_by(library: str, metric: Metric, options: dict[str, Any]) -> Metric:
    """The metric, computed as another library does.

    Raises:
        ValueError: if that library's number cannot be reproduced, or not with these options.
    """
    found = {each.library: each for each in conventions() if each.metric == metric.name}
    if library not in found:
        raise ValueError(f"convention of {metric.name} must be one of: {', '.join(found) or 'none'}; got {library!r}")
    function = found[library].function
    for name, value in options.items():
        if name not in inspect.signature(function).parameters and value != metric.options[name]:
            allowed = repr(metric.options[name])
            raise ValueError(f"{name} must be {allowed} where convention={library!r} is given, got {value!r}")
    return replace(metric, function=function, needs=found[library].needs)


def apply(
    metric: Metric, recs: Recommendations, known: dict[str, Any], k: int | None, options: dict[str, Any]
) -> Result:
    """Call the metric with what it asks for."""
    refuse_unmet(metric, known, recs)
    if k is not None and "previous" in known:
        known = {**known, "previous": known["previous"].head(k)}  # the first k slots, now as before
    result: Result = with_known(metric.function, cut(recs, k), {**known, "k": k, **options})
    return result


_STANDS_IN = {"catalog": "n_items", "time": "previous"}


def missing_needs(metric: Metric, known: dict[str, Any], recs: Recommendations) -> list[str]:
    """What the metric needs and was not given, neither as an argument nor carried by the lists."""
    carried = {name for name in ("groups", "time") if getattr(recs, name) is not None}
    return [need for need in metric.needs if _STANDS_IN.get(need, need) not in known and need not in carried]


def refuse_unmet(metric: Metric, known: dict[str, Any], recs: Recommendations) -> None:
    """Refuse a metric whose needs were not given."""
    if missing := missing_needs(metric, known, recs):
        raise ValueError(f"metric {metric.name} needs {' and '.join(missing)}, got none")


def cut(recs: Recommendations, k: int | None) -> Recommendations:
    """The first ``k`` slots, or all."""
    return recs if k is None else recs.head(k)


def _cutoff(name: str, text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise ValueError(f"k must be a positive integer, got {text!r} in {name!r}")
    return int(text)


def _like(default: Any, text: str, name: str) -> Any:  # noqa: ANN401
    """``text`` as the kind of value that the default is."""
    if isinstance(default, str) or default is None:
        return text
    try:
        return type(default)(text)
    except ValueError:
        raise ValueError(
            f"options must be of the kind of their default ({default}), got {text!r} in {name!r}"
        ) from None


def _frame(n_items: int) -> Any:  # noqa: ANN401
    """A catalogue frame of ``n_items`` bare items, for examples."""
    import pandas as pd

    return pd.DataFrame({"item_id": range(n_items)})
