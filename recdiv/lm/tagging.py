"""Which words of a title name the product? Token classification: alignment, batches, and the tagger itself.

Tags follow IOB2: ``B-Product`` begins a product, ``I-Product`` goes on with it, ``O`` is everything else.
Scores stand in :mod:`recdiv.lm.tag_scores`, training in :mod:`recdiv.lm.train_tagger`.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import log_softmax
from torch.utils.data import Dataset

from recdiv._extras import require
from recdiv.lm.weights import locate, quiet

IGNORED = -100  # the label that cross-entropy leaves out: special tokens, padding, later pieces of a word
OUTSIDE = "O"
_STOPS = frozenset(".!?;。！？；")
_TAGS_FILE = "tags.json"

Sentence = tuple[Sequence[str], Sequence[str]]  # words, and one tag a word
Row = dict[str, list[int]]
Batch = dict[str, Tensor]


def align(word_ids: Sequence[int | None], labels: Sequence[int]) -> list[int]:
    """One label a word piece: the word's on its first piece, :data:`IGNORED` on later pieces and special tokens.

    >>> align([None, 0, 0, 1, None], [2, 0])
    [-100, 2, -100, 0, -100]
    """
    aligned = []
    previous = None
    for word in word_ids:
        aligned.append(IGNORED if word is None or word == previous else labels[word])
        previous = word
    return aligned


class TagDataset(Dataset[Row]):
    """Tagged sentences as word pieces and labels, not yet padded.

    Args:
        sentences: (words, tags) pairs, one tag a word.
        tokenizer: a fast tokenizer: it knows which word each piece comes from.
        tags: the tag set; a label is a position in it.
        max_length: in pieces, [CLS] and [SEP] included; the rest is cut.

    Attributes:
        rows: word pieces and labels of each sentence.
        seen: which words of each sentence have a piece; one that was cut off, or holds nothing but blanks, has none
            and takes no part in training.

    Raises:
        ValueError: if a sentence has not one tag a word, or a tag is not in ``tags``.
    """

    def __init__(
        self,
        sentences: Sequence[Sentence],
        tokenizer: Any,  # noqa: ANN401
        tags: Sequence[str],
        *,
        max_length: int = 128,
    ) -> None:
        number = {tag: label for label, tag in enumerate(tags)}
        self.rows: list[Row] = []
        self.seen: list[list[int]] = []
        for position, (words, names) in enumerate(sentences):
            labels = _labels(position, words, names, number)
            pieces = tokenizer(
                list(words), is_split_into_words=True, truncation=True, max_length=max_length, padding=False
            )
            self.rows.append({"input_ids": pieces["input_ids"], "labels": align(pieces.word_ids(), labels)})
            self.seen.append(sorted({word for word in pieces.word_ids() if word is not None}))

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, index: int) -> Row:
        return self.rows[index]


class PadCollator:
    """Rows into a batch, padded to the longest row *of this batch*; padding is masked and its label ignored."""

    def __init__(self, pad_id: int = 0) -> None:
        self.pad_id = pad_id

    def __call__(self, rows: Sequence[Row]) -> Batch:
        width = max(len(row["input_ids"]) for row in rows)
        ids = torch.full((len(rows), width), self.pad_id)
        mask = torch.zeros(len(rows), width, dtype=torch.long)
        labels = torch.full((len(rows), width), IGNORED)
        for i, row in enumerate(rows):
            length = len(row["input_ids"])
            ids[i, :length] = torch.tensor(row["input_ids"])
            mask[i, :length] = 1
            labels[i, :length] = torch.tensor(row["labels"])
        return {"input_ids": ids, "attention_mask": mask, "labels": labels}


class Tagger:
    """A token classifier with its tokenizer and tag set: words in, one tag a word out.

    Args:
        model: a ``transformers`` token-classification model with one output a tag.
        tokenizer: the fast tokenizer it was trained with.
        tags: the tag set, ``"O"`` among them.
        max_length: longest sentence in pieces, at most what the model has positions for.
    """

    def __init__(
        self,
        model: Any,  # noqa: ANN401
        tokenizer: Any,  # noqa: ANN401
        tags: Sequence[str],
        *,
        max_length: int = 128,
    ) -> None:
        if model.config.num_labels != len(tags) or OUTSIDE not in tags:
            raise ValueError(f"tags must hold 'O' and be one an output ({model.config.num_labels}), got {list(tags)}")
        self.model, self.tokenizer, self.tags = model, tokenizer, tuple(tags)
        self.max_length = min(max_length, getattr(model.config, "max_position_embeddings", max_length))

    @classmethod
    def from_encoder(
        cls,
        model: str | os.PathLike[str] | None = None,
        *,
        tags: Sequence[str],
        rng: int = 0,
        device: str | torch.device | None = None,
        max_length: int = 128,
    ) -> Tagger:
        """An encoder (see :func:`recdiv.lm.weights.locate`) with a new linear layer on top, drawn from ``rng``."""
        transformers = require("transformers", "lm")
        folder = locate(model).folder
        options: dict[str, Any] = {"trust_remote_code": False, "local_files_only": True}
        names = {"id2label": dict(enumerate(tags)), "label2id": {tag: label for label, tag in enumerate(tags)}}
        with quiet(), torch.random.fork_rng():
            torch.manual_seed(rng)
            tokenizer = transformers.AutoTokenizer.from_pretrained(folder, **options)
            network = transformers.AutoModelForTokenClassification.from_pretrained(
                folder, use_safetensors=True, **names, **options
            )
        return cls(network.float().to(device or "cpu"), tokenizer, tags, max_length=max_length)

    @property
    def device(self) -> torch.device:
        """Where the model lives."""
        return torch.device(self.model.device)

    def dataset(self, sentences: Sequence[Sentence]) -> TagDataset:
        """Tagged sentences in the form this tagger is trained on."""
        return TagDataset(sentences, self.tokenizer, self.tags, max_length=self.max_length)

    @property
    def collate(self) -> PadCollator:
        """What makes batches of such rows."""
        return PadCollator(self.tokenizer.pad_token_id or 0)

    def predict(
        self, sentences: Sequence[Sequence[str]], *, valid: bool = True, batch_size: int = 32
    ) -> list[list[str]]:
        """One tag a word of each sentence.

        A word without a piece (cut off at ``max_length``, or blank) gets ``"O"``: cut long texts by :func:`windows`.

        Args:
            sentences: lists of words.
            valid: take the most likely sequence among those that are IOB2 (an ``I-`` follows a ``B-`` or ``I-`` of
                its kind); else the most likely tag of each word, valid or not.
            batch_size: sentences a batch, similar lengths together; it does not change the answer.
        """
        rows = self.dataset([(words, [OUTSIDE] * len(words)) for words in sentences])
        order = sorted(range(len(rows)), key=lambda i: -len(rows[i]["input_ids"]))
        predicted: list[list[str]] = [[] for _ in sentences]
        for start in range(0, len(order), batch_size):
            chosen = order[start : start + batch_size]
            batch = self.collate([rows[i] for i in chosen])
            scores = self._scores(batch)
            for i, score, first in zip(chosen, scores, batch["labels"] != IGNORED, strict=True):
                labels = best_valid(score[first], self.tags) if valid else score[first].argmax(-1).tolist()
                predicted[i] = [OUTSIDE] * len(sentences[i])
                for word, label in zip(rows.seen[i], labels, strict=True):
                    predicted[i][word] = self.tags[label]
        return predicted

    @torch.inference_mode()
    def _scores(self, batch: Batch) -> Tensor:
        self.model.eval()
        logits = self.model(**{name: batch[name].to(self.device) for name in ("input_ids", "attention_mask")}).logits
        return log_softmax(logits.float(), dim=-1).cpu()

    def save(self, folder: str | os.PathLike[str]) -> None:
        """Write model (safetensors), tokenizer and tags into ``folder``."""
        path = Path(folder)
        self.model.save_pretrained(path)
        self.tokenizer.save_pretrained(path)
        settings = {"tags": list(self.tags), "max_length": self.max_length}
        (path / _TAGS_FILE).write_text(json.dumps(settings), "utf-8")

    @classmethod
    def load(cls, folder: str | os.PathLike[str], *, device: str | torch.device | None = None) -> Tagger:
        """A tagger that was saved."""
        file = Path(folder) / _TAGS_FILE
        if not file.is_file():
            raise FileNotFoundError(f"folder must hold a saved tagger ({_TAGS_FILE}), got {str(folder)!r}")
        settings: Mapping[str, Any] = json.loads(file.read_text("utf-8"))
        return cls.from_encoder(folder, tags=settings["tags"], max_length=settings["max_length"], device=device)


def best_valid(scores: Tensor, tags: Sequence[str]) -> list[int]:
    """The valid IOB2 sequence with the highest Σ_t ``scores``[t, tag_t] (Viterbi), as positions in ``tags``.

    >>> scores = torch.tensor([[0.0, -9.0, -9.0], [-3.0, -2.0, -1.0]])  # best word by word: O, I — not valid
    >>> best_valid(scores, ("O", "B-Product", "I-Product"))
    [0, 1]
    """
    if len(scores) == 0:
        return []
    starts = torch.tensor([float("-inf") if tag.startswith("I-") else 0.0 for tag in tags])
    follows = torch.tensor([[0.0 if _may_follow(a, b) else float("-inf") for b in tags] for a in tags])
    total = scores[0] + starts
    came_from = []
    for score in scores[1:]:
        total, origin = (total[:, None] + follows).max(0)
        total = total + score
        came_from.append(origin)
    path = [int(total.argmax())]
    for origin in reversed(came_from):
        path.append(int(origin[path[-1]]))
    return path[::-1]


def windows(words: Sequence[str], longest: int) -> list[slice]:
    """Cuts that leave at most ``longest`` words in a piece, after a ``. ! ? ;`` where one stands in the second half.

    A model sees only so many pieces: what is longer is tagged window by window and put together again.

    >>> windows("One two . Three four five".split(), 4)
    [slice(0, 3, None), slice(3, 6, None)]
    """
    if longest < 1:
        raise ValueError(f"longest must be at least 1, got {longest}")
    cuts = []
    start = 0
    while start < len(words):
        end = min(start + longest, len(words))
        if end < len(words):
            marks = (place for place in range(end, start + longest // 2, -1) if words[place - 1] in _STOPS)
            end = next(marks, end)
        cuts.append(slice(start, end))
        start = end
    return cuts


def _may_follow(before: str, after: str) -> bool:
    return not after.startswith("I-") or (before[:2] in ("B-", "I-") and before[2:] == after[2:])


def _labels(position: int, words: Sequence[str], names: Sequence[str], number: Mapping[str, int]) -> list[int]:
    if len(words) != len(names):
        raise ValueError(f"sentences[{position}] must have one tag a word, got {len(words)} words, {len(names)} tags")
    unknown = [name for name in names if name not in number]
    if unknown:
        raise ValueError(f"sentences[{position}] has tag {unknown[0]!r}, must be one of {', '.join(number)}")
    return [number[name] for name in names]
