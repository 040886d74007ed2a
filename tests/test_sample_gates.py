"""What the sample must be like for a chapter to lean on it.

The AUC, the word share and "recoverable, not perfectly" are the design's; the other bands were fixed on seeds 1 to 4,
the ones looked at while the vocabularies were written. The first of ``HELD_OUT`` was drawn then. It found two
faults (news duplicates too plain, one music word too common), put right on seeds 1 to 3; the second was drawn after.
"""

from __future__ import annotations

from collections import Counter
from functools import cache

import numpy as np
import pytest
import torch
from text_statistics import text_statistics, words

import recdiv as rd
from recdiv.datasets.sample import generate

HELD_OUT = (1234567, 7654321)
SEEDS = (0, *HELD_OUT)
DOMAINS = ("ecommerce", "news", "music", "video")

# A pair of listings of one thing against a pair of things of one leaf topic: told apart well, never perfectly.
DUPLICATE_AUC = (0.90, 0.99)
# Five nearest other things vote on the leaf topic (24 or more leaves: chance is under 0.05).
LEAF_ACCURACY = (0.60, 0.95)
# Of the texts of a topic, the share that any one content word may stand in; three seeds pooled, a thing counted once.
WORD_SHARE = 0.60
# A twin's duplicates are pairs of texts dealt at random: some 250 pairs, standard error of the AUC about 0.02.
TWIN_AUC = (0.42, 0.58)

# Real sets, 450 distinct texts drawn at random, mean of five draws: 10th percentile, median, 90th percentile of words
# a text; share of distinct trigrams; Zipf exponent over the 500 commonest words.
REAL = {
    "streaming catalogue, descriptions": (17.8, 26.6, 62.6, 0.975, 0.882),
    "Online Retail, descriptions": (3.0, 4.0, 6.0, 0.939, 0.819),
    "NeMig, headlines": (8.0, 11.8, 16.6, 0.980, 0.806),
    "NeMig, abstracts": (14.8, 23.8, 42.4, 0.929, 0.875),
    "AG News, headlines": (4.0, 6.9, 10.0, 0.998, 0.639),
    "AG News, descriptions": (21.6, 30.7, 42.0, 0.970, 0.823),
    "Last.fm, tags of an artist": (2.8, 9.0, 18.0, 0.895, 1.019),
}
# domain, column -> the real texts that lie nearest in kind. No set of the mirror describes records or shop listings in
# sentences: records are held against descriptions of films, shop titles against Online Retail's.
NEAREST = {
    ("video", "text"): "streaming catalogue, descriptions",
    ("music", "text"): "streaming catalogue, descriptions",
    ("news", "text"): "NeMig, abstracts",
    ("news", "title"): "NeMig, headlines",
    ("ecommerce", "title"): "Online Retail, descriptions",
}
LENGTH_RATIO = (0.5, 2.0)  # median words, sample over real; marketplace titles are longer than a wholesaler's
TRIGRAM_RATIO = (0.70, 1.1)  # an authored vocabulary is finite: how far below real text it lies stands in DATASHEET.md
ZIPF_GAP = 0.20  # exponents of the real sets above spread by 0.38

STOP = set(
    "a about after again all an and another any are as at be been before but by can each every everybody "
    "everything for from get gets had has have he her him his how if in into is it it's its just last later made "
    "make man more new no nobody not now of off on one only or other our out over own she so than that the their "
    "them then there they this through to too two three under until up was way what when where which while who "
    "whose will with without year years you your".split()
)


@cache
def sample(domain, seed, twin=False):
    return rd.load(domain) if seed == 0 and not twin else generate(domain, seed=seed, twin=twin)


@cache
def vectors(domain, seed):
    return rd.lm.TextEncoder(device="cpu").encode(sample(domain, seed).catalog.texts()).double()


