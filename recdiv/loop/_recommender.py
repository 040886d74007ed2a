"""The recommender of a loop by name, and the one that knows the truth."""

from __future__ import annotations

import difflib
import inspect
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor

from recdiv import recommend
from recdiv.kernels import EmbeddingKernel
from recdiv.loop._world import Floats, World
from recdiv.recommend import Recommender
from recdiv.tables import Interactions

_GIVEN = ("source", "vectors", "rng", "progress")  # what the loop hands over itself, where a class takes it


class Ideal(Recommender):
    """Recommends what people wish: the bound of satisfaction, and what a loop is held against.

    The loop tells it every round what people wish by then; it learns nothing from interactions.
    """

    def tell(self, world: World, wish: Floats) -> None:
        """Know what each user of a world would like now, ``[U, I]``."""
        self._row = {user: row for row, user in enumerate(world.users.tolist())}
        self._wish = torch.from_numpy(wish)

    def _learn(self, train: Interactions) -> None:
        pass

    def _score(self, users: list[Any], histories: list[Any]) -> Tensor:
        return self._wish[[self._row[user] for user in users]]

    def _scores_of(self, users: list[Any], histories: list[Any]) -> Tensor:
        return self._score(users, histories)

    def _state(self) -> dict[str, Tensor]:
        return {"nothing": torch.zeros(1)}

    def _restore(self, state: dict[str, Tensor]) -> None:
        pass


def choices() -> list[str]:
    """Names of recommenders a loop can run, in alphabetical order."""
    return sorted([*(name for name in recommend.__all__ if _is_model(name)), "Ideal"])


def check_recommender(name: str, options: Mapping[str, Any]) -> None:
    """Refuse an unknown recommender, an unknown option, and a value that its class refuses."""
    if name not in choices():
        near = difflib.get_close_matches(str(name), choices(), n=1)
        hint = f"; did you mean {near[0]!r}?" if near else ""
        raise ValueError(f"recommender must be one of {', '.join(choices())}, got {name!r}{hint}")
    known = [key for key in inspect.signature(_class(name)).parameters if key not in _GIVEN]
    for key in options:
        if key not in known:
            raise ValueError(f"options of {name} must be among: {', '.join(known) or 'none'}; got {key!r}")
    if options:
        make_recommender(name, options, None, 0)


def make_recommender(name: str, options: Mapping[str, Any], kernel: EmbeddingKernel | None, seed: int) -> Recommender:
    """A new one, with the catalogue's vectors and a seed where its class takes them."""
    kind = _class(name)
    takes = inspect.signature(kind).parameters
    given = dict(options)
    if "source" in takes:
        given["source"] = kernel
    if "rng" in takes:
        given["rng"] = seed
    try:
        return kind(**given)  # type: ignore[no-any-return]
    except TypeError as error:
        raise ValueError(f"options of {name}: {error}") from None


def scored(model: Recommender, world: World, wish: Floats, histories: list[Any], luck: int) -> Tensor:
    """What a recommender says of every user and item after these histories, float64 ``[U, I]``."""
    if isinstance(model, Ideal):
        model.tell(world, wish)
    if isinstance(model, recommend.Random):
        model.rng = luck  # its order is one for each seed: another each round
    return model.scores(world.users.tolist(), histories=histories).double().cpu()


def _is_model(name: str) -> bool:
    found = getattr(recommend, name)
    return inspect.isclass(found) and issubclass(found, Recommender) and found is not Recommender


def _class(name: str) -> Any:  # noqa: ANN401
    return Ideal if name == "Ideal" else getattr(recommend, name)


def shortlisted(scores: Tensor, allowed: Any) -> Tensor:  # noqa: ANN401
    """Scores with −∞ where an item must not be shown, ``allowed`` bool ``[U, I]``."""
    return scores.masked_fill(~torch.from_numpy(np.asarray(allowed)), -torch.inf)
