"""What people do with a list, and without one."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Choices:
    """Some choices, in the order of users: who, what, and the slot it came from (0: found without the list)."""

    user: Ints
    item: Ints
    slot: Ints


def choose(
    lists: Ints,
    wish: Floats,
    easy: Floats,
    look: Floats,
    *,
    n: int,
    adoption: float,
    outside: float = 0.0,
    habit: float = 0.0,
    had: npt.NDArray[np.bool_] | None = None,
    rng: np.random.Generator,
) -> Choices:
    """``n`` different items a user, one after the other: from the list with chance ``adoption``, else by themselves.

    From a list an item is taken with weight look(slot) × wish, and nothing of it with weight ``outside``; whoever takes
    nothing finds something without it, by weight easy × wish: with chance ``habit`` among what they had, else among
    what they did not have. How many random numbers are used does not depend on what
    is on the lists: two loops of one seed meet the same luck.

    Args:
        lists: rows of the catalogue ``[U, K]``, -1 where empty.
        wish: of each user for each item now, ``[U, I]``; 0: cannot be chosen.
        easy: how easily each item is come across, ``[I]``.
        look: chance that each slot is looked at, ``[K]``.
        had: what each user had, bool ``[U, I]``; None: nothing, and no habit.
        n, adoption, outside, habit, rng: as said.
    """
    users, wish = np.arange(len(lists)), wish.copy()
    steps = []
    for _ in range(n):
        at_list = rng.random(len(lists)) < adoption
        weight = np.where(lists >= 0, look[: lists.shape[1]] * wish[users[:, None], lists.clip(min=0)], 0.0)
        slot = pick(np.column_stack([np.full(len(lists), outside), weight]), rng)
        back = rng.random(len(lists)) < habit
        alone = pick(_open(wish * easy, had, back), rng)
        slot = np.where(at_list & (slot > 0), slot, 0)
        item = np.where(slot > 0, lists[users, slot.clip(min=1) - 1], alone)
        some = item >= 0
        wish[users[some], item[some]] = 0.0
        steps.append((users[some], item[some], slot[some]))
    user, item, slot = (np.concatenate(parts) for parts in zip(*steps, strict=True))
    order = np.argsort(user, kind="stable")
    return Choices(user[order], item[order], slot[order])


def _open(weight: Floats, had: npt.NDArray[np.bool_] | None, back: npt.NDArray[np.bool_]) -> Floats:
    """Weights among what was had for those who go back, among the rest for others; all where that leaves nothing."""
    if had is None:
        return weight
    some = np.where(had == back[:, None], weight, 0.0)
    return np.where((some > 0).any(1, keepdims=True), some, weight)


def pick(weight: Floats, rng: np.random.Generator) -> Ints:
    """One column of each row, drawn by weight; -1 where all are zero.

    The largest of the logarithms with Gumbel noise added is such a draw.

    >>> pick(np.array([[0.0, 2.0], [0.0, 0.0]]), np.random.default_rng(0)).tolist()
    [1, -1]
    """
    with np.errstate(divide="ignore"):
        keys = np.log(weight) + rng.gumbel(size=weight.shape)
    best = keys.argmax(1)
    return np.where(weight[np.arange(len(weight)), best] > 0, best, -1).astype(np.int64)
