"""Lists measured some at a time: on disk larger than memory, or on several machines, and then added up.

Users fall into 20 groups by a hash of their name, so that all lists of one user are in one group wherever they are
met. Each group keeps sums: the states of corpus metrics, and sum and number of what is a mean over lists. The sums of
all groups give the numbers; leaving out one group at a time gives the intervals.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import torch

from recdiv._columns import label_hashes
from recdiv.evaluation._evaluate import chosen
from recdiv.evaluation._intervals import GROUPS
from recdiv.evaluation._report import Report
from recdiv.kernels import Kernel
from recdiv.metrics import groups as questions
from recdiv.metrics._compute import apply, context, cut, parse, refuse_unmet
from recdiv.metrics._counts import counts_state
from recdiv.metrics._registry import Metric, Result, State, with_known
from recdiv.metrics._shared import Shared
from recdiv.tables import EMPTY, UNKNOWN, Catalog, Interactions, Recommendations

_SLOTS = 1 << 19  # slots of one group measured at a time: few enough to hold, many enough to pay for a d×d state
_TOGETHER = ("between lists", "over time")  # questions whose list-level metrics compare lists with one another
BY_ITEMS_SHOWN = ("semantic_coverage",)  # depend on which items are shown at all, and on nothing else


@dataclass(frozen=True)
class Asked:
    """A metric as it was asked for."""

    name: str
    metric: Metric
    k: int | None
    options: dict[str, Any]

    @property
    def family(self) -> str:
        """Name of the sums it reads; metrics with the same state, cut-off and options share them."""
        if self.metric.level == "list":
            return self.name
        state = self.metric.state
        shown = state is None
        options = {} if shown else self.options
        told = ",".join(f"{key}={value}" for key, value in sorted({**options, "k": self.k}.items()))
        return f"{'shown' if state is None else f'{state.__module__}.{state.__qualname__}'}@{told}"


def why_not(metric: Metric) -> str | None:
    """Why a metric cannot be measured some lists at a time; None where it can.

    >>> from recdiv.metrics import describe
    >>> why_not(describe("chi")), why_not(describe("chi_excess"))
    (None, 'has no states that add up')
    """
    together = {name for question in _TOGETHER for name in questions().get(question, ())}
    of_lists = metric.level == "list" and metric.name in together
    if of_lists or {"previous", "groups", "time"} & set(metric.needs):
        return "compares lists that are not at hand together"
    if "scorer" in metric.needs:
        return "asks a language model, which reads shared histories once"
    if metric.level == "corpus" and metric.state is None and metric.name not in BY_ITEMS_SHOWN:
        return "has no states that add up"
    return None


class Tally:
    """Numbers about lists that come some at a time; tallies of different users add up.

    Args:
        catalog: the items.
        slots: K, the number of slots of the longest list.
        train, test, kernel, demand: as for :func:`recdiv.evaluate`.
        metrics: names, or ``"default"``; of these, what needs all lists at once is left out, with the reason.

    Raises:
        ValueError: for what :func:`recdiv.evaluate` refuses, or a metric asked for by name that needs all lists.

    What is held does not grow with the lists: for each of 20 groups of users a vector of the items, or d×d for a kernel
    of vectors, and up to half a million slots not yet measured.

    >>> import pandas as pd
    >>> catalog = Catalog(pd.DataFrame({"item_id": range(4)}))
    >>> here, there = (Tally(catalog, slots=2, metrics=["item_coverage", "validity"]) for _ in range(2))
    >>> here.add(Recommendations([[0, 1]], users=["a"]))
    >>> there.add(Recommendations([[0, 2]], users=["b"]))
    >>> here.merge(there)
    >>> here.report().frame["value"].tolist()
    [0.75, 1.0]
    """

    def __init__(
        self,
        catalog: Catalog,
        *,
        slots: int,
        train: Interactions | None = None,
        test: Interactions | None = None,
        kernel: Kernel | None = None,
        metrics: Literal["default"] | Iterable[str] = "default",
        demand: Any = None,  # noqa: ANN401
    ) -> None:
        if slots < 1:
            raise ValueError(f"slots must be at least 1, got {slots}")
        nothing = Recommendations(torch.empty(0, slots, dtype=torch.int64))
        self.catalog, self.kernel, self.slots = catalog, kernel, slots
        self.known = context(
            nothing, catalog=catalog, kernel=kernel, train=train, test=test, demand=demand, null=0, rng=0
        )
        names, self.skipped = chosen(metrics, nothing, self.known)
        self.asked: list[Asked] = []
        for name in names:
            metric, k, options = parse(name)
            reason = why_not(metric)
            if not reason:
                refuse_unmet(metric, self.known, nothing)
            if reason and metrics != "default":
                raise ValueError(
                    f"metrics must be such as can be measured some lists at a time, got {name!r}, which {reason}"
                )
            if reason:
                self.skipped[name] = reason
            else:
                self.asked.append(Asked(name, metric, k, options))
        self.sums: list[dict[str, State]] = [{} for _ in range(GROUPS)]
        self._waiting: list[list[Recommendations]] = [[] for _ in range(GROUPS)]
        self._labels = Shared()

    def add(self, recs: Recommendations) -> None:
        """Count some lists in; they are measured when enough of their group have come."""
        recs = self._fitted(recs)
        group = hashed_groups(recs.users)
        for g in np.unique(group).tolist():
            self._waiting[g].append(recs.where(group == g))
            if sum(len(each) for each in self._waiting[g]) * self.slots >= _SLOTS:
                self._measure(g)

    def merge(self, other: Tally) -> None:
        """Count in what another tally, of other lists, has counted."""
        for group, family, key, values in other.numbers():
            self.add_numbers(group, family, key, values)

    def numbers(self) -> Iterator[tuple[int, str, str, npt.NDArray[Any]]]:
        """All sums as arrays that can travel: group, family, name, values."""
        self._settle()
        for group, families in enumerate(self.sums):
            for family, state in families.items():
                for key, value in state.items():
                    yield group, family, key, value.cpu().numpy()

    def add_numbers(self, group: int, family: str, key: str, values: npt.NDArray[Any]) -> None:
        """Count in what :meth:`numbers` of another tally gave."""
        state = self.sums[group].setdefault(family, {})
        value = torch.from_numpy(np.array(values))
        state[key] = state[key] + value if key in state else value

    def report(self, *, confidence: float | None = 0.95) -> Report:
        """The numbers of all lists counted so far, with jackknife intervals; more may be added afterwards."""
        from recdiv.evaluation._totals import report

        self._settle()
        return report(self, confidence)

    def _settle(self) -> None:
        for group in range(GROUPS):
            self._measure(group)

    def _fitted(self, recs: Recommendations) -> Recommendations:
        """The same lists with as many slots as the longest has, so that any metric sees one K."""
        if recs.k > self.slots:
            raise ValueError(f"recs must have at most {self.slots} slots, got {recs.k}")
        recs.check(len(self.catalog))
        if recs.k == self.slots:
            return recs
        lack = (0, self.slots - recs.k)
        pad = torch.nn.functional.pad
        scores = None if recs.scores is None else pad(recs.scores, lack, value=float("nan"))
        return Recommendations(pad(recs.items, lack, value=EMPTY), scores=scores, users=recs.users)

    def _measure(self, group: int) -> None:
        """Turn the waiting lists of a group into sums."""
        waiting, self._waiting[group] = self._waiting[group], []
        if not waiting:
            return
        scores = [each.scores for each in waiting if each.scores is not None]
        recs = Recommendations(
            torch.cat([each.items for each in waiting]),
            scores=torch.cat(scores) if len(scores) == len(waiting) else None,
            users=np.concatenate([each.users for each in waiting]),
        )
        seen = {"lists": torch.tensor(len(recs)), "unknown": (recs.items == UNKNOWN).sum()}
        found = {"seen": seen} | {each.family: each for each in self.asked}
        for family, what in found.items():
            state = what if isinstance(what, dict) else self._state(what, cut(recs, what.k))
            for key, value in state.items():
                self.add_numbers(group, family, key, value.cpu().numpy())

    def _state(self, asked: Asked, recs: Recommendations) -> State:
        """What a metric keeps of some lists."""
        # Labels are read once. Partitions, which Shared would keep too, are of no use to other lists.
        needs_labels = "kernel" not in asked.metric.needs
        known = {**self.known, **asked.options, **({"shared": self._labels} if needs_labels else {})}
        if asked.metric.level == "list":
            return _list_sums(apply(asked.metric, recs, known, None, {**asked.options, "k": asked.k}))
        state: State
        if asked.metric.state is None:
            state = counts_state(recs, n_items=len(self.catalog))
        else:
            state = with_known(asked.metric.state, recs, known)
        held = state.get("lists", (recs.lengths > 0).sum())  # some rest on fewer lists than hold something, and count
        return {**state, "n": held, "n_undefined": len(recs) - held}


def _list_sums(result: Result) -> State:
    """Sum and number of the defined values, and how many lists have none; one that was not drawn is neither."""
    if result.per_list is None:
        raise ValueError("a list-level metric must have a value a list, got none")
    values = result.per_list.double()
    return {
        "sum": values.nansum(),
        "n": (~values.isnan()).sum(),
        "n_undefined": torch.tensor(result.n_undefined, device=values.device),
    }


def hashed_groups(users: npt.NDArray[Any]) -> npt.NDArray[np.int64]:
    """Group 0..19 of each list, the same for a user wherever it is met.

    >>> bool((hashed_groups(np.array(["a", "b", "a"])) == hashed_groups(np.array(["a", "b", "a"]))).all())
    True
    """
    return (label_hashes(users) % np.uint64(GROUPS)).astype(np.int64)


def stream(
    batches: Iterable[Recommendations],
    catalog: Catalog,
    *,
    slots: int | None = None,
    confidence: float | None = 0.95,
    **options: Any,  # noqa: ANN401
) -> Report:
    """Measure lists that come some at a time, in memory that does not grow with their number.

    Args:
        batches: lists; all lists of one user carry the same user label, in whichever batch they are.
        catalog: the items.
        slots: K, the number of slots of the longest list; by default ``batches.slots`` or that of the first batch.
        confidence: of the intervals; None for none.
        options: ``train``, ``test``, ``kernel``, ``metrics`` and ``demand`` of :func:`recdiv.evaluate`.

    Returns:
        A :class:`Report` with the numbers :func:`recdiv.evaluate` gives, but without per-list values, pictures and
        re-dealt nulls, for which all lists must be at hand. All intervals are jackknives over 20 groups of users.

    Raises:
        ValueError: for what :func:`recdiv.evaluate` refuses, a list longer than ``slots``, or a metric asked for by
            name that needs all lists at once.

    >>> import pandas as pd
    >>> catalog = Catalog(pd.DataFrame({"item_id": range(4)}))
    >>> lists = Recommendations([[0, 1], [0, 2], [3, 3]])
    >>> stream([lists.where([0, 1]), lists.where([2])], catalog, metrics=["item_coverage"]).frame["value"].tolist()
    [1.0]
    """
    together = [name for name in ("previous", "groups") if options.get(name) is not None]
    if together:
        raise ValueError(f"{together[0]} needs all lists at hand (rd.evaluate), got it beside lists that come in parts")
    width = slots or getattr(batches, "slots", None)
    tally = None if width is None else Tally(catalog, slots=width, **options)
    for recs in batches:
        tally = tally or Tally(catalog, slots=max(recs.k, 1), **options)
        tally.add(recs)
    return (tally or Tally(catalog, slots=1, **options)).report(confidence=confidence)
