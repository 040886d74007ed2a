"""The dictionary tagger, windows, and the recorded runs on real data: resumed, complete, true to the files."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest

from recdiv.lm import real_tagging
from recdiv.lm.dictionary import DictionaryTagger
from recdiv.lm.real_tagging import Run, f1_interval, f1_of, learn_characters, predict_long, windowed
from recdiv.lm.tagging import Tagger, windows

RECORDED = Path(__file__).parent.parent / "results" / "tagging_real.json"
P, I, O = "B-Product", "I-Product", "O"  # noqa: E741


def test_dictionary_takes_the_longest_phrase_and_ignores_case():
    train = [(["Tea", "Pot"], [P, I]), (["blue", "tea"], [O, P]), (["Pot"], [P])]
    found = DictionaryTagger(train).predict([["tea", "POT", "pot"], ["tea", "tea"], [], ["mug"]])
    assert found == [[P, I, P], [P, P], [], [O]]


def test_dictionary_drops_what_is_mostly_no_product():
    train = [(["case"], [P]), *[(["phone", "case"], [O, O])] * 2]
    assert DictionaryTagger(train).predict([["case"]]) == [[O]]
    assert DictionaryTagger(train[:2]).predict([["case"]]) == [[P]]  # one place of two
    assert DictionaryTagger([]).predict([["case"]]) == [[O]]


def test_windows_cover_everything_once():
    rng = random.Random(0)
    for _ in range(100):
        words = rng.choices(["a", "b", ".", "!"], k=rng.randint(0, 60))
        longest = rng.randint(1, 20)
        cuts = windows(words, longest)
        assert [word for cut in cuts for word in words[cut]] == words
        assert all(1 <= cut.stop - cut.start <= longest for cut in cuts)
    with pytest.raises(ValueError, match="longest must be at least 1, got 0"):
        windows(["a"], 0)


@pytest.fixture
def tagger(tmp_path: Path) -> Tagger:
    transformers = pytest.importorskip("transformers")
    pieces = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "a", "."]
    transformers.BertTokenizerFast(vocab={p: i for i, p in enumerate(pieces)}).save_pretrained(tmp_path)
    config = transformers.BertConfig(
        vocab_size=6, hidden_size=8, num_hidden_layers=1, num_attention_heads=1, intermediate_size=8
    )
    transformers.BertModel(config).save_pretrained(tmp_path)
    return Tagger.from_encoder(tmp_path, tags=(O, P, I))


def test_long_texts_come_back_whole(tagger):
    sentences = [["a"] * 300, [], ["a", "."] * 50]
    assert [len(tags) for tags in predict_long(tagger, sentences)] == [300, 0, 100]
    pieces = windowed([(words, [O] * len(words)) for words in sentences])
    assert sum(len(words) for words, _ in pieces) == 400
    assert max(len(words) for words, _ in pieces) <= 64


def test_unknown_characters_get_entries_of_their_own(tagger):
    assert tagger.tokenizer.tokenize("茶") == ["[UNK]"]
    assert learn_characters(tagger, [["茶", "a"], ["壶", "茶"]]) == 2
    assert "[UNK]" not in tagger.tokenizer.tokenize("茶")
    assert tagger.model.get_input_embeddings().num_embeddings == len(tagger.tokenizer)
    assert [len(tags) for tags in tagger.predict([["茶", "壶", "a", "杯"]])] == [4]


def test_interval_and_type_scores():
    gold = [[P, O], [O, P], [P, I]] * 20
    assert f1_interval(gold, gold, rng=0) == (1, 1)
    half = [[P, O], [O, O], [P, O]] * 20
    low, high = f1_interval(gold, half, rng=0)
    assert f1_of("Product", gold, half) == pytest.approx(2 * 20 / (60 + 40))
    assert low < 0.4 < high


def test_runs_are_kept_and_not_repeated(tmp_path, monkeypatch):
    monkeypatch.setenv("RECDIV_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(real_tagging, "plan", lambda: [Run("dsner", "dictionary", True), Run("dsner", "x", True)])
    monkeypatch.setattr(real_tagging, "describe", lambda name: {})
    measured = []

    def measure(run: Run) -> dict[str, object]:
        measured.append(run.method)
        if measured == ["dictionary", "x"]:
            raise KeyboardInterrupt
        return {"method": run.method, "seed": run.seed, "seconds": 1.0}

    monkeypatch.setattr(real_tagging, "measure", measure)
    with pytest.raises(KeyboardInterrupt):
        real_tagging.main(tmp_path / "results")
    assert not (tmp_path / "results").exists()
    record = json.loads(real_tagging.main(tmp_path / "results").read_text())
    assert measured == ["dictionary", "x", "x"]
    assert [run["method"] for run in record["runs"]] == ["dictionary", "x"]
    assert record["seconds"] == 2.0


def test_a_change_of_settings_is_another_run():
    runs = [Run("a", "encoder", True), Run("a", "encoder", False), Run("a", "encoder", True, seed=1)]
    assert len({run.key for run in runs}) == 3


@pytest.mark.skipif(not RECORDED.is_file(), reason="nothing recorded yet")
def test_record_is_complete():
    record = json.loads(RECORDED.read_text("utf-8"))
    assert {run.key for run in real_tagging.plan()} == {_as_run(run).key for run in record["runs"]}
    assert all(run["f1_low"] <= run["scores"]["f1"] <= run["f1_high"] for run in record["runs"])
    assert record["versions"]["torch"]


@pytest.mark.real
@pytest.mark.skipif(not RECORDED.is_file(), reason="nothing recorded yet")
def test_record_agrees_with_the_files():
    record = json.loads(RECORDED.read_text("utf-8"))
    cheap = [run for run in record["runs"] if run["method"] == "dictionary"]
    assert len(cheap) == 2
    for run in cheap:
        again = real_tagging.measure(_as_run(run))
        assert again["scores"] == pytest.approx(run["scores"])
    assert real_tagging.describe("dsner") == record["sets"]["dsner"]


def _as_run(recorded: dict[str, object]) -> Run:
    return Run(**{name: recorded[name] for name in Run.__dataclass_fields__})
