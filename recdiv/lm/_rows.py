"""Documents as rows of tokens: blocks for a causal model, guessed words for a masked one."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from recdiv.lm.documents import token_ids

IGNORED = -100  # a label that no loss is taken of
_SHARE, _HIDDEN, _CHANGED = (
    0.15,
    0.8,
    0.9,
)  # tokens guessed; of these hidden, and hidden or changed (Devlin et al. 2019)

Row = dict[str, list[int]]


class Blocks:
    """All documents one after another, in an order drawn by ``seed``, cut into rows of ``window`` tokens.

    Neighbouring rows share one token, so that each is predicted once; beginning tokens are read and not predicted.

    Attributes:
        n_tokens: of all documents, beginnings included.
        fingerprint: of the rows.
    """

    def __init__(self, tokenizer: Any, documents: Sequence[Sequence[str]], window: int, *, seed: int = 0) -> None:  # noqa: ANN401
        begin = tokenizer.eos_token_id if tokenizer.bos_token_id is None else tokenizer.bos_token_id
        ids = token_ids(tokenizer, documents)
        order = np.random.default_rng(seed).permutation(len(ids))
        stream, learnt = [], []
        for number in order:
            stream += [begin, *ids[number]]
            learnt += [False, *[True] * len(ids[number])]
        starts = range(0, max(len(stream) - 1, 1), window - 1)
        self._ids = [stream[start : start + window] for start in starts]
        self._labels = [
            [token if wanted else IGNORED for token, wanted in zip(row, learnt[start : start + window], strict=True)]
            for start, row in zip(starts, self._ids, strict=True)
        ]
        self.n_tokens, self.fingerprint = len(stream), _digest(self._ids)

    def __len__(self) -> int:
        return len(self._ids)

    def __getitem__(self, index: int) -> Row:
        return {"input_ids": self._ids[index], "labels": self._labels[index]}


class MaskedRows:
    """Each document by itself, some tokens hidden: others each time it is read, the same ones in every run.

    Of the 15 % that are guessed, 8 in 10 are hidden, 1 in 10 is another token, 1 in 10 stands as it is. What is hidden
    is drawn from the seed and the row's number, not from a state that an interruption would lose.

    Args:
        times: how often each document is read: row i of reading e is row e × n + i.

    Attributes:
        n: rows of one reading; a document longer than ``window`` makes several.
    """

    def __init__(
        self,
        tokenizer: Any,  # noqa: ANN401
        documents: Sequence[Sequence[str]],
        window: int,
        *,
        times: int = 1,
        seed: int = 0,
    ) -> None:
        self._hidden, self._size, self.times, self.seed = tokenizer.mask_token_id, len(tokenizer), times, seed
        first, last = tokenizer.cls_token_id, tokenizer.sep_token_id
        texts = list(dict.fromkeys(text for document in documents for text in document))
        found = tokenizer(texts, add_special_tokens=False, split_special_tokens=True, verbose=False, truncation=False)
        known = dict(zip(texts, found["input_ids"], strict=True))
        self._special = {first, last}
        self._rows = []
        for document in documents:
            ids = [token for text in document for token in (*known[text], last)]
            self._rows += [[first, *ids[start : start + window - 1]] for start in range(0, len(ids), window - 1)]
        self._rows = [row for row in self._rows if not self._special.issuperset(row)]
        self.n, self.n_tokens, self.fingerprint = len(self._rows), sum(map(len, self._rows)), _digest(self._rows)

    def __len__(self) -> int:
        return self.n * self.times

    def __getitem__(self, index: int) -> Row:
        row = np.array(self._rows[index % self.n])
        generator = np.random.default_rng([self.seed, index])
        guessed = (generator.random(len(row)) < _SHARE) & ~np.isin(row, list(self._special))
        if not guessed.any():  # a short text: one of its tokens
            guessed[generator.choice(np.flatnonzero(~np.isin(row, list(self._special))))] = True
        labels = np.where(guessed, row, IGNORED)
        fate = generator.random(len(row))
        shown = np.where(guessed & (fate < _HIDDEN), self._hidden, row)
        other = generator.integers(self._size, size=len(row))
        shown = np.where(guessed & (fate >= _HIDDEN) & (fate < _CHANGED), other, shown)
        return {"input_ids": shown.tolist(), "labels": labels.tolist()}


def collate(rows: Sequence[Row]) -> dict[str, Tensor]:
    """A batch, padded on the right to its longest row; padding is masked and has no label."""
    width = max(len(row["input_ids"]) for row in rows)
    batch = {
        "input_ids": torch.zeros(len(rows), width, dtype=torch.long),
        "attention_mask": torch.zeros(len(rows), width, dtype=torch.long),
        "labels": torch.full((len(rows), width), IGNORED),
    }
    for i, row in enumerate(rows):
        length = len(row["input_ids"])
        batch["input_ids"][i, :length] = torch.tensor(row["input_ids"])
        batch["attention_mask"][i, :length] = 1
        batch["labels"][i, :length] = torch.tensor(row["labels"])
    return batch


@torch.no_grad()
def mean_loss(model: Any, rows: Any, *, shifted: bool, batch_size: int = 32) -> float:  # noqa: ANN401
    """Nats a predicted token over all rows; ``shifted`` where a label belongs to the token before it."""
    model.eval()
    total = count = 0.0
    for start in range(0, len(rows), batch_size):
        batch = collate([rows[i] for i in range(start, min(start + batch_size, len(rows)))])
        labels = batch["labels"][:, 1:] if shifted else batch["labels"]
        n = float((labels != IGNORED).sum())
        if n:
            total += float(model(**{name: each.to(model.device) for name, each in batch.items()}).loss) * n
            count += n
    return total / count


def _digest(rows: Sequence[Sequence[int]]) -> str:
    digest = hashlib.sha256()
    for row in rows:
        digest.update(np.array([len(row), *row], dtype=np.int64).tobytes())
    return digest.hexdigest()