def pair_scores(similarity, latent):
    """Similarities of pairs of one thing, and of pairs of different things with one main leaf."""
    i, j = np.triu_indices(len(latent.thing), 1)
    same = latent.thing[i] == latent.thing[j]
    sibling = (latent.leaf[i] == latent.leaf[j]) & ~same
    return similarity[i[same], j[same]], similarity[i[sibling], j[sibling]]


def auc(positive, negative):
    """Chance that a positive scores above a negative (no ties to speak of)."""
    order = np.concatenate([positive, negative]).argsort().argsort() + 1.0
    n = len(positive)
    return (order[:n].sum() - n * (n + 1) / 2) / (n * len(negative))


def within(value, band, what):
    assert band[0] <= value <= band[1], f"{what} is {value:.3f}, allowed {band[0]} to {band[1]}"


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("domain", DOMAINS)
def test_duplicates_are_told_from_siblings_but_not_perfectly(domain, seed):
    similarity = (vectors(domain, seed) @ vectors(domain, seed).T).numpy()
    within(auc(*pair_scores(similarity, sample(domain, seed).latent)), DUPLICATE_AUC, "AUC")


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("domain", DOMAINS)
def test_topics_are_recoverable_but_not_perfectly(domain, seed):
    latent = sample(domain, seed).latent
    similarity = (vectors(domain, seed) @ vectors(domain, seed).T).numpy()
    similarity[latent.thing[:, None] == latent.thing] = -2.0
    nearest = np.argsort(-similarity, axis=1)[:, :5]
    vote = np.array([Counter(row).most_common(1)[0][0] for row in latent.leaf[nearest].tolist()])
    within((vote == latent.leaf).mean(), LEAF_ACCURACY, "leaf accuracy")


@pytest.mark.parametrize("domain", DOMAINS)
def test_content_free_twin_knows_nothing(domain):
    """The twin's texts are the sample's in another order, so its vectors are too: nothing is encoded twice."""
    twin = sample(domain, 0, twin=True)
    row = {text: i for i, text in enumerate(sample(domain, 0).catalog.texts())}
    order = [row[text] for text in twin.catalog.texts()]
    shuffled = vectors(domain, 0)[order]
    within(auc(*pair_scores((shuffled @ shuffled.T).numpy(), twin.latent)), TWIN_AUC, "AUC of the twin")


@pytest.mark.parametrize("domain", DOMAINS)
def test_no_word_gives_a_topic_away(domain):
    texts: dict[str, list[set[str]]] = {}
    for seed in SEEDS:
        data = sample(domain, seed)
        for row in np.flatnonzero(data.latent.variant == "original"):
            topic = str(data.latent.topics[data.latent.leaf[row]])
            texts.setdefault(topic, []).append(set(words(data.catalog.texts()[row])) - STOP)
    for topic, bags in texts.items():
        word, count = Counter(w for bag in bags for w in bag).most_common(1)[0]
        assert count <= WORD_SHARE * len(bags), f"{word!r} stands in {count} of {len(bags)} texts of {topic!r}"


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize(("domain", "column"), NEAREST)
def test_texts_have_the_shape_of_real_ones(domain, column, seed):
    data = sample(domain, seed)
    _, median, _, trigrams, zipf = REAL[NEAREST[domain, column]]
    ours = text_statistics(data.catalog.frame[column][data.latent.variant == "original"])
    within(ours.median / median, LENGTH_RATIO, "median length, against real")
    within(ours.trigrams / trigrams, TRIGRAM_RATIO, "distinct trigrams, against real")
    within(ours.zipf - zipf, (-ZIPF_GAP, ZIPF_GAP), "Zipf exponent, less the real one")


@pytest.mark.real
def test_real_numbers_are_what_is_written_above():
    rng = np.random.default_rng(0)
    for name, source, column in (
        ("streaming catalogue, descriptions", "streaming", "text"),
        ("Online Retail, descriptions", "online_retail", "title"),
        ("NeMig, headlines", "nemig", "title"),
        ("AG News, descriptions", "ag_news", "text"),
    ):
        texts = rd.datasets.load(source).catalog.frame[column].dropna().unique()
        ours = text_statistics(rng.choice(texts[texts != ""], 450, replace=False))
        _, median, _, trigrams, zipf = REAL[name]
        assert ours.median == pytest.approx(median, rel=0.15)
        assert ours.trigrams == pytest.approx(trigrams, abs=0.03)
        assert ours.zipf == pytest.approx(zipf, abs=0.06)  # between draws of 450 texts it moves by some 0.02


