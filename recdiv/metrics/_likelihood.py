"""What a causal language model says about the items of lists: each question asked once."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from torch import Tensor

from recdiv.lm.item_texts import item_texts
from recdiv.lm.scorer import Scorer
from recdiv.metrics._shared import Shared
from recdiv.tables import Catalog

PER, OVER = ("item", "token"), ("texts", "catalogue")
Rows = tuple[int, ...]  # items of a context, oldest first
NOTHING: Rows = ()


@dataclass
class Likelihoods:
    """Log-probabilities of items given items before, from one scorer and one reading of the catalogue.

    Attributes:
        scorer, texts: who is asked, and the text of each item.
        per: ``"item"``, or ``"token"``: of an item's log-probability, its share for one token, the end included.
        over: ``"texts"``: p is the model's, of all texts there could be; ``"catalogue"``: p is scaled to sum 1 over the
            items of the catalogue.
        known: what was answered already, by context and item.
    """

    scorer: Scorer
    texts: list[str]
    per: str
    over: str
    known: dict[Rows, dict[int, float]] = field(default_factory=dict)

    @classmethod
    def of(
        cls,
        scorer: Scorer,
        catalog: Catalog,
        *,
        read: str,
        per: str,
        over: str,
        shared: Shared | None,
    ) -> Likelihoods:
        """The answers of a scorer; metrics of one report share them."""
        if per not in PER:
            raise ValueError(f"per must be one of {', '.join(PER)}, got {per!r}")
        if over not in OVER:
            raise ValueError(f"over must be one of {', '.join(OVER)}, got {over!r}")
        if (per, over) == ("token", "catalogue"):
            raise ValueError("per must be 'item' where over is 'catalogue', got 'token'")
        known = {} if shared is None else shared.likelihoods.setdefault((read, over), {})
        return cls(scorer, item_texts(catalog, read), per, over, known)

    def log_p(self, items: Tensor, contexts: Sequence[Rows]) -> Tensor:
        """Log-probabilities of items ``[n, K]`` given the contexts of their rows, float64; NaN where there is none."""
        rows = items.tolist()
        pairs = [(before, item) for before, row in zip(contexts, rows, strict=True) for item in row if item >= 0]
        self._ask(pairs)
        found = [
            [self.known[before][item] if item >= 0 else math.nan for item in row]
            for before, row in zip(contexts, rows, strict=True)
        ]
        return torch.tensor(found, dtype=torch.float64, device=items.device).view(items.shape)

    def scale(self, items: Tensor) -> Tensor:
        """What log-probabilities of items ``[n, K]`` are divided by: 1, or how many tokens each has."""
        if self.per == "item":
            return torch.ones(items.shape, dtype=torch.float64, device=items.device)
        held = torch.unique(items.clamp(min=0))
        lengths = torch.zeros(max(len(self.texts), 1), dtype=torch.float64)
        lengths[held.cpu()] = self.scorer.lengths([self.texts[item] for item in held.tolist()]).double()
        return lengths.to(items.device)[items.clamp(min=0)]

    def _ask(self, pairs: Iterable[tuple[Rows, int]]) -> None:
        """Have answers to all pairs of context and item."""
        new = [(before, item) for before, item in dict.fromkeys(pairs) if item not in self.known.get(before, {})]
        if self.over == "catalogue":
            for before in dict.fromkeys(before for before, _ in new):
                everything = self._answers([(before, item) for item in range(len(self.texts))])
                values = everything - np.logaddexp.reduce(everything)
                self.known[before] = dict(enumerate(values.tolist()))
        elif new:
            for (before, item), value in zip(new, self._answers(new).tolist(), strict=True):
                self.known.setdefault(before, {})[item] = value

    def _answers(self, pairs: Sequence[tuple[Rows, int]]) -> np.ndarray[Any, np.dtype[np.float64]]:
        said = {before: tuple(self.texts[item] for item in before) for before, _ in pairs}
        found = self.scorer.log_likelihood(
            [self.texts[item] for _, item in pairs], contexts=[said[before] for before, _ in pairs]
        )
        return np.asarray(torch.as_tensor(found).double().cpu())


def histories(rows: Tensor) -> list[Rows]:
    """Histories ``[n, H]``, padded with -1, as contexts."""
    return [tuple(item for item in row if item >= 0) for row in rows.tolist()]
