"""Who is asked what: splits by person or in time that leak nothing, and the ranking of a whole catalogue."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from recdiv._columns import Rows, require_columns
from recdiv.tables import Interactions, Recommendations

if TYPE_CHECKING:
    from recdiv.recommend._base import Recommender

Part = Literal["validation", "test"]


@dataclass(frozen=True)
class Split:
    """Interactions in three parts: what a model learns from, what its settings are chosen by, what it is marked by.

    Attributes:
        train: what models are fitted on.
        known: everything before the test: ``train`` and what lies between it and the test. Histories come from here.
        validation: what people with a history in ``train`` did next; may be empty.
        test: what people with a history in ``known`` did after it.
        protocol: ``"leave one out"`` or ``"temporal"``.
        counts: what was set aside, by reason: nobody is left out silently.

    A model learns from ``train`` alone. When it is tested, the history that it is given holds the validation events
    too: somebody who stands at that moment knows them.
    """

    train: Interactions
    known: Interactions
    validation: Interactions
    test: Interactions
    protocol: str
    counts: dict[str, int] = field(default_factory=dict)

    def __repr__(self) -> str:
        parts = f"train {len(self.train):,}, validation {len(self.validation):,}, test {len(self.test):,} events"
        return f"Split({self.protocol}: {parts}; {self.test.n_users:,} users tested)"

    def part(self, name: Part) -> Interactions:
        """The validation or the test part.

        Raises:
            ValueError: if ``name`` is neither.
        """
        if name not in ("validation", "test"):
            raise ValueError(f"part must be 'validation' or 'test', got {name!r}")
        return self.validation if name == "validation" else self.test

    def histories(self, part: Part = "test", *, users: Iterable[Any] | None = None) -> list[Rows]:
        """Item rows of each user before a part, oldest first; ``users`` None: of everybody in that part."""
        before = self.train if part == "validation" else self.known
        return before.histories(self.part(part).users if users is None else users)

    def cold(self) -> Tensor:
        """Which items have no training event, bool ``[I]``: nobody's behaviour says anything about them."""
        return self.train.item_counts() == 0

    def slice(self, items: Tensor, *, part: Part = "test") -> Interactions:
        """The events of a part whose item is in ``items`` (bool ``[I]``): those of ``cold()``, say.

        Raises:
            ValueError: if ``items`` is not one truth value an item.
        """
        if items.dtype != torch.bool or items.shape != (self.train.n_items,):
            kind = f"{str(items.dtype).removeprefix('torch.')} {list(items.shape)}"
            raise ValueError(f"items must be one truth value an item [{self.train.n_items}], got {kind}")
        events = self.part(part)
        return events.where(items.cpu().numpy()[events.item])

    def recommend(
        self,
        model: Recommender,
        *,
        part: Part = "test",
        k: int = 20,
        candidates: Tensor | npt.ArrayLike | None = None,
    ) -> Recommendations:
        """Lists of a fitted model for everybody in a part: all items compete, except those in the user's history.

        Ranking a sample of the items would be quicker and can turn the order of two models around (Krichene & Rendle
        2020), so none is drawn; ``candidates`` narrows the question itself, to cold items, say. Mark the lists with
        ``rd.evaluate(lists, catalog, train=split.train, test=split.test, metrics=["ndcg@10", ...])``.

        Args:
            model: fitted on ``train``.
            part: ``"validation"`` or ``"test"``.
            k: slots a list: the largest cut-off that will be asked for.
            candidates: item rows that may be recommended; None for all.

        Raises:
            ValueError: if the model has learnt events of the part it is to be marked by.
        """
        events = self.part(part)
        self._refuse_leak(model, events)
        return model.recommend(events.users, k=k, histories=self.histories(part), candidates=candidates)

    def _refuse_leak(self, model: Recommender, events: Interactions) -> None:
        """The one mistake that makes every number good: being marked by what was learnt."""
        if model.train is None or model.train is self.train:
            return
        marked, before, learnt = (_pairs(each, events) for each in (events, self.known, model.train))
        new = np.setdiff1d(marked, before if events is self.test else _pairs(self.train, events))
        leaked = len(np.intersect1d(new, learnt))
        if leaked:
            raise ValueError(
                f"model must not have learnt what it is marked by: fit it on the training part, got one that knows "
                f"{leaked} of {len(events)} events"
            )


