"""A language model that writes the next item, kept to the catalogue or free."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Sequence
from typing import Any, ClassVar

import numpy.typing as npt
import torch
from torch import Tensor

from recdiv.lm._causal import Causal
from recdiv.lm._packed import packed, unpacked
from recdiv.lm.from_scratch import LEAST, small_causal, train_tokenizer
from recdiv.lm.item_texts import item_texts
from recdiv.lm.scorer import CausalScorer
from recdiv.lm.training import train as fine_tune
from recdiv.lm.training_config import TrainingConfig
from recdiv.recommend._base import Recommender
from recdiv.recommend._behaviour import collate, fitting, readable, training_rows
from recdiv.recommend._choices import Rows, allowed
from recdiv.recommend._decode import Decoding
from recdiv.recommend._free import named, write_freely
from recdiv.recommend._trie import Trie
from recdiv.recommend._writer import Writer
from recdiv.recommend.random import seed_of
from recdiv.recommend.topk import best
from recdiv.tables import EMPTY, Interactions, Recommendations

_NUMBERS = 1 << 23  # places of users × items looked at together
_REQUESTS = 1 << 15  # texts scored in one call
_WINDOW = 512  # tokens that a small model can read


class Generative(Recommender):
    r"""A causal language model that reads a history as text and writes the next item.

    .. math:: p(i \mid h) = \prod_t p(x_t \mid \text{begin}, h, x_{<t}), \qquad x = \text{text of } i, \text{end}

    h is the texts of the latest ``longest`` items, oldest first, each closed by the end token: as a text of items, the
    history teaches every next item in one pass.

    **Writing.** ``method`` is one of

    * ``"beam"``: the ``width`` likeliest beginnings go on. Scores are ln p(i|h). With a width no smaller than the
      catalogue it is exact.
    * ``"diverse"``: the beam in ``groups``; a token costs ``penalty`` nats for each hypothesis of an earlier group that
      took it in the same place. Where groups find fewer than k items, a beam over the others fills the list. Scores
      are ln p(i|h) again, without what was charged.
    * ``"sample"``: k draws without replacement at ``temperature``, in one pass, in the order of the draw. Scores are
      the perturbed log-probabilities that order them.

    Writing keeps to the prefix tree of the catalogue without what the user had, so lists hold k different items, as
    long as there are so many. (Sampling renormalises at every token over what may follow; a beam ranks by the model's
    own probabilities.) Items of equal text are found together and stand in the order of the catalogue. With
    ``constrained=False`` the model writes freely: what is the text of no item or does not end is −2, a repeat stays,
    what the user had leaves an empty slot; ``validity`` says how often it went right.

    **Items without text** are not read, not learnt from and never written: all of them would share one text, the empty
    one, and so the mass of all. Their score is −∞. Only somebody without history, who gets popularity, can get one.

    The settings of writing are attributes: change them on the fitted model and recommend again.

    ``scores`` is exact, ln p(i|h) of every item, by :class:`recdiv.lm.CausalScorer`. It costs one pass over all item
    texts **a user**: meant for catalogues of some thousand items; ``recommend`` takes ``width`` × tokens of one item.

    Args:
        model: what is fine-tuned: a hub name, a folder (of :func:`recdiv.lm.pretrain`, say), or a pair (model,
            tokenizer), which is copied. None: a small model from scratch (``hidden``, ``layers``, ``vocabulary``).
        read: what is read and written of an item: a column of the catalogue, or ``"all"``: title and text.
        longest: latest events of a history that are read.
        epochs: passes over the training histories; 0 leaves the model as it is.
        learning_rate, batch_size, lora_rank: see :class:`recdiv.lm.TrainingConfig`.
        method, width, temperature, groups, penalty, constrained: of writing; ``width`` None: twice k, 20 at least.
        hidden, layers, vocabulary: size of the small model.
        device: where to compute; None: where the given model is, else a CUDA device where there is one.
        rng: of weights, of the order of training, and of sampling, where each user has draws of their own.
        progress: bars on stderr.

    Raises:
        ValueError: for a value outside what is allowed, in one sentence.

    On the bundled sample the small model takes about three seconds an epoch on one core::

        data = rd.load("video")
        train, test = data.interactions.leave_one_out()
        model = rd.recommend.Generative(epochs=10, rng=0).fit(train)
        lists = model.recommend(test.users, k=10)
        model.method, model.temperature = "sample", 1.5
        varied = model.recommend(test.users, k=10)
        rd.evaluate(varied, data.catalog, train=train, test=test, scorer=model.scorer())

    Source: De Cao et al. 2021 for writing inside a prefix tree; Vijayakumar et al. 2016 for diverse beams; Kool et al.
    2019 for sampling without replacement.
    """

    unsaved: ClassVar[tuple[str, ...]] = ("model", "device", "progress")

    def __init__(
        self,
        model: Any = None,  # noqa: ANN401
        *,
        read: str = "title",
        longest: int = 10,
        epochs: int = 20,
        learning_rate: float = 3e-3,
        batch_size: int = 32,
        lora_rank: int | None = None,
        method: str = "beam",
        width: int | None = None,
        temperature: float = 1.0,
        groups: int = 5,
        penalty: float = 0.5,
        constrained: bool = True,
        hidden: int = 64,
        layers: int = 2,
        vocabulary: int = 2000,
        device: str | None = None,
        rng: int = 0,
        progress: bool = False,
    ) -> None:
        self.model, self.read, self.longest = model, read, longest
        self.epochs, self.learning_rate, self.batch_size, self.lora_rank = epochs, learning_rate, batch_size, lora_rank
        self.method, self.width, self.temperature = method, width, temperature
        self.groups, self.penalty = groups, penalty
        self.constrained, self.hidden, self.layers, self.vocabulary = constrained, hidden, layers, vocabulary
        self.device, self.rng, self.progress = device, rng, progress
        for name, least in (("longest", 1), ("epochs", 0), ("hidden", 32), ("layers", 1), ("vocabulary", LEAST)):
            if getattr(self, name) < least:
                raise ValueError(f"{name} must be at least {least}, got {getattr(self, name)}")
        self._decoding(1)

    def _decoding(self, k: int) -> Decoding:
        """The settings of writing, checked."""
        if k < 1:
            raise ValueError(f"k must be at least 1, got {k}")
        if self.width is not None and self.width < k:
            raise ValueError(f"width must be at least k ({k}) or None, got {self.width}")
        width = max(2 * k, 20) if self.width is None else self.width
        return Decoding(
            self.method, width, self.temperature, self.groups if self.method == "diverse" else 1, self.penalty
        )

    def _learn(self, train: Interactions) -> None:
        self._texts = item_texts(train.catalog, self.read)
        given, device = self.model, self.device
        if given is None:
            tokenizer = train_tokenizer(filter(None, self._texts), vocabulary=self.vocabulary)
            model = small_causal(tokenizer, hidden=self.hidden, layers=self.layers, window=_WINDOW, seed=self.rng)
            given = model, tokenizer
            device = device or ("cuda" if torch.cuda.is_available() else "cpu")
        self._set_up(Causal(copy.deepcopy(given) if isinstance(given, tuple) else given, device=device))
        self._train(train.histories(), None)

    def _go_on(self, train: Interactions, before: Interactions) -> None:
        """Fine-tune on the events that were not known before, each after its history."""
        learnt = [len(readable(self._items, history)) for history in before.histories(train.users)]
        self._train(train.histories(), learnt)

    def _set_up(self, causal: Causal) -> None:
        self._causal = causal
        self._items = [[*tokens, causal.end] if tokens else [] for tokens in causal.tokens(self._texts)]
        self._writable = torch.tensor([len(tokens) > 0 for tokens in self._items], dtype=torch.bool)
        if not self._writable.any():
            raise ValueError(f"read={self.read!r} must give a text for some items, got none for {len(self._items)}")
        self._trie = Trie.of(self._items, causal.device)
        if causal.window is not None and self._trie.depth >= causal.window:
            raise ValueError(
                f"texts must fit the model's window of {causal.window} tokens with a beginning and an end token, "
                f"got one of {self._trie.depth - 1}"
            )

    def _train(self, histories: Sequence[Rows], learnt: Sequence[int] | None) -> None:
        told = [readable(self._items, history) for history in histories]
        rows = training_rows(self._causal, self._items, told, longest=self.longest, learnt=learnt)
        if not rows or not self.epochs:
            return
        config = TrainingConfig(
            learning_rate=self.learning_rate,
            batch_size=self.batch_size,
            epochs=float(self.epochs),
            lora_rank=self.lora_rank,
            seed=self.rng,
        )
        self._causal.model = fine_tune(self._causal.model, rows, config, collate=collate, progress=self.progress).model

    def _state(self) -> dict[str, Tensor]:
        given = torch.tensor(self.model is not None)
        return {"given": given, **packed(self._causal.model, self._causal.tokenizer)}

    def _restore(self, state: dict[str, Tensor]) -> None:
        pair = unpacked(state)
        self._texts = item_texts(self._fitted().catalog, self.read)
        self._set_up(Causal(pair, device=self.device or ("cuda" if torch.cuda.is_available() else "cpu")))
        if state["given"]:  # the model that was given is not kept: fitted again, it goes on from here
            self.model = copy.deepcopy(pair)

    # --- scoring and writing ------------------------------------------------------------------------------------

    def _score(self, users: list[Any], histories: list[Rows]) -> Tensor:
        n_items = len(self._texts)
        scores = torch.zeros(len(users), n_items, dtype=torch.float64)
        warm = [row for row, history in enumerate(histories) if len(history)]
        scorer = self.scorer()
        step = max(1, _REQUESTS // max(n_items, 1))
        for start in range(0, len(warm), step):
            part = warm[start : start + step]
            said = [tuple(self._texts[item] for item in self._read_of(histories[row])) for row in part]
            contexts = [each for each in said for _ in range(n_items)]
            found = scorer.log_likelihood(self._texts * len(part), contexts=contexts, progress=self.progress)
            scores[part] = found.view(len(part), n_items)
        return scores.masked_fill(~self._writable, -torch.inf)

    def _read_of(self, history: Rows) -> list[int]:
        """The latest items of a history that any item fits behind."""
        room = None if self._causal.window is None else self._causal.window - self._trie.depth
        return fitting(self._items, readable(self._items, history)[-self.longest :], room)

    def _sequences(self, histories: Sequence[Rows]) -> list[list[int]]:
        begin = self._causal.begin
        return [[begin, *(t for item in self._read_of(each) for t in self._items[item])] for each in histories]

    def recommend(
        self,
        users: Iterable[Any],
        *,
        k: int = 10,
        exclude_seen: bool = True,
        histories: Sequence[Any] | None = None,
        candidates: Tensor | npt.ArrayLike | Sequence[Any] | None = None,
    ) -> Recommendations:
        """Lists of ``k`` items, written as the settings say; arguments as for :meth:`Recommender.recommend`."""
        n_items, users = self._fitted().n_items, list(users)
        how, known = self._decoding(k), self._histories(users, histories)
        mask = torch.ones(1, n_items, dtype=torch.bool)
        if candidates is not None:
            mask = allowed(candidates, len(users), n_items)
        items = torch.full((len(users), k), EMPTY)
        scores = torch.full((len(users), k), -torch.inf, dtype=torch.float64)
        step = max(1, _NUMBERS // max(n_items, 1))
        for cold in (True, False):
            alike = [row for row, history in enumerate(known) if (len(history) == 0) == cold]
            find = self._popular if cold else self._written if self.constrained else self._free
            for start in range(0, len(alike), step):
                rows = alike[start : start + step]
                open_ = mask.expand(len(users), n_items)[rows].clone()
                for place, row in enumerate(rows if exclude_seen else ()):
                    open_[place, known[row]] = False
                part = [users[row] for row in rows], [known[row] for row in rows]
                items[rows], scores[rows] = find(how, k, *part, open_)
        return Recommendations(items, scores=scores if self.constrained else None, users=users)

    def _popular(
        self, how: Decoding, k: int, users: list[Any], histories: list[Rows], open_: Tensor
    ) -> tuple[Tensor, Tensor]:
        counts = self._fitted().item_counts().double().expand(len(users), -1)
        values, items = best(counts.masked_fill(~open_, -torch.inf), k)
        return items, values

    def _written(
        self, how: Decoding, k: int, users: list[Any], histories: list[Rows], open_: Tensor
    ) -> tuple[Tensor, Tensor]:
        writer = Writer(self._causal, self._trie, how, k, self.progress)
        open_ &= self._writable
        return writer.write(self._sequences(histories), open_, [seed_of(self.rng, user) for user in users])

    def _free(
        self, how: Decoding, k: int, users: list[Any], histories: list[Rows], open_: Tensor
    ) -> tuple[Tensor, Tensor]:
        items = named(self._texts_of(how, k, histories), self._texts)
        closed = (items >= 0) & ~open_.gather(1, items.clamp(min=0))
        return items.masked_fill(closed, EMPTY), torch.full(items.shape, torch.nan, dtype=torch.float64)

    def write(
        self, users: Iterable[Any], *, k: int = 10, histories: Sequence[Any] | None = None
    ) -> list[list[str | None]]:
        """What the model writes for each user where nothing keeps it to the catalogue; None for a text without an end.

        Raises:
            RuntimeError: before ``fit``.
            ValueError: as ``recommend``, or if ``method`` is ``"diverse"``.
        """
        users = list(users)
        return self._texts_of(self._decoding(k), k, self._histories(users, histories))

    def scorer(self) -> CausalScorer:
        """The fine-tuned model as a scorer, for the metrics ``surprisal``, ``pmi`` and ``redundancy``.

        Raises:
            RuntimeError: before ``fit``.
        """
        self._fitted()
        return CausalScorer((self._causal.model, self._causal.tokenizer))

    def _texts_of(self, how: Decoding, k: int, histories: Sequence[Rows]) -> list[list[str | None]]:
        if how.method == "diverse":
            raise ValueError("method must be 'beam' or 'sample' to write freely, got 'diverse'")
        longest = self._trie.depth  # what is longer than every item names none
        return write_freely(self._causal, self._sequences(histories), how=how, k=k, longest=longest, seed=self.rng)
