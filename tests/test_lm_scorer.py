"""The causal scorer against one text at a time, under every batching, order and padding, and under bad input."""

import itertools
import json
import random
import shutil
import warnings

import pytest
import torch
from causal_world import END, WORDS, model, slow_log_likelihood, tokenizer

import recdiv as rd
from recdiv.lm import _batches
from recdiv.lm._requests import Requests

KINDS = ("llama", "gpt2")
SAME = 1e-5  # float32 sums in another order: differences seen are up to 2e-7 of a number, 1.2e-5 on one of 65 nats


def scorer(kind="llama", **options):
    window = options.pop("window", 96)
    return rd.lm.CausalScorer((model(kind, window=window), tokenizer()), **options)


def words(rng, least=0, most=4):
    return " ".join(rng.choices(WORDS, k=rng.randint(least, most)))


def questions(n, seed=0):
    """Texts and contexts of all kinds: none, several texts, one string, shared, empty."""
    rng = random.Random(seed)
    shared = [(), (), tuple(words(rng) for _ in range(4)), (words(rng), ""), words(rng, 1, 8), ""]
    contexts = [rng.choice(shared) if rng.random() < 0.7 else (words(rng), words(rng)) for _ in range(n)]
    return [words(rng) for _ in range(n)], contexts


def close(values):
    return pytest.approx(values, abs=SAME, rel=1e-6)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("tokens", [1, 60, 10_000])
def test_against_one_text_at_a_time(kind, tokens):
    texts, contexts = questions(25)
    expected = [slow_log_likelihood(kind, *pair) for pair in zip(texts, contexts, strict=True)]
    found = scorer(kind, batch_tokens=tokens).log_likelihood(texts, contexts=contexts)
    assert found.dtype == torch.float64
    assert found.tolist() == close(expected)
    alone = scorer(kind, batch_tokens=tokens).log_likelihood(texts)
    assert alone.tolist() == close([slow_log_likelihood(kind, text) for text in texts])
    assert max(alone) < 0


@pytest.mark.parametrize("kind", KINDS)
def test_order_neighbours_and_repeats_do_not_matter(kind):
    texts, contexts = questions(40, seed=1)
    whole = scorer(kind).log_likelihood(texts, contexts=contexts)
    order = random.Random(2).sample(range(40), 40)
    moved = scorer(kind, batch_tokens=100).log_likelihood(
        [texts[i] for i in order], contexts=[contexts[i] for i in order]
    )
    assert moved.tolist() == close(whole[order].tolist())
    one = [scorer(kind).log_likelihood([texts[i]], contexts=[contexts[i]]).item() for i in range(10)]
    assert one == close(whole[:10].tolist())
    twice = scorer(kind).log_likelihood(texts * 2, contexts=contexts * 2)
    assert torch.equal(twice[:40], twice[40:])


def forwards(monkeypatch, causal):
    """Sizes of everything the model is given to read."""
    sizes = []
    plain = causal.model.forward

    def counted(**given):
        sizes.append(tuple(given["input_ids"].shape))
        return plain(**given)

    monkeypatch.setattr(causal.model, "forward", counted)
    return sizes


def test_a_context_is_read_once_for_many_texts(monkeypatch):
    asked = scorer(batch_tokens=300)
    context = ("Hands of Clay", "Before the Guns") * 2
    texts = [" ".join(pair) for pair in itertools.product(WORDS[:10], WORDS[:8])]
    expected = asked.log_likelihood(texts, contexts=[context] * len(texts))
    sizes = forwards(monkeypatch, asked.causal)
    assert torch.equal(asked.log_likelihood(texts, contexts=[context] * len(texts)), expected)
    length = len([t for part in context for t in asked.causal.tokens([part])[0]]) + len(context) + 1
    assert [size for size in sizes if size[1] == length] == [(1, length)]
    assert sum(rows for rows, width in sizes if width != length) == len(set(texts))
    assert len(sizes) > 5  # in several batches all the same


