"""What a scorer is asked, sorted out: the same question once, and questions that one pass answers together."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import torch

from recdiv.lm._causal import Causal

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
        self._prefixes = self._fitted()

    def __len__(self) -> int:
        return len(self._pairs)

    def _fitted(self) -> dict[_Key, tuple[int, ...]]:
        """Tokens of each context, with the beginning token, short enough for the longest text after it."""
        longest: dict[_Key, int] = {}
        for key, text in self._pairs:
            longest[key] = max(longest.get(key, 0), len(self._tokens[text]) + 1)
        self.n_contexts, self._cut = len(longest), set()
        window = self._causal.window
        if window is not None and longest and max(longest.values()) + 1 > window:
            raise ValueError(
                f"texts must fit the window of {window} tokens with a beginning and an end token, "
                f"got one of {max(longest.values()) - 1} tokens"
            )
        prefixes: dict[_Key, tuple[int, ...]] = {}
        for key, tail in longest.items():
            ids = self._read(key)
            room = len(ids) if window is None else window - 1 - tail
            if len(ids) > room:
                self._cut.add(key)
            prefixes[key] = (self._causal.begin, *ids[max(0, len(ids) - room) :])
        self.n_cut = len(self._cut)
        return prefixes

    def _read(self, key: _Key) -> list[int]:
        if isinstance(key, str):
            return self._tokens[key]
        return [token for part in key for token in (*self._tokens[part], *self._close)]

    def jobs(self) -> list[Job]:
        """As few rows as answer all requests.

        A request about text x after context c is also answered by any row that reads c, x and the end token on its way:
        it *rides* on a request whose context is c followed by x.
        """
        first = {key: request for request, (key, _) in reversed(list(enumerate(self._pairs)))}  # one a context
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
        if not self._closed or isinstance(key, str) or not key or key in self._cut or key[:-1] in self._cut:
            return None
        return self._number.get((key[:-1], key[-1]))

    def _job(self, request: int, riders: list[int]) -> Job:
        key, text = self._pairs[request]
        prefix = self._prefixes[key]
        start = min([len(prefix), *(len(self._prefixes[self._pairs[each][0]]) for each in riders)])
        whole = (*prefix, *self._tokens[text], self._causal.end)
        spans = []
        for each in (request, *riders):
            on, asked = self._pairs[each]
            begin = len(self._prefixes[on]) - start
            spans.append((each, begin, begin + len(self._tokens[asked]) + 1))
        return Job(whole[:start], whole[start:], tuple(spans))


def checked_texts(texts: Iterable[str], name: str = "texts") -> list[str]:
    """Texts as a list, made sure to be strings."""
    if isinstance(texts, str):
        raise TypeError(f"{name} must be a list of strings, got one string; write [text]")
    listed = list(texts)
    for position, text in enumerate(listed):
        if not isinstance(text, str):
            raise TypeError(
                f"{name} must all be strings, got {type(text).__name__} {text!r:.40} at position {position}"
            )
    return listed


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