def leave_one_out(
    interactions: Interactions, *, validation: bool = True, rng: int | np.random.Generator | None = None
) -> Split:
    """Everybody's last event is the test, the one before it the validation part, the rest is learnt from.

    Fair between models, but not to the clock: one person's test event may be older than another's training event, so a
    model may know a fashion that was yet to come. Where there are times, and enough people with a past,
    :func:`temporal_split` is the stricter test.

    Args:
        interactions: oldest first. Somebody with one event is only learnt from (counted); with two, tested but not
            validated on.
        validation: whether to hold out a validation event.
        rng: for data without times: each person's order is drawn, for the order of rows in a file may mean anything.
            None keeps the order.

    Raises:
        ValueError: if ``rng`` is given for events that have times.

    >>> import pandas as pd
    >>> from recdiv.tables import Catalog
    >>> catalog = Catalog(pd.DataFrame({"item_id": ["a", "b", "c"]}))
    >>> frame = pd.DataFrame({"user_id": [1, 1, 1, 2], "item_id": ["a", "b", "c", "b"], "timestamp": [1, 2, 3, 4]})
    >>> split = leave_one_out(Interactions(frame, catalog))
    >>> split
    Split(leave one out: train 2, validation 1, test 1 events; 1 users tested)
    >>> [rows.tolist() for rows in split.histories("test")], split.test.item.tolist()
    ([[0, 1]], [2])
    """
    if rng is not None:
        if "timestamp" in interactions.frame:
            raise ValueError("rng must be None where events have times, for their order is known")
        order = np.random.default_rng(rng).permutation(len(interactions))
        interactions = Interactions(interactions.frame.iloc[order], interactions.catalog)
    known, test = interactions.leave_one_out()
    train, held = known.leave_one_out() if validation else (known, _none_of(known))
    counts = {"users with one event, not tested": interactions.n_users - test.n_users}
    return Split(train, known, held, test, "leave one out", {**counts, **_repeated(known, test)})


def temporal_split(
    interactions: Interactions,
    *,
    test: float = 0.1,
    validation: float = 0.1,
    at: Any = None,  # noqa: ANN401
    validation_at: Any = None,  # noqa: ANN401
) -> Split:
    """One moment for everybody: what came before it is known, what came from it on is the test.

    Nothing that happened at or after the moment is learnt, by anybody's behaviour; the validation part is cut off from
    what came before in the same way. Somebody who appears only after the moment cannot be asked anything (counted).

    Args:
        interactions: with times.
        test: share of the events in the test, where ``at`` is None; events of one moment stay together.
        validation: share of the events in the validation part, where ``validation_at`` is None; 0 for none.
        at: the moment of the test.
        validation_at: the moment of the validation part, before ``at``.

    Raises:
        ValueError: if events have no times, a share is outside [0, 1), the moments are out of order, or nothing is
            left on one side of them.

    >>> import pandas as pd
    >>> from recdiv.tables import Catalog
    >>> catalog = Catalog(pd.DataFrame({"item_id": ["a", "b", "c"]}))
    >>> frame = pd.DataFrame({"user_id": [1, 1, 2, 1, 3], "item_id": list("abcca"), "timestamp": [1, 2, 3, 4, 5]})
    >>> split = temporal_split(Interactions(frame, catalog), at=4, validation_at=2)
    >>> split.test.users.tolist(), split.counts["users without history, not tested"]
    ([1], 1)
    """
    require_columns(interactions.frame, "interactions", ["timestamp"])
    at = _moment(interactions, test, "test") if at is None else at
    if validation_at is None:
        validation_at = at if validation == 0 else _moment(interactions, test + validation, "test + validation")
    if validation_at > at:
        raise ValueError(f"validation_at must not come after at ({at}), got {validation_at}")
    known, after = interactions.split_at(at)
    train, between = known.split_at(validation_at)
    if not len(train) or not len(after):
        raise ValueError(f"at and validation_at must leave events on both sides, got {at} and {validation_at}")
    marked, held = _with_history(after, known), _with_history(between, train)
    counts = {
        "users without history, not tested": after.n_users - marked.n_users,
        "their test events": len(after) - len(marked),
        "validation users without history": between.n_users - held.n_users,
    }
    return Split(train, known, held, marked, "temporal", {**counts, **_repeated(known, marked)})


