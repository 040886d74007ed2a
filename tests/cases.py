"""What every registered metric is held to, and the small world in which it is computed.

A metric has one ``Case``, in the file of its group (cases_exposure.py, cases_within.py, ...).
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
import pytest
from hypothesis import strategies as st

import recdiv as rd
from recdiv import metrics

N = 7
LABELS = ["a", "a|b", "b", None, None, "c", "a|c"]
VECTORS = np.random.default_rng(5).normal(size=(N, 4))
MINORITY = [1.0, 0.5, 0.0, None, 0.25, 0.0, 1.0]
SENTIMENT = [-1.0, 0.1, 0.5, 0.0, None, -0.6, 0.75]
EVENTS = pd.DataFrame({"user_id": [0, 0, 1, 2, 2, 2, 9], "item_id": [0, 1, 1, 2, 3, 1, 0]})
NEXT = pd.DataFrame({"user_id": [0, 0, 2, 2, 2, 3], "item_id": [4, 5, 5, 6, 5, 1]})
BEFORE = [[0, 1, 2, 3], [3, 2, 1, 0], [4, 5, 6, 0], [6, 2, 4, 1], [1, 3, 5, 0], [5, 6, 0, 2]]  # lists shown earlier
EMPTY_LIST = [-1] * 4


@dataclass(frozen=True)
class Case:
    """What one metric is held to.

    Attributes:
        undefined: its answers where the only list is ONE, EMPTY, UNKNOWN or REPEAT (see test_metrics.py); None is NaN.
        properties: names of the sets in properties.py it belongs to, separated by spaces.
        references: slow references by metric name (``"ndcg"``, ``"ndcg@2"``): ``(user, items)`` to a number or None for
            a list-level metric, ``(lists)`` for a corpus-level one.
        compared_in: where the reference is, if not here.
        recs: from lists of items to recommendations; users are 0, 1, 2, ...
        given: what it is given besides the world's catalogue, kernel, train and test, by a function of the number
            of lists and the positions of the items.
        states: what its state needs besides: the labels among which lists are told apart.
    """

    undefined: tuple[float | str | None, ...]
    properties: str
    references: dict[str, Callable[..., float | None]] = field(default_factory=dict)
    compared_in: str = ""
    recs: Callable[..., rd.Recommendations] = rd.Recommendations
    given: Callable[[int, np.ndarray], dict] = lambda n_lists, position: {}
    states: dict = field(default_factory=dict)


@dataclass(frozen=True)
class World:
    """Seven items in some order of rows, and what people did with them."""

    order: np.ndarray
    vectors: np.ndarray = field(default_factory=lambda: VECTORS)
    labels: list = field(default_factory=lambda: LABELS)
    minority: list = field(default_factory=lambda: MINORITY)
    sentiment: list = field(default_factory=lambda: SENTIMENT)

    def given(self, case: Case, n_lists: int) -> dict:
        columns = {"category": self.labels, "minority": self.minority, "sentiment": self.sentiment}
        columns = {name: [values[i] for i in self.order] for name, values in columns.items()}
        catalog = rd.Catalog(pd.DataFrame({"item_id": self.order, **columns}))
        return {
            "catalog": catalog,
            "kernel": rd.EmbeddingKernel(self.vectors[self.order]),
            "train": rd.Interactions(EVENTS, catalog),
            "test": rd.Interactions(NEXT, catalog),
            **case.given(n_lists, self.position),
        }

    @property
    def position(self) -> np.ndarray:
        """Row of each item."""
        return np.argsort(self.order)

    def rows(self, lists) -> np.ndarray:
        lists = np.array(lists, dtype=np.int64)
        return np.where(lists >= 0, self.position[lists], lists)


PLAIN = World(np.arange(N))
CATALOG, KERNEL, TRAIN, TEST = (PLAIN.given(Case((), ""), 0)[name] for name in ("catalog", "kernel", "train", "test"))
GIVEN = {"catalog": CATALOG, "kernel": KERNEL, "train": TRAIN, "test": TEST}
LABEL_LISTS = [list(labels) for labels in CATALOG.categories]
RELEVANT = NEXT.groupby("user_id")["item_id"].apply(list).to_dict()
HISTORY = EVENTS.groupby("user_id")["item_id"].apply(list).to_dict()

lists_of_items = st.lists(
    st.lists(st.integers(-2, N - 1), min_size=4, max_size=4), min_size=1, max_size=6
)  # repeats, empties, unknowns
clean_lists = st.lists(st.permutations(range(N)).map(lambda order: order[:4]), min_size=2, max_size=6)


def compute(name, lists, *, case=None, world=PLAIN, **given):
    """The metric of lists of items in the small world."""
    case = case or Case((), "")
    recs = case.recs(world.rows(lists))
    return metrics.compute(name, recs, **{**world.given(case, len(lists)), **given})


def same(value, reference):
    return math.isnan(value) if reference is None else value == pytest.approx(reference, abs=1e-6)