def test_a_list_given_what_stands_before_is_one_pass(monkeypatch):
    asked = scorer()
    items = ["Hands of Clay", "Before the Guns", "", "Eighteen Temples", "Before the Guns"]
    contexts = [tuple(items[:i]) for i in range(len(items))]
    expected = [slow_log_likelihood("llama", *pair) for pair in zip(items, contexts, strict=True)]
    sizes = forwards(monkeypatch, asked.causal)
    assert asked.log_likelihood(items, contexts=contexts).tolist() == close(expected)
    assert [rows for rows, _ in sizes] == [1, 1]  # the beginning, and all of the rest
    with_others = ["a", *items, "of"]
    about = [("the",), *contexts, tuple(items)]
    expected = [slow_log_likelihood("llama", *pair) for pair in zip(with_others, about, strict=True)]
    assert asked.log_likelihood(with_others, contexts=about).tolist() == close(expected)


def test_what_closes_the_texts_of_a_context():
    asked, history = scorer(separator="\n"), ("Hands of Clay", "Temples")
    found = asked.log_likelihood(["Guns", "Guns"], contexts=[history, "Hands of Clay\nTemples\n"])
    assert found[0].item() == close(slow_log_likelihood("llama", "Guns", history, separator="\n"))
    assert abs(found[0] - scorer().log_likelihood(["Guns"], contexts=[history])[0]) > 0.01
    items = ["Hands", "Clay", "Guns"]  # nothing rides here: an item ends with the end token, a context does not
    contexts = [tuple(items[:i]) for i in range(3)]
    expected = [slow_log_likelihood("llama", *pair, separator="\n") for pair in zip(items, contexts, strict=True)]
    assert asked.log_likelihood(items, contexts=contexts).tolist() == close(expected)


def test_context_and_text_are_tokenised_apart():
    """Where a word is split, its two halves are not the tokens of the whole."""
    ids = lambda text: tokenizer()(text, add_special_tokens=False)["input_ids"]  # noqa: E731
    splits = [(word[:i], word[i:]) for word in WORDS for i in range(1, len(word))]
    [(context, text), *_] = [split for split in splits if ids("".join(split)) != ids(split[0]) + ids(split[1])]
    found = scorer().log_likelihood([text], contexts=[context]).item()
    assert found == close(slow_log_likelihood("llama", text, context))
    assert scorer().lengths([text]).item() == len(ids(text)) + 1


def test_a_text_that_looks_like_a_special_token_is_letters():
    asked = scorer()
    [ids] = asked.causal.tokens([f"Clay{END}"])
    assert asked.causal.end not in ids
    assert tokenizer().decode(ids) == f"Clay{END}"
    assert tokenizer()(f"Clay{END}", add_special_tokens=False)["input_ids"][-1] == asked.causal.end  # if not told


def test_probabilities_of_all_short_texts_add_up():
    """Σ p over every continuation of one token is 1, through log_likelihood alone: exp of the differences."""
    asked = scorer()
    causal = asked.causal
    with causal.at_rest():
        reading = causal.read([[causal.begin]])
        total = _batches.log_probability(
            reading.logits, torch.arange(causal.n_tokens), torch.zeros(causal.n_tokens, dtype=torch.long)
        )
    assert total.exp().sum().item() == pytest.approx(1, abs=1e-5)
    assert asked.log_likelihood([""]).item() == close(total[causal.end].item())


