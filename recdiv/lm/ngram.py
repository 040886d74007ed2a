"""What a language model has to beat: counts of tokens, and of tokens after others, smoothed well."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from recdiv._extras import require
from recdiv.lm.documents import Document, checked, token_ids

Counts = dict[int, int]  # n-gram -> count; an n-gram is its tokens as the digits of one number, the newest last


class NgramModel:
    r"""Interpolated Kneser–Ney: each token given the ``order`` − 1 before it.

    .. math:: p_n(w \mid c) = \frac{\max(N(c w) - D_n, 0) + D_n\, T(c)\, p_{n-1}(w \mid c')}{N(c)}

    with N counts, T(c) how many different tokens followed c, c' the context without its oldest token, and
    :math:`D_n = n_1 / (n_1 + 2 n_2)` from how many n-grams occur once and twice. Below the highest order N counts in
    how many **different** contexts a token stands, not how often; p_0 is 1 / V. So ``order=1`` is the unigram model. A
    document begins after ``order`` − 1 beginning tokens. Source: Kneser & Ney 1995; Chen & Goodman 1999.

    Args:
        tokenizer: whose tokens are counted, so that a model with the same one is measured alike.
        order: tokens an n-gram.

    Raises:
        ValueError: if ``order`` is below 1, or the tokenizer has no end token.

    >>> from recdiv.lm.from_scratch import train_tokenizer
    >>> tokenizer = train_tokenizer(["tea", "tea pot"], vocabulary=260)
    >>> model = NgramModel(tokenizer, order=2).fit(["tea", "tea pot"])
    >>> round(float(np.exp([model.log_p([], token) for token in range(len(tokenizer))]).sum()), 9)
    1.0
    """

    def __init__(self, tokenizer: Any, *, order: int = 3) -> None:  # noqa: ANN401
        require("transformers", "lm")
        if order < 1:
            raise ValueError(f"order must be at least 1, got {order}")
        if tokenizer.eos_token_id is None:
            raise ValueError("tokenizer must have an end token (eos_token), got one without")
        self.tokenizer, self.order = tokenizer, order
        begin = tokenizer.bos_token_id
        self._begin = tokenizer.eos_token_id if begin is None else begin

    def fit(self, documents: Sequence[Document]) -> NgramModel:
        """Count; returns itself."""
        size = len(self.tokenizer)
        counts: Counts = {}
        for ids in token_ids(self.tokenizer, checked(documents)):
            gram, whole = self._start(), size**self.order
            for token in ids:
                gram = (gram * size + token) % whole
                counts[gram] = counts.get(gram, 0) + 1
        levels = [counts]
        for length in range(self.order - 1, 0, -1):
            levels.append(_continuations(levels[-1], size**length))
        self._levels = [(level, _discount(level), _totals(level, size)) for level in reversed(levels)]
        return self

    def log_p(self, before: Sequence[int], token: int) -> float:
        """The logarithm of p for one token after others (all of the document so far, or its end)."""
        gram = self._start()
        for each in before[max(0, len(before) - self.order + 1) :]:
            gram = gram * len(self.tokenizer) + each
        return self._log_p(gram, token)

    def token_log_p(self, ids: Sequence[int]) -> npt.NDArray[np.float64]:
        """The logarithm of p for each token of a document ``[T]``."""
        size, gram = len(self.tokenizer), self._start()
        found = np.empty(len(ids))
        for place, token in enumerate(ids):
            found[place] = self._log_p(gram, token)
            gram = (gram * size + token) % size**self.order
        return found

    def _log_p(self, gram: int, token: int) -> float:
        """From no context to the longest that was seen; ``gram`` are the tokens before, as one number."""
        size, p, whole = len(self.tokenizer), 1.0 / len(self.tokenizer), 1
        for counts, discount, totals in self._levels:
            context = gram % whole
            if context not in totals:
                break  # nothing followed a longer context either
            total, kinds = totals[context]
            p = (max(counts.get(context * size + token, 0) - discount, 0.0) + discount * kinds * p) / total
            whole *= size
        return math.log(p)

    def _start(self) -> int:
        """The beginning tokens that stand before a document."""
        gram = 0
        for _ in range(self.order - 1):
            gram = gram * len(self.tokenizer) + self._begin
        return gram


def _continuations(counts: Counts, whole: int) -> Counts:
    """In how many different longer contexts each shorter n-gram stands: the oldest token is dropped."""
    found: Counts = {}
    for gram in counts:
        found[gram % whole] = found.get(gram % whole, 0) + 1
    return found


def _totals(counts: Counts, size: int) -> dict[int, tuple[int, int]]:
    """For each context, the sum of what followed it, and how many kinds did."""
    found: dict[int, tuple[int, int]] = {}
    for gram, count in counts.items():
        total, kinds = found.get(gram // size, (0, 0))
        found[gram // size] = (total + count, kinds + 1)
    return found


def _discount(counts: Counts) -> float:
    """n1 / (n1 + 2 n2); a half where no n-gram occurs once, since nothing then tells."""
    values = list(counts.values())
    once, twice = values.count(1), values.count(2)
    return once / (once + 2 * twice) if once else 0.5
