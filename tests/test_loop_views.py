"""Loops side by side and as people look at them: intervals over seeds, curves, maps, a page."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import ttest_1samp

import recdiv as rd
from recdiv.datasets.sample import generate
from recdiv.loop import Config, against, change, over_seeds, run, stacked
from recdiv.loop._world import sample_world
from recdiv.report._loop import catalogue_places, loop_page

VALUES = {  # arm, seed: value of each of two rounds
    ("none", 0): (1.0, 2.0),
    ("none", 1): (2.0, 2.5),
    ("none", 2): (4.0, 6.0),
    ("more", 0): (1.0, 5.0),
    ("more", 1): (2.0, 4.0),
    ("more", 2): (4.0, 9.5),
}


@pytest.fixture(scope="module")
def frame():
    base = {"view": "shown", "group": "all", "measure": "gamma"}
    return stacked(
        {key: pd.DataFrame({"round": [1, 2], **base, "value": pair}) for key, pair in VALUES.items()},
    )


@pytest.fixture(scope="module")
def result():
    world = sample_world(generate("video", seed=5, n_items=150, n_users=40), Config(k=5))
    return run(Config(rounds=3, k=5, kernel="truth", recommender="ItemKNN"), world=world)


def expected(values):
    found = ttest_1samp(values, 0.0).confidence_interval(0.95)
    return [np.mean(values), found.low, found.high]


def test_means_over_seeds_have_the_interval_of_a_t_test(frame):
    found = over_seeds(frame).set_index(["arm", "round"])
    row = found.loc[("none", 2)]
    assert row[["mean", "low", "high"]].tolist() == pytest.approx(expected([2.0, 2.5, 6.0]))
    assert row["n"] == 3


def test_changes_are_taken_within_a_seed(frame):
    found = change(frame, first=[1], last=[2]).set_index("arm")
    assert found.loc["more", ["mean", "low", "high"]].tolist() == pytest.approx(expected([4.0, 2.0, 5.5]))


def test_differences_are_paired_by_seed(frame):
    found = against(frame, "none", rounds=[2])
    assert found["arm"].tolist() == ["more"]
    assert found.loc[0, ["mean", "low", "high"]].tolist() == pytest.approx(expected([3.0, 1.5, 3.5]))
    both = against(frame, "none", rounds=[1, 2])
    assert both.loc[0, "mean"] == pytest.approx(np.mean([1.5, 0.75, 1.75]))


def test_a_baseline_must_be_there(frame):
    with pytest.raises(ValueError, match="baseline must be one of more, none, got 'nobody'"):
        against(frame, "nobody", rounds=[1])


def test_one_seed_has_no_interval(frame):
    found = over_seeds(frame[frame["seed"] == 0])
    assert found["low"].isna().all()
    assert found["mean"].notna().all()


def test_curves_show_what_the_frame_holds(result, frame):
    fig = rd.plots.loop(result.frame, measures=["gamma", "gini"])
    lines = {line.get_label(): line.get_ydata().tolist() for line in fig.axes[0].lines}
    for group in ("all", "mainstream", "niche"):
        assert lines[group] == result.series("gamma", group=group).tolist()
    arms = rd.plots.loop(over_seeds(frame), measures=["gamma"], lines="arm")
    assert [line.get_label() for line in arms.axes[0].lines] == ["more", "none"]
    assert len(arms.axes[0].collections) == 2  # bands
    with pytest.raises(ValueError, match=r"measures must be in the frame .*got 'width'"):
        rd.plots.loop(result.frame, measures=["width"])


def test_the_map_shows_what_each_round_showed(result):
    kernel = rd.EmbeddingKernel(result.world.item_topics)
    fig = rd.plots.exposure(result, kernel, rounds=[1, 3])
    for ax, number in zip(fig.axes, (1, 3), strict=True):
        dots, *discs = [len(patch.get_path().vertices) // 2 for patch in ax.patches]
        shown = result.exposure[number - 1] > 0
        assert dots == ((result.world.release <= result.world.days(3)[number - 1]) & ~shown).sum()
        assert sum(discs) == shown.sum()
    with pytest.raises(ValueError, match=r"rounds must lie in 1\.\.3, got 4"):
        rd.plots.exposure(result, kernel, rounds=[4])


def test_places_are_the_principal_directions():
    rng = np.random.default_rng(0)
    vectors = np.column_stack([np.full(50, 5.0), rng.normal(0, 2.0, 50), rng.normal(0, 0.3, 50)])
    places = catalogue_places(rd.EmbeddingKernel(vectors))
    assert places.shape == (50, 2)
    assert places.var(0)[0] > places.var(0)[1]
    assert abs(np.corrcoef(places[:, 0], vectors[:, 1])[0, 1]) > 0.98


def test_the_page_holds_first_and_last_numbers_and_escapes_names(result):
    import dataclasses

    world = dataclasses.replace(result.world, source="<script>alert(1)</script>")
    page = loop_page(dataclasses.replace(result, world=world))
    assert "<script>alert" not in page
    for number in (1, 3):
        assert f"{result.series('satisfaction')[number]:.3f}" in page
