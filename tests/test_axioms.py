"""The table of axioms: held to known facts, to the sets of properties.py, and able to fail."""

from functools import cache

import numpy as np
import pytest
from test_metrics import CASES

from recdiv import metrics
from recdiv.metrics._axiom_worlds import draw
from recdiv.metrics._axioms import AXIOMS

AXIOM = {axiom.name: axiom for axiom in AXIOMS}
SETS = {"bounds": "bounded", "order": "order_free", "gaps": "padding_free", "scores": "ranks_only",
        "copies": "copy_aware"}  # fmt: skip


@cache
def found():
    return metrics.axioms(trials=30).set_index(["axiom", "metric"])


def verdict(axiom, metric):
    return found().loc[(axiom, metric), "verdict"]


@pytest.mark.parametrize(("axiom", "prop"), SETS.items())
def test_members_of_a_set_of_properties_hold(axiom, prop):
    members = [name for name, case in CASES.items() if prop in case.properties.split()]
    assert members
    assert [name for name in members if verdict(axiom, name) == "fails"] == []


@pytest.mark.parametrize(("axiom", "holds", "fails"), [
    ("order", "entropy gamma ild", "ndcg mrr eild"),
    ("gaps", "recall gamma gini", "validity precision"),
    ("copies", "gamma ild category_entropy chi", "entropy gini item_coverage mutual_information"),
    ("blind", "entropy gini item_coverage recall", "gamma ild category_entropy semantic_coverage"),
    ("crowd", "entropy gini gamma chi", "personalization average_popularity"),
    ("doubling", "gamma alpha effective_number leinster_cobbold effective_catalog_size item_count",
     "entropy ild gini item_coverage"),
    ("growth", "item_count gamma effective_number", "eild"),
    ("distance", "ild min_distance leinster_cobbold", "effective_number alpha gamma log_det"),
    ("uniqueness", "log_det", "item_count effective_number alpha gamma ild"),
])  # fmt: skip
def test_known_facts(axiom, holds, fails):
    assert {name: verdict(axiom, name) for name in holds.split()} == dict.fromkeys(holds.split(), "holds")
    assert {name: verdict(axiom, name) for name in fails.split()} == dict.fromkeys(fails.split(), "fails")


def test_it_is_asked_only_where_it_means_something():
    assert verdict("doubling", "ndcg") == "does not apply"
    assert verdict("bounds", "chi_excess") == "does not apply"


def test_each_check_can_fail():
    failing = {axiom for axiom, verdicts in found().groupby(level="axiom")["verdict"] if "fails" in set(verdicts)}
    assert set(AXIOM) - failing == {"bounds", "scores"}
    assert not AXIOM["bounds"].holds(metrics.describe("gini"), 0.5, 1.1)
    before, after = AXIOM["scores"].change(draw(np.random.default_rng(0), users=2, k=3), np.random.default_rng(0))
    assert not np.array_equal(before.recs().scores, after.recs().scores)


def test_an_example_is_given_with_every_failure_and_only_there():
    assert ((found()["example"] != "") == (found()["verdict"] == "fails")).all()
    assert ((found()["trials"] > 0) == (found()["verdict"] != "does not apply")).all()
    assert found().loc[("copies", "entropy"), "example"].count("→") == 2


@pytest.mark.parametrize("seed", range(5))
def test_what_is_done_to_a_world_is_what_is_said(seed):
    rng = np.random.default_rng(seed)
    world = draw(rng, users=2, k=4)
    before, after = AXIOM["distance"].change(world, rng)
    change = after.vectors @ after.vectors.T - before.vectors @ before.vectors.T
    assert (change < -1e-12).sum() == 2
    assert change.max() < 1e-12
    assert (after.vectors @ after.vectors.T).min() >= 0
    before, after = next(filter(None, (AXIOM["copies"].change(world, rng) for _ in range(50))))
    old, new = ({*np.ravel(each.lists)} for each in (before, after))
    copy = max(new)
    assert copy not in old
    assert any(np.array_equal(before.vectors[item], before.vectors[copy]) for item in range(copy))
    before, after = AXIOM["doubling"].change(world, rng)
    assert len(after.labels) == 2 * len(before.labels)
    assert not set(filter(None, "|".join(after.labels[9:]).split("|"))) & {"x", "y", "z"}


def test_errors_and_seeds():
    with pytest.raises(ValueError, match="trials must be a positive integer, got 0"):
        metrics.axioms(trials=0)
    with pytest.raises(ValueError, match="metric must be one of"):
        metrics.axioms(["nothing"])
    again = metrics.axioms(["gamma"], trials=4)
    assert again.equals(metrics.axioms(["gamma"], trials=4))
