"""Pre-training: documents, tokenizer, rows, counts and perplexity against slow references; models that go on."""

from __future__ import annotations

import itertools
import json
import math
import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

transformers = pytest.importorskip("transformers")
pytest.importorskip("peft")

from reference_ngram import probability  # noqa: E402
from safetensors.torch import load_file, save_file  # noqa: E402

import recdiv as rd  # noqa: E402
from recdiv.lm import NgramModel, TrainingConfig, history_documents, item_documents, perplexity, pretrain  # noqa: E402
from recdiv.lm._rows import IGNORED, Blocks, MaskedRows, collate, mean_loss  # noqa: E402
from recdiv.lm.documents import checked, n_bytes, split_documents, token_ids  # noqa: E402
from recdiv.lm.from_scratch import small_causal, train_tokenizer  # noqa: E402

QUICK = TrainingConfig(learning_rate=1e-2, epochs=20, batch_size=8)
SMALL = {"vocabulary": 300, "hidden": 32, "layers": 2, "window": 32, "progress": False}


def corpus(n=120, seed=0):
    """Sentences of a grammar that has something to learn: colours before things, and a thing's own place after it."""
    generator = np.random.default_rng(seed)
    things = {"mug": "kitchen", "spade": "garden", "lamp": "hall"}
    made = []
    for _ in range(n):
        thing = generator.choice(list(things))
        made.append(f"A {generator.choice(['red', 'blue', 'green'])} {thing} for the {things[thing]}.")
    return made


@pytest.fixture(scope="module")
def tokenizer():
    return train_tokenizer(corpus(), vocabulary=300)


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    folder = tmp_path_factory.mktemp("model")
    return pretrain(corpus(), validation=corpus(30, 1), folder=folder, config=QUICK, **SMALL)


# Documents


def events(rows):
    catalog = rd.Catalog(
        pd.DataFrame({"item_id": [1, 2, 3], "title": ["Tea", "Mug", None], "text": ["", "Blue.", " "]})
    )
    return rd.Interactions(pd.DataFrame(rows, columns=["user_id", "item_id", "timestamp"]), catalog)


@pytest.mark.parametrize("share", [0.1, 0.34])
def test_what_is_held_out_stands_nowhere_else(share):
    """Forty titles on eighty rows, twice each and spelled otherwise; people who had nearly all of them."""
    generator = np.random.default_rng(3)
    items = pd.DataFrame({"item_id": range(81), "title": [f"Thing {i % 40}" for i in range(80)] + [None]})
    items.loc[40:79, "title"] = items.loc[40:79, "title"].str.upper() + " "
    items["text"] = [f"Wording {i}." for i in range(80)] + [""]
    catalog = rd.Catalog(items)
    rows = [(user, item, t) for user in range(30) for t, item in enumerate(generator.permutation(81)[:40])]
    log = rd.Interactions(pd.DataFrame(rows, columns=["user_id", "item_id", "timestamp"]), catalog)
    split = split_documents(catalog, log, share=share, rng=1)

    def titles(documents):
        return {" ".join(text.lower().partition(".")[0].split()) for each in documents for text in each}

    parts = {name: titles(getattr(split, name)) for name in ("train", "validation", "items", "histories")}
    assert not parts["items"] & (parts["train"] | parts["validation"] | parts["histories"])
    assert parts["histories"] <= parts["train"]  # an unseen person, seen items
    assert len(parts["items"]) == round(share * 40)
    assert len(split.items) == len(split.held_out) == 2 * round(share * 40)
    assert {catalog.texts()[row] for row in split.held_out} == {text for (text,) in split.items}
    assert round(share * 30) <= len(split.histories) <= 2 * round(share * 30)  # of twenty items a document
    alone = split_documents(catalog, share=share, rng=1)
    assert alone.histories == []
    assert alone.items == split.items
    assert all(len(each) == 1 for each in alone.train)


def test_a_split_needs_a_share_and_three_titles():
    catalog = events([("a", 1, 0)]).catalog
    with pytest.raises(ValueError, match=r"share must lie between 0 and 0\.5, got 0\.5"):
        split_documents(catalog, share=0.5)
    with pytest.raises(ValueError, match="catalog must hold at least 3 items with text, got 2"):
        split_documents(catalog)


