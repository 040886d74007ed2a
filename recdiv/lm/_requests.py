"""What a scorer is asked, sorted out: the same question once, and questions that one pass answers together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch

from recdiv.lm._causal import Causal
from recdiv.lm._texts import checked_texts

Context = str | Sequence[str]  # as it is given
_Key = str | tuple[str, ...]  # as it is kept


@dataclass(frozen=True)
class Job:
    """One row for the model.

    Attributes:
        prefix: tokens that are read, and shared with other jobs.
        tail: tokens that are scored.
        spans: requests that are answered: number of the request, and where in the tail it starts and stops.
    """

    prefix: tuple[int, ...]
    tail: tuple[int, ...]
    spans: tuple[tuple[int, int, int], ...]


class Requests:
    """Different pairs of context and text, in tokens.

    Args:
        causal: the model that will be asked.
        texts, contexts: what is asked; ``contexts`` are strings or tuples of strings.
        separator: closes each text of a tuple; None: the end token.

    Attributes:
        of_text: which request each text is, int64 ``[n]``.
        n_contexts, n_cut: different contexts, and how many of them lost tokens on their left.
    """

    def __init__(
        self, causal: Causal, texts: Sequence[str], contexts: Sequence[_Key], separator: str | None = None
    ) -> None:
        number: dict[tuple[_Key, str], int] = {}
        self.of_text = torch.tensor(
            [number.setdefault(pair, len(number)) for pair in zip(contexts, texts, strict=True)], dtype=torch.int64
        )
        self._pairs, self._number, self._causal = list(number), number, causal
        self._closed = separator is None
        parts = {part for key in set(contexts) for part in ([key] if isinstance(key, str) else key)}
        known = list(dict.fromkeys([*texts, *sorted(parts), *([] if separator is None else [separator])]))
        self._tokens = dict(zip(known, causal.tokens(known), strict=True))
        self._close = [causal.end] if separator is None else self._tokens[separator]
        self._whole = {key: (causal.begin, *self._read(key)) for key in dict.fromkeys(contexts)}
        self._prefixes = [self._fitting(key, text) for key, text in self._pairs]
        cut = {
            key for (key, _), prefix in zip(self._pairs, self._prefixes, strict=True) if prefix is not self._whole[key]
        }
        self.n_contexts, self.n_cut = len(self._whole), len(cut)

    def __len__(self) -> int:
        return len(self._pairs)

    def _fitting(self, key: _Key, text: str) -> tuple[int, ...]:
        """A context, cut from the left where the text behind it would not fit: by what this text alone asks for."""
        whole, window, tail = self._whole[key], self._causal.window, len(self._tokens[text]) + 1
        if window is None or len(whole) + tail <= window:
            return whole
        if 1 + tail > window:
            raise ValueError(
                f"texts must fit the window of {window} tokens with a beginning and an end token, "
                f"got one of {tail - 1} tokens"
            )
        return whole[:1] + whole[len(whole) - (window - 1 - tail) :]

    def _read(self, key: _Key) -> list[int]:
        if isinstance(key, str):
            return self._tokens[key]
        return [token for part in key for token in (*self._tokens[part], *self._close)]

    def jobs(self) -> list[Job]:
        """As few rows as answer all requests.

        A request about text x after context c is also answered by any row that reads c, x and the end token on its way:
        it *rides* on a request whose context is c followed by x.
        """
        first: dict[_Key, int] = {}  # one request a context, of those that read all of it
        for request, (key, _) in enumerate(self._pairs):
            if self._prefixes[request] is self._whole[key]:
                first.setdefault(key, request)
        rides: dict[int, list[int]] = {}  # carrier -> its riders
        carrier = dict.fromkeys(range(len(self)), -1)
        for key in sorted(first, key=len, reverse=True):
            rider = self._just_before(key)
            if rider is not None and carrier[rider] < 0:
                above = first[key]
                carrier[rider] = carrier[above] if carrier[above] >= 0 else above
                rides.setdefault(carrier[rider], []).append(rider)
        return [self._job(request, rides.get(request, [])) for request, on in carrier.items() if on < 0]

    def _just_before(self, key: _Key) -> int | None:
        """The request that is answered on the way through a context."""
        if not self._closed or isinstance(key, str) or not key:
            return None
        return self._number.get((key[:-1], key[-1]))

    def _job(self, request: int, riders: list[int]) -> Job:
        prefix, text = self._prefixes[request], self._pairs[request][1]
        start = min([len(prefix), *(len(self._prefixes[each]) for each in riders)])
        whole = (*prefix, *self._tokens[text], self._causal.end)
        spans = []
        for each in (request, *riders):
            begin = len(self._prefixes[each]) - start
            spans.append((each, begin, begin + len(self._tokens[self._pairs[each][1]]) + 1))
        return Job(whole[:start], whole[start:], tuple(spans))


def checked_contexts(contexts: Sequence[Context] | None, n: int) -> list[_Key]:
    """A string or a tuple of strings for each of ``n`` texts."""
    if contexts is None:
        return [()] * n
    if isinstance(contexts, str):
        raise TypeError("contexts must be one a text, got one string; write [context] * len(texts)")
    if len(contexts) != n:
        raise ValueError(f"contexts must be one a text ({n}), got {len(contexts)}")
    seen: dict[int, _Key] = {}  # a context given many times is checked once
    for each in contexts:
        if id(each) not in seen:
            seen[id(each)] = each if isinstance(each, str) else tuple(checked_texts(each, "contexts"))
    return [seen[id(each)] for each in contexts]