def k_core(interactions: Interactions, *, users: int = 5, items: int = 1) -> Interactions:
    """The events of users with at least ``users`` events and of items with at least ``items``, of those that stay.

    The catalogue stays whole, so that every item still competes. Looks at the future when it is applied before a split:
    it says who is measured, and belongs beside the numbers. ``items`` above 1 removes the cold items, and with them the
    question that text can answer and behaviour cannot.

    Raises:
        ValueError: if a number is below 1.

    >>> import pandas as pd
    >>> from recdiv.tables import Catalog
    >>> catalog = Catalog(pd.DataFrame({"item_id": ["a", "b"]}))
    >>> events = Interactions(pd.DataFrame({"user_id": [1, 1, 2, 2], "item_id": ["a", "a", "a", "b"]}), catalog)
    >>> len(k_core(events, users=2)), len(k_core(events, users=2, items=2))  # without b, user 2 has one event
    (4, 2)
    """
    for name, least in (("users", users), ("items", items)):
        if least < 1:
            raise ValueError(f"{name} must be at least 1, got {least}")
    kept = np.ones(len(interactions), dtype=bool)
    while True:
        by_user = np.bincount(interactions.user[kept], minlength=interactions.n_users)
        by_item = np.bincount(interactions.item[kept], minlength=interactions.n_items)
        still = kept & (by_user[interactions.user] >= users) & (by_item[interactions.item] >= items)
        if still.sum() == kept.sum():
            return interactions.where(kept)
        kept = still


def first_events(interactions: Interactions) -> Interactions:
    """Each user's first event with each item: for lists that never show what somebody had before.

    >>> import pandas as pd
    >>> from recdiv.tables import Catalog
    >>> catalog = Catalog(pd.DataFrame({"item_id": ["a", "b"]}))
    >>> events = Interactions(pd.DataFrame({"user_id": [1, 1, 1], "item_id": ["a", "b", "a"]}), catalog)
    >>> first_events(events).item.tolist()
    [0, 1]
    """
    return interactions.where(~interactions.frame.duplicated(["user_id", "item_id"]).to_numpy())


def _moment(interactions: Interactions, share: float, name: str) -> Any:  # noqa: ANN401
    """The time from which on ``share`` of the events lie."""
    if not 0 < share < 1:
        raise ValueError(f"{name} must be a share between 0 and 1, got {share}")
    times = interactions.frame["timestamp"]
    if not len(times):
        raise ValueError("interactions must hold events to be split in time, got none")
    return times.iloc[min(math.floor((1 - share) * len(times) + 1e-6), len(times) - 1)]  # (1 - 0.9) × 10 is 1


def _with_history(events: Interactions, before: Interactions) -> Interactions:
    return events.where(before.positions(events.users)[events.user] >= 0)


def _none_of(events: Interactions) -> Interactions:
    return events.where(np.zeros(len(events), dtype=bool))


def _repeated(known: Interactions, test: Interactions) -> dict[str, int]:
    """Test events that no list can hit when seen items are left out: see :func:`first_events`."""
    again = np.isin(_pairs(test, test), _pairs(known, test))
    return {"test events of an item had before": int(again.sum())}


def _pairs(events: Interactions, of: Interactions) -> Rows:
    """One number a (user, item) event, users numbered as in ``of``; those who are not in it share no number with it."""
    user = of.positions(events.users)[events.user]
    pairs: Rows = user * of.n_items + events.item
    return pairs[user >= 0] if events is not of else pairs
