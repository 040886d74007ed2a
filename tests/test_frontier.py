"""Accuracy against diversity of every re-ranker: numbers as evaluate gives them, choices that follow from them."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import recdiv as rd
from recdiv import plots, reranking
from recdiv.evaluation import choices, frontier
from recdiv.evaluation._frontier import padded
from recdiv.experiments._frontier_record import unpacked

ROOT = Path(__file__).parents[1]
N, U = 60, 40


@pytest.fixture(scope="module")
def made():
    generator = np.random.default_rng(1)
    frame = pd.DataFrame({"item_id": range(N), "category": [["a", "b", "c"][i % 3] for i in range(N)]})
    catalog = rd.Catalog(frame)
    kernel = rd.EmbeddingKernel(generator.normal(size=(N, 8)))
    events = pd.DataFrame({"user_id": np.repeat(range(U), 5), "item_id": generator.integers(0, N, 5 * U)})
    train, test = rd.Interactions(events, catalog).leave_one_out()
    scores = generator.normal(size=(U, N))
    scores[np.arange(U), test.item] += 1.5
    pool = rd.rerank(scores, None, method="topk", k=20)
    return {
        "candidates": rd.Recommendations(pool.items, scores=pool.scores, users=range(U)),
        "catalog": catalog, "kernel": kernel, "train": train, "test": test,
        "history": padded(train.histories(range(U))),
    }  # fmt: skip


def measured(made, **options):
    given = {"metrics": ["alpha", "calibration_kl"], "diversities": [0.5], "k": 5, "resamples": 50}
    return frontier(**{**made, **given, **options})


def test_numbers_are_those_of_evaluate(made):
    frame = measured(made, methods=["mmr", "calibrated"])
    assert frame.groupby("method")["diversity"].unique().map(list).to_dict() == {
        "mmr": [0, 0.5],
        "calibrated": [0, 0.5],
    }
    pool, found = made["candidates"], frame.set_index(["method", "diversity", "metric"])["value"]
    labels = rd.CategoryKernel(made["catalog"].categories)
    for method, kernel, history in (("mmr", made["kernel"], None), ("calibrated", labels, made["history"])):
        lists = rd.rerank(pool.scores, kernel, method=method, k=5, candidates=pool.items, history=history)
        recs = rd.Recommendations(lists.items, users=pool.users)
        for metric in ("ndcg@5", "alpha", "calibration_kl"):
            alone = rd.metrics.compute(
                metric, recs, catalog=made["catalog"], kernel=made["kernel"], train=made["train"], test=made["test"]
            )
            assert found[method, 0.5, metric] == pytest.approx(alone.value)
        assert found[method, 0.5, "cost"] == pytest.approx(
            1 - found[method, 0.5, "ndcg@5"] / found[method, 0, "ndcg@5"]
        )
        assert found[method, 0, "cost"] == 0


def test_all_methods_for_which_there_is_what_they_need(made):
    assert set(measured(made)["method"]) == set(reranking.names())
    without = set(measured(made, history=None)["method"])
    assert set(reranking.names()) - without == {"xquad", "pm2", "calibrated"}
    assert set(measured(made)[lambda each: each["method"] == "topk"]["diversity"]) == {0}


def test_the_plain_list_is_the_same_for_all(made):
    plain = measured(made)[lambda each: each["diversity"] == 0]
    assert plain.groupby("metric")["value"].nunique().eq(1).all()


def test_scores_are_needed(made):
    bare = rd.Recommendations(made["candidates"].items)
    with pytest.raises(ValueError, match="candidates must carry scores"):
        measured(made, candidates=bare)


def made_up():
    """Three methods: mmr is best for alpha within 5 %, dpp beyond; only random calibrates (lower is better)."""
    rows = [
        ("mmr", 0.0, 0.00, 3.0, 1.0), ("mmr", 0.5, 0.04, 4.0, 1.0), ("mmr", 1.0, 0.30, 4.5, 1.2),
        ("dpp", 0.0, 0.00, 3.0, 1.0), ("dpp", 0.5, 0.04, 3.95, 1.1), ("dpp", 1.0, 0.20, 6.0, 1.3),
        ("random", 0.0, 0.00, 3.0, 1.0), ("random", 1.0, 0.05, 2.0, 0.4),
    ]  # fmt: skip
    wide = pd.DataFrame(rows, columns=["method", "diversity", "cost", "alpha", "calibration_kl"])
    wide["ndcg@10"] = 0.5 * (1 - wide["cost"])
    long = wide.melt(["method", "diversity"], var_name="metric")
    return long.assign(low=long["value"] - 0.1, high=long["value"] + 0.1)


class TestChoices:
    def test_known_answers(self):
        found = choices(made_up()).set_index("metric")
        assert list(found.index) == ["alpha", "calibration_kl"]
        assert found.loc["alpha", ["method", "diversity", "value", "plain", "cost"]].tolist() == [
            "mmr", 0.5, 4.0, 3.0, 0.04,
        ]  # fmt: skip
        assert found.loc["alpha", "as_good"] == "dpp"
        assert found.loc["calibration_kl", ["method", "value", "plain", "as_good"]].tolist() == ["random", 0.4, 1, ""]

    def test_what_may_be_lost_decides(self):
        assert choices(made_up(), cost=0.2).set_index("metric").loc["alpha", "method"] == "dpp"
        none = choices(made_up(), cost=0.01)
        assert none["method"].tolist() == ["topk", "topk"]
        assert none["value"].tolist() == none["plain"].tolist() == [3, 1]
        unsure = made_up().assign(low=lambda each: each["value"] - 1.1)
        assert choices(unsure).set_index("metric").loc["alpha", "method"] == "topk"  # 4 − 1.1 is not above 3
        with pytest.raises(ValueError, match="cost must be a share"):
            choices(made_up(), cost=1)


class TestFigure:
    def test_what_nothing_beats_is_marked_and_the_rest_faded(self):
        plt = pytest.importorskip("matplotlib.pyplot")
        fig = plots.frontier(made_up(), metrics=["alpha", "calibration_kl"])
        ax = fig.axes[0]
        marked = {tuple(np.round(p, 3)) for line in ax.lines if line.get_linestyle() == "None"
                  for p in zip(line.get_xdata(), line.get_ydata(), strict=True)}  # fmt: skip
        assert marked == {(0.5, 3.0), (0.48, 4.0), (0.4, 6.0)}  # mmr at 1 trails dpp; dpp at 0.5 trails mmr
        faded = [line for line in ax.lines if line.get_alpha()]
        assert len(faded) == 3
        looks = [(line.get_color(), line.get_marker()) for line in fig.legends[0].legend_handles]
        assert len(set(looks)) == len(looks)
        assert "lower is better" in fig.axes[1].get_title(loc="left")
        assert [text.get_text() for text in fig.legends[0].get_texts()][-1] == "beaten by another"
        again = plots.frontier(made_up(), metrics=["alpha", "calibration_kl"])
        assert plots.svg(fig, alt="frontier") == plots.svg(again, alt="frontier")
        plt.close("all")

    def test_several_recommenders_are_rows_and_a_method_looks_the_same_in_all(self):
        plt = pytest.importorskip("matplotlib.pyplot")
        turned = made_up().assign(method=lambda each: each["method"].map({"mmr": "dpp", "dpp": "mmr", "random": "ssd"}))
        fig = plots.frontier({"one": made_up(), "other": turned}, metrics=["alpha", "calibration_kl"], columns=1)
        assert [len(fig.axes), fig.axes[0].get_subplotspec().get_gridspec().ncols] == [4, 2]
        titles = [ax.get_title(loc="left") for ax in fig.axes]
        assert titles[::2] == ["one: alpha", "other: alpha"]
        assert titles[1] == "one: calibration_kl (lower is better)"
        named = [text.get_text() for text in fig.legends[0].get_texts()]
        assert set(named) == {"mmr", "dpp", "random", "ssd", "beaten by another"}
        look = {
            name: (line.get_color(), line.get_marker())
            for name, line in zip(named, fig.legends[0].legend_handles, strict=True)
        }
        for ax, swapped in ((fig.axes[0], False), (fig.axes[2], True)):
            marked = {
                (round(x, 3), round(y, 3)): (line.get_color(), line.get_marker())
                for line in ax.lines
                if line.get_linestyle() == "None"
                for x, y in zip(line.get_xdata(), line.get_ydata(), strict=True)
            }
            assert marked[0.48, 4.0] == look["dpp" if swapped else "mmr"]
            assert marked[0.4, 6.0] == look["mmr" if swapped else "dpp"]
        plt.close("all")

    def test_a_metric_that_is_not_there(self):
        with pytest.raises(ValueError, match=r"metrics must be in the frame \(cost, alpha.*got 'gamma'"):
            plots.frontier(made_up(), metrics=["gamma"])


@pytest.mark.parametrize("file", sorted((ROOT / "results").glob("frontier_*.json")), ids=lambda file: file.stem)
def test_recorded_choices_follow_from_the_recorded_numbers(file):
    for model in json.loads(file.read_text())["models"].values():
        frame = unpacked(model["points"])
        plain = frame[(frame["diversity"] == 0) & (frame["metric"] != "cost")]
        assert plain.groupby("metric")["value"].nunique().eq(1).all()
        for cost, recorded in model["choices"].items():
            found = choices(frame, cost=float(cost)).to_dict("records")
            assert [row["method"] for row in found] == [row["method"] for row in recorded]
            assert [row["value"] for row in found] == pytest.approx([row["value"] for row in recorded], rel=1e-4)
            assert all(row["cost"] <= float(cost) + 1e-6 for row in recorded)


@pytest.mark.parametrize("file", sorted((ROOT / "results").glob("frontier_*.json")), ids=lambda file: file.stem)
def test_what_the_page_and_the_chapter_say_of_every_recommender_is_recorded(file):
    for title, model in json.loads(file.read_text())["models"].items():
        best = {row["metric"]: row["method"] for row in model["choices"]["0.05"]}
        assert best["alpha"] in {"mmr", "msd", "dpp", "ssd", "entropy"}, title  # those that compare texts
        assert best["calibration_kl"] in {"calibrated", "pm2", "xquad"}, title  # those that serve interests
