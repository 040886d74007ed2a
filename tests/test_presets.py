"""Presets: what is read of an item, which near-copies are one thing, and the option of the command line."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from typer.testing import CliRunner

import recdiv as rd
from recdiv import presets
from recdiv._days import days_of
from recdiv.cli import app
from recdiv.cli._options import Domain


class Letters:
    """An encoder that counts letters: enough to see which texts it was given."""

    def __init__(self):
        self.read = []

    def encode(self, texts):
        self.read = list(texts)
        return torch.tensor([[1.0 + text.count(letter) for letter in "aeiou"] for text in texts])


def catalog(**columns):
    return rd.Catalog(pd.DataFrame({"item_id": range(len(next(iter(columns.values())))), **columns}))


def test_names_are_those_of_the_sample_and_of_the_command_line():
    assert presets.names() == ["ecommerce", "news", "music", "video"] == [each for each in Domain if each != "none"]
    with pytest.raises(ValueError, match=r"name must be one of ecommerce, .*, got 'films'"):
        presets.get("films")


@pytest.mark.parametrize("name", presets.names())
def test_every_preset_reads_the_sample_and_says_why(name):
    data = rd.load(name)
    preset = presets.get(name)
    assert len(preset.catalog(data.catalog)) == len(data.catalog)
    assert all(preset.catalog(data.catalog).texts())
    numbers = preset.same_thing(data.catalog)
    assert numbers.shape == (len(data.catalog),)
    assert (numbers[numbers] == numbers).all()  # a thing is called by its first item
    assert (numbers <= torch.arange(len(numbers))).all()


def test_columns_go_before_the_text_and_sources_that_are_not_read_are_left_out():
    preset = presets.Preset("x", reads=("category", "place"), without=("tags",))
    given = catalog(
        title=["A", "B", "C"], category=["p|q", "", None], text=["one", "two", None], text_source=["", "tags", ""]
    )
    assert preset.catalog(given).texts() == ["A. p, q. one", "B", "C"]
    assert preset.catalog(catalog(title=["A"])).texts() == ["A"]
    assert preset.catalog(catalog(text=["only"])).texts() == ["only"]
    with pytest.raises(ValueError, match="needs a 'title' or a 'text' column, got 'item_id'"):
        preset.catalog(catalog(name=["A"]))


def test_a_title_may_be_read_only_where_there_is_nothing_else():
    given = catalog(title=["A", "B"], text=["folk, calm", None])
    preset = presets.Preset("x", titled=False)
    assert preset.catalog(given).texts() == ["folk, calm", "B"]
    assert preset.catalog(catalog(text=["only"])).texts() == ["only"]
    assert given.frame["title"].tolist() == ["A", "B"]  # what was given stays


def test_versions_of_a_recording_and_spellings_of_an_artist_are_one_thing():
    given = catalog(
        title=["Tin Rain", "Tin Rain (Live in Oslo)", "Tin Rain – new remaster", "Sampler, No. 3: Tin Rain", "Tin Live",
               "The Ánd & Co", "and and co ft. B", "Olive – Oliver", ""]
    )  # fmt: skip
    assert presets.get("music").same_thing(given).tolist() == [0, 0, 0, 0, 4, 5, 5, 7, 8]


def test_lists_of_labels_are_read_as_words():
    given = catalog(title=["A", "B"], category=[["p", "q"], ("r",)])
    assert presets.Preset("x", reads=("category",)).catalog(given).texts() == ["A. p, q", "B. r"]


def test_the_kernel_reads_the_template_and_may_be_centred():
    given, encoder = catalog(title=["aa", "ee", "ii"], category=["u", "u", "u"]), Letters()
    plain = presets.Preset("x", reads=("category",)).kernel(given, encoder=encoder)
    assert encoder.read == ["aa. u", "ee. u", "ii. u"]
    moved = presets.Preset("x", reads=("category",), centred=True).kernel(given, encoder=Letters())
    assert plain.gram([0, 1])[0, 1] > 0.5
    assert moved.gram([0, 1])[0, 1] == pytest.approx(-0.5)  # three corners of a triangle about their mean


def test_centring_keeps_the_direction_of_what_stands_at_the_mean():
    kernel = rd.EmbeddingKernel([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]] * 3 + [[1.0, 1.0]])
    same = presets.centre(rd.EmbeddingKernel(kernel.vectors[2:3].repeat(4, 1)))
    assert torch.equal(same.vectors, kernel.vectors[2:3].repeat(4, 1))
    vectors = kernel.vectors.double()
    moved = vectors - vectors.mean(0)
    expected = moved / moved.norm(dim=1, keepdim=True)
    torch.testing.assert_close(presets.centre(kernel).vectors.double(), expected, rtol=0, atol=1e-6)


def test_near_pairs_are_those_of_the_whole_matrix():
    kernel = rd.EmbeddingKernel(np.random.default_rng(0).normal(size=(2500, 3)))  # several blocks
    rows = torch.arange(2500)
    matrix = kernel.cross(rows, rows)
    slow = {(i, j) for i, j in (matrix >= 0.999).nonzero().tolist() if i < j}
    assert set(map(tuple, presets.near_pairs(kernel, 0.999).tolist())) == slow
    assert slow


def test_what_is_joined_to_the_same_is_joined():
    chain = rd.EmbeddingKernel([[1.0, 0.0], [1.0, 0.1], [1.0, 0.2], [0.0, 1.0]])  # 0 and 2 are too far apart alone
    preset = presets.Preset("x", near=0.994)
    assert chain.gram([0, 2])[0, 1] < 0.994
    assert preset.same_thing(catalog(title=list("abcd")), chain).tolist() == [0, 0, 0, 3]
    keyed = presets.Preset("x", near=0.994, key=str.lower)
    assert keyed.same_thing(catalog(title=["a", "b", "c", "A"]), chain).tolist() == [0, 0, 0, 0]
    with pytest.raises(ValueError, match=r"kernel must be of the catalog \(1 items\), got 4 items"):
        preset.same_thing(catalog(title=["a"]), chain)


def test_items_without_a_key_are_things_of_their_own():
    numbers = presets.get("ecommerce").same_thing(catalog(title=["Red", None, "12", "Red mug", "Blue mug"]))
    assert numbers.tolist() == [0, 1, 2, 3, 3]


@pytest.fixture
def files(tmp_path):
    items = pd.DataFrame({"item_id": [1, 2, 3], "title": ["Heat", "Up", "Alien"], "category": ["Crime", "Family", ""]})
    items.to_csv(tmp_path / "items.csv", index=False)
    lists = pd.DataFrame({"user_id": [1, 1, 2, 2], "item_id": [1, 2, 2, 3], "rank": [1, 2, 1, 2]})
    lists.to_csv(tmp_path / "lists.csv", index=False)
    return tmp_path


def test_the_command_line_reads_as_the_field_does(files):
    def alpha(*options):
        given = ["evaluate", str(files / "lists.csv"), str(files / "items.csv"), "--metrics", "alpha", *options]
        done = CliRunner().invoke(app, [*given, "-o", str(files / "out.csv")])
        assert done.exit_code == 0, done.output
        return pd.read_csv(files / "out.csv")["value"][0]

    recs = rd.read_recommendations(files / "lists.csv", items := rd.files.read_catalog(files / "items.csv"))
    expected = rd.partition(recs, presets.get("video").kernel(items)).alpha
    assert alpha("--domain", "video") == pytest.approx(expected, rel=1e-5)  # batches differ, so does float32 rounding
    assert alpha("--text") != pytest.approx(expected, rel=1e-3)


def test_a_text_of_blanks_leaves_the_title_to_be_read():
    read = presets.get("music").catalog(catalog(title=["Autechre", "Can"], text=["  ", "krautrock"])).texts()
    assert [each.strip() for each in read] == ["Autechre", "krautrock"]


def test_times_that_are_text_are_refused_in_one_sentence():
    same = rd.EmbeddingKernel([[1.0, 0.0], [1.0, 0.0]])
    told = catalog(title=["A", "B"], timestamp=["2021-03-01", "2021-03-02"])
    with pytest.raises(ValueError, match="timestamp must hold dates or numbers of days, got '2021-03-01'"):
        presets.get("news").same_thing(told, same)


@pytest.mark.parametrize("stamps", [[1_614_556_800, 1_614_556_801], [1.6e12, 0.0], [20210301, 20210302], [5, -2e7]])
def test_seconds_and_written_dates_are_not_taken_for_days(stamps):
    same = rd.EmbeddingKernel([[1.0, 0.0], [1.0, 0.0]])
    told = catalog(title=["A", "B"], timestamp=stamps)
    with pytest.raises(ValueError, match=rf"numbers of days, got {max(map(abs, stamps)):.0f}, which is .*unit='s'"):
        presets.get("news").same_thing(told, same)


def test_days_of_any_calendar_stay_as_they_are():
    days = [20_000.5, 738_000.0, 2_459_275.0, float("nan")]  # since 1970, since the year 1, Julian, not known
    assert np.array_equal(days_of(catalog(timestamp=days)), days, equal_nan=True)


def test_a_domain_refuses_vectors_by_its_own_name(files):
    np.save(files / "v.npy", np.eye(3))
    given = ["evaluate", str(files / "lists.csv"), str(files / "items.csv"), "--domain", "news"]
    done = CliRunner().invoke(app, [*given, "--vectors", str(files / "v.npy")])
    assert done.exit_code == 2
    assert "--vectors must stand alone, got --domain news too" in " ".join(done.output.split())


def test_a_domain_refuses_another_kernel(files):
    given = ["evaluate", str(files / "lists.csv"), str(files / "items.csv"), "--domain", "news", "--kernel", "category"]
    done = CliRunner().invoke(app, given)
    assert done.exit_code == 2
    assert "--domain news reads texts; leave it out, or --kernel category" in " ".join(done.output.split())


def test_an_edition_of_a_film_is_the_film_and_a_sequel_or_remake_is_not():
    preset = presets.get("video")
    titles = ["Dune", "Dune (Remastered)", "Dune", "Dune: Part Two", "夢", "夢"]
    dated = catalog(title=titles, year=[1984, 1984, 2021, 2024, 1990, 1990])
    assert preset.same_thing(dated).tolist() == [0, 0, 2, 3, 4, 5]
    assert preset.same_thing(catalog(title=titles[:4])).tolist() == [0, 0, 0, 3]  # no year that could disagree
    unknown = catalog(title=["Up", "Up"], year=[None, None])
    assert preset.same_thing(unknown).tolist() == [0, 0]


def test_the_shop_s_evidence_is_what_was_recorded_of_its_own_rule():
    preset = presets.get("ecommerce")
    recorded = json.loads((Path(__file__).parents[1] / "results/ecommerce.json").read_text())["copies"]
    key, near, both = (recorded["rules"][name] for name in ("key of the title", f"cosine {preset.near}", "preset"))
    said = (
        f"joins {100 * key['recall']:.0f} % of the copies among pairs judged by hand, a cosine of {preset.near} alone "
        f"{100 * near['recall']:.0f} %, both {100 * both['recall']:.0f} %"
    )
    assert said in preset.evidence
    assert both["precision"] == 1  # no judged pair that they join is anything else
    joined = recorded["checked_after"]["joined"]
    assert (
        f"of {joined['pairs']} pairs that the key joins, drawn after it was fixed, {joined['copies']}"
        in preset.evidence
    )