# ------------------------------------------------------------------ dials


def test_duplicate_rate_moves_the_effective_number():
    """The more listings repeat a thing, the fewer different things a catalogue of one size holds."""
    encoder = rd.lm.TextEncoder(device="cpu")
    numbers = []
    for rate in (0.0, 0.3, 0.6, 0.85):
        texts = generate("video", seed=1, n_items=240, n_users=2, duplicate_rate=rate).catalog.texts()
        kernel = rd.EmbeddingKernel(encoder.encode(texts))
        numbers.append(float(rd.effective_number(torch.arange(240), kernel)))
    assert numbers == sorted(numbers, reverse=True)
    assert numbers[0] > 1.3 * numbers[-1]


@pytest.mark.parametrize("domain", DOMAINS)
def test_label_noise_moves_category_entropy(domain):
    """Entropy of the label given the true category: 0 without noise, and higher with more of it."""
    values = []
    for noise in (0.0, 0.2, 0.5, 0.9):
        data = generate(domain, seed=1, n_users=2, label_noise=noise)
        values.append(_entropy_given(data.catalog.frame["category"].dropna(), data.latent.true_category))
    assert values[0] == pytest.approx(0.0, abs=1e-12)
    assert values == sorted(values)
    assert values[-1] > 1.0


def _entropy_given(labels, truth):
    truth = truth[labels.index]
    joint = np.array(list(Counter(zip(labels, truth, strict=True)).values())) / len(labels)
    single = np.array(list(Counter(truth.tolist()).values())) / len(labels)
    return float(-(joint * np.log(joint)).sum() + (single * np.log(single)).sum())


def before_and_after(data, dates):
    """Rows each user chose before and after a day of their own; users with five choices on either side."""
    days = data.interactions.frame["timestamp"].to_numpy()
    for user in np.flatnonzero(~np.isnan(dates)):
        mine = data.interactions.user == user
        early, late = (data.interactions.item[mine & side] for side in (days < dates[user], days >= dates[user]))
        if min(len(early), len(late)) >= 5:
            yield early, late


@pytest.mark.parametrize("domain", DOMAINS)
def test_drift_moves_drift(domain):
    """Those who change: total variation in latent topics between what they chose before and after their day."""
    dates = generate(domain, seed=1, drift=1.0).latent.drift
    moved = []
    for drift in (0.0, 0.5, 1.0):
        data = generate(domain, seed=1, drift=drift)
        topics = data.latent.item_topics
        sides = [(topics[a].mean(axis=0), topics[b].mean(axis=0)) for a, b in before_and_after(data, dates)]
        assert len(sides) > 40
        moved.append(np.mean([0.5 * np.abs(one - two).sum() for one, two in sides]))
    assert moved == sorted(moved)
    assert moved[-1] > 1.4 * moved[0]


def test_drift_moves_semantic_drift():
    """The same by the text alone: rd.drift between what people would choose, first segment against last.

    Propensities, not choices: ten choices are always unlike ten others, which hides the dial (drift near its ceiling).
    """
    kernel = rd.EmbeddingKernel(vectors("video", 1))
    moved = []
    for drift in (0.0, 0.5, 1.0):
        latent = generate("video", seed=1, drift=drift).latent
        first, last = (torch.from_numpy(latent.propensity(segment)[:60]) for segment in (0, -1))
        moved.append(np.mean([rd.drift(*pair, kernel) for pair in zip(first, last, strict=True)]))
    assert moved[0] == pytest.approx(0.0, abs=1e-6)
    assert moved[1] > 0.02
    assert moved[2] > 1.4 * moved[1]
