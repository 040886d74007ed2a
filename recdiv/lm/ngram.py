"""What a language model has to beat: counts of tokens, and of tokens after others, smoothed well."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from recdiv._extras import require
from recdiv.lm.documents import Document, checked, token_ids

Counts = dict[tuple[int, ...], dict[int, int]]  # context -> token -> count


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
        highest: Counts = {}
        for ids in token_ids(self.tokenizer, checked(documents)):
            padded = [self._begin] * (self.order - 1) + ids
            for end in range(self.order - 1, len(padded)):
                after = highest.setdefault(tuple(padded[end - self.order + 1 : end]), {})
                after[padded[end]] = after.get(padded[end], 0) + 1
        self._levels = [highest]
        for _ in range(self.order - 1):
            self._levels.append(_continuations(self._levels[-1]))
        self._levels.reverse()  # from no context to the longest
        self._discounts = [_discount(level) for level in self._levels]
        self._totals = [{c: (sum(after.values()), len(after)) for c, after in level.items()} for level in self._levels]
        return self

    def log_p(self, before: Sequence[int], token: int) -> float:
        """The logarithm of p for one token after others (all of the document so far, or its end)."""
        padded = [self._begin] * (self.order - 1) + list(before)
        p = 1.0 / len(self.tokenizer)
        for length, level in enumerate(self._levels):
            key = tuple(padded[len(padded) - length :])
            totals, discount = self._totals[length], self._discounts[length]
            if key not in totals:
                break  # nothing followed a longer context either
            total, kinds = totals[key]
            count = level[key].get(token, 0)
            p = (max(count - discount, 0.0) + discount * kinds * p) / total
        return float(np.log(p))

    def token_log_p(self, ids: Sequence[int]) -> npt.NDArray[np.float64]:
        """The logarithm of p for each token of a document ``[T]``."""
        return np.array([self.log_p(ids[max(0, i - self.order + 1) : i], token) for i, token in enumerate(ids)])


def _continuations(counts: Counts) -> Counts:
    """In how many different longer contexts each token stands after the shorter one."""
    found: Counts = {}
    for context, after in counts.items():
        shorter = found.setdefault(context[1:], {})
        for token in after:
            shorter[token] = shorter.get(token, 0) + 1
    return found


def _discount(counts: Counts) -> float:
    """n1 / (n1 + 2 n2); a half where no n-gram occurs once, since nothing then tells."""
    values = [count for after in counts.values() for count in after.values()]
    once, twice = values.count(1), values.count(2)
    return once / (once + 2 * twice) if once else 0.5
