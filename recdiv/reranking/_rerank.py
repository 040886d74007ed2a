"""One call for all re-rankers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy.typing as npt
import torch
from torch import Tensor

from recdiv.kernels import EmbeddingKernel, Kernel
from recdiv.reranking import fast
from recdiv.reranking._checks import checked_candidates, checked_inputs, checked_numbers, checked_scores
from recdiv.reranking._pool import Pool, ordered
from recdiv.reranking._registry import Method, parse
from recdiv.tables import EMPTY, Recommendations

_NUMBERS = 1 << 23  # float64 numbers held at once (64 MB), one user at least


def rerank(
    scores: Tensor | npt.ArrayLike,
    kernel: Kernel | None,
    *,
    method: str = "mmr",
    k: int = 10,
    diversity: float = 0.5,
    candidates: int | Tensor | npt.ArrayLike | None = None,
    history: Tensor | npt.ArrayLike | None = None,
    interests: Tensor | npt.ArrayLike | None = None,
    popularity: Tensor | npt.ArrayLike | None = None,
    progress: Callable[[int], None] | None = None,
) -> Recommendations:
    """Lists that trade relevance for diversity, from what a recommender scored.

    Args:
        scores: numbers ``[U, N]``, larger is better; −∞ is never chosen. Without rows in ``candidates``, column i is
            row i of the catalogue.
        kernel: when two items are the same; None for methods that do not ask.
        method: one of :func:`recdiv.reranking.names`, options after an @ as in ``dpp@window=5``.
        k: slots a list.
        diversity: 0 is relevance only (the same as ``topk``), 1 is diversity only; what lies between is the method's
            own trade-off, said in its description.
        candidates: choose among the best so many by score, or among these rows of the catalogue, integers ``[U, N]``
            beside their scores, -1 where there is none; None: among all.
        history: rows ``[U, H]`` that each user knows, -1 where nothing: they count as chosen already. Methods that
            serve interests take its label shares for them instead; who knows nothing with a label is taken to care for
            every label alike.
        interests: how much each user cares for each label of a :class:`~recdiv.CategoryKernel`, ``[U, C]`` in the order
            of its ``label_names``.
        popularity: of every item of the catalogue ``[I]``, training interactions, say.
        progress: called with the number of users done, some at a time.

    A method takes of history, interests and popularity what ``describe(method).uses`` names and leaves the rest.

    Returns:
        Lists ``[U, k]`` in the order in which items were chosen, with the scores given; empty slots where candidates
        are fewer. Relevance is scaled to [0, 1] over each user's candidates, so neither a factor nor a shift of the
        scores changes anything. Ties go to the more relevant, then to the lower row. Users do not affect one another.

    With ``pip install "recdiv[fast]"`` the lists of MMR, MSD, DPP, SSD and facility location over item vectors on a CPU
    come from compiled code that looks only at items that may come first. They are the same lists: what float32 does not
    tell apart for certain is decided in float64. The first call of a method compiles it, once for all processes.

    Raises:
        ValueError: for NaN or +∞ in the scores, a row outside the catalogue or twice among a user's candidates, a
            wrong shape, ``diversity`` outside [0, 1], ``k`` below 1, an unknown method, or something it needs missing.

    >>> kernel = EmbeddingKernel([[1.0, 0.0], [1.0, 0.0], [0.0, 1.0]])
    >>> rerank([[9.0, 8.0, 7.0]], kernel, k=2).items.tolist()  # ½ (½) − ½ (1) < ½ (0) − ½ (0)
    [[0, 2]]
    >>> rerank([[9.0, 8.0, 7.0]], kernel, k=2, diversity=0).items.tolist()
    [[0, 1]]
    """
    chosen, options = parse(method)
    checked_numbers(k, diversity)
    values = checked_scores(scores)
    rows, most = checked_candidates(candidates, values, kernel)
    given = checked_inputs(chosen, values, rows, kernel, history=history, interests=interests, popularity=popularity)
    items = torch.full((len(values), k), EMPTY, device=values.device)
    kept = torch.full((len(values), k), -torch.inf, dtype=torch.float64, device=values.device)
    step = _users_at_once(chosen, values.shape[1] if most is None else min(most, values.shape[1]), k, kernel, given)
    step = max(1, min(step, _NUMBERS // max(values.shape[1], 1)))
    for part in (slice(start, start + step) for start in range(0, len(values), step)):
        best, worth = ordered(values[part].double(), None if rows is None else rows[part], most)
        mine = {name: None if each is None else each[part] for name, each in given.items() if name != "popularity"}
        users = torch.arange(len(values), device=values.device)[part]
        pool = Pool(best, users, worth, k, float(diversity), kernel, popularity=given["popularity"], **mine)
        places = chosen.choose(pool, **options) if best.shape[1] else items[part]
        items[part] = _at(best, places, EMPTY)
        kept[part] = _at(worth, places, -torch.inf)
        if progress is not None:
            progress(min(part.stop, len(values)))
    return Recommendations(items, scores=kept)


def _at(values: Tensor, places: Tensor, otherwise: Any) -> Tensor:  # noqa: ANN401
    """What stands in some places, and something else where there is none."""
    if not values.shape[1]:
        return torch.full_like(places, otherwise, dtype=values.dtype)
    return torch.where(places >= 0, values.gather(1, places.clamp(min=0)), otherwise)


def _users_at_once(method: Method, n: int, k: int, kernel: Kernel | None, given: dict[str, Tensor | None]) -> int:
    """So many that what a method holds of them stays within bounds."""
    history = given["history"]
    known = 0 if history is None else history.shape[1]
    if method.name in fast.METHODS and fast.compiles(kernel, torch.device("cpu")):
        return max(1, _NUMBERS // max(8 * (n + known + k), 1))
    width = kernel.dimension if isinstance(kernel, EmbeddingKernel) and "kernel" in method.needs else 1
    width = max(width, n) if method.name == "facility_location" else width
    interests = given["interests"]
    if interests is not None:
        width += 3 * interests.shape[1]
    elif history is not None:
        width += 2 * known
    return max(1, _NUMBERS // max(n * (width + 2 * k + 8), 1))
