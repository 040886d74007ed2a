"""A language model that writes the next item, kept to the catalogue or free."""

from __future__ import annotations

import copy
import hashlib
from collections.abc import Iterable, Sequence
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from recdiv.lm._causal import Causal
from recdiv.lm._packed import packed, unpacked
from recdiv.lm.item_texts import item_texts
from recdiv.recommend import _free
from recdiv.recommend._base import Recommender
from recdiv.recommend._behaviour import collate, history_tokens, training_rows
from recdiv.recommend._choices import Rows, allowed
from recdiv.recommend._decode import Decoding, Hypotheses, decode
from recdiv.recommend._small_model import small_model
from recdiv.recommend._trie import Trie
from recdiv.tables import Interactions, Recommendations

METHODS = ("beam", "diverse", "sample")


class Generative(Recommender):
    r"""A causal language model that reads a history as text and writes the next item.

    .. math:: p(i \mid h) = \prod_t p(x_t \mid \text{begin}, h, x_{<t}), \qquad x = \text{text of } i, \text{end}

    h is the texts of the latest ``longest`` items, oldest first, each closed by the end token: as a text of items, the
    history teaches every next item in one pass.

    **Writing.** ``method`` is one of

    * ``"beam"``: the ``width`` likeliest beginnings go on. Scores are ln p(i|h). With a width no smaller than the
      catalogue it is exact.
    * ``"diverse"``: the beam in ``groups``; a token costs ``penalty`` nats for each hypothesis of an earlier group that
      took it in the same place. Where groups find fewer than k items, a beam over the others fills the list.
    * ``"sample"``: k draws without replacement at ``temperature``, in one pass, in the order of the draw. Scores are
      the perturbed log-probabilities that order them.

    Writing keeps to the prefix tree of the catalogue without what the user had, so lists hold k different items, as
    long as there are so many. (Sampling renormalises at every token over what may follow; a beam ranks by the model's
    own probabilities.) Items of equal text are found together and stand in the order of the catalogue. With
    ``constrained=False`` the model writes freely: what is the text of no item or does not end is −2, a repeat stays,
    what the user had leaves an empty slot; ``validity`` says how often it went right.

    The settings of writing are attributes: change them on the fitted model and recommend again.

    ``scores`` is exact, ln p(i|h) of every item, by :class:`recdiv.lm.CausalScorer`. It costs one pass over all item
    texts **a user**: meant for catalogues of some thousand items; ``recommend`` takes ``width`` × tokens of one item.

    Args:
        model: what is fine-tuned: a hub name, a folder, or a pair (model, tokenizer), which is copied. None: a small
            model from scratch (``hidden``, ``layers``, ``vocabulary``).
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

    On the bundled sample a small model takes about 30 s on one core::

        data = rd.load("video")
        train, test = data.interactions.leave_one_out()
        model = rd.recommend.Generative(epochs=20, rng=0).fit(train)
        lists = model.recommend(test.users, k=10)
        model.method, model.temperature = "sample", 1.5
        varied = model.recommend(test.users, k=10)

    Source: Geng et al. 2022 for recommendation as text; De Cao et al. 2021 for writing inside a prefix tree; Vijayakumar
    et al. 2018 for diverse beams; Kool et al. 2019 for sampling without replacement.
    """

    data: ClassVar[tuple[str, ...]] = ("model",)

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
        self.method, self.width, self.temperature, self.groups, self.penalty = method, width, temperature, groups, penalty
        self.constrained, self.hidden, self.layers, self.vocabulary = constrained, hidden, layers, vocabulary
        self.device, self.rng, self.progress = device, rng, progress
        for name, least in (("longest", 1), ("epochs", 0), ("hidden", 16), ("layers", 1), ("vocabulary", 258)):
            if getattr(self, name) < least:
                raise ValueError(f"{name} must be at least {least}, got {getattr(self, name)}")
        self._decoding(1)

    def _decoding(self, k: int) -> Decoding:
        """The settings of writing, checked."""
        if self.method not in METHODS:
            raise ValueError(f"method must be one of {', '.join(METHODS)}, got {self.method!r}")
        if not self.temperature > 0:
            raise ValueError(f"temperature must be positive, got {self.temperature}")
        if self.method != "sample" and self.temperature != 1:
            raise ValueError(f"temperature must be 1 where method is not 'sample', got {self.temperature}")
        if not self.penalty >= 0:
            raise ValueError(f"penalty must not be negative, got {self.penalty}")
        if self.width is not None and self.width < k:
            raise ValueError(f"width must be at least k ({k}) or None, got {self.width}")
        width = max(2 * k, 20) if self.width is None else self.width
        groups = self.groups if self.method == "diverse" else 1
        if not 1 <= groups <= width:
            raise ValueError(f"groups must be 1 to width ({width}), got {groups}")
        return Decoding(self.method, width, self.temperature, groups, self.penalty)

    # --- learning ---------------------------------------------------------------------------------------------------

    def _learn(self, train: Interactions) -> None:
        texts = item_texts(train.catalog, self.read)
        if self.model is None:
            pair = small_model(
                texts, vocabulary=self.vocabulary, hidden=self.hidden, layers=self.layers, window=512, seed=self.rng
            )
            self._set_up(train, Causal(pair, device=self.device or _default_device()))
        else:
            given = copy.deepcopy(self.model) if isinstance(self.model, tuple) else self.model
            self._set_up(train, Causal(given, device=self.device))
        self._train(train.histories(), None)

    def _go_on(self, train: Interactions, before: Interactions) -> None:
        """Fine-tune on what is new: the events beyond those of before, each with its history."""
        learnt = [len(history) for history in before.histories(train.users)]
        self._train(train.histories(), learnt)

    def _set_up(self, train: Interactions, causal: Causal) -> None:
        self._causal, self._texts = causal, item_texts(train.catalog, self.read)
        self._items = [[*tokens, causal.end] for tokens in causal.tokens(self._texts)]
        self._trie = Trie.of(self._items, causal.device) if self._items else None
        longest = max(map(len, self._items), default=0)
        if causal.window is not None and longest + 1 > causal.window:
            raise ValueError(f"texts must fit the model's window of {causal.window} tokens, got one of {longest}")

    def _train(self, histories: Sequence[Any], learnt: Sequence[int] | None) -> None:
        from recdiv.lm.training import train
        from recdiv.lm.training_config import TrainingConfig

        rows = training_rows(self._causal, self._items, histories, longest=self.longest, learnt=learnt)
        if not rows or not self.epochs:
            return
        config = TrainingConfig(
            learning_rate=self.learning_rate,
            batch_size=self.batch_size,
            epochs=float(self.epochs),
            lora_rank=self.lora_rank,
            seed=self.rng,
        )
        run = train(self._causal.model, rows, config, collate=collate, progress=self.progress)
        self._causal.model = run.model.eval()

    # --- scoring and writing ----------------------------------------------------------------------------------------

    def _score(self, users: list[Any], histories: list[Rows]) -> Tensor:
        from recdiv.lm.scorer import CausalScorer

        n_items = len(self._texts)
        scores = torch.zeros(len(users), n_items, dtype=torch.float64)
        warm = [row for row, history in enumerate(histories) if len(history)]
        scorer = CausalScorer((self._causal.model, self._causal.tokenizer))
        step = max(1, _REQUESTS // max(n_items, 1))
        for start in range(0, len(warm), step):
            part = warm[start : start + step]
            contexts = [self._context(histories[row]) for row in part for _ in range(n_items)]
            found = scorer.log_likelihood(self._texts * len(part), contexts=contexts, progress=self.progress)
            scores[part] = found.view(len(part), n_items)
        return scores

    def recommend(
        self,
        users: Iterable[Any],
        *,
        k: int = 10,
        exclude_seen: bool = True,
        histories: Sequence[Any] | None = None,
        candidates: Tensor | npt.ArrayLike | Sequence[Any] | None = None,
    ) -> Recommendations:
        """``k`` items for each user, written as the settings say; see the class and :meth:`Recommender.recommend`."""
        n_items, users = self._fitted().n_items, list(users)
        known = self._histories(users, histories)
        mask = None if candidates is None else allowed(candidates, len(users), n_items).expand(len(users), n_items)
        cold = [row for row, history in enumerate(known) if not len(history)]
        few = None if mask is None else [mask[row].nonzero().ravel() for row in cold]
        lists = super().recommend(
            [users[row] for row in cold], k=k, histories=[known[row] for row in cold], candidates=few
        )
        warm = [row for row, history in enumerate(known) if len(history)]
        ...
