"""What a report, a stream and an explanation say of the same lists agrees, also where lists are drawn or cut."""

from __future__ import annotations

from importlib import import_module

import numpy as np
import pandas as pd
import pytest
import torch

import recdiv as rd
from recdiv.evaluation._intervals import user_groups
from recdiv.evaluation._tally import stream
from recdiv.explain import contributions
from recdiv.metrics._categories import label_table

ITEMS = 20
information = import_module("recdiv.metrics.category_information")


@pytest.fixture
def world() -> dict[str, object]:
    rng = np.random.default_rng(0)
    labels = [("a", "b", "c|d", "")[i % 4] for i in range(ITEMS)]
    catalog = rd.Catalog(pd.DataFrame({"item_id": range(ITEMS), "category": labels}))
    events = pd.DataFrame({"user_id": rng.integers(0, 10, 80), "item_id": rng.integers(0, ITEMS, 80)})
    return {
        "catalog": catalog,
        "kernel": rd.EmbeddingKernel(rng.normal(size=(ITEMS, 5))),
        "train": rd.Interactions(events, catalog),
    }


def _lists(n: int, k: int) -> rd.Recommendations:
    rng = np.random.default_rng(1)
    return rd.Recommendations(np.stack([rng.permutation(ITEMS)[:k] for _ in range(n)]), users=np.arange(n) % 10)


@pytest.mark.parametrize("name", ["calibration_qjsd", "conditional_effective_number"])
def test_every_subset_of_an_explained_list_is_measured(world, name):  # type: ignore[no-untyped-def]
    known = {"kernel": world["kernel"], "train": world["train"]}
    recs = _lists(3, 6)
    drawn = contributions(f"{name}@sample=40", recs, **known)  # 3 · 64 subsets, of which 40 would be drawn
    measured = rd.metrics.compute(name, recs, **known).per_list
    torch.testing.assert_close(drawn.total, measured)
    torch.testing.assert_close(drawn.values.sum(1), measured - drawn.base)


def test_lists_that_are_not_drawn_are_not_undefined_in_a_stream(world):  # type: ignore[no-untyped-def]
    name = "calibration_qjsd@sample=30"
    recs = _lists(200, 3)
    everything = {"train": world["train"].where(world["train"].user < 9), "kernel": world["kernel"], "metrics": [name]}
    expected = rd.evaluate(recs, world["catalog"], null=0, confidence=None, **everything).frame
    found = stream([recs], world["catalog"], confidence=None, **everything).frame
    assert found["n_undefined"].tolist() == expected["n_undefined"].tolist()


@pytest.mark.parametrize("name", ["temporal_diversity", "temporal_novelty"])
def test_a_cut_off_holds_for_the_lists_before_as_well(name):  # type: ignore[no-untyped-def]
    now, before = rd.Recommendations([[0, 1, 2, 3]]), rd.Recommendations([[2, 3, 0, 1]])
    assert rd.metrics.compute(f"{name}@k=2", now, previous=before).value == 1.0
    both = rd.Recommendations([[2, 3, 0, 1], [0, 1, 2, 3]], users=[0, 0], time=[1, 2])
    assert rd.metrics.compute(f"{name}@k=2", both).value == 1.0  # the same lists, told apart by time


def test_a_user_is_in_one_group_whether_named_by_7_or_by_7_point_0():  # type: ignore[no-untyped-def]
    whole, floating = (rd.Recommendations([[0]] * 60, users=users) for users in (np.arange(60), np.arange(60.0)))
    assert user_groups(whole).tolist() == user_groups(floating).tolist()


def test_dealt_entropies_do_not_hang_on_the_size_of_a_part(world, monkeypatch):  # type: ignore[no-untyped-def]
    items = _lists(50, 4).items.clone()
    items[::3, 2:] = -1
    items[7] = -1
    mass = torch.rand(items.shape, dtype=torch.float64) * (items >= 0)
    labels = label_table(world["catalog"], "own")
    whole = information._dealt_entropies(items, mass, labels)
    monkeypatch.setattr("recdiv.metrics.category_information.BLOCK", 24)
    torch.testing.assert_close(information._dealt_entropies(items, mass, labels), whole)