def test_items_without_text_are_no_documents():
    assert item_documents(events([("a", 1, 0)]).catalog) == [("Tea",), ("Mug. Blue.",)]


def test_histories_keep_time_order_and_are_cut():
    made = events([("b", 1, 9), ("a", 2, 3), ("a", 1, 1), ("a", 3, 2), ("a", 1, 4), ("c", 1, 0), ("c", 2, 1)])
    assert history_documents(made) == [("Tea", "Mug", "Tea"), ("Tea", "Mug")]
    assert history_documents(made, longest=2, least=1) == [("Tea", "Mug"), ("Tea",), ("Tea",), ("Tea", "Mug")]
    assert history_documents(made, read="text") == []
    with pytest.raises(ValueError, match="needs a 'name' column"):
        history_documents(made, read="name")
    with pytest.raises(ValueError, match="got 2 and 3"):
        history_documents(made, longest=2, least=3)


def test_empty_texts_are_left_out_aloud():
    with pytest.warns(UserWarning, match="2 of 5 texts are empty and left out"):
        assert checked(["a", " ", ("b", "", "c")]) == [("a",), ("b", "c")]
    with pytest.raises(ValueError, match="documents must hold a text, got 2 empty ones"):
        checked(["", ("\n",)])
    with pytest.raises(ValueError, match="documents is empty"):
        checked([])
    with pytest.raises(TypeError, match="must be a list of texts, got one string"):
        checked("text")
    with pytest.raises(TypeError, match=r"documents\[1\] must be a text or a sequence of texts, got float"):
        checked(["a", float("nan")])
    with pytest.raises(TypeError, match=r"documents\[0\] must hold texts, got int 3"):
        checked([("a", 3)])


# Tokenizer


def test_any_text_can_be_written_and_read_back(tokenizer):
    assert len(tokenizer) == 300
    for text in ["A red mug", "Café — 茶 🫖", "<end> of <begin>", "tab\tand\nline"]:
        ids = token_ids(tokenizer, [(text,)])[0]
        assert ids[-1] == tokenizer.eos_token_id
        assert tokenizer.decode(ids[:-1]).strip() == text
        assert not {tokenizer.bos_token_id, tokenizer.eos_token_id} & set(ids[:-1])  # letters, not commands


def test_frequent_words_become_one_token_and_the_same_ones_each_time(tokenizer):
    assert len(tokenizer.tokenize("kitchen")) == 1
    assert len(tokenizer.tokenize("zebra")) > 3
    assert train_tokenizer(corpus(), vocabulary=300).get_vocab() == tokenizer.get_vocab()
    with pytest.raises(ValueError, match="vocabulary must be at least 259, all bytes and the special tokens, got 258"):
        train_tokenizer(corpus(), vocabulary=258)


# Rows


def test_blocks_predict_every_token_once_and_no_beginning(tokenizer):
    documents = [("A red mug.", "A blue lamp."), ("A spade.",), ("mug " * 40,)]
    for window in (2, 7, 32):
        blocks = Blocks(tokenizer, documents, window, seed=3)
        predicted = [label for row in blocks for label in row["labels"][1:] if label != IGNORED]
        wanted = [token for ids in token_ids(tokenizer, documents) for token in ids]
        assert sorted(predicted) == sorted(wanted)
        assert max(len(row["input_ids"]) for row in blocks) <= window
        assert tokenizer.bos_token_id not in predicted
    whole = [row["input_ids"] for row in Blocks(tokenizer, documents, 500, seed=3)]
    assert len(whole) == 1
    assert whole[0].count(tokenizer.bos_token_id) == 3
    assert Blocks(tokenizer, documents, 7, seed=3).fingerprint == Blocks(tokenizer, documents, 7, seed=3).fingerprint
    assert Blocks(tokenizer, documents, 7, seed=4).fingerprint != Blocks(tokenizer, documents, 7, seed=3).fingerprint


