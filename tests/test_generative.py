"""The generative recommender against brute force: what it writes, how often it draws it, and what it learns from."""

import itertools
import math
from collections import Counter

import numpy as np
import pandas as pd
import pytest
import torch
from causal_world import model, slow_log_likelihood, tokenizer
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

import recdiv as rd
from recdiv.lm import _batches
from recdiv.lm._causal import Causal
from recdiv.recommend import Generative
from recdiv.recommend._behaviour import collate, training_rows
from recdiv.recommend._decode import Decoding
from recdiv.recommend._free import named
from recdiv.recommend._trie import Trie
from recdiv.recommend._writer import Writer

TITLES = ["Hands of Clay", "Hands of Guns", "The Guns", "Guns", "Café crème", "Guns", "", "Before the Clay", "Hands"]
N = len(TITLES)
WRITABLE = [i for i in range(N) if TITLES[i]]  # the item without a title is neither read nor written
CATALOG = rd.Catalog(pd.DataFrame({"item_id": range(N), "title": TITLES}))
EVENTS = pd.DataFrame({"user_id": [0, 0, 1, 1, 1, 2, 3, 3], "item_id": [0, 3, 4, 1, 2, 6, 8, 7]})
TRAIN = rd.Interactions(EVENTS, CATALOG)
HISTORIES = TRAIN.histories([0, 1, 2, 3])


def untrained(kind="llama", **options):
    return Generative((model(kind), tokenizer()), epochs=0, **options).fit(TRAIN)


def log_p(kind="llama"):
    """ln p(i | h) of every user and item, one text at a time."""
    histories = [tuple(TITLES[i] for i in history if TITLES[i]) for history in HISTORIES]
    return [
        [slow_log_likelihood(kind, title, history) if title else -math.inf for title in TITLES] for history in histories
    ]


sequences = st.lists(st.lists(st.integers(1, 3), max_size=4).map(lambda tokens: [*tokens, 0]), min_size=1, max_size=12)


@given(sequences=sequences, seed=st.integers(0, 99))
@settings(max_examples=100, deadline=None)
def test_the_tree_holds_every_prefix_once(sequences, seed):
    trie = Trie.of(sequences)
    allowed = torch.from_numpy(np.random.default_rng(seed).random((2, len(sequences))) < 0.5)
    alive = trie.alive(allowed)

    def walk(node, prefix):
        below = [i for i, tokens in enumerate(sequences) if tokens[: len(prefix)] == prefix]
        assert int(trie.high[node] - trie.low[node]) == len({tuple(sequences[i]) for i in below})
        assert alive[:, node].tolist() == allowed[:, below].any(1).tolist()
        children = range(int(trie.first[node]), int(trie.first[node] + trie.count[node]))
        if not children:
            leaf = int(trie.low[node])
            assert trie.item[trie.start[leaf] : trie.start[leaf + 1]].tolist() == below
            return 1
        assert [int(trie.token[c]) for c in children] == sorted({sequences[i][len(prefix)] for i in below})
        return 1 + sum(walk(c, [*prefix, int(trie.token[c])]) for c in children)

    assert walk(0, []) == len(trie.token)
    assert trie.n_leaves == len({tuple(tokens) for tokens in sequences})


@pytest.mark.parametrize("kind", ["llama", "gpt2"])
def test_a_wide_beam_is_the_best_of_all_items(kind):
    expected = log_p(kind)
    found = untrained(kind, width=50).recommend(range(4), k=4)
    for user, history in enumerate(HISTORIES):
        left = [i for i in WRITABLE if i not in history]
        best = sorted(left, key=lambda i: (-round(expected[user][i], 4), i))[:4]  # equal texts: the lower item
        assert found.items[user].tolist() == best
        assert found.scores[user].tolist() == pytest.approx([expected[user][i] for i in best], abs=1e-5)
    scores = untrained(kind).scores(range(4))
    assert scores.tolist() == [pytest.approx(row, abs=1e-5) for row in expected]


def next_token(history, prefix):
    """ln p of every token after a history and a prefix, from the model itself."""
    read = [tokenizer().bos_token_id]
    for item in history:
        read += [*tokenizer()(TITLES[item])["input_ids"], tokenizer().eos_token_id]
    net = model().eval()
    with torch.no_grad():
        return net(input_ids=torch.tensor([read + list(prefix)])).logits[0, -1].double().log_softmax(0)


