"""Texts in, unit vectors out: the encoder behind every semantic number of the book."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import normalize
from tqdm import tqdm

from recdiv._extras import require
from recdiv._linear import quicken
from recdiv._paths import cache_folder
from recdiv.lm._cache import VectorCache
from recdiv.lm._texts import checked_texts
from recdiv.lm.weights import Weights, locate, quiet

# Tokens a batch. On a CPU small batches stay in its cache and waste no padding, which 512 tokens a thread do best
# (benchmarks/encode.py); a GPU wants to be filled.
_TOKENS_A_THREAD, _MOST_ON_CPU, _TOKENS_ON_GPU = 512, 4_096, 65_536
_CHUNK = {"cpu": 1_024, "cuda": 16_384}  # texts sorted, encoded and kept together: what a kill can cost
_BAR_FROM = 500  # texts left to encode from which a progress bar is worth its line


class TextEncoder:
    """Sentence encoder: mean of the last hidden states over the real tokens, scaled to length 1.

    φ(x) = h̄ / ‖h̄‖ with h̄ = Σ_t m_t h_t / Σ_t m_t, m the attention mask: padding takes no part.

    Args:
        model: ``None`` (all-MiniLM-L6-v2, 384 dimensions; see :mod:`recdiv.lm.weights`), a folder, or a hub name.
        device: where to compute; ``None`` takes a CUDA device where there is one. Always float32.
        max_length: longest text in tokens, [CLS] and [SEP] included; the rest is cut. ``None``: what the model was
            published with, 256 for the default.
        batch_tokens: padded tokens a batch; ``None``: 512 a thread on a CPU, 4,096 at most, and 65,536 on a GPU.

    Raises:
        FileNotFoundError, ValueError: see :func:`recdiv.lm.weights.locate`; or if ``max_length`` does not fit.
    """

    def __init__(
        self,
        model: str | os.PathLike[str] | None = None,
        *,
        device: str | torch.device | None = None,
        max_length: int | None = None,
        batch_tokens: int | None = None,
    ) -> None:
        transformers = require("transformers", "lm")
        self.weights: Weights = locate(model)
        self.device = torch.device(device or ("cuda" if torch.cuda.is_available() else "cpu"))
        options = {"trust_remote_code": False, "local_files_only": True}
        with quiet():
            self._tokenizer = transformers.AutoTokenizer.from_pretrained(self.weights.folder, **options)
            self._model = transformers.AutoModel.from_pretrained(self.weights.folder, use_safetensors=True, **options)
        self._model.float().to(self.device).eval()
        quicken(self._model)
        self._pooling = _published(self.weights, "1_Pooling/config.json")
        if self._pooling and not self._pooling.get("pooling_mode_mean_tokens", True):
            raise ValueError(f"model {self.weights.name!r} pools otherwise than by the mean, the only pooling offered")
        self.max_length = self._fitting(max_length)
        self.batch_tokens = _budget(self.device) if batch_tokens is None else batch_tokens
        if self.batch_tokens < 1:
            raise ValueError(f"batch_tokens must be at least 1, got {batch_tokens}")

    def _fitting(self, max_length: int | None) -> int:
        positions = int(getattr(self._model.config, "max_position_embeddings", 0) or 512)
        if max_length is None:
            return min(
                int(_published(self.weights, "sentence_bert_config.json").get("max_seq_length") or 256), positions
            )
        if not 3 <= max_length <= positions:
            raise ValueError(f"max_length must be 3 to {positions} for {self.weights.name}, got {max_length}")
        return max_length

    def __repr__(self) -> str:
        return f"TextEncoder({self.weights.name}, {self.dimension} dimensions, on {self.device})"

    @property
    def dimension(self) -> int:
        """d, the length of a vector."""
        return int(self._model.config.hidden_size)

    def encode(self, texts: Iterable[str], *, progress: bool | None = None, cache: bool = True) -> Tensor:
        """Encode texts: float32 ``[n, d]`` on the CPU, rows of length 1, in the order given.

        The answer does not depend on batching, order or neighbours (to 1e-5). A repeated text is encoded once. An
        empty text is allowed: it has one fixed vector, that of ``[CLS][SEP]``, so all empty texts are the same thing.

        Args:
            texts: any strings; no row is dropped.
            progress: a bar on stderr; ``None`` shows one from 500 texts that must be encoded.
            cache: keep vectors under the cache folder (``RECDIV_CACHE``) and take them from there; work interrupted
                is resumed.

        Raises:
            TypeError: if ``texts`` is one string, or an entry is not a string.
        """
        texts = checked_texts(texts)
        unique = list(dict.fromkeys(texts))
        store = self._store() if cache else None
        known = {text: torch.from_numpy(row.copy()) for text, row in (store.get(unique) if store else {}).items()}
        missing = [text for text in unique if text not in known]
        show = len(missing) >= _BAR_FROM if progress is None else progress
        quiet = {} if show else {"disable": True}  # said only to silence: what is said overrides TQDM_DISABLE
        with tqdm(total=len(missing), desc="encode", unit="text", **quiet) as bar:
            for chunk in _slices(missing, _CHUNK.get(self.device.type, _CHUNK["cuda"])):
                vectors = self._encode_chunk(chunk, bar)
                known.update(zip(chunk, vectors, strict=True))
                if store:
                    store.put(chunk, vectors.numpy())
        return torch.stack([known[text] for text in texts]) if texts else torch.zeros(0, self.dimension)

    def _store(self) -> VectorCache:
        return VectorCache(cache_folder() / "vectors" / f"{self.weights.fingerprint[:32]}-{self.max_length}.sqlite")

    def _encode_chunk(self, texts: Sequence[str], bar: Any) -> Tensor:  # noqa: ANN401
        tokens = self._tokenizer(list(texts), truncation=True, max_length=self.max_length, padding=False)["input_ids"]
        vectors = torch.empty(len(texts), self.dimension)
        for rows in batches([len(ids) for ids in tokens], self.batch_tokens):
            vectors[rows] = self._forward([tokens[row] for row in rows]).cpu()
            bar.update(len(rows))
        return vectors

    @torch.inference_mode()
    def _forward(self, tokens: list[list[int]]) -> Tensor:
        width = max(map(len, tokens))
        ids = torch.full((len(tokens), width), self._tokenizer.pad_token_id or 0)
        mask = torch.zeros(len(tokens), width, dtype=torch.long)
        for row, line in enumerate(tokens):
            ids[row, : len(line)] = torch.tensor(line)
            mask[row, : len(line)] = 1
        ids, mask = ids.to(self.device), mask.to(self.device)
        hidden = self._model(input_ids=ids, attention_mask=mask).last_hidden_state
        return mean_pool(hidden, mask)


def _budget(device: torch.device) -> int:
    if device.type != "cpu":
        return _TOKENS_ON_GPU
    return min(_TOKENS_A_THREAD * torch.get_num_threads(), _MOST_ON_CPU)


def mean_pool(hidden: Tensor, mask: Tensor) -> Tensor:
    """Mean of ``hidden`` [B, T, d] where ``mask`` [B, T] is 1, scaled to length 1: ``[B, d]``.

    >>> mean_pool(torch.tensor([[[3.0, 0.0], [3.0, 8.0], [9.0, 9.0]]]), torch.tensor([[1, 1, 0]]))
    tensor([[0.6000, 0.8000]])
    """
    weight = mask.unsqueeze(-1).to(hidden.dtype)
    return normalize((hidden * weight).sum(1) / weight.sum(1).clamp(min=1), dim=-1)


def batches(lengths: Sequence[int], budget: int) -> Iterator[list[int]]:
    """Positions in batches, longest first, so that rows × longest ≤ ``budget`` (one row may exceed it alone).

    >>> list(batches([2, 9, 3, 3], 9))
    [[1], [2, 3, 0]]
    """
    order = sorted(range(len(lengths)), key=lambda row: (-lengths[row], row))
    start = 0
    while start < len(order):
        size = max(1, budget // max(1, lengths[order[start]]))
        yield order[start : start + size]
        start += size


def _slices(values: Sequence[str], size: int) -> Iterator[Sequence[str]]:
    return (values[start : start + size] for start in range(0, len(values), size))


def _published(weights: Weights, file: str) -> dict[str, Any]:
    """A small settings file that sentence encoders come with, where there is one."""
    path = weights.folder / file
    return dict(json.loads(path.read_text("utf-8"))) if path.is_file() else {}
