"""The sample's promises: latent first, the same bytes each time, dials that move one thing, feeds of known answer."""

from __future__ import annotations

from dataclasses import fields
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest

import recdiv as rd
from recdiv.datasets import SAMPLES, Latent
from recdiv.datasets._paths import data_folder
from recdiv.datasets.sample import feeds, generate, read_bundle, read_domain, write_bundle
from recdiv.datasets.sample._grammar import expand, tidy, title_case

DOMAINS = [name for name in SAMPLES if (data_folder() / "vocabularies" / f"{name}.toml").is_file()]


@pytest.fixture(scope="module", params=DOMAINS)
def bundled(request):
    return rd.load(request.param)


@pytest.fixture(scope="module")
def video():
    return rd.load("video")


def test_bundle_is_whole(bundled):
    frame, latent = bundled.catalog.frame, bundled.latent
    assert len(frame) == 600
    assert bundled.interactions.n_users == 400
    assert {"item_id", "title", "text", "category", "timestamp"} <= set(frame.columns)
    assert frame[["title", "text"]].ne("").all(axis=None)
    assert "CC0" in bundled.source
    assert latent.item_topics.shape == (600, len(latent.topics))
    assert latent.interests.shape == (len(latent.segments), 400, len(latent.topics))
    for rows in (latent.item_topics, latent.interests):
        np.testing.assert_allclose(rows.sum(axis=-1), 1.0, atol=1e-6)
        assert (rows >= 0).all()


def test_topic_tree_is_rich(bundled):
    latent = bundled.latent
    assert len(latent.topics) >= 24
    assert len(set(latent.parents)) >= 8
    assert 4 <= latent.tail.sum() <= 8
    assert not latent.tail[latent.neighbour].any()
    assert set(np.unique(latent.leaf)) == set(range(len(latent.topics)))


def test_regenerating_gives_the_same_bytes(tmp_path, bundled):
    fresh = generate(bundled.name)
    paths = [write_bundle(fresh, tmp_path / run) for run in ("one", "two")]
    for one, two in zip(*paths, strict=True):
        assert one.read_bytes() == two.read_bytes()
    pd.testing.assert_frame_equal(fresh.catalog.frame, bundled.catalog.frame)
    pd.testing.assert_frame_equal(fresh.interactions.frame, bundled.interactions.frame)
    for field in fields(Latent):  # the archive keeps single precision
        ours, theirs = getattr(fresh.latent, field.name), getattr(bundled.latent, field.name)
        if ours.dtype.kind == "f":
            np.testing.assert_allclose(theirs, ours, rtol=1e-5, atol=1e-7)
        else:
            assert (theirs == ours).all()


def test_bundle_is_small():
    sizes = [path.stat().st_size for path in (data_folder() / "sample").rglob("*") if path.is_file()]
    assert sum(sizes) < 4_000_000


def test_a_thing_is_one_thing(bundled):
    latent, frame = bundled.latent, bundled.catalog.frame
    for thing in np.unique(latent.thing):
        rows = np.flatnonzero(latent.thing == thing)
        assert (latent.variant[rows] == "original").sum() == 1
        assert np.ptp(latent.item_topics[rows], axis=0).max() < 1e-9
        assert len(set(latent.true_category[rows])) == 1
        assert not frame.loc[rows].duplicated(["title", "text"]).any(), "two listings of one thing read the same"


def test_variants_are_of_several_kinds(bundled):
    assert len(set(bundled.latent.variant)) >= 5
    assert 0.2 < (bundled.latent.variant != "original").mean() < 0.3


def test_categories_are_like_real_ones(bundled):
    """Coarse, noisy, sometimes missing; a ragbag of ten topics or more; near-duplicates filed apart."""
    latent, labels = bundled.latent, bundled.catalog.frame["category"]
    given = labels.notna().to_numpy()
    wrong = (labels.to_numpy() != latent.true_category) & given
    assert 0.02 < 1 - given.mean() < 0.12
    assert 0.1 < wrong.mean() < 0.3
    topics_of = {c: len(set(latent.leaf[latent.true_category == c])) for c in set(latent.true_category)}
    assert max(topics_of.values()) >= 10
    assert len(topics_of) <= 14
    i, j = _same_thing(latent)
    apart = (labels.to_numpy()[i] != labels.to_numpy()[j]) & given[i] & given[j]
    assert apart.mean() > 0.2


def _same_thing(latent):
    i, j = np.triu_indices(len(latent.thing), 1)
    same = latent.thing[i] == latent.thing[j]
    return i[same], j[same]


