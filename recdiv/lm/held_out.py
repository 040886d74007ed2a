"""How well a model foretells text it has not seen: perplexity, per token and per byte, with intervals."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch.nn.functional import cross_entropy

from recdiv.lm import _batches
from recdiv.lm._causal import Causal, Source
from recdiv.lm.documents import Document, checked, n_bytes, token_ids
from recdiv.lm.ngram import NgramModel
from recdiv.lm.scorer import CausalScorer

_RESAMPLES = 2000
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Perplexity:
    """How surprised a model is, on average.

    Attributes:
        value: exp(nats / tokens), at least 1, lower is better; comparable between models with one tokenizer only.
        low, high: its interval over documents.
        bits_per_byte: nats / (ln 2 × bytes), lower is better; comparable whatever the tokenizers.
        bits_low, bits_high: its interval.
        n_tokens, n_bytes: what was divided by: tokens with the end of each text, bytes with one for each end.
        nats: surprise at each document ``[D]``.
        tokens, bytes: of each document ``[D]``.
    """

    value: float
    low: float
    high: float
    bits_per_byte: float
    bits_low: float
    bits_high: float
    n_tokens: int
    n_bytes: int
    nats: Floats
    tokens: Floats
    bytes: Floats

    def saving(self, other: Perplexity, *, confidence: float = 0.95, rng: int = 0) -> tuple[float, float, float]:
        """Bits per byte that this model saves against another on the same documents, with a paired interval.

        Returns:
            The saving (positive: this model foretells better), and the ends of its interval.

        Raises:
            ValueError: if the two were not measured on the same documents.
        """
        if not np.array_equal(self.bytes, other.bytes):
            raise ValueError("other must be measured on the same documents, got others")
        nats = other.nats - self.nats
        saved = _ratios(nats, self.bytes, confidence, rng)
        return (saved[0] / math.log(2), saved[1] / math.log(2), saved[2] / math.log(2))


def perplexity(
    model: Source | NgramModel | CausalScorer,
    documents: Iterable[Document],
    *,
    confidence: float = 0.95,
    rng: int = 0,
) -> Perplexity:
    r"""Perplexity of a causal model, or of counts, on documents.

    .. math:: \text{perplexity} = \exp\Big(-\frac{1}{T} \sum_{t=1}^{T} \ln p(x_t \mid x_{<t})\Big), \qquad
        \text{bits per byte} = -\frac{1}{B \ln 2} \sum_{t=1}^{T} \ln p(x_t \mid x_{<t})

    over all T tokens of all documents, the end of each text included. A document that is longer than the model's window
    is read in windows that overlap by half, so that every token has half a window before it at least.

    Args:
        model: a folder, a hub name, a pair (model, tokenizer), a :class:`CausalScorer`, or an :class:`NgramModel`.
        documents: texts, or sequences of texts that follow one another; empty texts are left out with a warning.
        confidence: of the intervals, by a bootstrap over documents.
        rng: seed of the bootstrap.

    Raises:
        TypeError, ValueError: if there is no text, or ``confidence`` is not between 0 and 1.

    >>> from recdiv.lm.from_scratch import train_tokenizer
    >>> tokenizer = train_tokenizer(["tea"], vocabulary=259)
    >>> nothing_learnt = NgramModel(tokenizer, order=1).fit(["tea" * 9])
    >>> bool(perplexity(nothing_learnt, ["tea"]).value < 259)
    True
    """
    if not 0 < confidence < 1:
        raise ValueError(f"confidence must be between 0 and 1, got {confidence}")
    texts = checked(documents)
    if isinstance(model, NgramModel):
        ids = token_ids(model.tokenizer, texts)
        nats = np.array([-model.token_log_p(each).sum() for each in ids])
    else:
        causal = model.causal if isinstance(model, CausalScorer) else Causal(model)
        ids = token_ids(causal.tokenizer, texts)
        nats = _nats(causal, ids)
    tokens = np.array([len(each) for each in ids], dtype=np.float64)
    octets = np.array([n_bytes(text) for text in texts], dtype=np.float64)
    value, low, high = (math.exp(x) for x in _ratios(nats, tokens, confidence, rng))
    bits, bits_low, bits_high = (x / math.log(2) for x in _ratios(nats, octets, confidence, rng))
    n_tokens, n_octets = int(tokens.sum()), int(octets.sum())
    return Perplexity(value, low, high, bits, bits_low, bits_high, n_tokens, n_octets, nats, tokens, octets)


def _nats(causal: Causal, documents: list[list[int]]) -> Floats:
    """Surprise at each document, read in windows."""
    window = causal.window or max(map(len, documents)) + 1
    rows: list[tuple[int, list[int], int]] = []  # document, tokens with the beginning, how many are scored
    for number, ids in enumerate(documents):
        full = [causal.begin, *ids]
        scored = 0
        for start in range(0, max(len(full) - window, 0) + window // 2 + 1, max(1, window // 2)):
            stop = min(start + window, len(full))
            if stop - 1 > scored:
                rows.append((number, full[start:stop], stop - 1 - scored))
                scored = stop - 1
    nats = np.zeros(len(documents))
    with causal.at_rest():
        for batch in _by_length(rows, _batches.budget(causal)):
            for (number, _, _), value in zip(batch, _losses(causal, batch), strict=True):
                nats[number] += value
    return nats


def _losses(causal: Causal, batch: list[tuple[int, list[int], int]]) -> list[float]:
    width = max(len(ids) for _, ids, _ in batch)
    ids = torch.full((len(batch), width), causal.end)
    mask = torch.zeros(len(batch), width, dtype=torch.long)
    labels = torch.full((len(batch), width), -100)
    for row, (_, tokens, scored) in enumerate(batch):
        ids[row, : len(tokens)] = labels[row, : len(tokens)] = torch.tensor(tokens)
        labels[row, : len(tokens) - scored] = -100
        mask[row, : len(tokens)] = 1
    ids, mask, labels = (each.to(causal.device) for each in (ids, mask, labels))
    logits = causal.model(input_ids=ids, attention_mask=mask).logits[:, :-1].float()
    losses = cross_entropy(logits.transpose(1, 2), labels[:, 1:], ignore_index=-100, reduction="none")
    return [float(each) for each in losses.double().sum(1).cpu()]


def _by_length(rows: list[Any], budget: int) -> Iterable[list[Any]]:
    """Rows of similar length together, within a number of padded tokens."""
    ordered = sorted(rows, key=lambda row: -len(row[1]))
    start = 0
    while start < len(ordered):
        size = max(1, budget // len(ordered[start][1]))
        yield ordered[start : start + size]
        start += size


def _ratios(above: Floats, below: Floats, confidence: float, rng: int) -> tuple[float, float, float]:
    """Σ above / Σ below, and its percentile interval over resampled documents."""
    draws = np.random.default_rng(rng).multinomial(len(above), np.full(len(above), 1 / len(above)), size=_RESAMPLES)
    low, high = np.quantile((draws @ above) / (draws @ below), [(1 - confidence) / 2, (1 + confidence) / 2])
    return float(above.sum() / below.sum()), float(low), float(high)
