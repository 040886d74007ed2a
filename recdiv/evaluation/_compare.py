"""Several systems on the same users, side by side: paired differences, tests, effect sizes."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from importlib import import_module
from pathlib import Path
from typing import Any

import pandas as pd
from torch.nn.functional import pad

from recdiv._columns import listed
from recdiv.evaluation._evaluate import evaluate
from recdiv.evaluation._paired import Asked, corpus_differences, list_differences, shared_lists
from recdiv.evaluation._report import Report, interval, number, records, write, write_json
from recdiv.evaluation._tests import ADJUSTS, TESTS, Adjust, Test, adjusted
from recdiv.tables import EMPTY, Catalog, Recommendations

_COLUMNS = ["metric", "system", "difference", "low", "high", "p", "p_adjusted", "effect", "n"]


@dataclass(frozen=True)
class Comparison:
    """Reports of several systems, and how they differ from the first.

    Attributes:
        reports: the report of each system, by name; the first is the baseline.
        frame: one row a metric, one column a system: values.
        differences: one row a metric and system: ``difference`` from the baseline on the users both have, its paired
            interval ``low`` to ``high``, ``p`` of no difference, ``p_adjusted`` for the number of rows, ``effect``
            (difference in standard deviations of one user's), and ``n`` lists.
        settings: how differences were judged: test, adjust, confidence, baseline.
    """

    reports: dict[str, Report]
    frame: pd.DataFrame
    differences: pd.DataFrame
    settings: dict[str, Any]

    def plot(self, *, x: str | None = None, y: str | None = None) -> Any:  # noqa: ANN401
        """A Matplotlib figure of the trade-off between two metrics: one point a system, its intervals as a cross.

        A system that another beats on one of the two and does not trail on the other is faded.

        Args:
            x, y: metrics that were measured, as ``report[name]`` takes them; by default an accuracy and a diversity.
        """
        return import_module("recdiv.report").tradeoff(self, x=x, y=y)

    def to_html(self, path: str | Path) -> Path:
        """Write one self-contained page, readable without a network; returns its path."""
        return write(path, import_module("recdiv.report").comparison_page(self))

    def to_json(self, path: str | Path) -> Path:
        """Write values, differences and settings; an undefined number is null. Returns the path."""
        data = {
            "settings": self.settings,
            "differences": records(self.differences),
            "systems": {name: report.as_dict() for name, report in self.reports.items()},
        }
        return write_json(path, data)

    def table(self) -> pd.DataFrame:
        """The differences as text, three significant digits, for reading."""
        shown = self.differences[["metric", "system"]].copy()
        shown["difference"] = self.differences["difference"].map(number)
        reach = zip(self.differences["low"], self.differences["high"], strict=True)
        shown["interval"] = [interval(low, high) for low, high in reach]
        for column in ("p", "p_adjusted"):
            shown[column] = self.differences[column].map(p_value)
        shown["effect"] = self.differences["effect"].map(number)
        shown["lists"] = self.differences["n"].map("{:,}".format)
        return shown

    def __repr__(self) -> str:
        baseline = next(iter(self.reports))
        head = f"Values\n{self.frame.map(number).to_string()}\n\nDifferences from {baseline}"
        return f"{head} ({how(self.settings)})\n{self.table().to_string(index=False)}"

    def _repr_html_(self) -> str:
        values = self.frame.map(number).to_html(border=0)
        return f"{values}<p>{how(self.settings)}</p>{self.table().to_html(index=False, border=0)}"


def compare(
    systems: Mapping[str, Recommendations],
    catalog: Catalog,
    *,
    paired_test: Test = "t",
    adjust: Adjust = "holm",
    groups: Mapping[str, Iterable[Any]] | Iterable[Any] | None = None,
    **options: Any,  # noqa: ANN401
) -> Comparison:
    r"""Evaluate several systems, and the differences of the others from the first.

    Args:
        systems: the lists of each system, by name; the first is the baseline. Lists are paired by user (and time).
        catalog: the items.
        paired_test: of a difference in a mean over lists: ``"t"``, ``"permutation"`` (random signs) or ``"wilcoxon"``
            (signed ranks). Differences of corpus metrics always get a t test on the jackknife.
        adjust: for the number of metrics × systems looked at: ``"holm"`` keeps the chance of any false finding below
            the level, ``"bh"`` the expected share of false ones among findings, ``"none"`` neither.
        groups: a label of each list, by system; or one array for all of them where their lists are of the same users
            (and times) in the same order. By default what the lists carry.
        options: the others of :func:`recdiv.evaluate`.

    Returns:
        A :class:`Comparison`.

    Raises:
        ValueError: if there are no two systems, a user has two lists at one time, systems share no user,
            ``paired_test`` or ``adjust`` is none of the above, ``groups`` cannot be told apart, or what
            :func:`recdiv.evaluate` refuses.

    **How.** What one user saw of both systems is compared. Means over lists: the paired bootstrap over users gives the
    interval, the paired test p, and :math:`d_z = \bar d / s_d` the effect (with Wilcoxon, the rank-biserial
    correlation). Corpus metrics: the same 20 groups of users are left out of both systems one at a time; t has 19
    degrees of freedom and the effect is the difference over :math:`se \sqrt{U}`, which for a mean is :math:`d_z`
    again. Where some users have lists of one system only, both are measured again on those they share. Intervals are
    for one metric at a time; ``p_adjusted`` is what to read when looking for findings among many.

    Source: Urbano et al. 2019 for t before Wilcoxon in such data; Holm 1979; Benjamini and Hochberg 1995.

    >>> catalog = Catalog(pd.DataFrame({"item_id": range(4), "category": ["a", "a", "b", "b"]}))
    >>> same, mixed = Recommendations([[0, 1], [2, 3]]), Recommendations([[0, 2], [1, 3]])
    >>> found = compare({"same": same, "mixed": mixed}, catalog, metrics=["category_entropy"])
    >>> found.differences["difference"].round(4).tolist()  # ln 2 − 0
    [0.6931]
    """
    if len(systems) < 2:
        raise ValueError(f"systems must be two or more, got {len(systems)}")
    if paired_test not in TESTS:
        raise ValueError(f"paired_test must be one of {', '.join(TESTS)}, got {paired_test!r}")
    if adjust not in ADJUSTS:
        raise ValueError(f"adjust must be one of {', '.join(ADJUSTS)}, got {adjust!r}")
    if not isinstance(options.get("metrics", ""), str):
        options["metrics"] = list(options["metrics"])  # it is read once a system
    widest, labels = max(recs.k for recs in systems.values()), _groups_by_system(systems, groups)
    reports = {
        name: evaluate(_as_wide(recs, widest), catalog, groups=labels[name], **options)
        for name, recs in systems.items()
    }
    frame = pd.DataFrame({name: report.frame.set_index("metric")["value"] for name, report in reports.items()})
    names = [name for name in next(iter(reports.values())).frame["metric"] if name in frame.index]
    if options.get("confidence", 0.95) is None:
        raise ValueError("confidence must lie between 0 and 1 where systems are compared, got None")
    asked = Asked(paired_test, options.get("confidence", 0.95), options.get("resamples", 1000), options.get("rng", 0))
    baseline, *others = reports
    rows = [
        {"metric": metric, "system": name, **row}
        for name in others
        for metric, row in _differences(reports[baseline], reports[name], names, asked, options).items()
    ]
    differences = pd.DataFrame(rows, columns=_COLUMNS)
    differences["p_adjusted"] = adjusted(differences["p"].to_numpy(dtype=float), adjust)
    settings = {"baseline": baseline, "test": paired_test, "adjust": adjust, "confidence": asked.confidence}
    return Comparison(reports, frame.loc[names], differences, settings)


def _groups_by_system(
    systems: Mapping[str, Recommendations], groups: Mapping[str, Iterable[Any]] | Iterable[Any] | None
) -> dict[str, Iterable[Any] | None]:
    """The labels of each system's lists; one array for all must mean the same list in each row."""
    if groups is None:
        return dict.fromkeys(systems)
    if isinstance(groups, Mapping):
        if set(groups) != set(systems):
            raise ValueError(f"groups must be given for {', '.join(systems)}, got {', '.join(map(str, groups))}")
        return dict(groups)
    owners = [pd.DataFrame({"user": recs.users, "time": recs.time}, dtype=object) for recs in systems.values()]
    if not all(each.equals(owners[0]) for each in owners[1:]):
        raise ValueError(
            "groups must be a dict of labels by system where lists are not of the same users in the same order, "
            "got one array for all"
        )
    shared = listed(groups)
    return dict.fromkeys(systems, shared)


def _as_wide(recs: Recommendations, k: int) -> Recommendations:
    """The same lists with empty slots at the end, which count for nothing: names such as ``ndcg@10`` then agree."""
    if recs.k == k:
        return recs
    more = (0, k - recs.k)
    return Recommendations(
        pad(recs.items, more, value=EMPTY),
        scores=None if recs.scores is None else pad(recs.scores.double(), more, value=math.nan),
        users=recs.users,
        time=recs.time,
        groups=recs.groups,
    )


def _differences(
    first: Report, second: Report, names: list[str], asked: Asked, options: dict[str, Any]
) -> dict[str, dict[str, Any]]:
    """Differences of every metric, in the order of ``names``, on the lists that both systems have."""
    mine, theirs = shared_lists(first, second)
    if not len(mine):
        raise ValueError("systems must share users (and times), got two that share none")
    if len(mine) < len(first.lists) or len(mine) < len(second.lists):
        again = {**options, "null": 0, "resamples": 0, "progress": None, "groups": None}  # these lists have theirs
        first, second = (
            evaluate(each.recs.where(rows.tolist()), each.catalog, **again)
            for each, rows in ((first, mine), (second, theirs))
        )
    else:
        second = replace(second, lists=second.lists.iloc[theirs].reset_index(drop=True))
    found = {**list_differences(first, second, asked), **corpus_differences(first, second, asked)}
    return {name: found[name] for name in names if name in found}


def p_value(p: float) -> str:
    """Three digits, and no smaller than 0.001.

    >>> p_value(0.0123), p_value(0.00002), p_value(float("nan"))
    ('0.012', '< 0.001', '–')
    """
    return number(p) if p != p else "< 0.001" if p < 0.001 else f"{p:.3f}"


def how(settings: dict[str, Any]) -> str:
    """How differences were judged, in one line."""
    tests = {"t": "paired t", "permutation": "random signs", "wilcoxon": "Wilcoxon signed ranks"}
    prices = {"holm": "Holm", "bh": "Benjamini–Hochberg", "none": "not adjusted"}
    test, price = tests[settings["test"]], prices[settings["adjust"]]
    return f"{settings['confidence']:.0%} intervals; p: {test}; p_adjusted: {price}"