def test_interactions_bear_popularity_and_position_bias(bundled):
    acts, latent = bundled.interactions, bundled.latent
    counts = acts.item_counts().numpy()
    top_fifth = np.sort(counts)[::-1][:120].sum() / counts.sum()
    assert 0.4 < top_fifth < 0.85
    position = acts.frame["position"].to_numpy()
    assert position.min() == 1
    assert position.max() == 10
    by_slot = np.bincount(position)[1:]
    assert by_slot[0] > 1.5 * by_slot[4]
    release = bundled.catalog.frame["timestamp"].to_numpy()
    assert (acts.frame["timestamp"].to_numpy() >= release[acts.item] - 1e-9).all()
    assert np.bincount(acts.user).min() >= 5
    rank = np.corrcoef(np.argsort(np.argsort(counts)), np.argsort(np.argsort(latent.prominence)))[0, 1]
    assert rank > 0.5


def test_people_choose_by_taste(bundled):
    latent, acts = bundled.latent, bundled.interactions
    first = acts.frame["timestamp"].to_numpy() < latent.segments[1]
    taste = latent.propensity(0)
    assert (taste > 0).all()
    assert (taste < 1).all()
    assert taste[acts.user[first], acts.item[first]].mean() > 2 * taste.mean()


def test_the_tail_is_wanted_but_seldom_met(bundled):
    """A minority wants the tail topics: their share of interests exceeds their share of interactions by far."""
    latent = bundled.latent
    counts = bundled.interactions.item_counts().numpy()
    met = counts[latent.tail[latent.leaf]].sum() / counts.sum()
    wanted = latent.interests.mean(axis=(0, 1))[latent.tail].sum()
    assert wanted > 1.8 * met
    assert 0.03 < (latent.interests[0][:, latent.tail].max(axis=1) > 0.3).mean() < 0.5


def test_interests_change_when_they_are_said_to(video):
    latent = video.latent
    for user, day in enumerate(latent.drift):
        moved = np.abs(latent.interests - latent.interests[0])[:, user].max(axis=1) > 1e-6
        assert (moved == (latent.segments >= day)).all()  # NaN compares false: never
    assert (latent.interests_at(0.0) == latent.interests[0]).all()
    assert (latent.interests_at(359.9) == latent.interests[-1]).all()


def test_dials_move_one_thing_each(video):
    base = generate("video")
    pd.testing.assert_frame_equal(base.catalog.frame, video.catalog.frame)
    noisy = generate("video", label_noise=0.6).catalog.frame
    pd.testing.assert_frame_equal(noisy.drop(columns="category"), base.catalog.frame.drop(columns="category"))
    still = generate("video", drift=0.0)
    pd.testing.assert_frame_equal(still.catalog.frame, base.catalog.frame)
    assert np.isnan(still.latent.drift).all()
    clean = generate("video", label_noise=0.0)
    labels = clean.catalog.frame["category"]
    assert (labels[labels.notna()] == clean.latent.true_category[labels.notna()]).all()
    assert len(np.unique(generate("video", duplicate_rate=0.0).latent.thing)) == 600


def test_seeds_differ_and_sizes_obey():
    small = generate("video", seed=3, n_items=80, n_users=12)
    assert (len(small.catalog), small.interactions.n_users) == (80, 12)
    other = generate("video", seed=4, n_items=80, n_users=12)
    assert set(small.catalog.frame["text"]).isdisjoint(other.catalog.frame["text"])


def test_twin_shuffles_texts_and_nothing_else(video):
    twin = generate("video", twin=True)
    assert sorted(twin.catalog.texts()) == sorted(video.catalog.texts())
    rest = ["item_id", "category", "timestamp"]
    pd.testing.assert_frame_equal(twin.catalog.frame[rest], video.catalog.frame[rest])
    pd.testing.assert_frame_equal(twin.interactions.frame, video.interactions.frame)
    moved = twin.catalog.frame["text"] != video.catalog.frame["text"]
    assert moved.mean() > 0.98


@pytest.mark.parametrize("kind", ["random", "popular", "frozen", "drifting"])
def test_feeds_have_their_known_answers(bundled, kind):
    recs = feeds(bundled, kind, n_lists=30, k=10, windows=6)
    items = recs.items.numpy().reshape(6, 30, 10)
    assert all(len(set(row)) == 10 for row in items.reshape(-1, 10)), "a list repeats an item"
    assert recs.time.tolist() == np.repeat(np.arange(6), 30).tolist()
    if kind == "popular":
        counts = bundled.interactions.item_counts().numpy()
        assert (items == items[0, 0]).all()
        assert counts[items[0, 0]].min() >= np.sort(counts)[-10]
    elif kind == "frozen":
        assert (items == items[0]).all()
    elif kind == "random":
        assert len(np.unique(items)) > 0.8 * len(bundled.catalog)
    else:
        _check_drifting(bundled, items)


