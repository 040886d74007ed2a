"""Items with neither title nor text: what the kernel of texts makes of them, rule by rule."""

import numpy as np
import pandas as pd
import pytest
import torch

import recdiv as rd
from recdiv import presets
from recdiv._missing import _BLOCK, stand_ins

D = 26


class Letters:
    """Counts letters; the empty text is a direction of its own, as it is to a language model."""

    def encode(self, texts):
        return (
            torch.tensor(
                [[text.lower().count(chr(97 + j)) + (not text) * (j == 25) for j in range(D)] for text in texts]
            )
            / 1.0
        )


def catalog(**columns):
    frame = {"title": ["abc", "def", None, "ghi", " ", None], "category": ["x", "y", "y", "x", "x", None], **columns}
    return rd.Catalog(pd.DataFrame({"item_id": range(6), **{name: each for name, each in frame.items() if each}}))


BARE, READ = [2, 4, 5], [0, 1, 3]


def built(missing, given=None, **options):
    return rd.EmbeddingKernel.from_text(given or catalog(), encoder=Letters(), missing=missing, **options)


def test_by_default_they_are_one_thing_and_their_number_is_told():
    with pytest.warns(
        UserWarning, match=r"^3 of 6 items have nothing to read and count as one thing; .*missing="
    ) as told:
        kernel = rd.EmbeddingKernel.from_text(catalog(), encoder=Letters())
    assert told[0].filename == __file__  # it points at the caller
    assert rd.effective_number(BARE, kernel).item() == pytest.approx(1)
    assert torch.equal(kernel.vectors, rd.EmbeddingKernel(Letters().encode(catalog().texts())).vectors)


@pytest.mark.filterwarnings("error")
def test_one_alone_is_a_thing_whatever_its_vector_and_nothing_is_told():
    built("same", catalog(title=["a", "b", "c", "d", "e", None]))
    built("raise", catalog(title=["a", "b", "c", "d", "e", "f"]))
    for missing in ("own", "category", "stand_in"):
        built(missing, catalog(title=["a", "b", "c", "d", "e", None], category=["x"] * 6))


@pytest.mark.parametrize("missing", ["own", "category", "stand_in"])
@pytest.mark.filterwarnings("ignore:1 of 6")
def test_what_is_read_stays_as_it_is(missing):
    assert torch.equal(
        built(missing).vectors[READ], rd.EmbeddingKernel(Letters().encode(catalog().texts())).vectors[READ]
    )


def test_each_a_thing_of_its_own():
    many = catalog(title=["a"] * 3 + [None] * 3)
    wide = rd.EmbeddingKernel.from_text(many, encoder=Wide(), missing="own")
    off = wide.gram(range(6)).fill_diagonal_(0)
    assert off[:3, :3].sum() == pytest.approx(6)
    assert off[3:].abs().max() < 0.1  # random directions of 4096 dimensions: five standard deviations are 0.08
    assert rd.effective_number([3, 4, 5], wide).item() == pytest.approx(3, abs=0.02)
    assert torch.equal(wide.vectors, rd.EmbeddingKernel.from_text(many, encoder=Wide(), missing="own").vectors)
    other = rd.EmbeddingKernel.from_text(many, encoder=Wide(), missing="own", rng=1)
    assert not torch.equal(wide.vectors[3:], other.vectors[3:])


class Wide:
    def encode(self, texts):
        return torch.eye(4096)[[0] * len(texts)]


def test_the_labels_are_read_instead_and_who_has_none_stays_without():
    kernel = built("category", catalog(category=["x", "y", ("b", "c"), "x", "bc", None]))
    assert kernel.gram([2, 4])[0, 1] == pytest.approx(1)  # b, c and bc have the same letters
    assert kernel.gram([5, 2])[0, 1] == pytest.approx(0)
    with pytest.warns(UserWarning, match="^2 of 6 items have nothing to read"):
        built("category", catalog(category=["x", "y", None, "x", "x", None]))
    with pytest.raises(ValueError, match="needs a 'category' column"):
        built("category", catalog(category=None))


def test_another_of_the_same_category_stands_in():
    for rng in range(10):
        kernel = built("stand_in", rng=rng)
        same = (kernel.gram(range(6)) > 1 - 1e-6).tolist()
        assert same[2][1]  # the only described y
        assert same[4][0] or same[4][3]
        assert any(same[5][row] for row in READ)  # without a label anyone
    drawn = {tuple((built("stand_in", rng=rng).gram([4, 0, 3])[0] > 0.99).tolist()) for rng in range(20)}
    assert len(drawn) == 2  # both described x are drawn
    anyone = built("stand_in", catalog(category=None), rng=np.random.default_rng(0))
    assert (anyone.gram(range(6))[BARE][:, READ].amax(1) > 0.99).all()
    with pytest.raises(ValueError, match="some item must have a title or a text to stand in for the others, got none"):
        built("stand_in", catalog(title=[None] * 6))


def test_stand_ins_are_the_most_alike_in_labels_over_several_blocks():
    generator = np.random.default_rng(0)
    sets = [tuple(np.flatnonzero(line)) for line in generator.random((_BLOCK + 60, 4)) < 0.5]
    labels = rd.CategoryKernel([tuple(map(str, each)) for each in sets])
    others, rows = torch.arange(30), torch.arange(30, len(sets))
    found = stand_ins(rows, others, labels, rng=np.random.default_rng(1)).tolist()
    for row, picked in zip(rows.tolist(), found, strict=True):
        alike = [len(set(sets[row]) & set(sets[o])) / max(1, len(sets[row]) * len(sets[o])) ** 0.5 for o in range(30)]
        assert alike[picked] == pytest.approx(max(alike))


def test_an_error_says_how_many():
    with pytest.raises(ValueError, match="every item must have a title or a text, got 3 of 6 without"):
        built("raise")
    with pytest.raises(ValueError, match="missing must be 'same', 'own', 'category', 'stand_in', 'raise', got 'drop'"):
        built("drop")


def test_a_preset_hands_the_rule_on():
    kernel = presets.get("video").kernel(catalog(category=None), encoder=Letters(), missing="stand_in")
    assert (kernel.gram(range(6))[BARE][:, READ].amax(1) > 0.99).all()