@pytest.mark.parametrize("kind", KINDS)
def test_a_context_beyond_the_window_is_cut_from_the_left_and_said(kind):
    asked = scorer(kind, window=24)
    contexts = [("Hands of Clay Before",) * 5, ("Clay",), ("Hands of Clay Before",) * 4]
    with pytest.warns(UserWarning, match="2 of 3 contexts were cut from the left to fit the window of 24 tokens"):
        found = asked.log_likelihood(["Guns"] * 3, contexts=contexts)
    expected = [slow_log_likelihood(kind, "Guns", each, window=24) for each in contexts]
    assert found.tolist() == close(expected)
    texts, context = ["Guns", "Temples Temples Hands"], "Hands of Clay Before " * 5  # one asks for a deeper cut
    with pytest.warns(UserWarning, match="1 of 1 contexts"):
        both = asked.log_likelihood(texts, contexts=[context] * 2)
    assert both.tolist() == close([slow_log_likelihood(kind, text, context, window=24) for text in texts])
    lists = ["Hands of Clay", "Temples crème", "Guns qué", "Before the Eighteen", "Hands"]
    before = [tuple(lists[:i]) for i in range(5)]
    with pytest.warns(UserWarning, match="cut from the left"):
        found = asked.log_likelihood(lists, contexts=before)
    assert found.tolist() == close([slow_log_likelihood(kind, *p, window=24) for p in zip(lists, before, strict=True)])
    with pytest.raises(ValueError, match=r"texts must fit the window of 24 tokens .* got one of \d+ tokens"):
        asked.log_likelihood(["Temples " * 12])


def test_dropout_and_gradients_are_off_inside_and_back_afterwards():
    net = model("gpt2")
    net.train()
    asked = rd.lm.CausalScorer((net, tokenizer()))
    found = asked.log_likelihood(["Guns", "Clay"])
    assert torch.equal(found, asked.log_likelihood(["Guns", "Clay"]))
    assert net.training
    net.eval()
    assert found.tolist() == close([slow_log_likelihood("gpt2", text) for text in ("Guns", "Clay")])


def test_memory_that_does_not_suffice_halves_the_batch_and_says_so(monkeypatch):
    texts, contexts = questions(30, seed=3)
    asked = scorer(batch_tokens=400)
    expected = asked.log_likelihood(texts, contexts=contexts)
    plain = asked.causal.model.forward

    def small(**given):
        if given["attention_mask"].numel() > 150:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB")
        return plain(**given)

    monkeypatch.setattr(asked.causal.model, "forward", small)
    with pytest.warns(UserWarning, match=r"out of memory with \d+ tokens a batch: going on with batch_tokens=\d+"):
        found = asked.log_likelihood(texts, contexts=contexts)
    assert found.tolist() == close(expected.tolist())
    assert asked.batch_tokens < 400

    def full(**given):
        raise RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory")

    monkeypatch.setattr(asked.causal.model, "forward", full)
    asked.batch_tokens = 1
    with pytest.raises(MemoryError, match=r"one text of 2 tokens after a context of 1 does not fit into memory"):
        asked.log_likelihood(["a"])

    def broken(**given):
        raise RuntimeError("mat1 and mat2 shapes cannot be multiplied")

    monkeypatch.setattr(asked.causal.model, "forward", broken)
    with pytest.raises(RuntimeError, match="mat1 and mat2"):
        asked.log_likelihood(["a"])


def test_a_folder_is_read_from_safetensors_only(tmp_path):
    model().save_pretrained(tmp_path)
    tokenizer().save_pretrained(tmp_path)
    asked = rd.lm.CausalScorer(tmp_path, device="cpu")
    texts, contexts = questions(5)
    assert asked.log_likelihood(texts, contexts=contexts).tolist() == close(
        scorer().log_likelihood(texts, contexts=contexts).tolist()
    )
    assert "CausalScorer(" in repr(asked)
    settings = json.loads((tmp_path / "config.json").read_text())
    (tmp_path / "config.json").write_text(json.dumps({**settings, "vocab_size": 5}))
    with pytest.raises(ValueError, match=r"weights are cut short or do not fit config\.json"):
        rd.lm.CausalScorer(tmp_path, device="cpu")
    (tmp_path / "config.json").write_text(json.dumps(settings))
    whole = (tmp_path / "model.safetensors").read_bytes()
    (tmp_path / "model.safetensors").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(ValueError, match=r"weights are cut short or do not fit config\.json"):
        rd.lm.CausalScorer(tmp_path, device="cpu")
    other = tmp_path / "other"
    other.mkdir()
    shutil.copy(tmp_path / "config.json", other)
    (other / "pytorch_model.bin").write_bytes(b"pickle")
    with pytest.raises(ValueError, match=r"must hold config.json and \*.safetensors"):
        rd.lm.CausalScorer(other)


