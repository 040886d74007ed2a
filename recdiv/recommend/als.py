"""Users and items as vectors, fitted in turns by least squares."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor

from recdiv._extras import require
from recdiv.recommend._base import Recommender
from recdiv.recommend._choices import Rows
from recdiv.recommend._factors import counts, one_blas_thread, seed_of
from recdiv.tables import Interactions


class ALS(Recommender):
    r"""Matrix factorisation of implicit feedback by alternating least squares (the library ``implicit``).

    .. math:: \min_{x, y} \sum_{u, i} c_{ui} (p_{ui} - x_u \cdot y_i)^2 + \lambda (\sum_u \|x_u\|^2 + \sum_i \|y_i\|^2),
        \qquad p_{ui} = [n_{ui} > 0], \quad c_{ui} = 1 + \alpha n_{ui}

    with n how often u had i; score :math:`x_u \cdot y_i`. The user's vector is always the exact solution for the
    history at hand, given the item vectors, so a history that is given counts at once and nobody need be known.

    Args:
        factors: length of a vector.
        regularization: λ.
        alpha: α, how much more an interaction weighs than none.
        epochs: alternations; ``update`` goes on from the present vectors with as many.
        rng: seed of the first vectors; the answer does not depend on the number of threads.
        progress: show a progress bar.

    Raises:
        ValueError: if ``factors`` or ``epochs`` is below 1, or ``regularization`` or ``alpha`` below 0.
        ImportError: (in ``fit``) without the extra ``recommend``.

    Source: Hu, Koren & Volinsky 2008.
    """

    def __init__(
        self,
        *,
        factors: int = 64,
        regularization: float = 50.0,
        alpha: float = 5.0,
        epochs: int = 15,
        rng: int | np.random.Generator = 0,
        progress: bool = False,
    ) -> None:
        if factors < 1 or epochs < 1:
            raise ValueError(f"factors and epochs must be at least 1, got {factors} and {epochs}")
        if not (regularization >= 0 and alpha >= 0):
            raise ValueError(f"regularization and alpha must not be negative, got {regularization} and {alpha}")
        self.factors, self.regularization, self.alpha = factors, regularization, alpha
        self.epochs, self.rng, self.progress = epochs, seed_of(rng), progress

    def _learn(self, train: Interactions) -> None:
        generator = np.random.default_rng(self.rng)
        shape = train.n_items, self.factors
        self._items = np.float32(0.01) * generator.random(shape, dtype=np.float32)
        self._improve(train)

    def _go_on(self, train: Interactions, before: Interactions) -> None:
        self._improve(train)

    def _improve(self, train: Interactions) -> None:
        self._model = self._solver()
        if len(train):
            with one_blas_thread():
                # users first: their vectors follow from the items' alone, so a warm start needs no user vectors
                self._model.user_factors = np.zeros((train.n_users, self.factors), dtype=np.float32)
                self._model.fit(self._weights(train.histories()), show_progress=self.progress)
            self._items = self._model.item_factors

    def _solver(self) -> Any:  # noqa: ANN401
        with one_blas_thread():
            model = require("implicit.als", "recommend").AlternatingLeastSquares(
                factors=self.factors,
                regularization=self.regularization,
                iterations=self.epochs,
                use_cg=False,  # exact steps: the answer then depends on the item vectors alone
                random_state=self.rng,
                use_gpu=False,
            )
        model.item_factors = self._items
        return model

    def _weights(self, histories: list[Rows]) -> Any:  # noqa: ANN401
        matrix = counts(histories, len(self._items))
        matrix.data = 1 + np.float32(self.alpha) * matrix.data
        return matrix

    def _state(self) -> dict[str, Tensor]:
        return {"items": torch.from_numpy(self._items)}

    def _restore(self, state: dict[str, Tensor]) -> None:
        self._items = state["items"].numpy()
        self._model = self._solver()

    def _score(self, users: list[Any], histories: list[Rows]) -> Tensor:
        if not users:
            return torch.empty(0, len(self._items))
        with one_blas_thread():
            vectors = self._model.recalculate_user(np.arange(len(users)), self._weights(histories))
        return torch.from_numpy(vectors) @ torch.from_numpy(self._items).T