def slow_beam(history, allowed, width, groups=1, penalty=0.0):
    """Group after group, place after place, with lists; returns (text tokens, ln p) of what is found."""
    texts = {(*tokenizer()(TITLES[i])["input_ids"], tokenizer().eos_token_id) for i in allowed}
    beams = [[((), 0.0, 0.0)] for _ in range(groups)]
    for place in range(max(map(len, texts))):
        took, leaves = Counter(), set()
        for g in range(groups):
            pool = []
            for prefix, value, total in beams[g]:
                if prefix in texts:
                    pool += [(prefix, value, total)] if prefix not in leaves else []
                    continue
                logs = next_token(history, prefix)
                for token in sorted({text[place] for text in texts if text[:place] == prefix}):
                    longer = (*prefix, token)
                    if longer not in leaves:
                        gain = float(logs[token])
                        pool.append((longer, value + gain - penalty * took[token], total + gain))
            beams[g] = sorted(pool, key=lambda each: (-each[1], each[0]))[: width // groups]
            took.update(prefix[place] for prefix, _, _ in beams[g] if len(prefix) == place + 1)
            leaves |= {prefix for prefix, _, _ in beams[g] if prefix in texts}
    return {prefix: total for beam in beams for prefix, _, total in beam}


@pytest.mark.parametrize(
    ("method", "width", "groups", "penalty"),
    [("beam", 1, 1, 0.0), ("beam", 2, 1, 0.0), ("beam", 3, 1, 0.0), ("diverse", 2, 2, 0.7), ("diverse", 6, 3, 2.0)],
)
def test_narrow_beams_against_a_slow_one(method, width, groups, penalty):
    options = {"groups": groups, "penalty": penalty} if method == "diverse" else {}
    written = untrained(method=method, width=width, **options)
    k = 1
    lists = written.recommend(range(4), k=k, exclude_seen=False)
    for user, history in enumerate(HISTORIES):
        found = slow_beam([i for i in history if TITLES[i]], set(WRITABLE), width, groups, penalty)
        text, total = max(found.items(), key=lambda pair: pair[1])
        title = tokenizer().decode(text[:-1])
        assert lists.items[user, 0] == TITLES.index(title)
        assert lists.scores[user, 0].item() == pytest.approx(total, abs=1e-5)


def test_one_group_without_a_penalty_is_a_beam():
    plain = untrained(width=4).recommend(range(4), k=4)
    grouped = untrained(method="diverse", groups=1, penalty=0.0, width=4).recommend(range(4), k=4)
    assert torch.equal(plain.items, grouped.items)


@pytest.mark.parametrize("options", [{}, {"method": "diverse", "groups": 4, "penalty": 0.1}, {"method": "sample"}])
@pytest.mark.parametrize("k", [1, 3, 5, N])
def test_k_different_unseen_items_as_long_as_there_are_so_many(options, k):
    lists = untrained(width=max(k, 4), **options).recommend(range(4), k=k)
    for items, history in zip(lists.items.tolist(), HISTORIES, strict=True):
        filled = [item for item in items if item >= 0]
        assert len(set(filled)) == len(filled) == min(k, len(set(WRITABLE) - set(history.tolist())))
        assert not set(filled) & set(history.tolist())
        assert items == filled + [-1] * (k - len(filled))


def test_items_of_equal_text_stand_together_and_in_order():
    items = untrained(width=50).recommend([1, 2], k=N, exclude_seen=False).items.tolist()
    assert all(row.index(5) == row.index(3) + 1 for row in items)
    [row] = untrained(width=50).recommend([0], k=N).items.tolist()  # 3 is seen, its twin is not
    assert 3 not in row
    assert 5 in row


def test_candidates_are_kept_to():
    written = untrained(width=3)
    own = [[4, 7, 0], [2, 3], [], [8]]
    items = written.recommend(range(4), k=3, exclude_seen=False, candidates=own).items.tolist()
    assert [sorted(i for i in row if i >= 0) for row in items] == [sorted(each) for each in own]


def test_batches_do_not_matter(monkeypatch):
    for options in ({}, {"method": "sample", "temperature": 1.3}, {"method": "diverse"}):
        written = untrained(width=5, **options)
        together = written.recommend(range(4), k=4)
        with monkeypatch.context() as patch:
            patch.setattr(_batches, "budget", lambda causal: 1)
            alone = written.recommend(range(4), k=4)
        assert torch.equal(together.items, alone.items)
        assert torch.allclose(together.scores, alone.scores, atol=1e-4)


def test_memory_that_does_not_suffice_halves_the_batch_and_says_so(monkeypatch):
    written = untrained(width=4)
    expected = written.recommend(range(4), k=3)
    net = written._causal.model
    plain = net.forward

    def small(most):
        def forward(**given):
            if len(given["input_ids"]) > most:
                raise torch.OutOfMemoryError("CUDA out of memory")
            return plain(**given)

        return forward

    monkeypatch.setattr(net, "forward", small(4))
    with pytest.warns(UserWarning, match="out of memory with 4 lists at once: going on with 2"):
        found = written.recommend(range(4), k=3)
    assert torch.equal(found.items, expected.items)
    monkeypatch.setattr(net, "forward", small(0))
    lower = "one list of width 4 does not fit into memory: lower width"
    with pytest.warns(UserWarning, match="going on with 1"), pytest.raises(MemoryError, match=lower):
        written.recommend(range(4), k=3)


def local_probabilities(history, allowed, temperature):
    """p of each different text, renormalised at each token over what leads to an allowed item."""
    texts = {(*tokenizer()(TITLES[i])["input_ids"], tokenizer().eos_token_id): i for i in sorted(allowed, reverse=True)}
    found = {}
    for text, item in texts.items():
        total = 0.0
        for place in range(len(text)):
            logs = next_token(history, text[:place]) / temperature
            ways = sorted({each[place] for each in texts if each[:place] == text[:place]})
            total += float(logs[text[place]] - logs[ways].logsumexp(0))
        found[item] = math.exp(total)
    return found


@pytest.mark.parametrize("temperature", [1.0, 3.0])
def test_draws_are_as_frequent_as_they_are_probable(temperature):
    """First item, and first two in order, of 4,000 draws without replacement: chi-square at 1 in 1,000."""
    causal = Causal((model(), tokenizer()))
    items = [[*ids, causal.end] for ids in causal.tokens(TITLES)]
    allowed = [i for i in range(N) if i not in (0, 5)]  # without the second of the twins, each text is one item
    mask = torch.zeros(4000, N, dtype=torch.bool)
    mask[:, allowed] = True
    read = [causal.begin, *items[8]]
    writer = Writer(causal, Trie.of(items), Decoding("sample", 2, temperature), 2, progress=False)
    drawn, scores = writer.write([read] * 4000, mask, list(range(4000)))
    p = local_probabilities([8], allowed, temperature)
    assert sum(p.values()) == pytest.approx(1)
    assert (scores[:, 0] >= scores[:, 1]).all()
    fits(Counter(drawn[:, 0].tolist()), p)
    pairs = {(a, b): p[a] * p[b] / (1 - p[a]) for a, b in itertools.permutations(p, 2)}
    fits(Counter(map(tuple, drawn.tolist())), pairs)


def fits(counts, p):
    """Chi-square of counts against probabilities, rare ones together."""
    n = sum(counts.values())
    often = [key for key in p if n * p[key] >= 5]
    rest = 1 - sum(p[key] for key in often)
    observed = [counts[key] for key in often] + ([n - sum(counts[key] for key in often)] if n * rest > 1e-6 else [])
    expected = [n * p[key] for key in often] + ([n * rest] if n * rest > 1e-6 else [])
    assert len(often) > 3
    assert stats.chisquare(observed, expected, sum_check=False).pvalue > 0.001


def test_what_is_written_freely_is_mapped_back():
    assert named([["Guns", "Hands", None, "", "Gun"]], TITLES).tolist() == [[3, 8, -2, -2, -2]]
    free = untrained(method="sample", constrained=False)
    lists = free.recommend(range(4), k=30)
    texts = free.write(range(4), k=30)
    for items, written, history in zip(lists.items.tolist(), texts, HISTORIES, strict=True):
        for item, text in zip(items, written, strict=True):
            expected = TITLES.index(text) if text and text in TITLES else -2
            assert item == (-1 if expected in history else expected)
    valid = rd.metrics.compute("validity", lists).value
    assert 0 <= valid < 1  # random weights write nonsense
    assert any(text is None for written in texts for text in written)  # and sometimes do not come to an end
    assert free.write(range(4), k=30) == texts


def test_it_learns_what_follows_what():
    """Everyone goes round in a circle of eight titles: the next one must be written first."""
    titles = ["tea", "mug", "pot", "tray", "jug", "tin", "bowl", "cup"]
    catalog = rd.Catalog(pd.DataFrame({"item_id": range(8), "title": titles}))
    walks = [{"user_id": u, "item_id": (u + t) % 8, "timestamp": t} for u in range(40) for t in range(9)]
    train = rd.Interactions(pd.DataFrame(walks), catalog)
    fitted = Generative(epochs=12, batch_size=8, hidden=32, vocabulary=300, longest=2).fit(train)
    following = torch.tensor([(u + 9) % 8 for u in range(40)])
    for fitted.method, fitted.temperature in (("beam", 1.0), ("sample", 0.1)):
        lists = fitted.recommend(range(40), k=1, exclude_seen=False)
        assert (lists.items[:, 0] == following).float().mean() > 0.9
    [[first]] = fitted.recommend(["new"], k=1, histories=[[3, 4]]).items.tolist()
    assert first == 5
    fitted.constrained = False  # it knows the titles by heart
    assert rd.metrics.compute("validity", fitted.recommend(range(40), k=1, exclude_seen=False)).value > 0.9


def test_items_without_text_are_as_if_they_were_not_there():
    """Half of a shelf has no title: the model learns, scores and writes what it would without that half."""
    titles = ["tea", "", "mug", "", "pot", "", "tray", ""]
    catalog = rd.Catalog(pd.DataFrame({"item_id": range(8), "title": titles}))
    bare = rd.Catalog(pd.DataFrame({"item_id": [0, 2, 4, 6], "title": ["tea", "mug", "pot", "tray"]}))
    steps = [{"user_id": u, "item_id": (2 * u + t) % 8, "timestamp": t} for u in range(9) for t in range(7)]
    walks, later = pd.DataFrame(steps).query("timestamp < 6"), pd.DataFrame(steps).query("timestamp == 6")
    whole, half = Generative(epochs=2, hidden=32, vocabulary=270), Generative(epochs=2, hidden=32, vocabulary=270)
    for frame in (walks, pd.concat([walks, later])):
        whole.update(rd.Interactions(frame, catalog))
        half.update(rd.Interactions(frame[frame["item_id"] % 2 == 0], bare))
        scores = whole.scores(range(9))
        assert torch.equal(scores[:, ::2], half.scores(range(9)))
        assert torch.isneginf(scores[:, 1::2]).all()
        lists = whole.recommend(range(9), k=4, exclude_seen=False).items
        assert torch.equal(lists, 2 * half.recommend(range(9), k=4, exclude_seen=False).items)
    [row] = whole.recommend(["x"], k=3, histories=[[0]], candidates=[1, 2, 3]).items.tolist()
    assert row == [2, -1, -1]
    nothing = rd.Catalog(pd.DataFrame({"item_id": [0], "title": [""]}))
    events = rd.Interactions(pd.DataFrame({"user_id": [0], "item_id": [0]}), nothing)
    with pytest.raises(ValueError, match=r"read='title' must give a text for some items, got none for 1"):
        Generative((model(), tokenizer())).fit(events)


@given(
    lengths=st.lists(st.integers(0, 30), min_size=1, max_size=4),
    longest=st.integers(1, 9),
    known=st.lists(st.integers(0, 30), min_size=4, max_size=4),
)
@settings(max_examples=150, deadline=None)
def test_each_event_is_learnt_once_from_enough_history(lengths, longest, known):
    class Bare:
        begin, window = 0, None

    items = [[2 * i + 2, 1] for i in range(200)]
    histories, next_item = [], itertools.count()
    for length in lengths:
        histories.append([next(next_item) for _ in range(length)])
    learnt = [min(a, b) for a, b in zip(known, lengths, strict=False)]
    rows = training_rows(Bare(), items, histories, longest=longest, learnt=learnt)
    seen = Counter()
    for row in rows:
        tokens, labels = row["input_ids"], row["labels"]
        assert tokens[0] == 0
        assert all(label in (-100, token) for token, label in zip(tokens, labels, strict=True))
        read = [token // 2 - 1 for token in tokens[1::2]]
        for place, item in enumerate(read):
            if labels[1 + 2 * place] != -100:
                assert labels[2 + 2 * place] == 1
                seen[item] += 1
                [history] = [each for each in histories if item in each]
                assert read[:place] == history[history.index(item) - place : history.index(item)]
                assert min(longest // 2, history.index(item)) <= place <= longest
    expected = {item for history, done in zip(histories, learnt, strict=True) for item in history[done:]}
    assert seen == dict.fromkeys(expected, 1)


def test_a_batch_is_padded_on_the_right():
    batch = collate([{"input_ids": [5, 6], "labels": [-100, 6]}, {"input_ids": [5], "labels": [-100]}])
    assert batch["input_ids"].tolist() == [[5, 6], [5, 0]]
    assert batch["attention_mask"].tolist() == [[1, 1], [1, 0]]
    assert batch["labels"].tolist() == [[-100, 6], [-100, -100]]


def test_a_history_longer_than_the_window_loses_its_oldest_items():
    small = Generative((model(window=24), tokenizer()), epochs=0, width=50).fit(TRAIN)
    long = [[0, 1, 2, 4, 7, 0, 1, 2, 4, 7]]
    kept = small._read_of(np.array(long[0]))
    assert 0 < len(kept) < 10
    assert kept == long[0][-len(kept) :]
    assert small.recommend(["x"], k=3, histories=long).items.tolist() == (
        small.recommend(["x"], k=3, histories=[kept], exclude_seen=False, candidates=[[3, 5, 6, 8]]).items.tolist()
    )
    catalog = rd.Catalog(pd.DataFrame({"item_id": [0], "title": ["Temples " * 20]}))
    events = rd.Interactions(pd.DataFrame({"user_id": [0], "item_id": [0]}), catalog)
    with pytest.raises(ValueError, match=r"texts must fit the model's window of 24 tokens .*, got one of \d+"):
        Generative((model(window=24), tokenizer()), epochs=0).fit(events)


def test_the_given_model_stays_as_it_is():
    net = model()
    before = {name: value.clone() for name, value in net.state_dict().items()}
    tuned = Generative((net, tokenizer()), epochs=1).fit(TRAIN)
    assert all(torch.equal(before[name], value) for name, value in net.state_dict().items())
    assert not torch.allclose(tuned.scores([1]), untrained().scores([1]))


def test_low_rank_corrections_are_merged_into_the_model():
    tuned = Generative((model(), tokenizer()), epochs=2, lora_rank=2).fit(TRAIN)
    assert tuned._causal.model.state_dict().keys() == model().state_dict().keys()
    assert not torch.allclose(tuned.scores([1]), untrained().scores([1]))
    found = tuned.recommend([1], k=2)
    assert (found.items >= 0).all()


def test_a_given_model_comes_back_from_disk(tmp_path):
    tuned = Generative((model(), tokenizer()), epochs=1, longest=3).fit(TRAIN)
    tuned.save(tmp_path)
    again = Generative.load(tmp_path, TRAIN)
    assert torch.equal(again.scores([0, 1]), tuned.scores([0, 1]))
    assert again.longest == 3
    assert again.model is not None
    Generative(epochs=0, hidden=32).fit(TRAIN).save(tmp_path)
    assert Generative.load(tmp_path, TRAIN).model is None


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"longest": 0}, "longest must be at least 1, got 0"),
        ({"epochs": -1}, "epochs must be at least 0, got -1"),
        ({"method": "greedy"}, "method must be one of beam, diverse, sample, got 'greedy'"),
        ({"temperature": 0.0, "method": "sample"}, r"temperature must be positive, got 0\.0"),
        ({"temperature": 0.5}, r"temperature must be 1 where method is not 'sample', got 0\.5"),
        ({"penalty": -1.0}, r"penalty must not be negative, got -1\.0"),
        ({"method": "diverse", "groups": 30}, r"groups must be 1 to width \(20\), got 30"),
    ],
)
def test_wrong_settings(options, message):
    with pytest.raises(ValueError, match=message):
        Generative(**options)


def test_wrong_use():
    with pytest.raises(ValueError, match=r"width must be at least k \(10\) or None, got 4"):
        untrained(width=4).recommend([0])
    with pytest.raises(ValueError, match="method must be 'beam' or 'sample' to write freely, got 'diverse'"):
        untrained(method="diverse", constrained=False).recommend([0])
    with pytest.raises(ValueError, match="catalog"):
        Generative(read="plot").fit(TRAIN)
    with pytest.raises(RuntimeError, match="must be fitted before it scores"):
        Generative().write([0])
