"""What a model writes when nothing keeps it to the catalogue, and what of it names an item."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from recdiv._extras import require
from recdiv.lm import _batches
from recdiv.lm._causal import Causal
from recdiv.recommend._decode import Decoding
from recdiv.tables import UNKNOWN


def write_freely(
    causal: Causal, sequences: Sequence[Sequence[int]], *, how: Decoding, k: int, longest: int, seed: int
) -> list[list[str | None]]:
    """``k`` texts for each sequence: draws (which may repeat) or the likeliest beams; None for one without an end.

    ``longest`` tokens are written at most, the end token included.
    """
    transformers = require("transformers", "lm")
    beams = {"do_sample": True, "temperature": how.temperature, "top_k": 0, "top_p": 1.0}
    if how.method == "beam":
        beams = {"do_sample": False, "num_beams": how.width, "length_penalty": 0.0}
    settings = transformers.GenerationConfig(
        max_new_tokens=longest, num_return_sequences=k, pad_token_id=causal.end, eos_token_id=causal.end, **beams
    )
    rows = how.width if how.method == "beam" else k
    texts: list[list[str | None]] = []
    with causal.at_rest(), torch.random.fork_rng(devices=_cuda(causal)):
        torch.manual_seed(seed)
        start = 0
        while start < len(sequences):
            width = max(len(each) for each in sequences[start:])
            some = sequences[start : start + max(1, _batches.budget(causal) // (rows * (width + longest)))]
            written = _generated(causal, some, settings)
            texts += [_read(causal, part) for part in torch.split(written, k)]
            start += len(some)
    return texts


def _generated(causal: Causal, sequences: Sequence[Sequence[int]], settings: Any) -> Tensor:  # noqa: ANN401
    width = max(map(len, sequences))
    ids = torch.tensor([[causal.end] * (width - len(each)) + list(each) for each in sequences])
    mask = torch.tensor([[0] * (width - len(each)) + [1] * len(each) for each in sequences])
    found: Tensor = causal.model.generate(
        input_ids=ids.to(causal.device), attention_mask=mask.to(causal.device), generation_config=settings
    )
    return found[:, width:].cpu()


def _read(causal: Causal, rows: Tensor) -> list[str | None]:
    """Texts before the end token; None where there is no end."""
    texts: list[str | None] = []
    for row in rows.tolist():
        ended = causal.end in row
        text = causal.tokenizer.decode(row[: row.index(causal.end)] if ended else row, skip_special_tokens=False)
        texts.append(text.strip() if ended else None)
    return texts


def named(texts: Sequence[Sequence[str | None]], catalogue: Sequence[str]) -> Tensor:
    """Items that texts name, int64 ``[U, k]``: the lowest of those with this text; -2 where there is none.

    An empty text names nothing, and so does None.

    >>> named([["Tea", "Mug", "tea", None, ""]], ["Mug", "Tea", "Tea", ""])
    tensor([[ 1,  0, -2, -2, -2]])
    """
    row_of = {text: row for row, text in reversed(list(enumerate(catalogue)))}
    found = [[row_of.get(text, UNKNOWN) if text else UNKNOWN for text in each] for each in texts]
    return torch.tensor(found, dtype=torch.int64)


def _cuda(causal: Causal) -> list[int]:
    return [causal.device.index or 0] if causal.device.type == "cuda" else []
