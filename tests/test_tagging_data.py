"""Tagged product titles: sound tags, splits by thing, the rule of annotation, and a dictionary that is not enough."""

from __future__ import annotations

import pandas as pd
import pytest

from recdiv.datasets._paths import data_folder
from recdiv.datasets.sample._titles import write_titles
from recdiv.datasets.sample.tagging import SPLITS, TAGS, as_data, load_tagging, names, tag_by_dictionary

# A dictionary must help and must not do: below, titles would be noise; above, a model would have nothing to learn.
DICTIONARY_F1 = (0.50, 0.85)
SEEN_SPANS = (0.45, 0.80)  # share of the test split's product names that stand in the train split word for word


@pytest.fixture(scope="module")
def data():
    return load_tagging()


def _spans(tags):
    """Start and end of every entity, from the definition; independent of the scorer in ``recdiv.lm``."""
    out, start = set(), None
    for i, tag in enumerate([*tags, "O"]):
        if start is not None and tag != "I-Product":
            out.add((start, i))
            start = None
        if tag == "B-Product":
            start = i
    return out


def _f1(gold, predicted):
    pairs = [(_spans(g), _spans(p)) for g, p in zip(gold, predicted, strict=True)]
    hits = sum(len(g & p) for g, p in pairs)
    return 2 * hits / (sum(len(g) for g, _ in pairs) + sum(len(p) for _, p in pairs))


def _known(data):
    return frozenset(name for words, tags in data.train for name in names(words, tags))


def test_sizes_and_columns(data):
    assert 1000 <= len(data.catalog) <= 1500
    sizes = [len(getattr(data, split)) for split in SPLITS]
    assert sizes == data.catalog["split"].value_counts()[list(SPLITS)].tolist()
    assert sizes[0] > 3 * sizes[2] > 3 * sizes[1] > 0
    assert data.catalog["item_id"].is_unique
    assert not data.catalog["title"].str.lower().duplicated().any()
    assert repr(data) == f"TaggingData({sizes[0]} train, {sizes[1]} dev, {sizes[2]} test titles)"


def test_every_tag_sequence_is_sound(data):
    for words, tags in data.train + data.dev + data.test:
        assert len(words) == len(tags)
        assert all(words)
        assert set(tags) <= set(TAGS)
        assert "B-Product" in tags
        assert all(tag != "I-Product" or tags[i - 1] != "O" for i, tag in enumerate(tags))
        assert tags[0] != "I-Product"


def test_words_are_the_title(data):
    for row in data.catalog.itertuples():
        assert row.words.replace(" ", "") == row.title.replace(" ", "")


def test_no_thing_stands_in_two_splits(data):
    assert (data.catalog.groupby("thing")["split"].nunique() == 1).all()
    assert (data.catalog.groupby("thing")[["topic", "parent", "category", "sold"]].nunique() == 1).all(axis=None)
    assert data.catalog["thing"].duplicated().mean() > 0.2, "near-duplicates are needed to mark a diversity against"
    assert data.catalog["topic"].nunique() >= 24


def test_titles_are_varied(data):
    frame = data.catalog
    spans = [sorted(_spans(tags.split(" "))) for tags in frame["tags"]]
    first = pd.Series([span[0][0] for span in spans])
    assert (first == 0).mean() > 0.1
    assert (first >= 2).mean() > 0.3
    length = pd.Series([end - start for span in spans for start, end in span])
    assert length.value_counts(normalize=True).loc[[1, 2, 3]].min() > 0.05
    assert 0.08 < (pd.Series([len(span) for span in spans]) == 2).mean() < 0.2
    assert (frame["sold"].value_counts(normalize=True)[["single", "accessory", "bundle"]] > 0.08).all()
    assert frame["title"].str.isupper().mean() > 0.08
    assert frame["title"].str.islower().mean() > 0.08


def test_the_rule_of_annotation(data):
    """A product that is only mentioned, a brand called like a product, counts and measures: none of them is tagged."""
    frame = data.catalog
    for row in frame.itertuples():
        words, tags = row.words.lower().split(" "), row.tags.split(" ")
        tagged = {word for word, tag in zip(words, tags, strict=True) if tag != "O"}
        assert not tagged & {"by", "not", "included", "bundle", "2", "4", "cm", "ml"}, row.title
        if "included" in words:
            assert tags[words.index("(") :] == ["O"] * (len(words) - words.index("(")), row.title
    traps = ("paper lantern", "copper kettle co", "the blue teapot", "rag doll lane")
    for trap in traps:
        rows = frame[frame["words"].str.lower().str.contains(trap, regex=False)]
        assert len(rows) > 3
        for row in rows.itertuples():
            at = row.words.lower()[: row.words.lower().index(trap)].count(" ")
            assert set(row.tags.split(" ")[at : at + len(trap.split(" "))]) == {"O"}, row.title
    accessory = frame[frame["sold"] == "accessory"]
    for row in accessory.itertuples():
        (name,) = names(row.words.split(" "), row.tags.split(" "))
        assert name.split(" ")[-1] in {
            "lid",
            "handle",
            "bag",
            "brush",
            "case",
            "cover",
            "strap",
            "kit",
            "pack",
            "hook",
            "stand",
        }


def test_a_dictionary_is_not_enough(data):
    known = _known(data)
    predicted = [tag_by_dictionary(words, known) for words, _ in data.test]
    f1 = _f1([tags for _, tags in data.test], predicted)
    assert DICTIONARY_F1[0] <= f1 <= DICTIONARY_F1[1], f"entity F1 of the dictionary is {f1:.3f}"
    perfect = frozenset(name for words, tags in data.test for name in names(words, tags))
    best = _f1([tags for _, tags in data.test], [tag_by_dictionary(words, perfect) for words, _ in data.test])
    assert best < 0.96, f"a dictionary of all right answers reaches {best:.3f}: no context is needed"


def test_seen_and_unseen_names(data):
    known = _known(data)
    spans = [name for words, tags in data.test for name in names(words, tags)]
    share = sum(name in known for name in spans) / len(spans)
    assert SEEN_SPANS[0] <= share <= SEEN_SPANS[1], f"{share:.3f} of the test names stand in train"
    test = data.catalog[data.catalog["split"] == "test"]
    expected = [
        set(names(w.split(" "), t.split(" "))) <= known for w, t in zip(test["words"], test["tags"], strict=True)
    ]
    assert test["seen"].tolist() == expected


def test_regenerating_gives_the_same_bytes():
    fresh = write_titles().to_csv(index=False, lineterminator="\n")
    assert fresh == (data_folder() / "sample" / "tagging" / "titles.csv").read_text(encoding="utf-8")


def test_other_seeds_other_titles():
    one, two = write_titles(seed=1, n=60), write_titles(seed=2, n=60)
    assert len(one) == len(two) == 60
    assert len(set(one["title"]) & set(two["title"])) < 3
    assert len(as_data(one).train) == 42


def test_errors(tmp_path):
    with pytest.raises(ValueError, match="n must be at least 10, got 3"):
        write_titles(n=3)
    with pytest.raises(FileNotFoundError, match=r"python -m recdiv\.datasets\.sample"):
        load_tagging(tmp_path)


def test_dictionary_takes_the_longest_name():
    words = ["Oak", "Clock", "Tower", "clock"]
    assert tag_by_dictionary(words, frozenset({"clock", "oak clock"})) == ["B-Product", "I-Product", "O", "B-Product"]
    assert tag_by_dictionary(words, frozenset()) == ["O"] * 4
