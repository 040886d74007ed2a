"""Texts on their way into a language model."""

from __future__ import annotations

from collections.abc import Iterable


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