@pytest.fixture(scope="module")
def masked_folder(tmp_path_factory):
    """A BERT of two layers, untrained, as a folder: what continued masked pre-training goes on from."""
    path = tmp_path_factory.mktemp("bert")
    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "a", "for", "the", ".", "red", "blue", "green", "mug"]
    words += ["spade", "lamp", "kitchen", "garden", "hall"]
    made = transformers.BertTokenizerFast(vocab={word: i for i, word in enumerate(words)})
    made.save_pretrained(path)
    config = transformers.BertConfig(
        vocab_size=len(words), hidden_size=32, num_hidden_layers=2, num_attention_heads=2, intermediate_size=64,
        max_position_embeddings=64,
    )  # fmt: skip
    with torch.random.fork_rng():
        torch.manual_seed(0)
        transformers.BertModel(config).save_pretrained(path)
    (path / "1_Pooling").mkdir()
    (path / "1_Pooling" / "config.json").write_text('{"pooling_mode_mean_tokens": true}')
    return path


def test_masks_follow_the_recipe_and_never_hide_special_tokens(masked_folder):
    made = transformers.AutoTokenizer.from_pretrained(masked_folder)
    rows = MaskedRows(made, [(text,) for text in corpus(60)], 32, times=40, seed=1)
    assert len(rows) == 2400
    counts = dict.fromkeys(("all", "guessed", "hidden", "same", "other"), 0)
    for index in range(len(rows)):
        row, plain = rows[index], rows._rows[index % rows.n]
        assert row["labels"][0] == row["labels"][-1] == IGNORED
        assert any(label != IGNORED for label in row["labels"])
        for shown, label, token in zip(row["input_ids"], row["labels"], plain, strict=True):
            counts["all"] += token not in (2, 3)
            if label == IGNORED:
                assert shown == token
                continue
            assert label == token
            counts["guessed"] += 1
            counts["hidden" if shown == 4 else "same" if shown == token else "other"] += 1
    share = {name: counts[name] / counts["guessed"] for name in ("hidden", "same", "other")}
    # A row where nothing is drawn has one token guessed: 0.15 + 0.85^7 / 7 for the 7 tokens of these texts
    assert counts["guessed"] / counts["all"] == pytest.approx(0.15 + 0.85**7 / 7, abs=0.01)
    assert share["hidden"] == pytest.approx(0.8, abs=0.02)
    assert share["same"] == pytest.approx(0.1 + 0.1 / 18, abs=0.02)
    assert rows[5] == rows[5] != rows[5 + rows.n]
    assert rows[5] != MaskedRows(made, [(text,) for text in corpus(60)], 32, seed=2)[5]


def test_long_documents_make_several_masked_rows(masked_folder):
    made = transformers.AutoTokenizer.from_pretrained(masked_folder)
    rows = MaskedRows(made, [("mug " * 50, "lamp"), ("", "")], 16)
    assert [len(row) for row in rows._rows] == [16, 16, 16, 9]
    assert {row[0] for row in rows._rows} == {2}


# Counts


def test_kneser_ney_is_its_definition_and_sums_to_one(tokenizer):
    documents = corpus(12)
    ids = token_ids(tokenizer, checked(documents))
    generator = np.random.default_rng(0)
    for order in (1, 2, 3, 4):
        model = NgramModel(tokenizer, order=order).fit(documents)
        for before in ([], ids[0][:1], ids[3][:4], [7, 8, 9]):
            total = sum(math.exp(model.log_p(before, token)) for token in range(len(tokenizer)))
            assert total == pytest.approx(1, abs=1e-9)
            for token in (*generator.integers(len(tokenizer), size=3), ids[3][4]):
                expected = probability(ids, order, tokenizer.bos_token_id, len(tokenizer), before, int(token))
                assert math.exp(model.log_p(before, int(token))) == pytest.approx(expected, rel=1e-12)
        whole = model.token_log_p(ids[5])
        assert whole == pytest.approx([model.log_p(ids[5][:i], token) for i, token in enumerate(ids[5])])


