"""The pre-training corpus: distinct, repeatable, of all four domains, cached whole or not at all, fast enough."""

from __future__ import annotations

import time

import pytest

import recdiv as rd
from recdiv.datasets import SAMPLES
from recdiv.datasets.sample import corpus as module
from recdiv.datasets.sample.corpus import corpus, iter_corpus


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("RECDIV_CACHE", str(tmp_path))
    return tmp_path / "corpus"


@pytest.mark.slow
def test_twenty_thousand_texts(folder):
    start = time.perf_counter()
    texts = corpus(20_000, progress=False)
    seconds = time.perf_counter() - start
    assert len(texts) == len(set(texts)) == 20_000
    assert seconds < 30  # some 8 s on one idle core
    assert sum(len(text.split()) for text in texts) > 400_000
    start = time.perf_counter()
    assert corpus(20_000) == texts
    assert time.perf_counter() - start < seconds / 4


def test_same_call_same_texts_other_seed_other_texts():
    one, two = list(iter_corpus(200)), list(iter_corpus(200))
    assert one == two
    assert len(set(one) & set(iter_corpus(200, seed=1))) < 5


def test_all_domains_in_turn_and_nothing_bundled():
    texts = corpus(400)
    assert module.DOMAINS == SAMPLES
    bundled = {name: set(rd.load(name).catalog.texts()) for name in SAMPLES}
    assert not set(texts) & set.union(*bundled.values())
    words = [{word for text in texts[i::4] for word in text.lower().split()} for i in range(4)]
    for i, name in enumerate(SAMPLES):
        known = {word for text in bundled[name] for word in text.lower().split()}
        shares = [len(known & mine) / len(mine) for mine in words]
        assert shares.index(max(shares)) == i


def test_cache_is_whole_or_absent(folder):
    texts = corpus(40)
    (path,) = folder.iterdir()
    assert corpus(40) == texts
    path.write_bytes(path.read_bytes()[:50])  # a damaged file is drawn anew
    assert corpus(40) == texts
    assert [p.suffix for p in folder.iterdir()] == [".gz"]
    corpus(41)
    corpus(40, seed=1)
    assert len(list(folder.iterdir())) == 3


def test_interrupted_write_leaves_nothing(folder, monkeypatch):
    def broken(path, target):
        raise OSError("disk full")

    monkeypatch.setattr(module.Path, "replace", broken)
    assert len(corpus(12)) == 12
    assert list(folder.iterdir()) == []


def test_a_folder_that_cannot_be_written_costs_only_the_cache(tmp_path, monkeypatch):
    blocked = tmp_path / "file"
    blocked.write_text("")
    monkeypatch.setenv("RECDIV_CACHE", str(blocked))
    assert len(corpus(12)) == 12


def test_key_follows_the_vocabularies(tmp_path, monkeypatch):
    before = module._key(10, 0)
    (tmp_path / "vocabularies").mkdir()
    for name in SAMPLES:
        (tmp_path / "vocabularies" / f"{name}.toml").write_text("changed")
    monkeypatch.setattr(module, "data_folder", lambda: tmp_path)
    assert module._key(10, 0) != before


@pytest.mark.parametrize(
    ("arguments", "words"), [({"n": 0}, "n must be at least 1, got 0"), ({"seed": -1}, "seed must be at least 0")]
)
def test_errors(arguments, words):
    with pytest.raises(ValueError, match=words):
        corpus(**arguments)