def test_tokenizers_that_lack_a_token():
    with pytest.raises(ValueError, match=r"must have a tokenizer with an end token \(eos_token\), got one without"):
        rd.lm.CausalScorer((model(), tokenizer(end=False)))
    without = rd.lm.CausalScorer((model(), tokenizer(begin=False)))
    assert without.causal.begin == without.causal.end
    assert tokenizer(begin=False).pad_token is None  # nothing is padded with it
    assert torch.isfinite(without.log_likelihood(["Guns", "Hands of Clay"])).all()
    big = tokenizer(size=320)
    with pytest.raises(ValueError, match=r"must embed every token of its tokenizer, got \d+ vectors for \d+ tokens"):
        rd.lm.CausalScorer((model(), big))


@pytest.mark.parametrize(
    ("given", "error", "message"),
    [
        ({"texts": "one"}, TypeError, r"texts must be a list of strings, got one string; write \[text\]"),
        ({"texts": ["a", None]}, TypeError, "texts must all be strings, got NoneType None at position 1"),
        ({"texts": ["a"], "contexts": "b"}, TypeError, "contexts must be one a text, got one string"),
        ({"texts": ["a"], "contexts": []}, ValueError, r"contexts must be one a text \(1\), got 0"),
        ({"texts": ["a"], "contexts": [[3]]}, TypeError, "contexts must all be strings, got int 3 at position 0"),
    ],
)
def test_bad_input(given, error, message):
    with pytest.raises(error, match=message):
        scorer().log_likelihood(**given)


def test_bad_settings():
    with pytest.raises(ValueError, match="batch_tokens must be at least 1, got 0"):
        scorer(batch_tokens=0)
    with pytest.raises(TypeError, match="model must be a name, a folder or a pair"):
        rd.lm.CausalScorer(3)


def test_nothing_asked_and_lengths():
    assert scorer().log_likelihood([]).shape == (0,)
    assert scorer().lengths(["", "Guns"]).tolist() == [1, 1 + len(tokenizer()("Guns")["input_ids"])]
    assert isinstance(scorer(), rd.lm.Scorer)


def test_long_work_shows_a_bar_and_short_work_does_not(capsys, monkeypatch):
    monkeypatch.delenv("TQDM_DISABLE", raising=False)
    scorer().log_likelihood(["a"])
    assert capsys.readouterr().err == ""
    scorer().log_likelihood(["a", "of"], progress=True)
    assert "score" in capsys.readouterr().err


def test_no_warning_where_there_is_nothing_to_say():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        scorer().log_likelihood(*questions(3)[:1])


def test_questions_are_sorted_out():
    requests = Requests(scorer().causal, ["a", "b", "a"], [(), ("a",), ()])
    assert requests.of_text.tolist() == [0, 1, 0]
    [job] = requests.jobs()  # the first rides on the second
    assert {request for request, _, _ in job.spans} == {0, 1}
    assert job.prefix == (requests._causal.begin,)


@pytest.mark.gpu
@pytest.mark.parametrize("kind", KINDS)
def test_the_same_on_a_gpu(kind):
    texts, contexts = questions(20)
    expected = scorer(kind).log_likelihood(texts, contexts=contexts)
    net = model(kind, seed=1)
    net.load_state_dict(model(kind).state_dict())
    found = rd.lm.CausalScorer((net, tokenizer()), device="cuda").log_likelihood(texts, contexts=contexts)
    net.cpu()
    assert found.tolist() == pytest.approx(expected.tolist(), abs=1e-3)  # matrix products are ordered otherwise there