def test_longer_contexts_foretell_a_grammar_better_and_counts_say_when_not(tokenizer):
    values = [perplexity(NgramModel(tokenizer, order=n).fit(corpus()), corpus(30, 1)).value for n in (1, 2, 3)]
    assert values[0] > 2 * values[1] > values[2]
    with pytest.raises(ValueError, match="order must be at least 1, got 0"):
        NgramModel(tokenizer, order=0)


# Perplexity


def slow_nats(model, tokenizer, text):
    """One text, token by token, each from all before it."""
    ids = [tokenizer.bos_token_id, *token_ids(tokenizer, [(text,)])[0]]
    total = 0.0
    for i in range(1, len(ids)):
        with torch.no_grad():
            logits = model(input_ids=torch.tensor([ids[:i]])).logits[0, -1]
        total -= torch.log_softmax(logits.double(), -1)[ids[i]].item()
    return total


def test_perplexity_is_that_of_each_token_given_those_before(trained):
    texts = ["A red mug for the kitchen.", "Mug?", "A blue spade for the hall, and a lamp."]
    found = perplexity((trained.model, trained.tokenizer), texts)
    expected = np.array([slow_nats(trained.model, trained.tokenizer, text) for text in texts])
    assert found.nats == pytest.approx(expected, rel=1e-5)
    assert found.value == pytest.approx(math.exp(expected.sum() / found.tokens.sum()), rel=1e-5)
    assert found.n_bytes == sum(len(text) + 1 for text in texts) == sum(n_bytes((text,)) for text in texts)
    assert found.bits_per_byte == pytest.approx(expected.sum() / math.log(2) / found.n_bytes, rel=1e-5)
    assert found.low <= found.value <= found.high
    assert found.bits_low <= found.bits_per_byte <= found.bits_high


def test_what_is_longer_than_the_window_is_read_whole(trained):
    """Every token counts once: with all 300 tokens alike, a document of 90 costs 90 ln 300."""
    model = small_causal(trained.tokenizer, hidden=32, layers=1, window=16)
    for weight in model.parameters():
        weight.data.zero_()
    document = "mug lamp " * 44 + "mug"
    n = len(token_ids(trained.tokenizer, [(document,)])[0])
    assert n > 60
    found = perplexity((model, trained.tokenizer), [document, "A"])
    assert found.value == pytest.approx(300, rel=1e-5)
    assert found.nats[0] == pytest.approx(n * math.log(300), rel=1e-5)


def test_perplexity_agrees_with_the_causal_scorer(trained):
    texts = corpus(20, 2)
    scorer = rd.lm.CausalScorer(trained.folder)
    found = perplexity(scorer, texts)
    assert -found.nats == pytest.approx(scorer.log_likelihood(texts).numpy(), rel=1e-5)
    history = ("A red mug for the kitchen.", "A blue lamp for the hall.")
    together = perplexity(scorer, [history]).nats[0]
    parts = scorer.log_likelihood(list(history), contexts=[[], [history[0]]]).sum().item()
    assert together == pytest.approx(-parts, rel=1e-5)


def test_saving_is_paired_and_refuses_other_documents(trained):
    texts = corpus(40, 3)
    mine = perplexity((trained.model, trained.tokenizer), texts)
    counted = perplexity(NgramModel(trained.tokenizer, order=1).fit(corpus()), texts)
    saved, low, high = mine.saving(counted)
    assert saved == pytest.approx(counted.bits_per_byte - mine.bits_per_byte)
    assert 0 < low < saved < high
    assert counted.saving(mine)[0] == pytest.approx(-saved)
    assert high - low < (mine.bits_high - mine.bits_low) + (counted.bits_high - counted.bits_low)
    with pytest.raises(ValueError, match="other must be measured on the same documents"):
        mine.saving(perplexity(scorer_of(trained), texts[:-1]))
    with pytest.raises(ValueError, match="confidence must be between 0 and 1, got 95"):
        perplexity(scorer_of(trained), texts, confidence=95)


def scorer_of(trained):
    return rd.lm.CausalScorer((trained.model, trained.tokenizer))


# Pre-training


