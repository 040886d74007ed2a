"""A causal language model with its tokenizer, and the few moves that scoring and decoding make with them."""

from __future__ import annotations

import copy
import inspect
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from recdiv._extras import require
from recdiv.lm.weights import locate, quiet

Source = Any  # a hub name, a folder, or a pair (model, tokenizer)


@dataclass
class Reading:
    """What a model remembers of some texts it has read, one row each.

    Attributes:
        cache: keys and values of every token, as transformers keeps them.
        mask: which of them are real, int64 ``[R, P]``; padding stands on the left.
        logits: for the token that comes next, ``[R, V]``.
    """

    cache: Any
    mask: Tensor
    logits: Tensor

    def take(self, rows: Tensor, *, keep: bool) -> Reading:
        """Some rows, any of them several times; without ``keep`` the reading itself is used up, which saves a copy."""
        cache = copy.deepcopy(self.cache) if keep else self.cache
        cache.batch_select_indices(rows)
        return Reading(cache, self.mask[rows], self.logits[rows])


class Causal:
    """A causal model and its tokenizer, checked to fit each other.

    **Beginning and end.** Every sequence starts with the tokenizer's beginning token, or, where it has none, with its
    end token (as GPT-2 was trained to see a text begin). An item ends with the end token; without one its probability
    would include all longer items that begin alike, so a tokenizer that has none is refused. A padding token is not
    needed: padding is masked.

    Args:
        source: a hub name, a folder, or a pair (model, tokenizer) that is at hand. Names and folders are read from
            safetensors only, in float32, and never run code of their own.
        device: where to compute; ``None``: where the given model is, else a CUDA device where there is one.

    Raises:
        FileNotFoundError, ValueError: see :func:`recdiv.lm.weights.locate`; or if model and tokenizer do not fit.
    """

    def __init__(self, source: Source, *, device: str | torch.device | None = None) -> None:
        require("transformers", "lm")
        if isinstance(source, tuple) and len(source) == 2:
            self.model, self.tokenizer = source
            self.name = type(self.model).__name__
            if device is not None:
                self.model.to(device)
        elif isinstance(source, (str, os.PathLike)):
            self.model, self.tokenizer = _opened(source)
            self.name = str(source)
            self.model.to(device or ("cuda" if torch.cuda.is_available() else "cpu"))
        else:
            raise TypeError(f"model must be a name, a folder or a pair (model, tokenizer), got {type(source).__name__}")
        self.end, self.begin = self._special()
        self._takes = set(inspect.signature(self.model.forward).parameters)

    def _special(self) -> tuple[int, int]:
        end, begin = self.tokenizer.eos_token_id, self.tokenizer.bos_token_id
        if end is None:
            raise ValueError(f"model {self.name} must have a tokenizer with an end token (eos_token), got one without")
        known, embedded = len(self.tokenizer), self.model.get_input_embeddings().num_embeddings
        if known > embedded:
            raise ValueError(
                f"model {self.name} must embed every token of its tokenizer, got {embedded} vectors for {known} tokens"
            )
        return int(end), int(end if begin is None else begin)

    @property
    def device(self) -> torch.device:
        """Where the model is."""
        return torch.device(self.model.device)

    @property
    def window(self) -> int | None:
        """Longest sequence the model can read, in tokens; None where there is no limit."""
        length = getattr(self.model.config.get_text_config(), "max_position_embeddings", None)
        return None if length is None else int(length)

    @property
    def n_tokens(self) -> int:
        """V, the tokens the model tells apart."""
        return int(self.model.get_input_embeddings().num_embeddings)

    def tokens(self, texts: Sequence[str]) -> list[list[int]]:
        """Token ids of each text, nothing added; what looks like a special token is read as the letters it is."""
        if not texts:
            return []
        ids = self.tokenizer(list(texts), add_special_tokens=False, split_special_tokens=True, verbose=False)
        return [list(each) for each in ids["input_ids"]]

    @contextmanager
    def at_rest(self) -> Iterator[None]:
        """No dropout and no gradients inside; afterwards the model is as it was."""
        training = self.model.training
        self.model.eval()
        try:
            with torch.inference_mode():
                yield
        finally:
            self.model.train(training)

    def read(self, sequences: Sequence[Sequence[int]]) -> Reading:
        """Read some token sequences, each of at least one token."""
        width = max(map(len, sequences))
        ids = torch.full((len(sequences), width), self.end)
        mask = torch.zeros(len(sequences), width, dtype=torch.long)
        for row, sequence in enumerate(sequences):
            ids[row, width - len(sequence) :] = torch.tensor(sequence)
            mask[row, width - len(sequence) :] = 1
        ids, mask = ids.to(self.device), mask.to(self.device)
        logits, cache = self._forward(ids, mask, None, last_only=True)
        return Reading(cache, mask, logits[:, -1])

    def go_on(self, reading: Reading, ids: Tensor, mask: Tensor | None = None, *, last_only: bool = False) -> Tensor:
        """Read more tokens ``[R, L]`` after what was read, and keep them: logits ``[R, L, V]``, or ``[R, 1, V]``.

        ``mask`` tells real tokens from padding on the right, where there is any.
        """
        more = torch.ones_like(ids) if mask is None else mask
        reading.mask = torch.cat([reading.mask, more], dim=1)
        logits, reading.cache = self._forward(ids, reading.mask, reading.cache, last_only=last_only)
        reading.logits = logits[:, -1]
        return logits

    def _forward(self, ids: Tensor, mask: Tensor, cache: Any, *, last_only: bool) -> tuple[Tensor, Any]:  # noqa: ANN401
        said: dict[str, Any] = {"input_ids": ids, "attention_mask": mask, "past_key_values": cache, "use_cache": True}
        if "position_ids" in self._takes:  # padding on the left must not move a text
            said["position_ids"] = (mask.cumsum(1) - 1).clamp(min=0)[:, -ids.shape[1] :]
        if last_only and "logits_to_keep" in self._takes:
            said["logits_to_keep"] = 1
        found = self.model(**said)
        return found.logits.float(), found.past_key_values


def _opened(source: str | os.PathLike[str]) -> tuple[Any, Any]:
    transformers = require("transformers", "lm")
    folder = locate(source).folder
    options = {"trust_remote_code": False, "local_files_only": True}
    damaged = require("safetensors", "lm").SafetensorError
    with quiet():
        tokenizer = transformers.AutoTokenizer.from_pretrained(folder, **options)
        try:
            model = transformers.AutoModelForCausalLM.from_pretrained(
                folder, use_safetensors=True, dtype=torch.float32, **options
            )
        except (RuntimeError, damaged) as error:
            raise ValueError(f"model {str(source)!r}: weights are cut short or do not fit config.json") from error
    return model, tokenizer
