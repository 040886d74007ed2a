"""How each number moves with what has nothing to do with diversity: list length, number of users, encoder."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd

from recdiv.kernels import Kernel
from recdiv.metrics._compute import apply, context, missing_needs, parse
from recdiv.metrics._registry import Result
from recdiv.metrics._shared import Shared
from recdiv.tables import Catalog, Recommendations

LOOKED_AT = (
    "item_coverage", "entropy", "gini", "ild", "effective_number", "semantic_coverage", "alpha", "beta", "gamma",
    "mutual_information", "personalization", "chi",
)  # fmt: skip
_COLUMNS = ("axis", "at", "metric", "value", "sd", "null", "excess", "draws")


def sensitivity(
    recs: Recommendations,
    catalog: Catalog,
    *,
    kernel: Kernel | None = None,
    kernels: Mapping[str, Kernel] | None = None,
    metrics: Iterable[str] | None = None,
    lengths: Iterable[int] | None = None,
    users: Iterable[int] | None = None,
    draws: int = 5,
    null: int = 2,
    rng: int = 0,
    **given: Any,  # noqa: ANN401
) -> pd.DataFrame:
    """Measure the same lists cut shorter, of fewer users, and read by other encoders.

    Args:
        recs: the lists.
        catalog: the items.
        kernel: when two items are the same, while length and users vary; default the first of ``kernels``.
        kernels: kernels by name, to be put in each other's place.
        metrics: names as in :func:`compute`; default those of :data:`LOOKED_AT` for which what they need was given.
        lengths: cut-offs; default a quarter, half, three quarters and all of the slots.
        users: numbers of users; default an eighth, a quarter, half and all of them.
        draws: subsamples of users behind each number of users (all of them are one).
        null: draws of chance behind each number; 0 for none.
        rng: seed of subsamples and chance.
        given: what else :func:`compute` takes (``train``, ``test``, ``demand``, ...).

    Returns:
        One row an axis, place on it and metric: ``axis`` (``"length"``, ``"users"`` or ``"kernel"``), ``at`` (cut-off,
        number of users or name), ``metric``, ``value`` (mean over subsamples), ``sd`` (over subsamples; NaN for one),
        ``null`` and ``excess`` (value − null), ``draws`` (subsamples). A number that moves along an axis may be
        compared between systems at one place on it only; an excess that moves less is the better thing to compare.

    Raises:
        ValueError: for a cut-off or number of users that there is not, or what :func:`compute` refuses.

    >>> catalog = Catalog(pd.DataFrame({"item_id": range(4)}))
    >>> recs = Recommendations([[0, 1], [0, 2], [0, 3]])
    >>> found = sensitivity(recs, catalog, metrics=["item_coverage"], lengths=[1, 2], users=[3])
    >>> found[["axis", "at", "value"]].values.tolist()
    [['length', 1, 0.25], ['length', 2, 1.0], ['users', 3, 1.0]]
    """
    if kernel is None and kernels:
        kernel = next(iter(kernels.values()))
    asked = _Asked(catalog, None if metrics is None else list(metrics), null, rng, given)
    rows = [
        *_along("length", _lengths(recs, lengths), lambda at: [recs.head(at)], asked, kernel),
        *_along("users", _users(recs, users), lambda at: _subsamples(recs, at, draws, rng), asked, kernel),
    ]
    for name, each in (kernels or {}).items():
        rows += asked.rows("kernel", name, [recs], each)
    return pd.DataFrame(rows, columns=list(_COLUMNS))


class _Asked:
    """What is measured at each place."""

    def __init__(self, catalog: Catalog, metrics: list[str] | None, null: int, rng: int, given: dict[str, Any]) -> None:
        self.catalog, self.metrics, self.null, self.rng, self.given = catalog, metrics, null, rng, given

    def rows(self, axis: str, at: Any, samples: Iterable[Recommendations], kernel: Kernel | None) -> list[Any]:  # noqa: ANN401
        """A row a metric, from its values on each sample."""
        found: dict[str, list[Result]] = {}
        for recs in samples:
            known = context(recs, catalog=self.catalog, kernel=kernel, null=self.null, rng=self.rng, **self.given)
            known["shared"] = Shared(null=self.null, rng=self.rng)
            for name in self._names(recs, known):
                metric, k, options = parse(name)
                found.setdefault(name, []).append(apply(metric, recs, known, k, options))
        return [(axis, at, name, *_summary(results)) for name, results in found.items()]

    def _names(self, recs: Recommendations, known: dict[str, Any]) -> list[str]:
        if self.metrics is not None:
            return self.metrics
        return [name for name in LOOKED_AT if not missing_needs(parse(name)[0], known, recs)]


def _summary(results: list[Result]) -> tuple[float, float, float, float, int]:
    values, nulls = (np.array([getattr(each, part) for each in results]) for part in ("value", "null"))
    sd = float(values.std(ddof=1)) if len(values) > 1 else float("nan")
    return float(values.mean()), sd, float(nulls.mean()), float((values - nulls).mean()), len(values)


def _along(axis: str, places: list[int], samples: Any, asked: _Asked, kernel: Kernel | None) -> Iterator[Any]:  # noqa: ANN401
    for at in places:
        yield from asked.rows(axis, at, samples(at), kernel)


def _lengths(recs: Recommendations, lengths: Iterable[int] | None) -> list[int]:
    parts = {max(1, recs.k * quarters // 4) for quarters in (1, 2, 3, 4)}
    return _places("lengths", lengths, parts if recs.k else set(), recs.k)


def _users(recs: Recommendations, users: Iterable[int] | None) -> list[int]:
    n = len(pd.unique(pd.Series(recs.users)))
    return _places("users", users, {n // part for part in (8, 4, 2, 1)} - {0}, n)


def _places(name: str, wanted: Iterable[int] | None, default: set[int], most: int) -> list[int]:
    places = sorted(default) if wanted is None else list(wanted)
    for each in places:
        if not 1 <= each <= most:
            raise ValueError(f"{name} must lie between 1 and {most}, got {each}")
    return places


def _subsamples(recs: Recommendations, n: int, draws: int, rng: int) -> list[Recommendations]:
    """Lists of ``n`` users drawn without putting back; all users are one sample."""
    code, distinct = pd.factorize(pd.Series(recs.users), sort=False)
    if n == len(distinct):
        return [recs]
    generator = np.random.default_rng([rng, n])
    chosen = (generator.choice(len(distinct), n, replace=False) for _ in range(draws))
    return [recs.where(np.isin(code, each)) for each in chosen]