def test_a_new_model_learns_the_grammar(trained):
    assert trained.loss_before == pytest.approx(math.log(300), abs=0.3)
    assert trained.loss_after < trained.loss_before / 3
    assert trained.objective == "causal"
    assert trained.n_parameters == sum(weight.numel() for weight in trained.model.parameters())
    right = ["A red mug for the kitchen.", "A green spade for the garden."]
    wrong = ["A mug red for the kitchen.", "A green spade the for garden."]  # the same words
    scores = scorer_of(trained).log_likelihood([*right, *wrong])
    assert bool((scores[:2] > scores[2:] + 1).all())


def test_the_folder_is_an_ordinary_model(trained):
    folder = trained.folder
    assert {path.name for path in folder.iterdir()} >= {
        "config.json",
        "model.safetensors",
        "tokenizer.json",
        "training",
    }
    assert not [*folder.glob("*.bin"), *folder.glob("*.pt")]
    model = transformers.AutoModelForCausalLM.from_pretrained(folder)
    made = transformers.AutoTokenizer.from_pretrained(folder)
    assert made.get_vocab() == trained.tokenizer.get_vocab()
    texts = corpus(5, 4)
    assert perplexity((model, made), texts).nats == pytest.approx(perplexity(folder, texts).nats)
    assert json.loads((folder / "config.json").read_text())["use_cache"] is True


def test_the_same_call_again_reads_what_is_there_and_another_is_refused(trained):
    again = pretrain(corpus(), validation=corpus(30, 1), folder=trained.folder, config=QUICK, **SMALL)
    assert again.run.resumed_from == trained.run.steps
    assert again.loss_after == pytest.approx(trained.loss_after, rel=1e-6)
    with pytest.raises(ValueError, match="another vocabulary"):
        pretrain(corpus(), folder=trained.folder, config=QUICK, **{**SMALL, "vocabulary": 290})
    with pytest.raises(ValueError, match="another shape"):
        pretrain(corpus(), folder=trained.folder, config=QUICK, **{**SMALL, "layers": 1})
    same_words = corpus()[::-1]
    with pytest.raises(ValueError, match="other rows"):
        pretrain(same_words, folder=trained.folder, config=QUICK, **SMALL)


def test_going_on_from_a_causal_model_teaches_what_is_new(trained, tmp_path):
    new = [text.replace("mug", "lid").replace("kitchen", "attic") for text in corpus(60, 5)]
    more = pretrain(
        new[:40], validation=new[40:], model=trained.folder, folder=tmp_path / "more", window=32, progress=False,
        config=QUICK,
    )  # fmt: skip
    assert more.objective == "causal"
    assert more.tokenizer.get_vocab() == trained.tokenizer.get_vocab()
    assert more.loss_before == pytest.approx(
        mean_loss(trained.model, Blocks(trained.tokenizer, [(t,) for t in new[40:]], 32), shifted=True)
    )
    assert more.loss_after < more.loss_before / 2
    old = corpus(30, 1)
    assert perplexity(more.folder, old).value > perplexity(trained.folder, old).value  # and something is forgotten


def test_going_on_from_an_encoder_hides_words_and_it_still_encodes(masked_folder, tmp_path):
    before = rd.lm.TextEncoder(masked_folder).encode(corpus(4), cache=False)
    more = pretrain(
        corpus(), validation=corpus(40, 1), model=masked_folder, folder=tmp_path / "bert", progress=False,
        config=QUICK.replace(epochs=8),
    )  # fmt: skip
    assert more.objective == "masked"
    assert more.loss_after < more.loss_before / 1.5
    assert more.run.steps == 8 * 15
    assert (tmp_path / "bert" / "1_Pooling" / "config.json").is_file()
    after = rd.lm.TextEncoder(tmp_path / "bert").encode(corpus(4), cache=False)
    assert after.shape == before.shape
    assert not torch.allclose(after, before, atol=1e-3)
    assert all(name.startswith(("bert.", "cls.")) for name in load_file(tmp_path / "bert" / "model.safetensors"))


