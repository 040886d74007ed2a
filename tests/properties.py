"""Sets of metrics, each with a check that all its members must pass and a mutant that must not.

A check gets ``measure(lists, world) -> float``, some lists of items without repeats and a generator.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pytest
from cases import EMPTY_LIST, LABELS, MINORITY, PLAIN, SENTIMENT, VECTORS, N, World

from recdiv import metrics

Measure = Callable[..., float]


def close(value):
    return pytest.approx(value, abs=1e-6, nan_ok=True)


def bounded(measure, lists, rng, name="item_coverage"):
    """No input leads outside the range that the registry states."""
    low, high = metrics.describe(name).bounds
    lists = np.where(rng.random(np.shape(lists)) < 0.2, rng.integers(-2, N, np.shape(lists)), lists)
    value = measure(lists)
    assert math.isnan(value) or low - 1e-9 <= value <= high + 1e-9


def order_free(measure, lists, rng):
    """The order within a list does not matter."""
    assert measure(rng.permuted(np.array(lists), axis=1)) == close(measure(lists))


def user_order_free(measure, lists, rng):
    """The order of lists does not matter, as long as each stays with its user."""
    users = rng.permutation(len(lists))
    assert measure(np.array(lists)[users], users=users) == close(measure(lists))


def renaming_free(measure, lists, rng):
    """Which row of the catalogue an item stands in does not matter."""
    assert measure(lists, world=World(rng.permutation(N))) == close(measure(lists))


def padding_free(measure, lists, rng):
    """Empty slots, and slots that hold nothing known, do not matter."""
    padded = [[*items, -1, -2, -1] for items in lists]
    assert measure(padded) == close(measure(lists))


def empty_lists_neutral(measure, lists, rng):
    """Lists without a value leave the others alone."""
    padded = [*lists, EMPTY_LIST, EMPTY_LIST]
    assert measure(padded) == close(measure(lists))


def ranks_only(measure, lists, rng):
    """Scores do not matter, be they log-probabilities or a hundred times as large."""
    scores = -np.sort(rng.exponential(size=np.shape(lists)), axis=1)
    for each in (scores, 100 * scores):
        assert measure(lists, scores=each) == close(measure(lists))


def monotone(measure, lists, rng):
    """One more list never lowers the value."""
    values = [measure(lists[:n]) for n in range(1, len(lists) + 1)]
    assert all(later >= earlier - 1e-9 for earlier, later in pairwise(values))


def copy_aware(measure, lists, rng):
    """An item and its exact copy (in vector, label and all else) are the same thing."""
    vectors, columns = VECTORS.copy(), [list(values) for values in (LABELS, MINORITY, SENTIMENT)]
    vectors[6] = vectors[5]
    for values in columns:
        values[6] = values[5]
    world = World(np.arange(N), vectors, *columns)
    swapped = [[{5: 6, 6: 5}.get(i, i) for i in items] if rng.random() < 0.5 else list(items) for items in lists]
    assert measure(swapped, world=world) == close(measure(lists, world=world))


def mergeable(measure, lists, rng):
    """States of disjoint sets of lists add up to the state of all."""
    cut = int(rng.integers(1, len(lists)))
    assert measure(lists, parts=[lists[:cut], lists[cut:]]) == close(measure(lists))


# --- mutants: each is a metric that the check beside it must catch -----------------------------------------------


def _first_item(lists, world=PLAIN, users=None, scores=None, parts=None):
    return float(world.rows(lists)[0, 0])


def _slots(lists, **_):
    return float(np.size(lists))


def _n_lists(lists, **_):
    return float(len(lists))


def _fewest(lists, **_):
    return float(-len(lists))


def _score(lists, scores=None, **_):
    return 0.0 if scores is None else float((scores > 0).mean() + scores.sum())


def _different_items(lists, **_):
    return float(len({i for items in lists for i in items}))


def _too_large(lists, **_):
    return 1.0 + 1e-6


def _parts_averaged(lists, parts=None, **_):
    return float(np.mean([_different_items(part) for part in parts])) if parts else _different_items(lists)


@dataclass(frozen=True)
class Property:
    """A check, and a metric without the property together with lists on which the check catches it."""

    check: Callable[..., None]
    mutant: Measure
    lists: tuple = ((0, 1, 2, 3), (5, 3, 1, 0), (2, 5, 4, 1))


PROPERTIES = {
    "bounded": Property(bounded, _too_large),
    "order_free": Property(order_free, _first_item),
    "user_order_free": Property(user_order_free, _first_item),
    "renaming_free": Property(renaming_free, _first_item),
    "padding_free": Property(padding_free, _slots),
    "empty_lists_neutral": Property(empty_lists_neutral, _n_lists),
    "ranks_only": Property(ranks_only, _score),
    "monotone": Property(monotone, _fewest),
    "copy_aware": Property(copy_aware, _different_items, ((5, 1), (5, 2), (5, 3))),
    "mergeable": Property(mergeable, _parts_averaged),
}
