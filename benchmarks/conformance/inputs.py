"""The inputs every peer is given: small, authored here, each with one thing that libraries treat differently.

Items are numbered from 0. Those below ``n_items`` are the catalogue; anything else is something a peer has never heard
of. Nobody is shown what they have already (one peer refuses it) but in the input named for it.
"""

from __future__ import annotations

from typing import Any

HAD = [[0, 0], [0, 1], [0, 2], [1, 0], [1, 1], [1, 3], [2, 0], [2, 4], [2, 5], [3, 0], [3, 2], [3, 6], [4, 1], [4, 7],
       [4, 8], [4, 9]]  # fmt: skip
NEXT = [[0, 4], [0, 6], [1, 2], [1, 9], [1, 8], [2, 6], [3, 5], [3, 1], [3, 4], [3, 3], [3, 8]]
LABELS = [["a"], ["a"], ["b"], ["a", "b"], ["c"], ["b", "c"], ["c"], ["a", "c"], ["d"], ["d"]]
VECTORS = [[1.0, 0.0, 0.0], [0.8, 0.6, 0.0], [0.0, 1.0, 0.0], [0.6, 0.0, 0.8], [0.0, 0.6, -0.8], [0.0, 0.0, 1.0],
           [-0.6, 0.8, 0.0], [2.0, 1.0, 2.0], [0.0, -0.6, 0.8], [0.5, 0.5, 0.5]]  # fmt: skip
LISTS = [[3, 4, 7, 5], [2, 4, 7, 8], [1, 3, 2, 7], [1, 4, 9, 5]]
BASE = [[7, 8, 9, 3]] * 4  # the list of a simpler system
LOG_PROBABILITIES = [[-0.1, -1.2, -2.3, -4.6], [-0.5, -0.7, -3.0, -9.2], [-2.3, -2.4, -2.5, -2.6], [-0.01, -5, -6, -7]]


def _input(about: str, **changes: Any) -> dict[str, Any]:  # noqa: ANN401
    lists = changes.get("lists", LISTS)
    plain = {
        "about": about, "n_items": len(LABELS), "k": max(len(each) for each in lists), "users": list(range(len(lists))),
        "lists": lists, "train": HAD, "test": NEXT, "labels": LABELS, "vectors": VECTORS, "base": BASE,
        "scores": [[float(len(each) - rank) for rank in range(len(each))] for each in lists],
    }  # fmt: skip
    return {**plain, **changes}


INPUTS: dict[str, dict[str, Any]] = {
    "plain": _input("four lists of four items, all seen in training"),
    "ragged": _input("lists of different length", lists=[[3, 4, 7, 5], [2, 4], [1, 3, 2], [9, 5]]),
    "one item": _input("lists of one item beside longer ones", lists=[[3], [2, 4, 7, 8], [4], [1, 4, 9, 5]]),
    "never in training": _input(
        "items of the catalogue that nobody had in training",
        n_items=12,
        lists=[[3, 10, 7, 5], [10, 4, 11, 8], [1, 3, 2, 7], [1, 11, 9, 10]],
        test=[*NEXT, [0, 10]],
        labels=[*LABELS, ["a"], ["c", "d"]],
        vectors=[*VECTORS, [0.0, 0.8, 0.6], [-1.0, 0.0, 0.2]],
    ),
    "not in the catalogue": _input(
        "items nobody knows", lists=[[3, 99, 7, 5], [2, 4, 98, 8], [1, 3, 2, 7], [99, 4, 9, 5]]
    ),
    "repeats": _input(
        "a list that holds an item twice", lists=[[3, 4, 3, 5], [2, 4, 7, 8], [1, 3, 2, 3], [1, 4, 9, 4]]
    ),
    "had before": _input(
        "items the user had in training", lists=[[0, 4, 7, 5], [0, 1, 7, 8], [1, 3, 2, 7], [2, 4, 0, 5]]
    ),
    "everybody the same": _input("one list for all", lists=[[7, 8, 9, 6]] * 4, train=[*HAD[:12], [4, 6], *HAD[13:]]),
    "nothing to hit": _input("a user without test items", test=[pair for pair in NEXT if pair[0] != 2]),
    "not shown anything": _input("a test user without a list", test=[*NEXT, [4, 0], [4, 3]]),
    "log-probabilities": _input("scores below zero", scores=LOG_PROBABILITIES),
    "no label": _input("items without a label, items with two", labels=[*LABELS[:3], [], *LABELS[4:7], [], ["d"], []]),
    "near-copies": _input(
        "vectors that are nearly one", vectors=[*VECTORS[:4], *([1.0, 0.0, 0.01 * n] for n in range(6))]
    ),
    "chapter 2": _input(
        "what chapter 2 of the book shows of coverage: item 6 was never in training",
        n_items=7,
        lists=[[3, 4], [2, 6], [1]],
        train=[[0, 0], [0, 1], [0, 2], [1, 3], [1, 4], [2, 5]],
        test=[[0, 5], [1, 0]],
        labels=LABELS[:7],
        vectors=VECTORS[:7],
        base=[[0, 1]] * 3,
    ),
}


def minority(one: dict[str, Any]) -> list[float | None]:
    """Which part of the voices in each item are few: both kinds, one alone, and items where nobody speaks."""
    return [[0.25, None, 0.5, 1.0, 0.0, 0.75][item % 6] for item in range(one["n_items"])]


def sentiment(one: dict[str, Any]) -> list[float]:
    """How well each item is disposed, from -1 to 1."""
    return [[-1.0, 0.1, 0.45, 0.0, -0.7][item % 5] for item in range(one["n_items"])]
