"""What a language model is trained on and tested on: texts of items, and histories as sequences of texts."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from recdiv._columns import require_columns
from recdiv.tables import Catalog, Interactions

Document = str | Sequence[str]  # one text, or several that follow one another


def item_documents(catalog: Catalog) -> list[tuple[str, ...]]:
    """One document an item: its title and text. Items without either are left out.

    >>> import pandas as pd
    >>> item_documents(Catalog(pd.DataFrame({"item_id": [1, 2], "title": ["Tea", None], "text": ["Green.", ""]})))
    [('Tea. Green.',)]
    """
    return [(text,) for text in catalog.texts() if text]


def history_documents(
    interactions: Interactions, *, read: str = "title", longest: int = 20, least: int = 2
) -> list[tuple[str, ...]]:
    """One document a user, or several where a history is long: the texts of what they chose, oldest first.

    Args:
        interactions: what people did; pass training interactions only.
        read: the column of the catalogue that stands for an item.
        longest: items a document; a longer history is cut into pieces of that many.
        least: items below which a piece says nothing about order and is left out.

    Items without text are left out of their histories.

    Raises:
        ValueError: if the catalogue has no such column, or ``longest`` is below ``least`` or ``least`` below 1.

    >>> import pandas as pd
    >>> catalog = Catalog(pd.DataFrame({"item_id": [1, 2, 3], "title": ["Tea", "Mug", None]}))
    >>> events = Interactions(pd.DataFrame({"user_id": ["a"] * 4, "item_id": [1, 3, 2, 1]}), catalog)
    >>> history_documents(events), history_documents(events, longest=2)
    ([('Tea', 'Mug', 'Tea')], [('Tea', 'Mug')])
    """
    if least < 1 or longest < least:
        raise ValueError(f"longest must be at least least, and that at least 1, got {longest} and {least}")
    require_columns(interactions.catalog.frame, "catalog", [read])
    column = interactions.catalog.frame[read]
    texts = [str(value).strip() if there else "" for value, there in zip(column, column.notna(), strict=True)]
    documents = []
    for history in interactions.histories():
        chosen = tuple(texts[item] for item in history if texts[item])
        pieces = [chosen[start : start + longest] for start in range(0, len(chosen), longest)]
        documents += [piece for piece in pieces if len(piece) >= least]
    return documents


@dataclass(frozen=True)
class Corpus:
    """Documents in parts: to learn from, to choose by, and two kinds to test on, of which nothing was learnt.

    Attributes:
        train: item texts, and histories of people.
        validation: likewise, of other items and other people.
        items: texts of items that stand in no other part and in no history.
        histories: of people who stand in no other part, without the items that are held out.
        held_out: rows of the catalogue whose text is tested.
    """

    train: list[tuple[str, ...]]
    validation: list[tuple[str, ...]]
    items: list[tuple[str, ...]]
    histories: list[tuple[str, ...]]
    held_out: npt.NDArray[np.int64]


def split_documents(
    catalog: Catalog, interactions: Interactions | None = None, *, share: float = 0.1, rng: int = 0
) -> Corpus:
    """Item texts and histories in parts that share nothing: held out is held out.

    Items are divided by title, so that two rows of one title never stand on both sides, and people by person. What is
    held out, to test or to choose by, is taken out of every history: a model that read a title in somebody's history
    would know the text that it is asked about. An unseen history is therefore one of an unseen person with seen items.

    Args:
        catalog: its titles and texts.
        interactions: what people did; None for item texts alone.
        share: of the titles and of the people that are tested, and as many are chosen by; at least one each.
        rng: seed of the draw.

    Raises:
        ValueError: if ``share`` is not between 0 and 0.5, or there are fewer than 3 titles with text.

    >>> import pandas as pd
    >>> catalog = Catalog(pd.DataFrame({"item_id": range(4), "title": ["Tea", "tea ", "Mug", "Pot"]}))
    >>> corpus = split_documents(catalog, share=0.3)
    >>> [len(part) for part in (corpus.train, corpus.validation, corpus.items)]  # both teas are on one side
    [1, 2, 1]
    """
    if not 0 < share < 0.5:
        raise ValueError(f"share must lie between 0 and 0.5, got {share:g}")
    generator, texts = np.random.default_rng(rng), catalog.texts()
    column = catalog.frame["title"].fillna("").astype(str) if "title" in catalog.frame else [""] * len(catalog)
    names = [" ".join(title.lower().split()) or text for title, text in zip(column, texts, strict=True)]
    titles = {name: number for number, name in enumerate(dict.fromkeys(filter(None, names)))}
    if len(titles) < 3:
        raise ValueError(f"catalog must hold at least 3 items with text, got {len(titles)}")
    drawn = _parts(len(titles), share, generator)
    part = np.array([drawn[titles[name]] if name else _LEARNT for name in names])

    def documents(of: int, person: npt.NDArray[np.int64] | None) -> tuple[list[Any], list[Any]]:
        items = [(text,) for text, own in zip(texts, part == of, strict=True) if own and text]
        if interactions is None or person is None:
            return items, []
        known = part[interactions.item] == _LEARNT
        return items, history_documents(interactions.where(known & (person == of)[interactions.user]))

    person = None if interactions is None else _parts(interactions.n_users, share, generator)
    (tested, asked), (chosen, by), (learnt, told) = (documents(of, person) for of in (_TESTED, _CHOSEN, _LEARNT))
    return Corpus(learnt + told, chosen + by, tested, asked, np.flatnonzero(part == _TESTED))


_TESTED, _CHOSEN, _LEARNT = 0, 1, 2


def _parts(n: int, share: float, generator: np.random.Generator) -> npt.NDArray[np.int64]:
    """Which part each of ``n`` is in: a share tested, as many chosen by, the rest learnt from."""
    each = max(1, round(share * n))
    parts = np.full(n, _LEARNT)
    order = generator.permutation(n)
    parts[order[:each]], parts[order[each : 2 * each]] = _TESTED, _CHOSEN
    return parts


def checked(documents: Iterable[Document], name: str = "documents") -> list[tuple[str, ...]]:
    """Documents as tuples of texts; empty texts, and documents of nothing else, are left out with a warning.

    Raises:
        TypeError: if ``documents`` is one string, or holds something that is no text.
        ValueError: if nothing is left.
    """
    if isinstance(documents, str):
        raise TypeError(f"{name} must be a list of texts, got one string; write [text]")
    found: list[tuple[str, ...]] = []
    n_texts = n_empty = 0
    for position, document in enumerate(documents):
        texts = (document,) if isinstance(document, str) else _texts(document, f"{name}[{position}]")
        wrong = next((text for text in texts if not isinstance(text, str)), None)
        if wrong is not None:
            raise TypeError(f"{name}[{position}] must hold texts, got {type(wrong).__name__} {wrong!r:.40}")
        full = tuple(text for text in texts if text.strip())
        n_texts, n_empty = n_texts + len(texts), n_empty + len(texts) - len(full)
        if full:
            found.append(full)
    if not found:
        raise ValueError(f"{name} must hold a text, got {n_empty} empty ones" if n_empty else f"{name} is empty")
    if n_empty:
        warnings.warn(f"{n_empty} of {n_texts} texts are empty and left out", stacklevel=3)
    return found


def _texts(document: Any, place: str) -> tuple[Any, ...]:  # noqa: ANN401
    if not isinstance(document, Sequence):
        raise TypeError(f"{place} must be a text or a sequence of texts, got {type(document).__name__}")
    return tuple(document)


def n_bytes(document: Sequence[str]) -> int:
    """Bytes of a document in UTF-8, one more for the end of each text: what perplexity per byte divides by.

    >>> n_bytes(("Tea", "Café"))
    10
    """
    return sum(len(text.encode()) + 1 for text in document)


def token_ids(tokenizer: Any, documents: Sequence[Sequence[str]]) -> list[list[int]]:  # noqa: ANN401
    """Tokens of each document: each text closed by the end token, as the causal scorer reads contexts.

    What looks like a special token inside a text is read as the letters it is.
    """
    texts = list(dict.fromkeys(text for document in documents for text in document))
    ids = tokenizer(texts, add_special_tokens=False, split_special_tokens=True, verbose=False)["input_ids"]
    known = dict(zip(texts, ids, strict=True))
    end = tokenizer.eos_token_id
    return [[token for text in document for token in (*known[text], end)] for document in documents]
