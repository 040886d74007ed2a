"""Each metric has the properties of the sets it is in; each check fails on a metric without the property."""

from functools import partial

import numpy as np
import pytest
from cases import PLAIN, clean_lists
from hypothesis import given, settings
from hypothesis import strategies as st
from properties import PROPERTIES
from test_metrics import CASES

from recdiv import metrics
from recdiv.metrics._registry import with_known

MEMBERS = [(name, each) for name, case in CASES.items() for each in case.properties.split()]


def measure(name, lists, world=PLAIN, users=None, scores=None, parts=None):
    """The metric as the checks ask for it; with ``parts``, by way of the states of each."""
    case = CASES[name]
    known = world.given(case, len(lists))
    if parts is None:
        recs = case.recs(world.rows(lists), users=users, scores=scores)
        return metrics.compute(name, recs, **known).value
    facts, known = metrics.describe(name), {**known, **case.states, "n_items": len(known["catalog"])}
    starts = np.cumsum([0, *map(len, parts)])
    states = [
        with_known(facts.state, case.recs(world.rows(part), users=np.arange(start, start + len(part))), known)
        for start, part in zip(starts, parts, strict=False)
    ]
    return with_known(facts.value, {key: sum(state[key] for state in states) for key in states[0]}, known)


@pytest.mark.parametrize(("name", "prop"), MEMBERS, ids=lambda value: value)
@given(lists=clean_lists, seed=st.integers(0, 2**32 - 1))
@settings(max_examples=15)
def test_members_pass(name, prop, lists, seed):
    check = PROPERTIES[prop].check
    extra = {"name": name} if prop == "bounded" else {}
    check(partial(measure, name), lists, np.random.default_rng(seed), **extra)


@pytest.mark.parametrize("prop", PROPERTIES)
def test_each_check_can_fail(prop):
    each = PROPERTIES[prop]
    lists = [list(items) for items in each.lists]
    generators = [np.random.default_rng(seed) for seed in range(20)]
    assert any(_fails(each, lists, rng) for rng in generators)


def _fails(each, lists, rng):
    try:
        each.check(each.mutant, lists, rng)
    except AssertionError:
        return True
    return False


def test_bounds_say_something():
    bounded = [name for name, prop in MEMBERS if prop == "bounded"]
    assert [name for name in bounded if np.isinf(metrics.describe(name).bounds).all()] == []


def test_every_metric_is_in_a_set_and_every_set_is_known():
    assert [name for name in metrics.names() if not CASES[name].properties] == []
    assert {prop for _, prop in MEMBERS} == set(PROPERTIES)


def test_what_adds_up_is_checked_to():
    assert {name for name in metrics.names() if metrics.describe(name).state} == {
        name for name, prop in MEMBERS if prop == "mergeable"
    }