def _check_drifting(dataset, items):
    labels = dataset.catalog.frame["category"].fillna("").to_numpy()
    histograms = {tuple(sorted(labels[row])) for row in items.reshape(-1, 10)}
    assert len(histograms) == 1, "the category histogram changed"
    assert "" not in next(iter(histograms))
    topics = [np.bincount(dataset.latent.leaf[window.ravel()], minlength=40) / window.size for window in items]
    for earlier, later in pairwise(range(len(items))):
        assert not set(items[earlier].ravel()) & set(items[later].ravel()), "an item came back"
        assert _distance(topics[earlier], topics[later]) > 0.35, "the topics hardly moved"
    assert _distance(topics[0], topics[-1]) > 0.75


def _distance(one, two):
    return 0.5 * np.abs(one - two).sum()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"n_items": 0}, "n_items must be at least 1"),
        ({"duplicate_rate": 0.95}, r"duplicate_rate must lie in \[0, 0.9\]"),
        ({"label_noise": -0.1}, "label_noise must lie"),
        ({"drift": 2.0}, "drift must lie"),
    ],
)
def test_dials_out_of_range(options, words):
    with pytest.raises(ValueError, match=words):
        generate("video", **options)


def test_unknown_names():
    with pytest.raises(ValueError, match="name must be one of ecommerce"):
        rd.load("vidio")
    with pytest.raises(ValueError, match="domain must name a file"):
        generate("vidio")
    with pytest.raises(FileNotFoundError, match="python -m recdiv"):
        read_bundle("video", folder=data_folder())
    with pytest.raises(ValueError, match="kind must be"):
        feeds(generate("video", n_items=60, n_users=5), "best")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="k must be at most"):
        feeds(generate("video", n_items=60, n_users=5), "drifting", windows=20)


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('ragbag = "Drama"', 'ragbag = "Horror"', "needs 10 at least"),
        ("{tag}", "{tga}", "has no pool"),
        ("{town:title}", "{town:titel}", "must be one of"),
        ('neighbour = "horror/haunted"', 'neighbour = "horror/none"', "is not a head topic"),
        ('id = "horror/folk"', 'id = "horror/haunted"', "stands twice"),
        ('id = "horror/folk"', 'id = "dread/folk"', "not under"),
        ('also = ["Horror"', 'also = ["Horrors"', "no topic has category"),
        ("[parents]", "[parents", "not valid TOML"),
        ("ragbag", "rugbag", "missing or not known"),
    ],
)
def test_a_broken_vocabulary_says_what_is_wrong(tmp_path, old, new, words):
    text = (data_folder() / "vocabularies" / "video.toml").read_text(encoding="utf-8")
    text = text.replace("The {town} {noun}", "The {town:title} {noun}").replace(
        'also = ["Thriller", "Drama"]\n[topic', 'also = ["Horror", "Drama"]\n[topic'
    )
    assert old in text
    path = tmp_path / "video.toml"
    path.write_text(text.replace(old, new), encoding="utf-8")
    with pytest.raises(ValueError, match=words):
        read_domain(path)


def test_texts_are_clean(bundled):
    for column in ("title", "text"):
        values = bundled.catalog.frame[column]
        for trace in (r"[{}\[\]<>]", r"  | [,.;]|\.\.", r"\b[Aa] [aei]\w", r"\b[Aa]n [bcdfgjkpqtvw]\w"):
            assert not (bad := values[values.str.contains(trace)].tolist()), f"{trace}: {bad[:3]}"
    starts = bundled.catalog.frame["text"].str[0]
    assert (starts.str.isupper() | starts.str.isdigit()).mean() > 0.98


def test_grammar():
    wording = np.random.default_rng(0)
    pools = {"who": "an [old|aged] <cook|king>", "place": "town"}
    told = {
        expand("{who} in {place:cap}", lookup=lambda s, n, p: pools[s], keep=lambda o: o[0], wording=wording)
        for _ in range(20)
    }
    assert told == {"an old cook in Town", "an aged cook in Town"}
    assert tidy("a hour. an unit , a MP. we met a FBI man..") == "An hour. A unit, an MP. We met an FBI man."
    assert title_case("tea for two of 8 ml") == "Tea for Two of 8 Ml"