def test_masked_training_resumes_to_the_same_weights(masked_folder, tmp_path):
    class Stop(transformers.TrainerCallback):
        def on_step_end(self, args, state, control, **kwargs):
            if state.global_step == 10:
                raise KeyboardInterrupt

    rows = MaskedRows(
        transformers.AutoTokenizer.from_pretrained(masked_folder), [(t,) for t in corpus(40)], 32, times=3
    )
    config = QUICK.replace(steps=15, checkpoint_every=4)

    def run(folder, *callbacks):
        with torch.random.fork_rng():
            torch.manual_seed(0)
            model = transformers.AutoModelForMaskedLM.from_pretrained(masked_folder)
        return rd.lm.train(model, rows, config, collate=collate, folder=folder, progress=False, callbacks=callbacks)

    whole = run(tmp_path / "whole")
    with pytest.raises(KeyboardInterrupt):
        run(tmp_path / "killed", Stop())
    resumed = run(tmp_path / "killed")
    assert resumed.resumed_from == 8
    for one, other in zip(whole.model.parameters(), resumed.model.parameters(), strict=True):
        assert torch.equal(one, other)


# Bad input


def test_items_without_text_are_said_and_nothing_is_refused(tmp_path):
    with pytest.warns(UserWarning, match="1 of 41 texts are empty and left out"):
        pretrain([*corpus(40), ""], config=QUICK.replace(steps=1, epochs=1), **SMALL)
    with pytest.raises(ValueError, match="validation must hold a text, got 1 empty ones"):
        pretrain(corpus(4), validation=[""], **SMALL)


def test_a_checkpoint_that_is_cut_short_or_of_another_vocabulary_is_one_sentence(trained, tmp_path):
    for name in ("config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json"):
        (tmp_path / name).write_bytes((trained.folder / name).read_bytes())
    weights = load_file(tmp_path / "model.safetensors")
    save_file({n: w[:100] if "embed_tokens" in n else w for n, w in weights.items()}, tmp_path / "model.safetensors")
    config = json.loads((tmp_path / "config.json").read_text())
    (tmp_path / "config.json").write_text(json.dumps({**config, "vocab_size": 100}))
    with pytest.raises(ValueError, match="not of one vocabulary: 100 vectors for 300 tokens"):
        pretrain(corpus(), model=tmp_path, **SMALL)
    os.truncate(tmp_path / "model.safetensors", 5000)
    with pytest.raises(ValueError, match=r"weights are cut short or do not fit config.json"):
        pretrain(corpus(), model=tmp_path, **SMALL)
    with pytest.raises(FileNotFoundError, match="is neither a folder here nor a downloaded model"):
        pretrain(corpus(), model="nobody/nothing", **SMALL)


def test_what_does_not_fit_is_refused(trained, masked_folder):
    with pytest.raises(ValueError, match="objective must be causal for a new model, got 'masked'"):
        pretrain(corpus(), objective="masked", **SMALL)
    with pytest.raises(ValueError, match="has no mask_token, which masked training needs"):
        pretrain(corpus(), model=trained.folder, objective="masked", **SMALL)
    with pytest.raises(ValueError, match="window must be at least 2, got 1"):
        pretrain(corpus(), **{**SMALL, "window": 1})
    with pytest.raises(ValueError, match="hidden must be a multiple of 32, got 40"):
        pretrain(corpus(), **{**SMALL, "hidden": 40})
    with pytest.raises(ValueError, match="layers must be at least 1 and window at least 2, got 0 and 32"):
        pretrain(corpus(), **{**SMALL, "layers": 0})


def test_padding_changes_no_loss(trained):
    rows = [{"input_ids": ids, "labels": ids} for ids in ([5, 6, 7, 8, 9], [10, 11])]
    alone = [mean_loss(trained.model, [row], shifted=True) for row in rows]
    assert mean_loss(trained.model, rows, shifted=True) == pytest.approx((4 * alone[0] + alone[1]) / 5, rel=1e-5)
    for one, other in itertools.pairwise([mean_loss(trained.model, rows, shifted=True, batch_size=n) for n in (1, 2)]):
        assert one == pytest.approx(other, rel=1e-5)


def test_nothing_of_this_is_loaded_early():
    import subprocess
    import sys

    code = "import sys, recdiv.lm; print('torch' in sys.modules, 'transformers' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=Path(rd.__file__).parents[1], check=True
    )
    assert done.stdout.split() == ["False", "False"]
